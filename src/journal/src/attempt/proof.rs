//! What is to be charged, and the proofs that it was written. Only the parent module makes them.

use sealpoint_sale::{AttemptId, Currency, SaleId};

/// What is to be charged, before anything happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Intent {
    /// The attempt; minted by the caller.
    pub attempt: AttemptId,
    /// The open sale that it is to pay for.
    pub sale: SaleId,
    /// Minor units, positive.
    pub amount_minor: i64,
    /// Their currency.
    pub currency: Currency,
    /// Local date and time at the till, `YYYYMMDDhhmmss`.
    pub local_time: String,
    /// Milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// Proof that an attempt and its amount are on the disk. Reading a card takes one.
#[must_use = "it allows one card to be read"]
#[derive(Debug)]
pub struct IntentWritten {
    pub(super) intent: Intent,
    pub(super) stan: u32,
}

impl IntentWritten {
    /// What was written: what the card and the host must see.
    #[must_use]
    pub const fn intent(&self) -> &Intent {
        &self.intent
    }

    /// The attempt.
    #[must_use]
    pub const fn attempt(&self) -> AttemptId {
        self.intent.attempt
    }

    /// Its trace number, 1 to 999999 (ISO 8583 DE 11), minted with the intent.
    #[must_use]
    pub const fn stan(&self) -> u32 {
        self.stan
    }
}

/// Proof that the SENT mark is on the disk. Asking the acquirer takes one.
#[must_use = "it allows the acquirer to be asked once"]
#[derive(Debug)]
pub struct SentWritten {
    pub(super) attempt: AttemptId,
}

impl SentWritten {
    /// The attempt.
    #[must_use]
    pub const fn attempt(&self) -> AttemptId {
        self.attempt
    }
}
