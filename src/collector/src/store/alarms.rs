//! Alarms: what was refused and why, for the operator.

use rusqlite::{Transaction, params};

use super::{Database, StoreError};

/// At most this many different alarms are kept; the oldest go first.
pub const MAX_ALARMS: i64 = 10_000;

impl Database {
    /// Raises an alarm about a terminal that asked for what it may not.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn alarm(
        &mut self,
        terminal: &str,
        subject: &str,
        what: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        raise(&transaction, terminal, subject, what, now_ms)?;
        Ok(transaction.commit()?)
    }
}

/// Raises an alarm within a step; the same alarm again only counts up.
pub(super) fn raise(
    transaction: &Transaction<'_>,
    terminal: &str,
    subject: &str,
    what: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    tracing::warn!(terminal, subject, what, "alarm");
    transaction
        .prepare_cached(
            "INSERT INTO alarm (terminal, subject, what, times, first_ms, last_ms)
             VALUES (?1, ?2, ?3, 1, ?4, ?4)
             ON CONFLICT (terminal, subject, what)
             DO UPDATE SET times = times + 1, last_ms = excluded.last_ms",
        )?
        .execute(params![terminal, subject, what, now_ms])?;
    transaction
        .prepare_cached("DELETE FROM alarm WHERE number <= (SELECT max(number) FROM alarm) - ?1")?
        .execute([MAX_ALARMS])?;
    Ok(())
}
