//! Why a command could not be begun.

use serde::Serialize;

use crate::exit::Exit;

/// What happened and what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} {remedy}")]
pub struct Fault {
    /// How the program ends.
    pub exit: Exit,
    /// What happened, a sentence.
    pub what: String,
    /// What to do, a sentence.
    pub remedy: String,
}

impl Fault {
    /// The command line is wrong.
    pub fn misused(what: impl Into<String>) -> Self {
        Self {
            exit: Exit::Misused,
            what: what.into(),
            remedy: "Run `tillctl --help` to see how it is called.".to_owned(),
        }
    }

    /// Something that a charge needs is not there, or wrong.
    pub fn not_set_up(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            exit: Exit::NotSetUp,
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// What was offered is not taken.
    pub fn refused(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            exit: Exit::Refused,
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// A file or folder cannot be read or written.
    pub fn files(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            exit: Exit::Files,
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// As one JSON object, of that version of a command's objects.
    pub fn to_json(&self, version: u8) -> String {
        #[derive(Serialize)]
        struct Error<'a> {
            what: &'a str,
            remedy: &'a str,
        }
        #[derive(Serialize)]
        struct Failed<'a> {
            version: u8,
            exit_code: u8,
            error: Error<'a>,
        }
        let failed = Failed {
            version,
            exit_code: self.exit.code(),
            error: Error {
                what: &self.what,
                remedy: &self.remedy,
            },
        };
        serde_json::to_string_pretty(&failed).unwrap_or_default()
    }
}
