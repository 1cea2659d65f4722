//! Charges whose fate is open: what has to be settled before the system under a till is replaced.

use crate::error::JournalError;
use crate::open::Journal;
use crate::row;

/// How many attempts are open, by what is open about them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unresolved {
    /// INTENT or SENT: a card is being charged.
    pub in_flight: u64,
    /// UNKNOWN: nobody knows whether the acquirer approved.
    pub unknown: u64,
    /// APPROVED: charged, and the sale that it pays for is not committed.
    pub approved: u64,
    /// REVERSAL_DUE: to be undone, and not yet acknowledged.
    pub reversing: u64,
}

impl Journal {
    /// Counts the attempts that are not over.
    ///
    /// # Errors
    /// [`JournalError`] if they cannot be read.
    pub fn unresolved(&self) -> Result<Unresolved, JournalError> {
        self.read("count the charges that are open", |db| {
            let mut query = db.prepare_cached(
                "SELECT count(*) FILTER (WHERE state IN ('INTENT', 'SENT')) AS in_flight,
                     count(*) FILTER (WHERE state = 'UNKNOWN') AS unknown,
                     count(*) FILTER (WHERE state = 'APPROVED') AS approved,
                     count(*) FILTER (WHERE state = 'REVERSAL_DUE') AS reversing
                 FROM attempt
                 WHERE state IN ('INTENT', 'SENT', 'UNKNOWN', 'APPROVED', 'REVERSAL_DUE')",
            )?;
            Ok(query.query_row([], |found| {
                Ok(Unresolved {
                    in_flight: row::count(found, "in_flight")?,
                    unknown: row::count(found, "unknown")?,
                    approved: row::count(found, "approved")?,
                    reversing: row::count(found, "reversing")?,
                })
            })?)
        })
    }
}
