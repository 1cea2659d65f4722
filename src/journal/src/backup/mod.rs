//! Backups of a journal: taken while a till runs, proved, and restored.
//!
//! | file | holds |
//! |---|---|
//! | `snapshot` | a copy of one moment, past the till that has the journal |
//! | `proof` | that a backup opens and is whole |
//! | `restore` | a backup in a journal's place, in an epoch of its own |
//! | `file` | names beside a journal, copies that are durable, who has a journal |
//!
//! None of this is for a process that has the journal open: it opens the file past SQLite, and closing
//! it would drop that process's lock (POSIX advisory locks).

pub(crate) mod file;
mod proof;
mod restore;
mod snapshot;

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::JournalError;

pub use proof::verify;
pub use restore::{Replaced, restore};
pub use snapshot::backup;

/// What a backup holds, and that it was found whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Proved {
    /// The terminal that it belongs to.
    pub terminal: String,
    /// Its epoch.
    pub epoch: u32,
    /// Its schema.
    pub schema: u32,
    /// Records in it, of every epoch.
    pub records: u64,
    /// Highest sequence of its epoch; 0 if there is none.
    pub highest_seq: u64,
    /// Records in it that the collector had not acknowledged.
    pub waiting: u64,
    /// Attempts in it that were neither settled nor over.
    pub open_attempts: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, hexadecimal in lower case.
    pub sha256: String,
}

/// Why there is no backup, or no restored journal.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The journal or the backup says why.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file cannot be read.
    #[error(
        "The file {path} cannot be read ({why}). Check its name, and run as root or as the till's user."
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// A file cannot be written.
    #[error(
        "The file {path} cannot be written ({why}). Check that its folder exists, has room and may be written by this user."
    )]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// There is a file of that name.
    #[error("The file {0} exists and is not replaced. Name another, or move it away.")]
    Exists(PathBuf),
    /// No copy was of one moment.
    #[error(
        "The till wrote its log anew during each of {0} copies, so none is of one moment. Try again when it is less busy."
    )]
    NeverStill(u32),
    /// The backup is not whole.
    #[error("The backup {path} is not whole: {what}. Take another one; this one restores nothing.")]
    NotWhole {
        /// The backup.
        path: PathBuf,
        /// What was found; never a value from a row.
        what: String,
    },
    /// The backup is another terminal's.
    #[error(
        "The backup {path} belongs to terminal {found}, not to {wanted}. Name that terminal's own backup."
    )]
    OtherTerminal {
        /// The backup.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Whose it should be.
        wanted: String,
    },
    /// A till has the journal.
    #[error("The journal {0} is in use by a till. Stop the till, then restore.")]
    InUse(PathBuf),
    /// The epochs are used up.
    #[error("There is no epoch after {0}. Give the till a new terminal id.")]
    NoEpoch(u32),
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> BackupError {
    let path = path.to_owned();
    move |why| BackupError::Unreadable {
        path: path.clone(),
        why,
    }
}

fn unwritable(path: &Path) -> impl Fn(io::Error) -> BackupError {
    let path = path.to_owned();
    move |why| BackupError::Unwritable {
        path: path.clone(),
        why,
    }
}
