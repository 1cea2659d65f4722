//! The collector's database: SQLite, one writer on a thread of its own.
//!
//! Callers hand a closure to [`Store::run`]; closures run one after the other, each with the whole
//! database to itself, so that every check and the write that it guards are one step.

mod alarms;
mod attempts;
mod database;
mod push;
mod sales;
mod views;

use std::path::Path;

use tokio::sync::{mpsc, oneshot};

pub use alarms::MAX_ALARMS;
pub use attempts::{Asked, Undo};
pub use database::{Database, OpenError};
pub use push::PushReport;
pub use views::{AlarmView, SaleView, TerminalView};

/// At most this many closures wait for the database; more callers wait before they queue.
const MAX_WAITING: usize = 256;

/// The database could not do it; nothing of the step was stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite says no.
    #[error("The collector cannot use its store ({0}). Check its disk space and its log.")]
    Sqlite(#[from] rusqlite::Error),
    /// The store's thread has ended.
    #[error("The collector's store has stopped. Start the collector again.")]
    Stopped,
    /// What is stored cannot be what was stored.
    #[error("The collector's store is damaged ({0}). Restore it from its back-up.")]
    Damaged(&'static str),
}

type Job = Box<dyn FnOnce(&mut Database) + Send>;

/// A handle on the database's thread; clones share it.
#[derive(Clone)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
}

impl Store {
    /// Opens or makes the database at `path` and starts its thread. Attempts that were in flight
    /// when the last collector ended become UNKNOWN.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file and what to do.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let mut database = Database::open(path, crate::now_ms())?;
        let (jobs, mut waiting) = mpsc::channel::<Job>(MAX_WAITING);
        std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || {
                while let Some(job) = waiting.blocking_recv() {
                    job(&mut database);
                }
            })
            .map_err(OpenError::Thread)?;
        Ok(Self { jobs })
    }

    /// Runs one step against the database and gives its result. The step runs to its end even if
    /// the caller goes away.
    ///
    /// # Errors
    /// What the step gives, or [`StoreError::Stopped`].
    pub async fn run<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (give, result) = oneshot::channel();
        let job: Job = Box::new(move |database| {
            // Nobody waits any more: the step is done all the same.
            let _ = give.send(step(database));
        });
        self.jobs.send(job).await.map_err(|_| StoreError::Stopped)?;
        result.await.map_err(|_| StoreError::Stopped)?
    }
}
