//! Why a command could not be begun.

use std::io::stderr;

use serde::Serialize;

use crate::{exit::Exit, say, tell};

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

    /// An error whose text is a sentence on what happened and one on what to do.
    pub fn told(exit: Exit, error: &dyn std::error::Error) -> Self {
        let text = error.to_string();
        let (what, remedy) = text.split_once(". ").unwrap_or((&text, ""));
        Self {
            exit,
            what: format!("{}.", what.trim_end_matches('.')),
            remedy: remedy.to_owned(),
        }
    }

    /// Tells it, to programs as JSON of that version, and gives how the program ends.
    pub fn tell(&self, json: Option<u8>) -> Exit {
        match json {
            Some(version) => tell(&self.to_json(version), self.exit),
            None => {
                say(&mut stderr(), &format!("tillctl: {self}"));
                self.exit
            }
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
