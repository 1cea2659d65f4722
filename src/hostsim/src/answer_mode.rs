//! How the host answers; everything but `normal` is for tests and the demo.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest delay of a late answer.
pub const MAX_LATE_MS: u32 = 600_000;

/// How the host answers.
///
/// `silent` is a dead host on a live line: nothing is read into the book, nothing is answered. The
/// others but `refuse-reversals` are about authorisations and advices; reversals, inquiries and
/// network management go on as normal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum AnswerMode {
    /// `normal`: decides as an issuer does.
    #[default]
    Normal,
    /// `decline`: declines with 05 what it would approve.
    Decline,
    /// `silent`: takes every message and does nothing.
    Silent,
    /// `late:MS`: decides at once, answers so many milliseconds later.
    Late(u32),
    /// `drop-answer`: decides and writes the ledger, then loses the answer.
    DropAnswer,
    /// `decline-over:MINOR`: declines with 51 what is more than so many minor units.
    DeclineOver(i64),
    /// `partial:MINOR`: approves at most so many minor units of an authorisation.
    Partial(i64),
    /// `refuse-reversals`: answers reversals with 96 and does nothing.
    RefuseReversals,
    /// `garble`: decides and writes the ledger, then answers as many bytes of nonsense.
    Garble,
}

/// A text that is no answer mode.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "\"{0}\" is no way to answer; use normal, decline, decline-over:MINOR, partial:MINOR, silent, \
     late:MS (up to {MAX_LATE_MS}), drop-answer, refuse-reversals or garble"
)]
pub struct UnknownMode(String);

impl FromStr for AnswerMode {
    type Err = UnknownMode;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let late = |ms: &str| {
            ms.parse()
                .ok()
                .filter(|ms| *ms <= MAX_LATE_MS)
                .map(Self::Late)
        };
        let amount = |minor: &str| minor.parse().ok().filter(|minor| *minor > 0);
        let mode = match text {
            "normal" => Some(Self::Normal),
            "decline" => Some(Self::Decline),
            "silent" => Some(Self::Silent),
            "drop-answer" => Some(Self::DropAnswer),
            "garble" => Some(Self::Garble),
            "refuse-reversals" => Some(Self::RefuseReversals),
            _ => match text.split_once(':') {
                Some(("late", ms)) => late(ms),
                Some(("decline-over", minor)) => amount(minor).map(Self::DeclineOver),
                Some(("partial", minor)) => amount(minor).map(Self::Partial),
                _ => None,
            },
        };
        mode.ok_or_else(|| UnknownMode(text.chars().take(40).collect()))
    }
}

impl fmt::Display for AnswerMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("normal"),
            Self::Decline => f.write_str("decline"),
            Self::Silent => f.write_str("silent"),
            Self::Late(ms) => write!(f, "late:{ms}"),
            Self::DropAnswer => f.write_str("drop-answer"),
            Self::DeclineOver(minor) => write!(f, "decline-over:{minor}"),
            Self::Partial(minor) => write!(f, "partial:{minor}"),
            Self::RefuseReversals => f.write_str("refuse-reversals"),
            Self::Garble => f.write_str("garble"),
        }
    }
}

impl TryFrom<String> for AnswerMode {
    type Error = UnknownMode;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<AnswerMode> for String {
    fn from(mode: AnswerMode) -> Self {
        mode.to_string()
    }
}
