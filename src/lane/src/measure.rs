//! What a charge cost: commands, bytes and time.

use std::time::Duration;

/// Commands and bytes between reader and card, all presentations of the card together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Commands that were sent, with those that only fetch an answer.
    pub apdus: u32,
    /// Bytes of the commands.
    pub sent: u32,
    /// Bytes of the answers, with their status words.
    pub received: u32,
}

/// How long it took.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Times {
    /// Until a card was there.
    pub presenting: Duration,
    /// The card's and the reader's share.
    pub card: Duration,
    /// The cardholder's: PIN and choice.
    pub cardholder: Duration,
    /// The host's.
    pub host: Duration,
    /// Everything from the order to the outcome.
    pub total: Duration,
}

impl Counts {
    /// One command and its answer, whose lengths are bounded by the reader.
    pub(crate) fn add(&mut self, sent: usize, received: usize) {
        let bytes = |length| u32::try_from(length).unwrap_or(u32::MAX);
        self.apdus = self.apdus.saturating_add(1);
        self.sent = self.sent.saturating_add(bytes(sent));
        self.received = self.received.saturating_add(bytes(received));
    }
}
