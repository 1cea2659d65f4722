//! One charge, until a card is in and powered: the order, the checks, the insertion.

use std::time::{Duration, Instant};

use sealpoint_emv::Kernel;
use sealpoint_vault::SecureRandom;
use sealpoint_wire::{
    CardOutcome, FromLane, ReaderState,
    lane::{CardPrompt, OutcomeKind, ReadCard},
};

use crate::{
    answers::{self, without_card},
    lane::{Lane, POLL, Word},
    reader::CardError,
    set_up::Ready,
};

/// How long to wait for a card at most, whatever the till asks for.
const MAX_INSERT_WAIT: Duration = Duration::from_secs(300);
/// How long a reader may be missing before a charge fails because of it: the card service may just
/// be starting.
const READER_GRACE: Duration = Duration::from_secs(2);

/// An end whose reason the kernel does not know.
pub(crate) struct Fault {
    pub(crate) kind: OutcomeKind,
    pub(crate) why: String,
}

impl Fault {
    pub(crate) fn new(kind: OutcomeKind, why: impl Into<String>) -> Self {
        Self {
            kind,
            why: why.into(),
        }
    }
}

impl From<CardError> for Fault {
    fn from(error: CardError) -> Self {
        let kind = match error {
            CardError::Removed => OutcomeKind::CardRemoved,
            CardError::Mute => OutcomeKind::CardFault,
            CardError::Failed(_) => OutcomeKind::ReaderFault,
        };
        Self::new(kind, error.to_string())
    }
}

impl Lane {
    /// Reads a card as ordered and tells the outcome, once.
    pub(crate) fn serve(&mut self, read: &ReadCard) {
        let attempt = read.attempt;
        tracing::info!(%attempt, "an attempt begins");
        let outcome = match self.charge(read) {
            Ok(outcome) => outcome,
            Err(Fault { kind, why }) => without_card(kind, why),
        };
        let kind = outcome.kind;
        tracing::info!(%attempt, ?kind, "the attempt is over");
        self.till.tell(&FromLane::Outcome { attempt, outcome });
        self.reader.power_off();
        // A card that is in again after that has been taken out in between.
        self.spent &= kind != OutcomeKind::CardRemoved;
        if matches!(self.look(), ReaderState::CardIn { .. }) && self.spent {
            self.prompt(attempt, CardPrompt::RemoveCard);
        }
    }

    fn charge(&mut self, read: &ReadCard) -> Result<CardOutcome, Fault> {
        let (ready, kernel) = self
            .prepare(read)
            .map_err(|why| Fault::new(OutcomeKind::CannotSeal, why))?;
        self.await_card(read)?;
        self.prompt(read.attempt, CardPrompt::Reading);
        self.spent = true;
        let atr = self.reader.power_on()?;
        Ok(self.converse(kernel, &atr, &ready, read))
    }

    /// Everything that can be refused before a card is touched.
    fn prepare(&self, read: &ReadCard) -> Result<(Ready, Kernel), String> {
        if read.terminal != self.terminal {
            return Err(format!(
                "No card can be charged: this lane belongs to terminal {}, not {}. Start it with \
                 the till's own terminal id.",
                self.terminal, read.terminal
            ));
        }
        let ready = self.set_up.ready(&read.local_time)?;
        let mut unpredictable_number = [0; 4];
        self.random.fill(&mut unpredictable_number).map_err(
            |_| "No card can be charged: this machine gave no random bytes. Restart the till.",
        )?;
        let charge = answers::charge(read, unpredictable_number);
        let kernel = Kernel::new(&ready.terminal, charge)
            .map_err(|error| format!("No card can be charged: {error}."))?;
        Ok((ready, kernel))
    }

    /// Waits until a card is in that has not been through a charge.
    fn await_card(&mut self, read: &ReadCard) -> Result<(), Fault> {
        let wait = Duration::from_millis(read.insert_timeout_ms.into()).min(MAX_INSERT_WAIT);
        let start = Instant::now();
        let mut reader_seen = start;
        let mut prompted = None;
        loop {
            let wanted = match self.look() {
                ReaderState::CardIn { .. } if !self.spent => return Ok(()),
                ReaderState::CardIn { .. } => Some(CardPrompt::RemoveCard),
                ReaderState::Ready { .. } => Some(CardPrompt::InsertCard),
                ReaderState::Missing { why } if reader_seen.elapsed() >= READER_GRACE => {
                    return Err(Fault::new(OutcomeKind::ReaderFault, why));
                }
                ReaderState::Missing { .. } => None,
            };
            if let Some(prompt) = wanted {
                reader_seen = Instant::now();
                if prompted.replace(prompt) != wanted {
                    self.prompt(read.attempt, prompt);
                }
            }
            if start.elapsed() >= wait {
                return Err(Fault::new(
                    OutcomeKind::NoCard,
                    "No card was inserted in time. Start again or take cash.",
                ));
            }
            if let Word::Cancel = self.word(read.attempt, POLL) {
                return Err(Fault::new(
                    OutcomeKind::Cancelled,
                    "Cancelled at the till. Start again or take cash.",
                ));
            }
        }
    }
}
