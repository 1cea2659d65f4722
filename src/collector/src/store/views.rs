//! What people and tills ask the store.

use sealpoint_wire::api::{Summary, TerminalSummary};

use super::{Database, StoreError};

/// A terminal's sums, for the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TerminalView {
    /// Its figures.
    pub summary: TerminalSummary,
    /// ISO 4217 code of its amounts.
    pub currency: String,
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
        let mut statement = self.connection.prepare_cached(
            "SELECT name, sales, voided, total_minor, cash_minor, card_minor, currency,
                    (SELECT contiguous FROM progress WHERE progress.terminal = terminal.name
                     ORDER BY epoch DESC LIMIT 1)
             FROM terminal ORDER BY name",
        )?;
        let mut rows = statement.query([])?;
        let mut terminals = Vec::new();
        while let Some(row) = rows.next()? {
            let count = |column| -> Result<u64, StoreError> {
                u64::try_from(row.get::<_, i64>(column)?)
                    .map_err(|_| StoreError::Damaged("a negative count"))
            };
            let name: String = row.get(0)?;
            terminals.push(TerminalView {
                summary: TerminalSummary {
                    terminal: name
                        .parse()
                        .map_err(|_| StoreError::Damaged("a terminal without a name"))?,
                    sales: count(1)?,
                    voided: count(2)?,
                    total_minor: row.get(3)?,
                    cash_minor: row.get(4)?,
                    card_minor: row.get(5)?,
                    contiguous_seq: count(7)?,
                },
                currency: row.get(6)?,
            });
        }
        Ok(terminals)
    }

    /// The sales that came last, newest first, at most `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_sales(&mut self, most: u32) -> Result<Vec<SaleView>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT terminal, receipt_no, kind, at_ms, currency, total_minor, cash_minor,
                    card_minor
             FROM record ORDER BY received_ms DESC, rowid DESC LIMIT ?1",
        )?;
        let rows = statement.query_map([most], |row| {
            Ok(SaleView {
                terminal: row.get(0)?,
                receipt_no: row.get(1)?,
                kind: row.get(2)?,
                at_ms: row.get(3)?,
                currency: row.get(4)?,
                total_minor: row.get(5)?,
                cash_minor: row.get(6)?,
                card_minor: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The alarms that were raised last, newest first, at most `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_alarms(&mut self, most: u32) -> Result<Vec<AlarmView>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT terminal, subject, what, times, last_ms
             FROM alarm ORDER BY last_ms DESC, number DESC LIMIT ?1",
        )?;
        let rows = statement.query_map([most], |row| {
            Ok(AlarmView {
                terminal: row.get(0)?,
                subject: row.get(1)?,
                what: row.get(2)?,
                times: row.get(3)?,
                last_ms: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many records and different alarms are stored, for the metrics.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn counts(&mut self) -> Result<(i64, i64), StoreError> {
        Ok(self.connection.query_row(
            "SELECT (SELECT coalesce(sum(sales + voided), 0) FROM terminal),
                    (SELECT count(*) FROM alarm)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?)
    }
}
