//! The till, as a charge sees it: what it is told, and what it says.

use std::time::{Duration, Instant};

use sealpoint_emv::{Known, LookUp, OnlineRequest};
use sealpoint_vault::{CardCode, SystemRandom};
use sealpoint_wire::{
    CardToken, FromLane, ReaderState, SealContext, ToLane,
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
        let cannot = |why: String| Fault::new(OutcomeKind::CannotSeal, why);
        let (read, ready) = (self.read, self.ready);
        let context = SealContext {
            terminal: read.terminal.clone(),
            attempt: read.attempt,
            key_id: ready.keys.key_id().clone(),
            amount_minor: read.amount_minor,
            currency: read.currency,
            kind: SealKind::Authorisation,
        };
        let Sealed { card, sealed, de55 } = self
            .set_up
            .seal(request, &context, ready, self.random)
            .map_err(cannot)?;
        self.till.tell(&FromLane::Online {
            attempt: read.attempt,
            card,
            sealed,
            de55,
        });
        Ok(())
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
            Some(ToLane::UnableToGoOnline { attempt }) if attempt == mine => Word::UnableToGoOnline,
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
