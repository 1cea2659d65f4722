//! PIN entry for one rule (EMV 4.4 Book 3 §10.5.1 and §10.5.2; Book 4 §6.3.4.1 to §6.3.4.3; Book 2
//! §7).

use crate::{
    apdu::{CApdu, Command, Sw},
    cvm::{
        CvmResult, Step, Tried, Verifying, conclude,
        list::{self, Rule},
        method::Way,
    },
    dialogue::Dialogue,
    exchange::Answer,
    fault::Fault,
    oda,
    outcome::Ending,
    pin::{OnlinePin, PinEntry, PinRequest},
    tag, tlv,
    verification::Tvr,
};

/// PINs that may be entered for one rule. A card counts down from at most this (63Cx, Book 3
/// §6.5.12); one that does not count is stopped here.
const MAX_PIN_ENTRIES: u8 = 15;
/// Status words to VERIFY: no try is left, or the PIN was blocked before (Book 3 §10.5.1).
const BLOCKED: [Sw; 3] = [Sw(0x63C0), Sw(0x6983), Sw(0x6984)];
/// Status words to VERIFY: wrong, and so many tries are left in the last four bits.
const WRONG: core::ops::RangeInclusive<u16> = 0x63C1..=0x63CF;

/// A PIN rule under way.
pub(super) struct Trying {
    rule: Rule,
    way: Way,
    /// Whether the cardholder signs besides.
    signature: bool,
    awaited: Awaited,
    tries_left: Option<u8>,
    entries: u8,
}

/// Which answer is awaited.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaited {
    TryCounter,
    Challenge,
    Entry,
    Verification,
}

impl Verifying {
    /// Takes the card's answer.
    pub(crate) fn answered(
        &mut self,
        dialogue: &mut Dialogue,
        answer: &Answer,
    ) -> Result<Step, Ending> {
        let trying = self.trying.take().ok_or(Fault::OutOfTurn)?;
        match trying.awaited {
            Awaited::TryCounter => self.counted(dialogue, trying, answer),
            Awaited::Challenge => self.challenged(dialogue, trying, answer),
            Awaited::Verification => self.verified(dialogue, trying, answer.sw),
            Awaited::Entry => Err(Fault::OutOfTurn.into()),
        }
    }

    /// Takes what came of the PIN.
    pub(crate) fn entered(
        &mut self,
        dialogue: &mut Dialogue,
        entry: PinEntry,
    ) -> Result<Step, Ending> {
        let trying = self
            .trying
            .take()
            .filter(|trying| trying.awaited == Awaited::Entry)
            .ok_or(Fault::OutOfTurn)?;
        match (trying.way, entry) {
            (_, PinEntry::Cancelled) => Err(Ending::Cancelled),
            (_, PinEntry::Bypassed) => self.bypass(dialogue, &trying),
            (_, PinEntry::PadFailed) => self.pad_failed(dialogue, &trying),
            (Way::Plaintext, PinEntry::Verified(sw)) => self.verified(dialogue, trying, sw),
            (Way::Enciphered, PinEntry::Enciphered(pin)) => {
                let key = self.key.as_ref();
                let fits = key.is_some_and(|key| key.modulus.len() == pin.len());
                match CApdu::verify_enciphered(&pin).filter(|_| fits) {
                    Some(command) => Ok(self.send(trying, Awaited::Verification, command)),
                    None => self.pad_failed(dialogue, &trying),
                }
            }
            (Way::Online, PinEntry::Online(pin)) if is_whole(&pin) => {
                dialogue.online_pin = Some(pin);
                dialogue.tvr |= Tvr::ONLINE_PIN_ENTERED;
                Ok(conclude(dialogue, CvmResult::sent_online(trying.rule)))
            }
            (Way::Online, PinEntry::Online(_)) => self.pad_failed(dialogue, &trying),
            _ => Err(Fault::OutOfTurn.into()),
        }
    }

    pub(super) fn begin_pin(
        &mut self,
        dialogue: &mut Dialogue,
        rule: Rule,
        way: Way,
        signature: bool,
    ) -> Result<Tried, Ending> {
        if !way.is_possible(dialogue.pad) {
            dialogue.tvr |= Tvr::PIN_PAD_MISSING;
            return Ok(Tried::Unsuccessful);
        }
        let hopeless = match way {
            Way::Plaintext => self.blocked,
            // Without the card's key PIN encipherment has failed (Book 2 §7.1).
            Way::Enciphered => self.blocked || !self.has_key(dialogue),
            // Even if the card takes no PIN any more, its issuer does (Book 4 §6.3.4.2).
            Way::Online => false,
        };
        if self.bypassed || hopeless {
            return Ok(Tried::Unsuccessful);
        }
        let trying = Trying {
            rule,
            way,
            signature,
            awaited: Awaited::TryCounter,
            tries_left: None,
            entries: 0,
        };
        Ok(Tried::UnderWay(match way {
            Way::Online => {
                let pan = dialogue.store.pan()?;
                self.ask(trying, PinRequest::Online { pan })
            }
            Way::Plaintext | Way::Enciphered => {
                self.send(trying, Awaited::TryCounter, CApdu::get_data(tag::PIN_TRIES))
            }
        }))
    }

    fn has_key(&mut self, dialogue: &Dialogue) -> bool {
        if self.key.is_none() {
            self.key = oda::pin_key(dialogue);
        }
        self.key.is_some()
    }

    /// Book 4 §6.3.4.1: a counter that the card does not give does not keep from asking.
    fn counted(
        &mut self,
        dialogue: &mut Dialogue,
        mut trying: Trying,
        answer: &Answer,
    ) -> Result<Step, Ending> {
        trying.tries_left = try_counter(answer);
        if trying.tries_left == Some(0) {
            return self.tries_exceeded(dialogue, &trying);
        }
        Ok(self.prepare(trying))
    }

    /// Asks the pad for a PIN, or the card for what the pad needs first.
    fn prepare(&mut self, trying: Trying) -> Step {
        match trying.way {
            Way::Enciphered => self.send(trying, Awaited::Challenge, CApdu::get_challenge()),
            Way::Plaintext | Way::Online => {
                let tries_left = trying.tries_left;
                self.ask(trying, PinRequest::Plaintext { tries_left })
            }
        }
    }

    /// Book 2 §7.2: exactly eight bytes, or PIN encipherment has failed.
    fn challenged(
        &mut self,
        dialogue: &mut Dialogue,
        trying: Trying,
        answer: &Answer,
    ) -> Result<Step, Ending> {
        let challenge = answer.bytes().try_into().ok();
        let challenge = challenge.filter(|_| answer.sw == Sw::OK);
        let Some((challenge, key)) = challenge.zip(self.key.clone()) else {
            return self.unsuccessful(dialogue, &trying);
        };
        let request = PinRequest::Enciphered {
            tries_left: trying.tries_left,
            key,
            challenge,
        };
        Ok(self.ask(trying, request))
    }

    /// The answer to VERIFY. Any status word that the books do not name ends the charge.
    fn verified(
        &mut self,
        dialogue: &mut Dialogue,
        mut trying: Trying,
        sw: Sw,
    ) -> Result<Step, Ending> {
        if sw == Sw::OK {
            let result = if trying.signature {
                CvmResult::to_be_signed(trying.rule)
            } else {
                CvmResult::successful(trying.rule)
            };
            return Ok(conclude(dialogue, result));
        }
        trying.entries += 1;
        let wrong = WRONG.contains(&sw.0);
        if BLOCKED.contains(&sw) || (wrong && trying.entries >= MAX_PIN_ENTRIES) {
            return self.tries_exceeded(dialogue, &trying);
        }
        if !wrong {
            return Err(Fault::Answer(Command::Verify, sw).into());
        }
        trying.tries_left = Some(sw.sw2() & 0x0F);
        Ok(self.prepare(trying))
    }

    fn tries_exceeded(&mut self, dialogue: &mut Dialogue, trying: &Trying) -> Result<Step, Ending> {
        self.blocked = true;
        dialogue.tvr |= Tvr::PIN_TRIES_EXCEEDED;
        self.unsuccessful(dialogue, trying)
    }

    /// Book 4 §6.3.4.3: at an attended terminal whose acquirer allows it. Elsewhere no PIN means no
    /// charge.
    fn bypass(&mut self, dialogue: &mut Dialogue, trying: &Trying) -> Result<Step, Ending> {
        if !dialogue.terminal.pin_bypass || list::is_unattended(&dialogue.terminal) {
            return Err(Ending::Cancelled);
        }
        self.bypassed = true;
        dialogue.tvr |= Tvr::PIN_NOT_ENTERED;
        self.unsuccessful(dialogue, trying)
    }

    fn pad_failed(&mut self, dialogue: &mut Dialogue, trying: &Trying) -> Result<Step, Ending> {
        dialogue.tvr |= Tvr::PIN_PAD_MISSING;
        self.unsuccessful(dialogue, trying)
    }

    fn unsuccessful(&mut self, dialogue: &mut Dialogue, trying: &Trying) -> Result<Step, Ending> {
        if trying.rule.gives_way() {
            self.go_on(dialogue)
        } else {
            Ok(self.fail(dialogue))
        }
    }

    fn send(&mut self, trying: Trying, awaited: Awaited, command: CApdu) -> Step {
        self.trying = Some(Trying { awaited, ..trying });
        Step::Send(command)
    }

    fn ask(&mut self, trying: Trying, request: PinRequest) -> Step {
        let awaited = Awaited::Entry;
        self.trying = Some(Trying { awaited, ..trying });
        Step::Ask(request)
    }
}

/// Tag 9F17, if the card gives it.
fn try_counter(answer: &Answer) -> Option<u8> {
    if answer.sw != Sw::OK {
        return None;
    }
    match tlv::only(answer.bytes(), tag::PIN_TRIES) {
        Some(&[tries]) => Some(tries),
        _ => None,
    }
}

/// Whether a PIN block and what names its key can be what they say (ISO 9564-1, ANSI X9.24).
fn is_whole(pin: &OnlinePin) -> bool {
    matches!((pin.block.len(), pin.ksn.len()), (8, 10) | (16, 12))
}
