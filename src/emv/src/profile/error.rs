//! Why a profile is refused.

use thiserror::Error;

use super::MAX_PROFILE;

/// Why a profile cannot be used: where, what is wrong there, and what to write instead.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ProfileError {
    /// It is larger than any profile.
    #[error("the terminal profile has more than {MAX_PROFILE} bytes; put a profile there")]
    TooLong,
    /// It is not TOML.
    #[error(
        "the terminal profile is wrong at line {line}: it is no TOML there ({reason}); correct the line"
    )]
    Toml {
        /// The line, counted from 1.
        line: usize,
        /// What the TOML reader found.
        reason: String,
    },
    /// A value that cannot be, a key that is missing, or one that no profile has.
    #[error("the terminal profile is wrong at line {line}: `{key}` {reason}; {remedy}")]
    Value {
        /// The line, counted from 1; of a missing key, the line where its table begins.
        line: usize,
        /// The key with its table: `application[1].aid`. Tables are counted from 1.
        key: String,
        /// What is wrong with it.
        reason: String,
        /// What to write instead.
        remedy: String,
    },
}

impl ProfileError {
    /// The line that is wrong, counted from 1; none if it is the whole profile.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::TooLong => None,
            Self::Toml { line, .. } | Self::Value { line, .. } => Some(*line),
        }
    }
}
