//! Exit codes, for scripts and monitoring. They do not change.

use std::process::ExitCode;

use sealpoint_emv::Ending;
use sealpoint_wire::lane::OutcomeKind;

/// How it went. In tens: 0 approved, 10 declined, 20 the card, 30 the reader, 40 the set-up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// 0: approved, or done.
    Approved,
    /// 2: the command line is wrong.
    Misused,
    /// 10: declined by host, card or terminal.
    Declined,
    /// 11: the issuer wants to be called.
    Referred,
    /// 12: the host could not be asked.
    Unreachable,
    /// 20: no card in time.
    NoCard,
    /// 21: the card was taken out too soon.
    Removed,
    /// 22: the card cannot be used here.
    NotAccepted,
    /// 23: the card broke the protocol or does not answer.
    CardFault,
    /// 24: the cardholder cancelled.
    Cancelled,
    /// 30: no reader, or it failed.
    ReaderFault,
    /// 40: profile, keys or clock do not allow a charge.
    NotSetUp,
}

impl Exit {
    /// The exit code of a charge.
    pub fn of(kind: OutcomeKind, ending: Option<Ending>) -> Self {
        match kind {
            OutcomeKind::Approved => Self::Approved,
            _ if matches!(ending, Some(Ending::Referred(_))) => Self::Referred,
            OutcomeKind::DeclinedByHost | OutcomeKind::DeclinedByCard => Self::Declined,
            OutcomeKind::UnableToGoOnline => Self::Unreachable,
            OutcomeKind::NoCard => Self::NoCard,
            OutcomeKind::CardRemoved => Self::Removed,
            OutcomeKind::NotAccepted => Self::NotAccepted,
            OutcomeKind::CardFault => Self::CardFault,
            OutcomeKind::Cancelled => Self::Cancelled,
            OutcomeKind::ReaderFault => Self::ReaderFault,
            OutcomeKind::CannotSeal => Self::NotSetUp,
        }
    }

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Approved => 0,
            Self::Misused => 2,
            Self::Declined => 10,
            Self::Referred => 11,
            Self::Unreachable => 12,
            Self::NoCard => 20,
            Self::Removed => 21,
            Self::NotAccepted => 22,
            Self::CardFault => 23,
            Self::Cancelled => 24,
            Self::ReaderFault => 30,
            Self::NotSetUp => 40,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
