//! The latest time that was ever shown: whether the till's clock was set back.
//!
//! A till's own clock moves the mark forward as sales are made. The collector's time sets it, forward
//! and back, so that one sale at a clock gone wild does not mark every later one for ever.

use rusqlite::{Connection, Transaction};

use crate::error::{Fault, JournalError};
use crate::open::Journal;

/// A clock that stands behind the mark by more than this was set back.
pub const MAX_BEHIND_MS: i64 = 60_000;
/// The mark is written once it is this much out of date: not each sale needs a page for it.
const GRAIN_MS: i64 = 10_000;
/// The till's own clock moves the mark by no more than this at once; a till that was in store for
/// longer gets it from the collector.
const MAX_LEAP_MS: i64 = 366 * 24 * 60 * 60 * 1000;

impl Journal {
    /// Takes note of the collector's time.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be written.
    pub fn observe_time(&mut self, now_ms: i64) -> Result<(), JournalError> {
        let latest = self.read("read the latest time", |db| Ok(latest(db)?))?;
        if now_ms.abs_diff(latest) <= GRAIN_MS.unsigned_abs() {
            return Ok(());
        }
        self.commit("keep the collector's time", |tx| set(tx, now_ms))
    }

    /// The latest time that the till's clock or the collector has shown, milliseconds since the Unix
    /// epoch, to within ten seconds; 0 if there was none.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    pub fn latest_time(&self) -> Result<i64, JournalError> {
        self.read("read the latest time", |db| Ok(latest(db)?))
    }
}

/// Takes note of the till's own time; how far it stands behind the mark if it was set back.
pub(crate) fn seen(tx: &Transaction<'_>, now_ms: i64) -> Result<Option<u64>, Fault> {
    let latest = latest(tx)?;
    let ahead = now_ms.saturating_sub(latest);
    if latest == 0 || (ahead > GRAIN_MS && ahead <= MAX_LEAP_MS) {
        set(tx, now_ms)?;
    }
    Ok((ahead < -MAX_BEHIND_MS).then(|| ahead.unsigned_abs()))
}

/// The mark.
pub(crate) fn latest(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT latest_ms FROM terminal")?
        .query_row([], |row| row.get("latest_ms"))
}

fn set(tx: &Transaction<'_>, now_ms: i64) -> Result<(), Fault> {
    tx.prepare_cached("UPDATE terminal SET latest_ms = ?1")?
        .execute([now_ms])?;
    Ok(())
}
