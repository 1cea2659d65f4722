//! The till, as a charge sees it: what it is told, and what it says.

use std::time::{Duration, Instant};

use sealpoint_emv::{Known, LookUp, OnlineRequest};
use sealpoint_vault::{CardCode, SystemRandom};
use sealpoint_wire::{
    CardToken, FromLane, ReaderState, SealContext, SealedCard, TerminalId, ToLane,
    lane::{CardPrompt, OutcomeKind, ReadCard},
    seal::SealKind,
};

use crate::{
    answers,
    bench::Sealed,
    counterpart::{Counterpart, Fault, Word},
    memory::Memory,
    set_up::{Ready, SetUp},
    till::Till,
};

/// The till during one attempt.
pub(crate) struct AtTill<'a> {
    pub(crate) till: &'a mut Till,
    /// What it was last told of the reader.
    pub(crate) told: &'a mut Option<ReaderState>,
    pub(crate) read: &'a ReadCard,
    pub(crate) set_up: &'a mut SetUp,
    pub(crate) ready: &'a Ready,
    pub(crate) random: &'a SystemRandom,
    pub(crate) memory: &'a Memory,
    /// What the card is remembered by, once it was looked up.
    pub(crate) code: Option<CardCode>,
    /// What stands for the card in records, if something may.
    pub(crate) token: Option<CardToken>,
    /// The card, sealed for this attempt, once it was.
    pub(crate) sealed: Option<SealedCard>,
    /// Whether the host was to be asked.
    pub(crate) asked: bool,
    /// Whether the till said that it could not be.
    pub(crate) unreachable: bool,
    /// An order that came meanwhile, for after the attempt.
    pub(crate) erase: &'a mut Option<Erase>,
}

/// An order to destroy the keys, as the till passed it on.
pub(crate) struct Erase {
    pub(crate) order: String,
    pub(crate) terminal: TerminalId,
}

impl AtTill<'_> {
    /// Seals the card for this attempt, which happens once: also an approval without the host goes out
    /// under the key that was used to ask it.
    fn seal(&mut self, request: OnlineRequest) -> Result<Sealed, Fault> {
        let (read, ready) = (self.read, self.ready);
        let context = SealContext {
            terminal: read.terminal.clone(),
            attempt: read.attempt,
            key_id: ready.keys.key_id().clone(),
            amount_minor: read.amount_minor,
            currency: read.currency,
            kind: SealKind::Authorisation,
        };
        let sealed = self
            .set_up
            .seal(request, &context, ready, self.random)
            .map_err(|why| Fault::new(OutcomeKind::CannotSeal, why))?;
        self.sealed = Some(sealed.sealed.clone());
        Ok(sealed)
    }

    /// The sealed card that goes with an approval without the host.
    ///
    /// # Errors
    /// Why such an approval does not pay here.
    pub(crate) fn owed(&mut self) -> Result<SealedCard, Fault> {
        let permitted = self.read.amount_minor <= self.ready.offline_up_to_minor(self.read);
        pays_alone(permitted, self.asked, self.unreachable)?;
        self.sealed.take().ok_or_else(|| {
            Fault::new(
                OutcomeKind::CannotSeal,
                "The card data was not sealed, so nothing was charged. Take the card out and charge \
                 again.",
            )
        })
    }
}

/// Whether an approval by card and terminal pays without the host.
///
/// # Errors
/// Why not: the kernel keeps to what is permitted, and this looks again; and a host that was asked and
/// is only slow may still approve, so that the card would be charged twice.
fn pays_alone(permitted: bool, asked: bool, unreachable: bool) -> Result<(), Fault> {
    if !permitted {
        return Err(Fault::new(
            OutcomeKind::NotAccepted,
            "The card approved without its issuer, which this till does not take, so nothing was \
             charged. Ask for another card or cash.",
        ));
    }
    if asked && !unreachable {
        return Err(Fault::new(
            OutcomeKind::UnableToGoOnline,
            "The host did not answer in time, so nothing was charged. Try again or take cash.",
        ));
    }
    Ok(())
}

impl Counterpart for AtTill<'_> {
    fn reader(&mut self, state: ReaderState) {
        tell_reader(self.till, self.told, state);
    }

    fn prompt(&mut self, prompt: CardPrompt) {
        let attempt = self.read.attempt;
        self.till.tell(&FromLane::Prompt { attempt, prompt });
    }

    fn choose(&mut self, labels: Vec<String>) {
        let attempt = self.read.attempt;
        self.till.tell(&FromLane::Choose { attempt, labels });
    }

    fn known(&mut self, card: &LookUp) -> Known {
        let currency = self.read.currency.numeric();
        let (known, code) = self.memory.look_up(card, currency, Instant::now());
        self.code = Some(code);
        let (token, is_hot) = self.ready.keys.look_up(card);
        self.token = token;
        Known {
            on_exception_file: is_hot,
            ..known
        }
    }

    fn ask_host(&mut self, request: OnlineRequest) -> Result<(), Fault> {
        let Sealed { card, sealed, de55 } = self.seal(request)?;
        self.asked = true;
        self.till.tell(&FromLane::Online {
            attempt: self.read.attempt,
            card,
            sealed,
            de55,
        });
        Ok(())
    }

    fn owe_advice(&mut self, request: OnlineRequest) -> Result<(), Fault> {
        self.seal(request).map(|_| ())
    }

    fn hear(&mut self, at_most: Duration) -> Word {
        let mine = self.read.attempt;
        match self.till.hear(at_most) {
            Some(ToLane::Host { attempt, answer }) if attempt == mine => {
                match answers::host_answer(&answer) {
                    Ok(answer) => Word::Host(answer),
                    Err(why) => Word::Unusable(Fault::new(OutcomeKind::UnableToGoOnline, why)),
                }
            }
            Some(ToLane::UnableToGoOnline { attempt }) if attempt == mine => {
                self.unreachable |= self.asked;
                Word::UnableToGoOnline
            }
            Some(ToLane::Chosen { attempt, index }) if attempt == mine => {
                Word::Chosen(index.into())
            }
            Some(ToLane::Cancel { attempt }) if attempt == mine => Word::Cancel,
            Some(ToLane::Read(other)) if other.attempt != mine => {
                let why =
                    "The lane is busy with another card. Finish or cancel that attempt first.";
                self.till.tell(&FromLane::Outcome {
                    attempt: other.attempt,
                    outcome: answers::without_card(OutcomeKind::ReaderFault, why),
                });
                Word::Silence
            }
            Some(ToLane::Erase { order, terminal }) => {
                *self.erase = Some(Erase { order, terminal });
                Word::Silence
            }
            Some(_) => Word::Silence,
            None if self.till.end().is_some() => Word::Cancel,
            None => Word::Silence,
        }
    }
}

/// Tells the till how the reader stands, if that is news.
pub(crate) fn tell_reader(till: &mut Till, told: &mut Option<ReaderState>, state: ReaderState) {
    if told.as_ref() != Some(&state) {
        tracing::info!(?state, "the reader changed");
        till.tell(&FromLane::Reader {
            state: state.clone(),
        });
        *told = Some(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_alone_pays_where_permitted_unless_the_host_may_still_answer() {
        let kind = |permitted, asked, unreachable| {
            pays_alone(permitted, asked, unreachable)
                .err()
                .map(|fault| fault.kind)
        };
        assert_eq!(kind(true, false, false), None);
        assert_eq!(kind(true, true, true), None);
        let slow = Some(OutcomeKind::UnableToGoOnline);
        assert_eq!(kind(true, true, false), slow);
        let never = Some(OutcomeKind::NotAccepted);
        for (asked, unreachable) in [(false, false), (true, true), (true, false)] {
            assert_eq!(kind(false, asked, unreachable), never);
        }
    }
}
