//! The ways into an open journal: a read, a commit, and a commit that erases; and its log.
//!
//! SQLite's own checkpoint, behind every commit, would keep quiet about a disk that fails to write the
//! pages back, and a second try may claim success without writing. So it is switched off, and runs
//! from here, where an error ends the writing: what was committed is in the log, and a new start has
//! it.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::{Fault, JournalError};
use crate::open::Journal;

/// Commits until the log is written back: about 2 MiB of sales, so that a start has little to do.
const COMMITS: u32 = 64;

/// How the log stands.
#[derive(Default)]
pub(crate) struct Log {
    /// Commits that it may hold.
    commits: u32,
    /// Whether it holds what was erased.
    pub(crate) clear: bool,
    /// Set by an error after which only a new start tells what is on the disk.
    stopped: bool,
}

impl Journal {
    /// Runs `work` and commits it, on the disk when this returns; an error undoes all of it.
    pub(crate) fn commit<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, JournalError> {
        if self.log.stopped {
            return Err(JournalError::Stopped(self.path.clone()));
        }
        let done = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(Fault::from)
            .and_then(|tx| {
                let value = work(&tx)?;
                tx.commit()?;
                Ok(value)
            })
            .map_err(|fault| fault.at(&self.path, doing));
        match &done {
            Ok(_) => self.write_back(),
            Err(error) => self.log.stopped = error.ends_writing(),
        }
        done
    }

    /// A commit after which the log holds nothing of what `work` erased.
    pub(crate) fn erase<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, JournalError> {
        self.log.clear = true;
        self.commit(doing, work)
    }

    /// Runs a query.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, JournalError> {
        work(&self.db).map_err(|fault| fault.at(&self.path, doing))
    }

    /// Writes the log back into the journal when it is due. The commit before it stands whatever
    /// happens here.
    fn write_back(&mut self) {
        self.log.commits += 1;
        let sql = match (self.log.clear, self.log.commits >= COMMITS) {
            (true, _) => "PRAGMA wal_checkpoint(TRUNCATE)",
            (false, true) => "PRAGMA wal_checkpoint(PASSIVE)",
            (false, false) => return,
        };
        let written = self.db.query_row(sql, [], |row| row.get::<_, i64>("busy"));
        match written {
            Ok(0) => {
                self.log.commits = 0;
                self.log.clear = false;
            }
            // Somebody reads; the next commit tries again.
            Ok(_) => {}
            Err(error) => {
                let error = Fault::from(error).at(&self.path, "write the log back");
                self.log.stopped = error.ends_writing();
                tracing::error!(%error, "the journal's log was not written back");
            }
        }
    }

    /// Writes nothing more: what the disk holds is not what was written.
    pub(crate) fn stop(&mut self) {
        self.log.stopped = true;
    }
}
