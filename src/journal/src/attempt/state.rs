//! Where an attempt stands, and the words that the journal stores for it.

use core::fmt;

/// Where an attempt stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AttemptState {
    /// Durable before the first byte goes to the card.
    Intent,
    /// Durable before the first byte goes to the host.
    Sent,
    /// The host and the card approved; the open or parked basket holds the tender.
    Approved,
    /// Nothing was charged and nothing is to be undone.
    Declined,
    /// The host may have approved; nobody knows yet.
    Unknown,
    /// Paid for a committed sale.
    Committed,
    /// To be undone; offered to the uplink until it is acknowledged.
    ReversalDue,
    /// Undone: acknowledged by the acquirer, or settled by a person who said so by name.
    Reversed,
}

impl AttemptState {
    const ALL: [Self; 8] = [
        Self::Intent,
        Self::Sent,
        Self::Approved,
        Self::Declined,
        Self::Unknown,
        Self::Committed,
        Self::ReversalDue,
        Self::Reversed,
    ];

    /// The word that the journal stores.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Intent => "INTENT",
            Self::Sent => "SENT",
            Self::Approved => "APPROVED",
            Self::Declined => "DECLINED",
            Self::Unknown => "UNKNOWN",
            Self::Committed => "COMMITTED",
            Self::ReversalDue => "REVERSAL_DUE",
            Self::Reversed => "REVERSED",
        }
    }

    /// The state that this word names.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl fmt::Display for AttemptState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How a charge came about; which steps an attempt may take depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Way {
    /// The issuer is asked.
    Online,
    /// Without the issuer, which gets an advice: nothing to reverse.
    Offline,
    /// The journal was restored from a backup in which the attempt was open: its sale may have been
    /// committed since, so no machine undoes it.
    Restored,
}

impl Way {
    /// The word that the journal stores.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Restored => "restored",
        }
    }

    /// The way that this word names.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Online, Self::Offline, Self::Restored]
            .into_iter()
            .find(|way| way.word() == word)
    }
}
