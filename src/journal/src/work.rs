//! What a person has to settle, because no machine may.

use rusqlite::{OptionalExtension, Row, Transaction};
use sealpoint_sale::{AttemptId, Currency, SaleId};
use sealpoint_wire::CardSummary;

use crate::attempt::{self, AttemptState, Learnt};
use crate::error::{Fault, JournalError};
use crate::open::Journal;
use crate::{advice, clock, row};

/// At most this many bytes of the name of who settled something.
pub const MAX_WHO: usize = 100;
/// At most this many bytes of a note on how.
pub const MAX_NOTE: usize = 500;

/// Who settled what settled itself.
const MACHINE: &str = "till";

/// What a person has to settle.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WorkKind {
    /// A charge without the issuer was declined afterwards, wholly or in part: the goods are gone,
    /// the money was not given.
    AdviceDeclined,
    /// The collector will never take the advice.
    AdviceRefused,
    /// The advice was not sent within the time that the retailer allows.
    AdviceExpired,
    /// The collector will never take the reversal; it stays due.
    ReversalRefused,
    /// The attempt was open in the backup that this journal was restored from: whether its sale was
    /// committed afterwards is not known here.
    RestoredAttempt,
}

impl WorkKind {
    const ALL: [Self; 5] = [
        Self::AdviceDeclined,
        Self::AdviceRefused,
        Self::AdviceExpired,
        Self::ReversalRefused,
        Self::RestoredAttempt,
    ];

    /// The word that the journal stores.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AdviceDeclined => "advice_declined",
            Self::AdviceRefused => "advice_refused",
            Self::AdviceExpired => "advice_expired",
            Self::ReversalRefused => "reversal_refused",
            Self::RestoredAttempt => "restored_attempt",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One thing that a person has to settle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkItem {
    /// Its number; never used again.
    pub number: u64,
    /// What it is.
    pub kind: WorkKind,
    /// The attempt.
    pub attempt: AttemptId,
    /// The sale that it paid for, or was to.
    pub sale: SaleId,
    /// Where the attempt is.
    pub state: AttemptState,
    /// What it comes to, minor units.
    pub amount_minor: i64,
    /// Their currency.
    pub currency: Currency,
    /// Its trace number.
    pub stan: u32,
    /// What is known of the card.
    pub card: Option<CardSummary>,
    /// What happened and what to do.
    pub why: String,
    /// When the card was charged, milliseconds since the Unix epoch.
    pub charged_at_ms: i64,
    /// Since when it waits, milliseconds since the Unix epoch.
    pub opened_at_ms: i64,
}

impl Journal {
    /// What a person has to settle, oldest first, at most `max`.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    pub fn work_items(&self, max: usize) -> Result<Vec<WorkItem>, JournalError> {
        self.read("read what a person has to settle", |db| {
            let mut query = db.prepare_cached(
                "SELECT work_item.number, work_item.kind, work_item.why AS work_why, opened_at_ms,
                     attempt.*, coalesce(approved_minor, amount_minor) AS minor
                 FROM work_item JOIN attempt ON attempt.number = work_item.attempt
                 WHERE closed_at_ms IS NULL ORDER BY work_item.number LIMIT ?1",
            )?;
            let limit = i64::try_from(max).unwrap_or(i64::MAX);
            let rows = query.query_map([limit], work_item)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// How many there are.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    pub fn work_count(&self) -> Result<u64, JournalError> {
        self.read("count what a person has to settle", |db| {
            let mut query = db.prepare_cached(
                "SELECT count(*) AS count FROM work_item WHERE closed_at_ms IS NULL",
            )?;
            Ok(query.query_row([], |row| row::count(row, "count"))?)
        })
    }

    /// A person settled it, and says how. The row stays. A reversal that was refused ends with it:
    /// its attempt is REVERSED by that person's word and is offered no more. The charge of a restored
    /// attempt stands with it: what the acquirer was not told of it yet is told.
    ///
    /// # Errors
    /// [`JournalError`] if there is no such open item, a name or note that is empty or too long, or
    /// if it cannot be written.
    pub fn close_work_item(
        &mut self,
        number: u64,
        who: &str,
        note: &str,
        now_ms: i64,
    ) -> Result<(), JournalError> {
        said("name of who settled it", who, MAX_WHO)?;
        said("note on how it was settled", note, MAX_NOTE)?;
        self.commit("close what a person settled", |tx| {
            let (attempt, kind) = close(tx, number, who, note, now_ms)?;
            let wanted = match kind {
                WorkKind::ReversalRefused => AttemptState::Reversed,
                WorkKind::RestoredAttempt if advice::of_attempt(tx, attempt)? => {
                    AttemptState::Committed
                }
                _ => return Ok(()),
            };
            let why = format!("{who}: {note}");
            let learnt = Learnt {
                way: None,
                ..Learnt::why(&why)
            };
            attempt::step(tx, attempt, wanted, &learnt).map(drop)
        })
    }

    /// A person says that a restored attempt is to be undone: no sale was committed with it. The
    /// attempt is REVERSAL_DUE, and what the acquirer was to be told of it is erased.
    ///
    /// # Errors
    /// [`JournalError`] as [`Journal::close_work_item`], and if the item is of another kind.
    pub fn reverse_work_item(
        &mut self,
        number: u64,
        who: &str,
        note: &str,
        now_ms: i64,
    ) -> Result<(), JournalError> {
        said("name of who settled it", who, MAX_WHO)?;
        said("note on how it was settled", note, MAX_NOTE)?;
        self.erase("queue the reversal that a person decided", |tx| {
            let (attempt, kind) = close(tx, number, who, note, now_ms)?;
            if kind != WorkKind::RestoredAttempt {
                return Err(JournalError::NoWorkItem(number).into());
            }
            let why = format!("{who}: {note}");
            let learnt = Learnt {
                way: None,
                ..Learnt::why(&why)
            };
            let due = attempt::step(tx, attempt, AttemptState::ReversalDue, &learnt)?;
            advice::erase(tx, due.number)
        })
    }
}

/// Opens an item; nothing happens if one of its kind is open for the attempt.
pub(crate) fn open(
    tx: &Transaction<'_>,
    attempt: i64,
    kind: WorkKind,
    why: &str,
    now_ms: i64,
) -> Result<(), Fault> {
    let opened = tx
        .prepare_cached(
            "INSERT INTO work_item (attempt, kind, why, opened_at_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (attempt, kind) WHERE closed_at_ms IS NULL DO NOTHING",
        )?
        .execute((attempt, kind.word(), row::reason(why), now_ms))?;
    if opened > 0 {
        tracing::warn!(kind = kind.word(), "a person has to settle something");
    }
    Ok(())
}

/// The attempt's number, if an item of this kind is open for it.
pub(crate) fn attempt_with(
    tx: &Transaction<'_>,
    attempt: AttemptId,
    kind: WorkKind,
) -> Result<Option<i64>, Fault> {
    let number = tx
        .prepare_cached(
            "SELECT attempt.number FROM work_item JOIN attempt ON attempt.number = work_item.attempt
             WHERE attempt.id = ?1 AND work_item.kind = ?2 AND closed_at_ms IS NULL",
        )?
        .query_row((attempt.as_bytes(), kind.word()), |row| row.get(0))
        .optional()?;
    Ok(number)
}

/// Closes every open item of an attempt, because what it asked for came by itself.
pub(crate) fn settled_by_machine(
    tx: &Transaction<'_>,
    attempt: i64,
    how: &str,
) -> Result<(), Fault> {
    let now_ms = clock::latest(tx)?;
    tx.prepare_cached(
        "UPDATE work_item SET closed_at_ms = ?2, closed_by = ?3, note = ?4
         WHERE attempt = ?1 AND closed_at_ms IS NULL",
    )?
    .execute((attempt, now_ms, MACHINE, how))?;
    Ok(())
}

/// Closes an item; its attempt and kind.
fn close(
    tx: &Transaction<'_>,
    number: u64,
    who: &str,
    note: &str,
    now_ms: i64,
) -> Result<(AttemptId, WorkKind), Fault> {
    let missing = || JournalError::NoWorkItem(number);
    let row = i64::try_from(number).map_err(|_| missing())?;
    let closed = tx
        .prepare_cached(
            "UPDATE work_item SET closed_at_ms = ?2, closed_by = ?3, note = ?4
             WHERE number = ?1 AND closed_at_ms IS NULL
             RETURNING kind, (SELECT id FROM attempt WHERE number = work_item.attempt) AS id",
        )?
        .query_row((row, now_ms, who, note), |row| {
            let kind = row::word(row, "kind", WorkKind::from_word)?;
            Ok((AttemptId::new(row::uuid(row, "id")?), kind))
        })
        .optional()?;
    Ok(closed.ok_or_else(missing)?)
}

/// Refuses a text that is empty or over its bound.
fn said(what: &'static str, text: &str, max: usize) -> Result<(), JournalError> {
    match text.trim().is_empty() {
        true => Err(JournalError::Unsaid(what)),
        false => row::bounded(what, text, max),
    }
}

fn work_item(row: &Row<'_>) -> rusqlite::Result<WorkItem> {
    // `attempt.*` has a column of the same name behind it.
    let number: i64 = row.get(0)?;
    Ok(WorkItem {
        number: u64::try_from(number).map_err(|why| row::misread(row, "number", why))?,
        kind: row::word(row, "kind", WorkKind::from_word)?,
        attempt: AttemptId::new(row::uuid(row, "id")?),
        sale: SaleId::new(row::uuid(row, "sale")?),
        state: row::word(row, "state", AttemptState::from_word)?,
        amount_minor: row.get("minor")?,
        currency: row::currency(row)?,
        stan: row.get("stan")?,
        card: row::card(row)?,
        why: row.get("work_why")?,
        charged_at_ms: row.get("at_ms")?,
        opened_at_ms: row.get("opened_at_ms")?,
    })
}
