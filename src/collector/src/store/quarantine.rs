//! What came under a certificate that was no longer good: kept, and counted once it is released.

use sealpoint_wire::TerminalId;

use super::sql::values;
use super::{Database, Row, StoreError};

/// What of one terminal is in quarantine, for one reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuarantineView {
    /// The terminal.
    pub terminal: String,
    /// `expired` or `revoked`.
    pub why: String,
    /// ISO 4217 code of the amounts.
    pub currency: String,
    /// How many records.
    pub records: u64,
    /// Sum of their paid sales, minor units.
    pub total_minor: i64,
    /// When the first of them came, milliseconds since the Unix epoch.
    pub first_ms: i64,
    /// When the last of them came.
    pub last_ms: i64,
}

/// What came of a release.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Released {
    /// So many records count now.
    Records(u64),
    /// The terminal has no certificate that is good: it is to be enrolled again first.
    NotEnrolled,
}

/// At most this many lines are listed.
const MAX_LISTED: u32 = 10_000;

impl Database {
    /// What is in quarantine, by terminal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn quarantined(&mut self) -> Result<Vec<QuarantineView>, StoreError> {
        let rows = self.rows(
            "SELECT terminal, quarantine, currency, count(*),
                    CAST(sum(CASE WHEN kind = 'sale' THEN total_minor ELSE 0 END) AS BIGINT),
                    min(received_ms), max(received_ms)
             FROM record WHERE quarantine IS NOT NULL
             GROUP BY terminal, quarantine, currency
             ORDER BY terminal, quarantine, currency LIMIT ?1",
            values![MAX_LISTED],
        )?;
        let view = |row: Row| {
            Ok(QuarantineView {
                terminal: row.text(0)?.to_owned(),
                why: row.text(1)?.to_owned(),
                currency: row.text(2)?.to_owned(),
                records: row.count(3)?,
                total_minor: row.int(4)?,
                first_ms: row.int(5)?,
                last_ms: row.int(6)?,
            })
        };
        rows.into_iter().map(view).collect()
    }

    /// Lets what is in quarantine of this terminal count, once it has a good certificate again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn release(&mut self, terminal: &TerminalId, now_ms: i64) -> Result<Released, StoreError> {
        if !self.is_enrolled(terminal, now_ms)? {
            return Ok(Released::NotEnrolled);
        }
        let sums = self.the_row(
            "SELECT CAST(coalesce(sum(CASE WHEN kind = 'sale' THEN 1 ELSE 0 END), 0) AS BIGINT),
                    CAST(coalesce(sum(CASE WHEN kind = 'sale' THEN 0 ELSE 1 END), 0) AS BIGINT),
                    CAST(coalesce(sum(CASE WHEN kind = 'sale' THEN total_minor ELSE 0 END), 0) AS BIGINT),
                    CAST(coalesce(sum(CASE WHEN kind = 'sale' THEN cash_minor ELSE 0 END), 0) AS BIGINT),
                    CAST(coalesce(sum(CASE WHEN kind = 'sale' THEN card_minor ELSE 0 END), 0) AS BIGINT)
             FROM record WHERE terminal = ?1 AND quarantine IS NOT NULL",
            values![terminal.as_str()],
        )?;
        self.execute(
            "UPDATE terminal SET sales = sales + ?2, voided = voided + ?3,
                    total_minor = total_minor + ?4, cash_minor = cash_minor + ?5,
                    card_minor = card_minor + ?6
             WHERE name = ?1",
            values![
                terminal.as_str(),
                sums.int(0)?,
                sums.int(1)?,
                sums.int(2)?,
                sums.int(3)?,
                sums.int(4)?,
            ],
        )?;
        self.queue_released_for_sink(terminal)?;
        let records = self.execute(
            "UPDATE record SET quarantine = NULL
             WHERE terminal = ?1 AND quarantine IS NOT NULL",
            values![terminal.as_str()],
        )?;
        Ok(Released::Records(records))
    }

    /// Whether the terminal has a certificate that is good: somebody has enrolled it since it was
    /// revoked, or it has renewed the one that had expired.
    fn is_enrolled(&mut self, terminal: &TerminalId, now_ms: i64) -> Result<bool, StoreError> {
        self.the_row(
            "SELECT EXISTS (
                 SELECT 1 FROM till_certificate AS held
                 WHERE held.terminal = ?1 AND held.expires_ms > ?2 AND held.revoked_ms IS NULL
                   AND NOT EXISTS (
                       SELECT 1 FROM till_standing AS line
                       WHERE line.terminal = held.terminal
                         AND (line.revoked_ms >= held.issued_ms OR line.lost_ms >= held.issued_ms)))",
            values![terminal.as_str(), now_ms],
        )?
        .flag(0)
    }
}
