//! Who wants a card charged, as the charge sees it: the till, or a person at a bench.

use std::time::Duration;

use sealpoint_emv::{HostAnswer, Known, LookUp, OnlineRequest};
use sealpoint_wire::{
    ReaderState,
    lane::{CardPrompt, OutcomeKind},
};

use crate::reader::CardError;

/// The other side of a charge. Nothing here waits but [`Counterpart::hear`].
pub(crate) trait Counterpart {
    /// The reader stands so; told at each look.
    fn reader(&mut self, state: ReaderState);
    /// The cardholder should do or wait for something.
    fn prompt(&mut self, prompt: CardPrompt);
    /// The cardholder should choose one of these; [`Word::Chosen`] follows.
    fn choose(&mut self, labels: Vec<String>);
    /// What is known of the card here.
    fn known(&mut self, card: &LookUp) -> Known;
    /// Seals and asks the host; [`Word::Host`] or [`Word::UnableToGoOnline`] follows.
    ///
    /// # Errors
    /// [`Fault`] if that cannot be done; the host was not asked then.
    fn ask_host(&mut self, request: OnlineRequest) -> Result<(), Fault>;
    /// Card and terminal approved before the host was asked: seals what it must be told.
    ///
    /// # Errors
    /// [`Fault`] if that cannot be done; the approval does not pay then.
    fn owe_advice(&mut self, request: OnlineRequest) -> Result<(), Fault>;
    /// What it says within `at_most`.
    fn hear(&mut self, at_most: Duration) -> Word;
}

/// What the other side says on the charge under way.
pub(crate) enum Word {
    /// Nothing yet.
    Silence,
    /// The cardholder chose, counted from 0.
    Chosen(usize),
    /// The host answered.
    Host(HostAnswer),
    /// The host answered something that no card can be given.
    Unusable(Fault),
    /// The host could not be asked.
    UnableToGoOnline,
    /// Give up as soon as it is safe; also when the other side is gone.
    Cancel,
}

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
