//! What reconciliation reads of a day, in parts, and what is kept of its reports.

use jiff::civil::Date;
use sealpoint_sale::{Sale, Tender};

use super::sql::values;
use super::{Database, Row, StoreError};
use crate::reconcile::{Entry, Sold};

/// Rows that one step reads.
pub const PART: u32 = 500;

/// Where a part ended: the next begins behind it.
#[derive(Clone, Debug)]
pub struct Behind {
    at: i64,
    id: Vec<u8>,
}

impl Behind {
    /// Before everything from this moment on.
    #[must_use]
    pub const fn start(at_ms: i64) -> Self {
        Self {
            at: at_ms,
            id: Vec::new(),
        }
    }
}

/// What is kept of a day's reconciliation, for the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayView {
    /// The day, `YYYY-MM-DD`.
    pub day: String,
    /// When it was reconciled, milliseconds since the Unix epoch.
    pub made_ms: i64,
    /// Attempts that matched.
    pub matched: u64,
    /// Attempts that did not.
    pub unmatched: u64,
    /// The report, JSON.
    pub report: String,
}

impl Database {
    /// Card tenders of the sales that were committed before `until_ms`, the next part of them;
    /// where to go on, or `None` at the end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sold_between(
        &mut self,
        behind: &Behind,
        until_ms: i64,
    ) -> Result<(Vec<Sold>, Option<Behind>), StoreError> {
        let rows = self.rows(
            "SELECT at_ms, id, body FROM record
             WHERE at_ms < ?3 AND kind = 'sale' AND card_minor <> 0
               AND (at_ms > ?1 OR (at_ms = ?1 AND id > ?2))
             ORDER BY at_ms, id LIMIT ?4",
            values![behind.at, &behind.id[..], until_ms, PART],
        )?;
        let mut sold = Vec::new();
        for row in &rows {
            sold.extend(tenders(row.text(2)?)?);
        }
        Ok((sold, next(&rows)?))
    }

    /// Attempts with a local time from `from` to before `until` (`YYYYMMDDhhmmss`), the next part
    /// behind this attempt; the last of them, or `None` at the end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn attempts_between(
        &mut self,
        from: &str,
        until: &str,
        behind: &[u8],
    ) -> Result<(Vec<Entry>, Option<Vec<u8>>), StoreError> {
        let rows = self.rows(
            "SELECT attempt, terminal, state, amount_minor, currency, local_time FROM attempt
             WHERE local_time >= ?1 AND local_time < ?2 AND attempt > ?3
             ORDER BY attempt LIMIT ?4",
            values![from, until, behind, PART],
        )?;
        let entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let last = match rows.last() {
            Some(row) if rows.len() == PART as usize => Some(row.bytes(0)?.to_vec()),
            _ => None,
        };
        Ok((entries, last))
    }

    /// Keeps a day's report in place of an earlier one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_day(&mut self, view: &DayView) -> Result<(), StoreError> {
        let count = |count| i64::try_from(count).unwrap_or(i64::MAX);
        self.execute(
            "INSERT INTO reconciliation (day, made_ms, matched, unmatched, report)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (day) DO UPDATE SET made_ms = excluded.made_ms,
                 matched = excluded.matched, unmatched = excluded.unmatched,
                 report = excluded.report",
            values![
                &view.day,
                view.made_ms,
                count(view.matched),
                count(view.unmatched),
                &view.report,
            ],
        )
        .map(drop)
    }

    /// The days that were reconciled, newest first, at most `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn days(&mut self, most: u32) -> Result<Vec<DayView>, StoreError> {
        let rows = self.rows(
            "SELECT day, made_ms, matched, unmatched, report FROM reconciliation
             ORDER BY day DESC LIMIT ?1",
            values![most],
        )?;
        let view = |row: &Row| {
            Ok(DayView {
                day: row.text(0)?.to_owned(),
                made_ms: row.int(1)?,
                matched: row.count(2)?,
                unmatched: row.count(3)?,
                report: row.text(4)?.to_owned(),
            })
        };
        rows.iter().map(view).collect()
    }
}

fn next(rows: &[Row]) -> Result<Option<Behind>, StoreError> {
    match rows.last() {
        Some(row) if rows.len() == PART as usize => Ok(Some(Behind {
            at: row.int(0)?,
            id: row.bytes(1)?.to_vec(),
        })),
        _ => Ok(None),
    }
}

fn tenders(body: &str) -> Result<Vec<Sold>, StoreError> {
    let sale: Sale =
        serde_json::from_str(body).map_err(|_| StoreError::Damaged("a sale that is none"))?;
    let day = sale.at.get(..10).and_then(|day| day.parse().ok());
    let receipt_no = i64::try_from(sale.receipt_no).unwrap_or(i64::MAX);
    let sold = sale.tenders.iter().filter_map(|tender| match tender {
        Tender::Cash { .. } => None,
        Tender::Card(card) => Some(Sold {
            attempt: card.attempt,
            terminal: sale.terminal.clone(),
            receipt_no,
            amount_minor: card.amount_minor,
            currency: sale.currency.alpha().to_owned(),
            day,
        }),
    });
    Ok(sold.collect())
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    Ok(Entry {
        attempt: sealpoint_wire::AttemptId::new(uuid::Uuid::from_bytes(row.array(0)?)),
        terminal: row.text(1)?.to_owned(),
        state: row.text(2)?.to_owned(),
        amount_minor: row.int(3)?,
        currency: row.text(4)?.to_owned(),
        day: day_of(row.text(5)?),
    })
}

/// The date of `YYYYMMDDhhmmss`.
fn day_of(local_time: &str) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| local_time.get(range)?.parse::<i16>().ok();
    let (month, day) = (number(4..6)?, number(6..8)?);
    Date::new(
        number(0..4)?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
    .ok()
}
