//! The loop: watches the reader, takes orders, runs one charge after the other.

use std::time::Duration;

use sealpoint_vault::SystemRandom;
use sealpoint_wire::{
    AttemptId, FromLane, ReaderState, TerminalId, ToLane, WIRE_VERSION,
    lane::{CardPrompt, OutcomeKind},
};

use crate::{
    answers::without_card,
    reader::Reader,
    set_up::SetUp,
    till::{End, Till},
};

/// How often the reader is looked at while nothing else happens.
pub(crate) const POLL: Duration = Duration::from_millis(100);

/// The card process.
pub struct Lane {
    pub(crate) till: Till,
    pub(crate) reader: Box<dyn Reader>,
    pub(crate) set_up: SetUp,
    pub(crate) terminal: TerminalId,
    pub(crate) random: SystemRandom,
    /// What the till was last told of the reader.
    told: Option<ReaderState>,
    /// Whether the card in the reader has been through a charge: it must be taken out before the
    /// next, so that a card which one customer left behind cannot pay for another.
    pub(crate) spent: bool,
}

/// Why the lane stops, other than because the till closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LaneError {
    /// A message was not understood.
    #[error(
        "The till sent a message that this lane does not understand. Install till and lane from \
         the same release."
    )]
    NotUnderstood,
}

/// What the till wants of the charge under way.
pub(crate) enum Word {
    /// Nothing yet.
    Silence,
    /// The host answered.
    Host(sealpoint_wire::HostAnswer),
    /// The host could not be asked.
    UnableToGoOnline,
    /// Give up as soon as it is safe; also when the till is gone.
    Cancel,
}

impl Lane {
    /// A lane for that terminal and till.
    #[must_use]
    pub fn new(till: Till, reader: Box<dyn Reader>, set_up: SetUp, terminal: TerminalId) -> Self {
        let random = SystemRandom::new();
        Self {
            till,
            reader,
            set_up,
            terminal,
            random,
            told: None,
            spent: false,
        }
    }

    /// Serves the till until it closes; a charge under way is brought to its end first.
    ///
    /// # Errors
    /// [`LaneError`] if the till speaks another language.
    pub fn run(mut self) -> Result<(), LaneError> {
        let cannot_charge = self.set_up.obstacle();
        if let Some(why) = &cannot_charge {
            tracing::warn!(why, "no card can be charged");
        }
        self.till.tell(&FromLane::Hello {
            version: WIRE_VERSION,
            cannot_charge,
        });
        loop {
            self.look();
            match self.till.hear(POLL) {
                Some(ToLane::Read(read)) => self.serve(&read),
                Some(
                    ToLane::Host { attempt, .. }
                    | ToLane::UnableToGoOnline { attempt }
                    | ToLane::Chosen { attempt, .. }
                    | ToLane::Cancel { attempt },
                ) => tracing::debug!(%attempt, "a word on an attempt that is over"),
                None => {}
            }
            match self.till.end() {
                None => {}
                Some(End::Closed) => return Ok(()),
                Some(End::NotUnderstood) => return Err(LaneError::NotUnderstood),
            }
        }
    }

    /// Looks at the reader, and tells the till if it changed.
    pub(crate) fn look(&mut self) -> ReaderState {
        let state = self.reader.state();
        if !matches!(state, ReaderState::CardIn { .. }) {
            self.spent = false;
        }
        if self.told.as_ref() != Some(&state) {
            tracing::info!(?state, "the reader changed");
            self.told = Some(state.clone());
            self.till.tell(&FromLane::Reader {
                state: state.clone(),
            });
        }
        state
    }

    pub(crate) fn prompt(&mut self, attempt: AttemptId, prompt: CardPrompt) {
        self.till.tell(&FromLane::Prompt { attempt, prompt });
    }

    /// What the till says on that attempt within `at_most`.
    pub(crate) fn word(&mut self, attempt: AttemptId, at_most: Duration) -> Word {
        match self.till.hear(at_most) {
            Some(ToLane::Host {
                attempt: of,
                answer,
            }) if of == attempt => Word::Host(answer),
            Some(ToLane::UnableToGoOnline { attempt: of }) if of == attempt => {
                Word::UnableToGoOnline
            }
            Some(ToLane::Cancel { attempt: of }) if of == attempt => Word::Cancel,
            Some(ToLane::Read(other)) if other.attempt != attempt => {
                let why =
                    "The lane is busy with another card. Finish or cancel that attempt first.";
                let outcome = without_card(OutcomeKind::ReaderFault, why);
                self.till.tell(&FromLane::Outcome {
                    attempt: other.attempt,
                    outcome,
                });
                Word::Silence
            }
            Some(_) => Word::Silence,
            None if self.till.end().is_some() => Word::Cancel,
            None => Word::Silence,
        }
    }
}
