//! Kernel 3, Visa's qVSDC: one command brings the cryptogram, the terminal's checks come after it
//! (Book C-3 §5).
//!
//! | phase | module | source |
//! |---|---|---|
//! | GET PROCESSING OPTIONS, records | here, `options` | §5.3 |
//! | card read complete, disposition | `reading` | §5.4 |
//! | processing restrictions | `restrictions` | §5.5 |
//! | offline data authentication, fDDA | `authentication` | §5.6 |
//! | cardholder verification | `cardholder` | §5.7 |
//! | completion | here | §5.8, §5.9 |
//!
//! TVR and TSI stay zero: a card that puts the TVR into its cryptogram got zeros in the PDOL, and the
//! issuer must check it against the same.
//!
//! What the kernel cannot know: between an online-capable card and its issuer nothing authenticates
//! the CTQ to the reader, so whoever stands between card and reader may claim a device's cardholder
//! verification (§5.7 believes it with an ARQC). The issuer sees the truth in the card's own data.

mod authentication;
mod cardholder;
mod options;
mod reading;
mod restrictions;

use crate::{
    apdu::CApdu,
    charge::ChargeKind,
    contactless::{
        kernel::{KernelOutcome, Turn},
        qualifiers::{Ctq, Ttq},
    },
    dialogue::Dialogue,
    dol,
    exchange::Answer,
    fault::Fault,
    generate_ac::AcType,
    lookup::{Known, LookUp},
    outcome::{Decliner, Ending},
    pin::PinEntry,
    records::Reading,
    tag,
    verification::Tvr,
    wait::Awaited,
};

use options::Options;

/// The kernel in one charge.
pub(in crate::contactless) struct C3 {
    ttq: Ttq,
    /// Card transaction qualifiers, if the card gave them.
    ctq: Option<Ctq>,
    /// *Online Required by Reader*.
    online: bool,
    /// *Decline Required by Reader*: why; empty if not.
    decline: Tvr,
    stage: Stage,
}

/// What is awaited.
enum Stage {
    /// GET PROCESSING OPTIONS.
    Options,
    /// READ RECORD.
    Records(Reading),
    /// What the terminal remembers of the card.
    LookUp,
    /// The PIN for the host.
    Pin,
    /// Nothing: the outcome is known.
    Done,
}

/// Whether the charge stays on this interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Course {
    Stay,
    Switch,
}

impl C3 {
    /// Whether the application speaks to this kernel: its PDOL asks for the TTQ.
    pub(in crate::contactless) fn can_run(pdol: &[u8]) -> bool {
        dol::asks_for(pdol, tag::TTQ)
    }

    /// §5.3.1: GET PROCESSING OPTIONS.
    pub(in crate::contactless) fn start(
        dialogue: &mut Dialogue,
        ttq: Ttq,
    ) -> Result<(Self, CApdu), Fault> {
        dialogue.store.set(tag::TTQ, &ttq.to_bytes());
        let command = options::command(dialogue)?;
        let c3 = Self {
            ttq,
            ctq: None,
            online: ttq.contains(Ttq::ONLINE_CRYPTOGRAM),
            decline: Tvr::empty(),
            stage: Stage::Options,
        };
        Ok((c3, command))
    }

    /// Takes the card's answer.
    pub(in crate::contactless) fn answered(
        &mut self,
        dialogue: &mut Dialogue,
        answer: &Answer,
    ) -> Result<Turn, Fault> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Options => match options::answered(dialogue, answer)? {
                Options::Given {
                    records: Some(records),
                } => self.read_next(dialogue, records),
                Options::Given { records: None } => self.read_complete(dialogue),
                Options::Refused(outcome) => Ok(Turn::Done(outcome)),
            },
            Stage::Records(reading) => {
                reading.answered(dialogue, answer)?;
                self.read_next(dialogue, reading)
            }
            Stage::LookUp | Stage::Pin | Stage::Done => Err(Fault::OutOfTurn),
        }
    }

    /// Takes what the terminal remembers of the card.
    pub(in crate::contactless) fn known(
        &mut self,
        dialogue: &mut Dialogue,
        known: Known,
    ) -> Result<Turn, Fault> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::LookUp => {
                if known.on_exception_file {
                    self.decline |= Tvr::ON_EXCEPTION_FILE;
                }
                self.check(dialogue, AcType::Tc)
            }
            Stage::Options | Stage::Records(_) | Stage::Pin | Stage::Done => Err(Fault::OutOfTurn),
        }
    }

    /// Takes what came of the PIN.
    pub(in crate::contactless) fn entered(
        &mut self,
        dialogue: &mut Dialogue,
        entry: PinEntry,
    ) -> Result<Turn, Fault> {
        let awaited = std::mem::replace(&mut self.stage, Stage::Done);
        if !matches!(awaited, Stage::Pin) {
            return Err(Fault::OutOfTurn);
        }
        match entry {
            PinEntry::Online(pin) => dialogue.online_pin = Some(pin),
            PinEntry::Cancelled => {
                return Ok(Turn::Done(KernelOutcome::EndApplication(Ending::Cancelled)));
            }
            // This kernel knows no way around the PIN that the card wants.
            PinEntry::Bypassed | PinEntry::PadFailed => {
                dialogue.cvm = cardholder::WITHOUT_PIN;
                self.decline |= Tvr::PIN_NOT_ENTERED;
            }
            PinEntry::Verified(_) | PinEntry::Enciphered(_) => return Err(Fault::OutOfTurn),
        }
        self.completed(dialogue)
    }

    /// Who has the next word.
    pub(in crate::contactless) fn awaited(&self) -> Awaited {
        match self.stage {
            Stage::Options | Stage::Records(_) => Awaited::Card,
            Stage::Pin => Awaited::Pin,
            Stage::LookUp | Stage::Done => Awaited::Driver,
        }
    }

    /// Whether the card has said all that is needed of it.
    pub(in crate::contactless) fn has_read_card(&self) -> bool {
        match self.stage {
            Stage::Options | Stage::Records(_) => false,
            Stage::LookUp | Stage::Pin | Stage::Done => true,
        }
    }

    /// §5.3.2: the records that the card named.
    fn read_next(&mut self, dialogue: &mut Dialogue, mut records: Reading) -> Result<Turn, Fault> {
        match records.next() {
            Some(command) => {
                self.stage = Stage::Records(records);
                Ok(Turn::Send(command))
            }
            None => self.read_complete(dialogue),
        }
    }

    /// §5.4. Only what the card would approve by itself needs the exception file.
    fn read_complete(&mut self, dialogue: &mut Dialogue) -> Result<Turn, Fault> {
        let kind = reading::complete(dialogue)?;
        self.ctq = dialogue.store.optional(tag::CTQ)?.map(Ctq::from_bytes);
        match kind {
            // Money back is the host's to grant, whatever the card thinks of spending.
            _ if dialogue.charge.kind == ChargeKind::Refund => {
                self.online = true;
                self.completed(dialogue)
            }
            AcType::Aac => Ok(Turn::Done(KernelOutcome::Declined(Decliner::Card))),
            AcType::Arqc => {
                self.online = true;
                self.check(dialogue, kind)
            }
            AcType::Tc => {
                self.stage = Stage::LookUp;
                Ok(Turn::LookUp(LookUp {
                    pan: dialogue.store.pan()?,
                    sequence: dialogue
                        .store
                        .optional(tag::PAN_SEQUENCE)?
                        .map(|[number]| number),
                }))
            }
        }
    }

    /// §5.5 to §5.7.
    fn check(&mut self, dialogue: &mut Dialogue, kind: AcType) -> Result<Turn, Fault> {
        if self.restrict(dialogue, kind)? == Course::Switch
            || self.authenticate(dialogue, kind) == Course::Switch
        {
            return Ok(Turn::Done(KernelOutcome::TryAnotherInterface));
        }
        if self.decline.is_empty()
            && let Some(request) = self.verify(dialogue, kind)?
        {
            self.stage = Stage::Pin;
            return Ok(Turn::AskPin(request));
        }
        self.completed(dialogue)
    }

    /// §5.8 and §5.9. With nothing against it and no need to ask, what is left is a TC that was
    /// authenticated.
    fn completed(&self, dialogue: &mut Dialogue) -> Result<Turn, Fault> {
        if !self.decline.is_empty() {
            let decliner = Decliner::Terminal(self.decline);
            return Ok(Turn::Done(KernelOutcome::Declined(decliner)));
        }
        reading::date(dialogue)?;
        Ok(Turn::Done(if self.online {
            KernelOutcome::OnlineRequest
        } else {
            KernelOutcome::Approved
        }))
    }

    /// Whether the card's qualifiers hold that bit.
    fn card_wants(&self, bit: Ctq) -> bool {
        self.ctq.is_some_and(|ctq| ctq.contains(bit))
    }

    /// Whether the card wants another interface in a case for which the reader has one.
    fn switches(&self, bit: Ctq) -> bool {
        self.card_wants(bit) && self.ttq.contains(Ttq::CONTACT_CHIP)
    }
}
