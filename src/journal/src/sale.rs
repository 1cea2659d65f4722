//! The one commit of a sale; receipts and totals.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use sealpoint_sale::{AttemptId, SaleId};
use sealpoint_wire::record::MAX_BODY;
use sealpoint_wire::{Record, RecordHash, RecordId, RecordKind, TerminalId};

use crate::attempt::{self, AttemptState, Learnt, Paid, Way};
use crate::error::{Fault, JournalError};
use crate::open::Journal;
use crate::{advice, basket, clock, outbox, row};

/// At most this many bytes of a receipt's text.
pub const MAX_RECEIPT_TEXT: usize = 64 * 1024;
/// At most this many bytes of a cashier's name.
pub const MAX_CASHIER: usize = 100;

/// A sale that is over, paid or voided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SaleCommit {
    /// The id of its record; minted by the caller.
    pub record_id: RecordId,
    /// The sale.
    pub sale: SaleId,
    /// Paid or voided.
    pub kind: RecordKind,
    /// When, milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// `sealpoint_sale::Sale` as JSON, at most [`MAX_BODY`] bytes: what the collector stores.
    pub body: String,
    /// [`Journal::next_receipt_no`].
    pub receipt_no: u64,
    /// The receipt as text, at most [`MAX_RECEIPT_TEXT`] bytes.
    pub receipt_text: String,
    /// What the sale comes to, minor units.
    pub total_minor: i64,
    /// Into the drawer after change, minor units; 0 for a voided sale.
    pub cash_minor: i64,
    /// By card, minor units: the sum of `attempts`; 0 for a voided sale.
    pub card_minor: i64,
    /// Exactly the sale's APPROVED attempts. They become COMMITTED; if voided REVERSAL_DUE, or
    /// DECLINED where the issuer was not asked.
    pub attempts: Vec<AttemptId>,
    /// Who sold, at most [`MAX_CASHIER`] bytes.
    pub cashier: String,
}

/// Proof that a sale is on the disk. Printing and opening the drawer take one.
#[must_use = "it allows the receipt to be printed"]
#[derive(Debug)]
pub struct Journaled {
    record: RecordId,
    sale: SaleId,
    receipt_no: u64,
    seq: u64,
}

impl Journaled {
    /// The record in the outbox.
    #[must_use]
    pub const fn record(&self) -> RecordId {
        self.record
    }

    /// The sale.
    #[must_use]
    pub const fn sale(&self) -> SaleId {
        self.sale
    }

    /// Its receipt's number.
    #[must_use]
    pub const fn receipt_no(&self) -> u64 {
        self.receipt_no
    }

    /// The record's sequence within the terminal's epoch.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }
}

/// What the shift has sold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ShiftTotals {
    /// Paid sales.
    pub sales: u64,
    /// Voided sales.
    pub voided: u64,
    /// Sum of the paid sales, minor units.
    pub total_minor: i64,
    /// Of that into the drawer, after change, minor units.
    pub cash_minor: i64,
    /// Of that by card, minor units.
    pub card_minor: i64,
}

/// A receipt as it was printed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredReceipt {
    /// Its number.
    pub receipt_no: u64,
    /// When its sale was committed, milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Its text.
    pub text: String,
    /// The sale as JSON.
    pub body: String,
}

impl Journal {
    /// Commits a sale: its row, the cash movement, the shift's totals, its attempts, its record with
    /// the next sequence, and the end of its basket, all or nothing.
    ///
    /// # Errors
    /// [`JournalError`] for texts and amounts out of bounds, a sale or record that was committed
    /// before, an unresolved attempt, attempts or amounts that are not what was charged, a receipt
    /// number that is not the next, a full outbox, or if it cannot be written.
    pub fn commit_sale(&mut self, commit: &SaleCommit) -> Result<Journaled, JournalError> {
        row::json("sale", &commit.body, MAX_BODY)?;
        row::bounded("receipt", &commit.receipt_text, MAX_RECEIPT_TEXT)?;
        row::bounded("cashier's name", &commit.cashier, MAX_CASHIER)?;
        row::amount("sale's total", commit.total_minor)?;
        row::amount("sale's cash", commit.cash_minor)?;
        row::amount("sale's card amount", commit.card_minor)?;
        let (terminal, epoch) = (self.terminal.clone(), self.epoch);
        // The advice of a charge without the issuer goes with a voided sale.
        self.log.clear |= commit.kind == RecordKind::VoidedSale
            && self.read("look for an advice", |db| advice::of_sale(db, commit.sale))?;
        let seq = self.commit("commit the sale", |tx| {
            outbox::refuse_over(tx, outbox::MAX_OUTBOX)?;
            basket::refuse_committed(tx, commit.sale)?;
            settle_attempts(tx, commit)?;
            let record = next_record(tx, commit, terminal, epoch)?;
            let place = insert_record(tx, &record)?;
            insert_sale(tx, commit, place)?;
            add_to_shift(tx, commit)?;
            let paid = commit.kind == RecordKind::Sale;
            let at_risk_minor = if paid { commit.total_minor } else { 0 };
            outbox::put(tx, place, commit.at_ms, at_risk_minor)?;
            basket::drop_draft(tx, commit.sale)?;
            basket::drop_parked(tx, commit.sale)?;
            Ok(record.seq)
        })?;
        Ok(Journaled {
            record: commit.record_id,
            sale: commit.sale,
            receipt_no: commit.receipt_no,
            seq,
        })
    }

    /// The shift's totals.
    ///
    /// # Errors
    /// [`JournalError`] if they cannot be read.
    pub fn totals(&self) -> Result<ShiftTotals, JournalError> {
        self.read("read the shift's totals", |db| Ok(shift_totals(db)?))
    }

    /// The number that the next receipt must bear; they have no gaps.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    pub fn next_receipt_no(&self) -> Result<u64, JournalError> {
        self.read("read the receipt number", |db| Ok(next_receipt_no(db)?))
    }

    /// The receipt with this number.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    pub fn receipt(&self, receipt_no: u64) -> Result<Option<StoredReceipt>, JournalError> {
        // A number that no column can hold is a number that no receipt bears.
        i64::try_from(receipt_no).map_or(Ok(None), |no| self.find_receipt(no))
    }

    /// The last receipt.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    pub fn last_receipt(&self) -> Result<Option<StoredReceipt>, JournalError> {
        let last = self.read("read the last receipt's number", |db| {
            let mut query = db.prepare_cached("SELECT max(receipt_no) AS last FROM sale")?;
            Ok(query.query_row([], |row| row.get::<_, Option<i64>>("last"))?)
        })?;
        last.map_or(Ok(None), |no| self.find_receipt(no))
    }

    fn find_receipt(&self, receipt_no: i64) -> Result<Option<StoredReceipt>, JournalError> {
        self.read("read the receipt", |db| {
            let mut query = db.prepare_cached(
                "SELECT sale.receipt_no, sale.at_ms, sale.receipt_text, record.body
                 FROM sale JOIN record ON record.number = sale.record WHERE sale.receipt_no = ?1",
            )?;
            Ok(query.query_row([receipt_no], stored_receipt).optional()?)
        })
    }
}

/// Takes the sale's attempts to where the commit leaves them, if they are what it says.
fn settle_attempts(tx: &Transaction<'_>, commit: &SaleCommit) -> Result<(), Fault> {
    attempt::refuse_unresolved(tx, commit.sale)?;
    let approved = attempt::approved(tx, commit.sale)?;
    let charged: BTreeSet<AttemptId> = approved.iter().map(|paid| paid.attempt).collect();
    let named: BTreeSet<AttemptId> = commit.attempts.iter().copied().collect();
    if charged != named || named.len() != commit.attempts.len() {
        return Err(JournalError::OtherAttempts(commit.sale).into());
    }
    let card_minor = approved
        .iter()
        .try_fold(0_i64, |sum, paid| sum.checked_add(paid.minor));
    let right = match commit.kind {
        RecordKind::Sale => card_minor == Some(commit.card_minor),
        RecordKind::VoidedSale => commit.card_minor == 0 && commit.cash_minor == 0,
    };
    if !right {
        return Err(JournalError::OtherAmounts(commit.sale).into());
    }
    approved
        .iter()
        .try_for_each(|paid| settle_attempt(tx, paid, commit.kind))
}

fn settle_attempt(tx: &Transaction<'_>, paid: &Paid, kind: RecordKind) -> Result<(), Fault> {
    let (wanted, learnt) = match (kind, paid.way) {
        (RecordKind::Sale, _) => (AttemptState::Committed, Learnt::default()),
        (RecordKind::VoidedSale, Way::Offline) => {
            let why = "The sale was voided: nobody is told of the charge.";
            return attempt::offline::undo(tx, paid.attempt, why).map(drop);
        }
        (RecordKind::VoidedSale, _) => (
            AttemptState::ReversalDue,
            Learnt::why("The sale was voided: the charge is being undone."),
        ),
    };
    attempt::step(tx, paid.attempt, wanted, &learnt).map(drop)
}

/// The commit's record, with the next sequence.
fn next_record(
    tx: &Transaction<'_>,
    commit: &SaleCommit,
    terminal: TerminalId,
    epoch: u32,
) -> Result<Record, Fault> {
    let receipt_no = next_receipt_no(tx)?;
    if commit.receipt_no != receipt_no {
        let (given, next) = (commit.receipt_no, receipt_no);
        return Err(JournalError::ReceiptNumber { given, next }.into());
    }
    let mut record = Record {
        id: commit.record_id,
        terminal,
        epoch,
        seq: outbox::last_seq(tx, epoch)? + 1,
        kind: commit.kind,
        sale: commit.sale,
        at_ms: commit.at_ms,
        body: commit.body.clone(),
        hash: RecordHash::new([0; 32]),
        clock_behind_ms: clock::seen(tx, commit.at_ms)?,
    };
    record.hash = record.compute_hash();
    Ok(record)
}

/// The receipt number after the last, and after those that a restore left out.
fn next_receipt_no(db: &Connection) -> rusqlite::Result<u64> {
    db.prepare_cached(
        "SELECT max(receipts_before, coalesce((SELECT max(receipt_no) FROM sale), 0)) AS last
         FROM terminal",
    )?
    .query_row([], |row| Ok(row::count(row, "last")? + 1))
}

/// Adds a record; its place.
fn insert_record(tx: &Transaction<'_>, record: &Record) -> Result<i64, Fault> {
    let id = record.id.as_bytes();
    if row::exists(tx, "SELECT 1 FROM record WHERE id = ?1", [id])? {
        return Err(JournalError::RecordExists(record.id).into());
    }
    let place = outbox::place(record.epoch, record.seq)?;
    tx.prepare_cached("INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NULL)")?
        .execute((
            place,
            id,
            record.epoch,
            column(record.seq)?,
            record.kind.word(),
            record.sale.as_bytes(),
            record.at_ms,
            record.clock_behind_ms.map(column).transpose()?,
            &record.body,
            record.hash.as_bytes(),
        ))?;
    Ok(place)
}

fn insert_sale(tx: &Transaction<'_>, commit: &SaleCommit, record: i64) -> Result<(), Fault> {
    tx.prepare_cached(
        "INSERT INTO sale SELECT ?1, ?2, ?3, max(number), ?4, ?5, ?6, ?7, ?8, ?9, ?10 FROM shift",
    )?
    .execute((
        column(commit.receipt_no)?,
        commit.sale.as_bytes(),
        record,
        commit.kind.word(),
        &commit.cashier,
        commit.at_ms,
        &commit.receipt_text,
        commit.total_minor,
        commit.cash_minor,
        commit.card_minor,
    ))?;
    Ok(())
}

fn add_to_shift(tx: &Transaction<'_>, commit: &SaleCommit) -> Result<(), Fault> {
    let mut totals = shift_totals(tx)?;
    match commit.kind {
        RecordKind::VoidedSale => totals.voided += 1,
        RecordKind::Sale => {
            totals.sales += 1;
            let sum = |a: i64, b: i64| {
                a.checked_add(b)
                    .ok_or(JournalError::AmountOutOfRange("shift's total"))
            };
            totals.total_minor = sum(totals.total_minor, commit.total_minor)?;
            totals.cash_minor = sum(totals.cash_minor, commit.cash_minor)?;
            totals.card_minor = sum(totals.card_minor, commit.card_minor)?;
        }
    }
    tx.prepare_cached(
        "UPDATE shift SET sales = ?1, voided = ?2, total_minor = ?3, cash_minor = ?4, card_minor = ?5
         WHERE number = (SELECT max(number) FROM shift)",
    )?
    .execute((
        column(totals.sales)?,
        column(totals.voided)?,
        totals.total_minor,
        totals.cash_minor,
        totals.card_minor,
    ))?;
    Ok(())
}

/// A count as a column holds it.
fn column(count: u64) -> Result<i64, JournalError> {
    i64::try_from(count).map_err(|_| JournalError::AmountOutOfRange("count"))
}

fn shift_totals(db: &Connection) -> rusqlite::Result<ShiftTotals> {
    db.prepare_cached("SELECT * FROM shift ORDER BY number DESC LIMIT 1")?
        .query_row([], |row| {
            Ok(ShiftTotals {
                sales: row::count(row, "sales")?,
                voided: row::count(row, "voided")?,
                total_minor: row.get("total_minor")?,
                cash_minor: row.get("cash_minor")?,
                card_minor: row.get("card_minor")?,
            })
        })
}

fn stored_receipt(row: &Row<'_>) -> rusqlite::Result<StoredReceipt> {
    Ok(StoredReceipt {
        receipt_no: row::count(row, "receipt_no")?,
        at_ms: row.get("at_ms")?,
        text: row.get("receipt_text")?,
        body: row.get("body")?,
    })
}
