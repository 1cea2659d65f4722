//! What can be wrong with the store, in words for the operator.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// The database could not do it; nothing of the step was stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite says no.
    #[error("The collector cannot use its store ({0}). Check its disk space and its log.")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL says no.
    #[error("The collector's store refused ({0}). Check the server and its log.")]
    Postgres(String),
    /// The server cannot be reached, or the connection broke. If it broke within a commit, that
    /// may have gone through: send the same again.
    #[error("The collector's store cannot be reached ({0}). It is tried again with each request.")]
    Unavailable(String),
    /// The step met another too often.
    #[error("The collector's store is under contention. Send the same again.")]
    Conflict,
    /// The queue is full.
    #[error(
        "The collector has too much to store at the moment. Send the same again a little later."
    )]
    Busy,
    /// A step that shared the commit broke it.
    #[error("The collector could not commit ({0}). Check its disk space and its log.")]
    NotCommitted(String),
    /// The store's thread has ended.
    #[error("The collector's store has stopped. Start the collector again.")]
    Stopped,
    /// What is stored cannot be what was stored.
    #[error("The collector's store is damaged ({0}). Restore it from its back-up.")]
    Damaged(&'static str),
}

impl StoreError {
    /// The same for another step of the same commit.
    pub(super) fn again(&self) -> Self {
        Self::NotCommitted(match self {
            Self::Sqlite(error) => error.to_string(),
            other => other.to_string(),
        })
    }

    /// Whether the same may go through in a moment.
    #[must_use]
    pub const fn passes(&self) -> bool {
        matches!(self, Self::Busy | Self::Conflict | Self::Unavailable(_))
    }
}

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process holds the lock.
    #[error("Another collector uses the store {}. Stop it, or give this one another --store.", .0.display())]
    InUse(PathBuf),
    /// A command of this release meets a collector of an earlier one.
    #[error("The collector that uses the store {} is of an earlier release. Update it first.", .0.display())]
    OlderInUse(PathBuf),
    /// The folder or the file cannot be written.
    #[error("The store {} cannot be written ({why}). Check that its folder exists and that this user may write there.", path.display())]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        why: String,
    },
    /// Not a collector's database.
    #[error("The file {} is not a collector's store. Give another --store, or move the file away.", .0.display())]
    NotAStore(PathBuf),
    /// Made by a later release.
    #[error("The store {0} is of a newer release. Start that release of the collector.")]
    Newer(String),
    /// Its own check failed.
    #[error("The store {} is damaged. Restore it from its back-up.", .0.display())]
    Damaged(PathBuf),
    /// The server does not let us in, or is not there.
    #[error(
        "The store {store} cannot be used ({why}). Check the server, the user's rights and PGPASSFILE."
    )]
    Server {
        /// The server and the database.
        store: String,
        /// What it says.
        why: String,
    },
    /// The server would lose in a power cut what it acknowledged.
    #[error(
        "The store {store} has {setting} = {value}, so it could lose what it acknowledged. Set {setting} = {good} and start again."
    )]
    NotDurable {
        /// The server and the database.
        store: String,
        /// The setting.
        setting: &'static str,
        /// What it is.
        value: String,
        /// What it must be.
        good: &'static str,
    },
    /// The URL has the password.
    #[error(
        "A password on the command line is seen by every user of this machine. Put it into the file that PGPASSFILE names, as HOST:PORT:DATABASE:USER:PASSWORD."
    )]
    PasswordInUrl,
    /// The file with the password.
    #[error("The password file {} cannot be used ({why}). It must be readable for this user alone: chmod 600.", path.display())]
    PassFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The file with the server's CA.
    #[error("The file {} cannot be used as sslrootcert ({why}). Give the PEM certificates of the server's CA.", path.display())]
    RootFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// What is stored cannot be what was stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gives no thread.
    #[error("The store's thread cannot be started ({0}). Raise the limits of this user.")]
    Thread(std::io::Error),
}

/// What went wrong with the store since the start, for the metrics.
#[derive(Debug, Default)]
pub struct StoreHealth {
    errors: AtomicU64,
    retries: AtomicU64,
}

impl StoreHealth {
    pub(super) fn failed(&self, error: &StoreError) {
        tracing::warn!(%error, "a step of the store failed");
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// Steps that failed.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    /// Repeats of steps that met another.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }
}
