//! Cardholder verification (EMV 4.4 Book 3 §10.5, Annex C3; Book 4 §6.3.4; Book 2 §7).
//!
//! [`Verifying`] performs the rules of the card's list until one is successful. A PIN never comes
//! here: the machine asks for what a pad makes of it, and the card or the issuer judges it.
//!
//! A status word that says "PIN correct" may come from whoever sits between card and terminal. What
//! the terminal was told therefore stands in the CVM results, which the issuer gets beside the card's
//! own account of it: CDOL1 and DE 55 are written from the same bytes.

mod list;
mod method;
mod pin_entry;
mod result;

use crate::{
    apdu::CApdu,
    cvm::{
        list::{List, Rule},
        method::Method,
        pin_entry::Trying,
    },
    dialogue::Dialogue,
    oda::PinKey,
    outcome::Ending,
    pin::PinRequest,
    verification::{Aip, Tsi, Tvr},
};

pub(crate) use result::CvmResult;

/// What comes next.
pub(crate) enum Step {
    /// Nothing: the results stand.
    Done,
    /// Ask the card.
    Send(CApdu),
    /// Ask the PIN pad.
    Ask(PinRequest),
}

/// Cardholder verification under way.
pub(crate) struct Verifying {
    list: List,
    /// What is to be said if no further rule is successful.
    result: CvmResult,
    trying: Option<Trying>,
    /// The card's key, once a rule needs it.
    key: Option<PinKey>,
    /// The card takes no PIN any more.
    blocked: bool,
    /// Nobody wants to enter one (Book 4 §6.3.4.3: then for no later rule either).
    bypassed: bool,
}

/// What trying a rule came to.
enum Tried {
    Successful(CvmResult),
    Unsuccessful,
    UnderWay(Step),
}

impl Verifying {
    /// Begins with the first rule whose condition is met.
    pub(crate) fn start(dialogue: &mut Dialogue) -> Result<(Self, Step), Ending> {
        dialogue.cvm = CvmResult::NOT_PERFORMED;
        let mut verifying = Self {
            list: List::default(),
            result: CvmResult::NOTHING_PERFORMED,
            trying: None,
            key: None,
            blocked: false,
            bypassed: false,
        };
        if !dialogue.aip.contains(Aip::CVM) {
            return Ok((verifying, Step::Done));
        }
        let Some(list) = List::of(dialogue)? else {
            dialogue.tvr |= Tvr::CARD_DATA_MISSING;
            return Ok((verifying, Step::Done));
        };
        verifying.list = list;
        let step = verifying.go_on(dialogue)?;
        Ok((verifying, step))
    }

    /// Tries the rules that are left, until one is successful or the card or the pad must be asked.
    fn go_on(&mut self, dialogue: &mut Dialogue) -> Result<Step, Ending> {
        while let Some((rule, amounts)) = self.list.next() {
            if !rule.applies(dialogue, amounts)? {
                continue;
            }
            match self.attempt(dialogue, rule)? {
                Tried::Successful(result) => return Ok(conclude(dialogue, result)),
                Tried::UnderWay(step) => return Ok(step),
                // Failing is what the issuer wants then, whatever the list says next (figure 8).
                Tried::Unsuccessful if rule.method() == Method::Fail => break,
                Tried::Unsuccessful if rule.gives_way() => {}
                Tried::Unsuccessful => break,
            }
        }
        Ok(self.fail(dialogue))
    }

    fn fail(&self, dialogue: &mut Dialogue) -> Step {
        dialogue.tvr |= Tvr::CVM_FAILED;
        conclude(dialogue, self.result)
    }

    fn attempt(&mut self, dialogue: &mut Dialogue, rule: Rule) -> Result<Tried, Ending> {
        let method = rule.method();
        let supported = method.is_supported(&dialogue.terminal);
        match method {
            Method::Unrecognised => {
                dialogue.tvr |= Tvr::CVM_UNRECOGNISED;
                Ok(Tried::Unsuccessful)
            }
            Method::Pin { way, .. } if !supported => {
                if way.lacks_pad(&dialogue.terminal) {
                    dialogue.tvr |= Tvr::PIN_PAD_MISSING;
                }
                Ok(Tried::Unsuccessful)
            }
            _ if !supported => Ok(Tried::Unsuccessful),
            Method::Signature => Ok(Tried::Successful(CvmResult::to_be_signed(rule))),
            Method::NotRequired => Ok(Tried::Successful(CvmResult::successful(rule))),
            Method::Pin { way, signature } => {
                self.result = CvmResult::failed(rule);
                self.begin_pin(dialogue, rule, way, signature)
            }
            Method::Fail => {
                self.result = CvmResult::failed(rule);
                Ok(Tried::Unsuccessful)
            }
            Method::Biometric => Ok(Tried::Unsuccessful),
        }
    }
}

fn conclude(dialogue: &mut Dialogue, result: CvmResult) -> Step {
    dialogue.cvm = result;
    dialogue.tsi |= Tsi::CVM;
    Step::Done
}
