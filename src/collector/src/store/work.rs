//! Work items: what no machine may settle. A person looks at each and closes it with a note.

use super::sql::values;
use super::{Database, Row, StoreError};

/// At most this many bytes of a note.
pub const MAX_NOTE: usize = 1000;

/// A work item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkItem {
    /// Its number.
    pub number: i64,
    /// The terminal that it is about.
    pub terminal: String,
    /// What it is about: `attempt ...`.
    pub subject: String,
    /// What happened and what is to be done.
    pub what: String,
    /// The amount that is at stake, minor units.
    pub amount_minor: Option<i64>,
    /// ISO 4217 code of it.
    pub currency: Option<String>,
    /// When it came up, milliseconds since the Unix epoch.
    pub opened_ms: i64,
    /// Who closed it, when, and with which words.
    pub closed: Option<Closed>,
}

/// How a work item was closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closed {
    /// When, milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Who.
    pub by: String,
    /// What was done.
    pub note: String,
}

impl WorkItem {
    /// As the commands and the pages give it.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let closed = self.closed.as_ref();
        serde_json::json!({
            "number": self.number,
            "terminal": self.terminal,
            "subject": self.subject,
            "what": self.what,
            "amount_minor": self.amount_minor,
            "currency": self.currency,
            "opened_ms": self.opened_ms,
            "closed_ms": closed.map(|closed| closed.at_ms),
            "closed_by": closed.map(|closed| &closed.by),
            "note": closed.map(|closed| &closed.note),
        })
    }
}

impl Database {
    /// Opens a work item; the same again changes nothing, not even if it is closed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_work(
        &mut self,
        terminal: &str,
        subject: &str,
        what: &str,
        amount: Option<(i64, &str)>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let opened = self.execute(
            "INSERT INTO work_item (terminal, subject, what, amount_minor, currency, opened_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (terminal, subject, what) DO NOTHING",
            values![
                terminal,
                subject,
                what,
                amount.map(|(minor, _)| minor),
                amount.map(|(_, currency)| currency),
                now_ms,
            ],
        )?;
        if opened == 1 {
            tracing::warn!(terminal, subject, what, "work for a person");
        }
        Ok(())
    }

    /// Work items, open ones alone or all, oldest first, at most `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn work_items(&mut self, all: bool, most: u32) -> Result<Vec<WorkItem>, StoreError> {
        let rows = self.rows(
            "SELECT number, terminal, subject, what, amount_minor, currency, opened_ms,
                    closed_ms, closed_by, note
             FROM work_item WHERE closed_ms IS NULL OR ?1 = 1
             ORDER BY opened_ms, number LIMIT ?2",
            values![i64::from(all), most],
        )?;
        rows.iter().map(item).collect()
    }

    /// Closes a work item; `false` if there is none of this number, or it is closed already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn close_work(
        &mut self,
        number: i64,
        by: &str,
        note: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let closed = self.execute(
            "UPDATE work_item SET closed_ms = ?2, closed_by = ?3, note = ?4
             WHERE number = ?1 AND closed_ms IS NULL",
            values![number, now_ms, by, note],
        )?;
        Ok(closed == 1)
    }
}

fn item(row: &Row) -> Result<WorkItem, StoreError> {
    let closed = match row.int_or_none(7)? {
        None => None,
        Some(at_ms) => Some(Closed {
            at_ms,
            by: row.text(8)?.to_owned(),
            note: row.text(9)?.to_owned(),
        }),
    };
    Ok(WorkItem {
        number: row.int(0)?,
        terminal: row.text(1)?.to_owned(),
        subject: row.text(2)?.to_owned(),
        what: row.text(3)?.to_owned(),
        amount_minor: row.int_or_none(4)?,
        currency: row.text_or_none(5)?.map(str::to_owned),
        opened_ms: row.int(6)?,
        closed,
    })
}
