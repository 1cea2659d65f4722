//! What people and tills ask the store.

use sealpoint_wire::api::{Summary, TerminalSummary};

use super::sql::values;
use super::{Database, Row, StoreError};

/// A terminal's sums, for the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TerminalView {
    /// Its figures.
    pub summary: TerminalSummary,
    /// ISO 4217 code of its amounts.
    pub currency: String,
    /// The newest epoch that came of it; above 1 it was restored from a back-up.
    pub epoch: i64,
}

/// A sale, for the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SaleView {
    /// The terminal that sold.
    pub terminal: String,
    /// Its receipt number.
    pub receipt_no: i64,
    /// `sale` or `voided_sale`.
    pub kind: String,
    /// When it was committed, by the till's clock, milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// ISO 4217 code of the amounts.
    pub currency: String,
    /// Minor units.
    pub total_minor: i64,
    /// Of that in cash, minor units.
    pub cash_minor: i64,
    /// Of that by card, minor units.
    pub card_minor: i64,
    /// Whether it is kept apart until an operator releases it.
    pub quarantined: bool,
}

/// An alarm, for the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlarmView {
    /// The terminal that it is about.
    pub terminal: String,
    /// What it is about: a record, an attempt.
    pub subject: String,
    /// What happened.
    pub what: String,
    /// How often.
    pub times: i64,
    /// When it happened last, milliseconds since the Unix epoch.
    pub last_ms: i64,
}

impl Database {
    /// The figures of all terminals, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn summary(&mut self) -> Result<Summary, StoreError> {
        let terminals = self
            .terminals()?
            .into_iter()
            .map(|view| view.summary)
            .collect();
        Ok(Summary { terminals })
    }

    /// The figures of all terminals with their currency, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn terminals(&mut self) -> Result<Vec<TerminalView>, StoreError> {
        let rows = self.rows(
            "SELECT name, sales, voided, total_minor, cash_minor, card_minor, currency,
                    coalesce((SELECT contiguous FROM progress
                              WHERE progress.terminal = terminal.name
                              ORDER BY progress.epoch DESC LIMIT 1), 0),
                    epoch
             FROM terminal ORDER BY name",
            values![],
        )?;
        let view = |row: Row| {
            Ok(TerminalView {
                summary: TerminalSummary {
                    terminal: row
                        .text(0)?
                        .parse()
                        .map_err(|_| StoreError::Damaged("a terminal without a name"))?,
                    sales: row.count(1)?,
                    voided: row.count(2)?,
                    total_minor: row.int(3)?,
                    cash_minor: row.int(4)?,
                    card_minor: row.int(5)?,
                    contiguous_seq: row.count(7)?,
                },
                currency: row.text(6)?.to_owned(),
                epoch: row.int(8)?,
            })
        };
        rows.into_iter().map(view).collect()
    }

    /// The sales that came last, newest first, at most `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_sales(&mut self, most: u32) -> Result<Vec<SaleView>, StoreError> {
        let rows = self.rows(
            "SELECT terminal, receipt_no, kind, at_ms, currency, total_minor, cash_minor,
                    card_minor, quarantine IS NOT NULL
             FROM record ORDER BY received_ms DESC, epoch DESC, seq DESC LIMIT ?1",
            values![most],
        )?;
        let view = |row: Row| {
            Ok(SaleView {
                terminal: row.text(0)?.to_owned(),
                receipt_no: row.int(1)?,
                kind: row.text(2)?.to_owned(),
                at_ms: row.int(3)?,
                currency: row.text(4)?.to_owned(),
                total_minor: row.int(5)?,
                cash_minor: row.int(6)?,
                card_minor: row.int(7)?,
                quarantined: row.flag(8)?,
            })
        };
        rows.into_iter().map(view).collect()
    }

    /// The alarms that were raised last, newest first, at most `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_alarms(&mut self, most: u32) -> Result<Vec<AlarmView>, StoreError> {
        let rows = self.rows(
            "SELECT terminal, subject, what, times, last_ms
             FROM alarm ORDER BY last_ms DESC, number DESC LIMIT ?1",
            values![most],
        )?;
        let view = |row: Row| {
            Ok(AlarmView {
                terminal: row.text(0)?.to_owned(),
                subject: row.text(1)?.to_owned(),
                what: row.text(2)?.to_owned(),
                times: row.int(3)?,
                last_ms: row.int(4)?,
            })
        };
        rows.into_iter().map(view).collect()
    }

    /// How many records and different alarms are stored, for the metrics.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn counts(&mut self) -> Result<(i64, i64), StoreError> {
        let row = self.the_row(
            "SELECT (SELECT CAST(coalesce(sum(sales + voided), 0) AS BIGINT) FROM terminal),
                    (SELECT count(*) FROM alarm)",
            values![],
        )?;
        Ok((row.int(0)?, row.int(1)?))
    }

    /// How many work items are open, and how many records are in quarantine, for the metrics.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_counts(&mut self) -> Result<(u64, u64), StoreError> {
        let row = self.the_row(
            "SELECT (SELECT count(*) FROM work_item WHERE closed_ms IS NULL),
                    (SELECT count(*) FROM record WHERE quarantine IS NOT NULL)",
            values![],
        )?;
        Ok((row.count(0)?, row.count(1)?))
    }
}
