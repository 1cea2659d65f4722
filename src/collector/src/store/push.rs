//! Pushes: each record is stored once, and a broken one never holds up the rest.

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};
use sealpoint_wire::api::{AckOutcome, PushAnswer, RecordAck};
use sealpoint_wire::{Record, RecordHash, RecordKind, TerminalId};

use super::sales::Figures;
use super::{Database, StoreError, alarms};

/// The answer to a push, and how many records of it had which outcome.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PushReport {
    /// For the till.
    pub answer: PushAnswer,
    /// Stored now.
    pub created: u64,
    /// Stored before.
    pub existing: u64,
    /// Refused and alarmed.
    pub refused: u64,
}

/// Why a record is not stored, and the hash that is stored under its id, if any.
struct Refusal {
    why: &'static str,
    stored: Option<RecordHash>,
}

impl Database {
    /// Stores a batch of one terminal in one commit.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the batch is stored then.
    pub fn push(
        &mut self,
        terminal: &TerminalId,
        records: &[Record],
        now_ms: i64,
    ) -> Result<PushReport, StoreError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut results = Vec::with_capacity(records.len());
        for record in records {
            results.push(push_one(&transaction, record, now_ms)?);
        }
        let contiguous_seq = contiguous(&transaction, terminal)?;
        transaction.commit()?;
        let count = |outcome| results.iter().filter(|ack| ack.outcome == outcome).count() as u64;
        Ok(PushReport {
            created: count(AckOutcome::Created),
            existing: count(AckOutcome::Exists),
            refused: count(AckOutcome::Refused),
            answer: PushAnswer {
                results,
                contiguous_seq,
            },
        })
    }
}

fn push_one(
    transaction: &Transaction<'_>,
    record: &Record,
    now_ms: i64,
) -> Result<RecordAck, StoreError> {
    let ack = |hash, outcome, why| RecordAck {
        id: record.id,
        hash,
        outcome,
        why,
    };
    match store(transaction, record, now_ms)? {
        Ok(outcome) => Ok(ack(record.hash, outcome, None)),
        Err(refusal) => {
            let subject = format!("record {}", record.id);
            alarms::raise(
                transaction,
                record.terminal.as_str(),
                &subject,
                refusal.why,
                now_ms,
            )?;
            let hash = refusal.stored.unwrap_or(record.hash);
            Ok(ack(hash, AckOutcome::Refused, Some(refusal.why.to_owned())))
        }
    }
}

fn store(
    transaction: &Transaction<'_>,
    record: &Record,
    now_ms: i64,
) -> Result<Result<AckOutcome, Refusal>, StoreError> {
    let refuse = |why, stored| Ok(Err(Refusal { why, stored }));
    let Ok(seq) = i64::try_from(record.seq) else {
        return refuse("Its sequence number is out of range.", None);
    };
    if !record.is_whole() {
        return refuse("Its hash does not match its content.", None);
    }
    if let Some(stored) = hash_of(transaction, record)? {
        return if stored == record.hash {
            Ok(Ok(AckOutcome::Exists))
        } else {
            refuse("The same id is stored with another content.", Some(stored))
        };
    }
    if seq_is_taken(transaction, record, seq)? {
        return refuse("Another record has the same sequence number.", None);
    }
    let figures = match Figures::of(record) {
        Ok(figures) => figures,
        Err(why) => return refuse(why, None),
    };
    insert(transaction, record, seq, figures, now_ms)?;
    add_to_terminal(transaction, record, figures)?;
    advance(transaction, record, seq)?;
    if record.kind == RecordKind::Sale && !figures.add_up() {
        // Stored all the same: the money was taken, and the books must say what was.
        let subject = format!("record {}", record.id);
        let what = "Stored, but its tenders do not pay exactly its total.";
        alarms::raise(
            transaction,
            record.terminal.as_str(),
            &subject,
            what,
            now_ms,
        )?;
    }
    Ok(Ok(AckOutcome::Created))
}

fn hash_of(
    transaction: &Transaction<'_>,
    record: &Record,
) -> Result<Option<RecordHash>, StoreError> {
    let hash: Option<[u8; 32]> = transaction
        .prepare_cached("SELECT hash FROM record WHERE id = ?1")?
        .query_row([record.id.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(hash.map(RecordHash::new))
}

fn seq_is_taken(
    transaction: &Transaction<'_>,
    record: &Record,
    seq: i64,
) -> Result<bool, StoreError> {
    Ok(transaction
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM record WHERE terminal = ?1 AND epoch = ?2 AND seq = ?3)",
        )?
        .query_row(
            params![record.terminal.as_str(), record.epoch, seq],
            |row| row.get(0),
        )?)
}

fn insert(
    transaction: &Transaction<'_>,
    record: &Record,
    seq: i64,
    figures: Figures,
    now_ms: i64,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO record (id, terminal, epoch, seq, kind, sale, at_ms, received_ms, body,
                                 hash, receipt_no, currency, total_minor, cash_minor, card_minor)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            record.id.as_bytes(),
            record.terminal.as_str(),
            record.epoch,
            seq,
            record.kind.word(),
            record.sale.as_bytes(),
            record.at_ms,
            now_ms,
            record.body,
            record.hash.as_bytes(),
            figures.receipt_no,
            figures.currency.alpha(),
            figures.total_minor,
            figures.cash_minor,
            figures.card_minor,
        ])?;
    Ok(())
}

/// Adds a record to its terminal's sums. A voided sale counts, but its amounts do not.
fn add_to_terminal(
    transaction: &Transaction<'_>,
    record: &Record,
    figures: Figures,
) -> Result<(), StoreError> {
    let paid = i64::from(record.kind == RecordKind::Sale);
    transaction
        .prepare_cached(
            "INSERT INTO terminal (name, currency, sales, voided, total_minor, cash_minor,
                                   card_minor)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (name) DO UPDATE SET
                 currency = excluded.currency,
                 sales = sales + excluded.sales,
                 voided = voided + excluded.voided,
                 total_minor = total_minor + excluded.total_minor,
                 cash_minor = cash_minor + excluded.cash_minor,
                 card_minor = card_minor + excluded.card_minor",
        )?
        .execute(params![
            record.terminal.as_str(),
            figures.currency.alpha(),
            paid,
            1 - paid,
            paid * figures.total_minor,
            paid * figures.cash_minor,
            paid * figures.card_minor,
        ])?;
    Ok(())
}

/// Moves the terminal's mark over this record and those that had come before their time.
fn advance(transaction: &Transaction<'_>, record: &Record, seq: i64) -> Result<(), StoreError> {
    let key = (record.terminal.as_str(), record.epoch);
    let mut mark: i64 = transaction
        .prepare_cached("SELECT contiguous FROM progress WHERE terminal = ?1 AND epoch = ?2")?
        .query_row(key, |row| row.get(0))
        .optional()?
        .unwrap_or(0);
    if seq == mark + 1 {
        mark = transaction
            .prepare_cached(
                "SELECT seq FROM record AS here
                 WHERE terminal = ?1 AND epoch = ?2 AND seq >= ?3
                   AND NOT EXISTS (SELECT 1 FROM record AS next
                                   WHERE next.terminal = here.terminal
                                     AND next.epoch = here.epoch AND next.seq = here.seq + 1)
                 ORDER BY seq LIMIT 1",
            )?
            .query_row((key.0, key.1, seq), |row| row.get(0))?;
    }
    transaction
        .prepare_cached(
            "INSERT INTO progress (terminal, epoch, contiguous) VALUES (?1, ?2, ?3)
             ON CONFLICT (terminal, epoch) DO UPDATE SET contiguous = excluded.contiguous",
        )?
        .execute((key.0, key.1, mark))?;
    Ok(())
}

fn contiguous(transaction: &Transaction<'_>, terminal: &TerminalId) -> Result<u64, StoreError> {
    let mark: Option<i64> = transaction
        .prepare_cached(
            "SELECT contiguous FROM progress WHERE terminal = ?1 ORDER BY epoch DESC LIMIT 1",
        )?
        .query_row([terminal.as_str()], |row| row.get(0))
        .optional()?;
    u64::try_from(mark.unwrap_or(0)).map_err(|_| StoreError::Damaged("a negative sequence number"))
}
