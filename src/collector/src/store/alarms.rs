//! Alarms: what was refused and why, for the operator.

use super::sql::values;
use super::{Database, StoreError};

/// At most this many different alarms are kept; the oldest go first.
pub const MAX_ALARMS: i64 = 10_000;

impl Database {
    /// Raises an alarm about a terminal; the same alarm again only counts up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn alarm(
        &mut self,
        terminal: &str,
        subject: &str,
        what: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        tracing::warn!(terminal, subject, what, "alarm");
        self.execute(
            "INSERT INTO alarm (terminal, subject, what, times, first_ms, last_ms)
             VALUES (?1, ?2, ?3, 1, ?4, ?4)
             ON CONFLICT (terminal, subject, what)
             DO UPDATE SET times = alarm.times + 1, last_ms = excluded.last_ms",
            values![terminal, subject, what, now_ms],
        )?;
        self.execute(
            "DELETE FROM alarm WHERE number <= (SELECT max(number) FROM alarm) - ?1",
            values![MAX_ALARMS],
        )?;
        Ok(())
    }
}
