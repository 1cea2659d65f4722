//! Records on their way to the collector.

use rusqlite::{Connection, OptionalExtension, Transaction};
use sealpoint_wire::api::{AckOutcome, RecordAck};
use sealpoint_wire::{Record, RecordHash, RecordId};

use crate::error::{Fault, JournalError};
use crate::open::Journal;
use crate::row;

/// With this many records in the outbox nothing more is sold.
pub const MAX_OUTBOX: u32 = 50_000;
/// With this many records in the outbox no card is taken; cash goes on until [`MAX_OUTBOX`].
pub const MAX_OUTBOX_FOR_CARDS: u32 = 45_000;
/// An offer stops growing at this many bytes of bodies, so that it fits a frame and a request
/// however its text is escaped.
pub const MAX_OFFER_BYTES: usize = 4 * 1024 * 1024;

/// How the outbox stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct QueueFigures {
    /// Records that the collector has not acknowledged, the held ones among them.
    pub count: u64,
    /// What the sales among them come to, minor units: lost if this machine is.
    pub at_risk_minor: i64,
    /// When the oldest was committed, milliseconds since the Unix epoch.
    pub oldest_at_ms: Option<i64>,
    /// Records that the collector refused; not offered again until [`Journal::offer_held_again`].
    pub held: u64,
}

/// A record that the collector refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldRecord {
    /// The record.
    pub id: RecordId,
    /// Its sequence.
    pub seq: u64,
    /// Why it is held.
    pub why: String,
}

/// What an acknowledgement did.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AckEffect {
    /// The record left the outbox.
    Removed,
    /// The record is held: refused, or stored by the collector with another hash. Raise an alarm.
    Held,
    /// The record does not wait: it was acknowledged before, or it is not ours.
    NotWaiting,
}

impl Journal {
    /// Records to offer, oldest first: at most `max`, and no more than [`MAX_OFFER_BYTES`] of
    /// bodies after the first.
    ///
    /// # Errors
    /// [`JournalError`] if they cannot be read.
    pub fn outbox(&self, max: usize) -> Result<Vec<Record>, JournalError> {
        self.read("read the outbox", |db| {
            let mut query = db.prepare_cached(
                "SELECT record.* FROM outbox JOIN record ON record.number = outbox.record
                 WHERE outbox.held_why IS NULL ORDER BY outbox.record LIMIT ?1",
            )?;
            let limit = i64::try_from(max).unwrap_or(i64::MAX);
            let mut records = Vec::new();
            let mut bytes = 0_usize;
            for record in query.query_map([limit], |row| row::record(row, &self.terminal))? {
                let record = record?;
                bytes = bytes.saturating_add(record.body.len());
                if bytes > MAX_OFFER_BYTES && !records.is_empty() {
                    break;
                }
                records.push(record);
            }
            Ok(records)
        })
    }

    /// Takes the collector's word on records, in one commit. A record that it stored with our hash
    /// leaves the outbox, its acknowledgement kept; one that it refused or stored with another hash
    /// is held, still counted, and not offered again.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be written.
    pub fn acked(&mut self, acks: &[RecordAck]) -> Result<Vec<AckEffect>, JournalError> {
        self.commit("write the acknowledgements", |tx| {
            acks.iter().map(|ack| take_ack(tx, ack)).collect()
        })
    }

    /// How the outbox stands.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    pub fn queue(&self) -> Result<QueueFigures, JournalError> {
        self.read("read the queue's figures", |db| {
            let mut query = db.prepare_cached(
                "SELECT count(*) AS count, coalesce(sum(at_risk_minor), 0) AS at_risk_minor,
                        min(at_ms) AS oldest_at_ms, count(held_why) AS held FROM outbox",
            )?;
            Ok(query.query_row([], |row| {
                Ok(QueueFigures {
                    count: row::count(row, "count")?,
                    at_risk_minor: row.get("at_risk_minor")?,
                    oldest_at_ms: row.get("oldest_at_ms")?,
                    held: row::count(row, "held")?,
                })
            })?)
        })
    }

    /// Records that the collector refused, oldest first, at most `max`.
    ///
    /// # Errors
    /// [`JournalError`] if they cannot be read.
    pub fn held(&self, max: usize) -> Result<Vec<HeldRecord>, JournalError> {
        self.read("read the held records", |db| {
            let mut query = db.prepare_cached(
                "SELECT record.id, record.seq, outbox.held_why
                 FROM outbox JOIN record ON record.number = outbox.record
                 WHERE outbox.held_why IS NOT NULL ORDER BY outbox.record LIMIT ?1",
            )?;
            let limit = i64::try_from(max).unwrap_or(i64::MAX);
            let rows = query.query_map([limit], |row| {
                Ok(HeldRecord {
                    id: RecordId::new(row::uuid(row, "id")?),
                    seq: row::count(row, "seq")?,
                    why: row.get("held_why")?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Lets held records be offered again, once somebody has looked into why; how many.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be written.
    pub fn offer_held_again(&mut self) -> Result<usize, JournalError> {
        self.commit("offer held records again", |tx| {
            Ok(tx.execute(
                "UPDATE outbox SET held_why = NULL WHERE held_why IS NOT NULL",
                [],
            )?)
        })
    }
}

/// Puts a record into the outbox.
pub(crate) fn put(
    tx: &Transaction<'_>,
    record: i64,
    at_ms: i64,
    at_risk_minor: i64,
) -> Result<(), Fault> {
    tx.prepare_cached("INSERT INTO outbox (record, at_ms, at_risk_minor) VALUES (?1, ?2, ?3)")?
        .execute((record, at_ms, at_risk_minor))?;
    Ok(())
}

/// Records in one epoch, and one more.
const EPOCH: i64 = 1 << 32;

/// The key of the record with this epoch and sequence, as the table's own check has it.
pub(crate) fn place(epoch: u32, seq: u64) -> Result<i64, JournalError> {
    let seq = i64::try_from(seq).ok().filter(|seq| *seq < EPOCH);
    seq.and_then(|seq| i64::from(epoch).checked_mul(EPOCH)?.checked_add(seq))
        .ok_or(JournalError::AmountOutOfRange("record's sequence"))
}

/// The last sequence of an epoch; 0 before its first record.
pub(crate) fn last_seq(db: &Connection, epoch: u32) -> Result<u64, Fault> {
    let mut query = db.prepare_cached(
        "SELECT coalesce(max(number) - ?1, 0) AS seq FROM record WHERE number > ?1 AND number < ?2",
    )?;
    let first = place(epoch, 0)?;
    Ok(
        query.query_row((first, first.saturating_add(EPOCH)), |row| {
            row::count(row, "seq")
        })?,
    )
}

/// Refuses when `max` records wait.
pub(crate) fn refuse_over(tx: &Transaction<'_>, max: u32) -> Result<(), Fault> {
    let count: u32 = tx
        .prepare_cached("SELECT count(*) FROM outbox")?
        .query_row([], |row| row.get(0))?;
    if count >= max {
        return Err(JournalError::OutboxFull(count).into());
    }
    Ok(())
}

fn take_ack(tx: &Transaction<'_>, ack: &RecordAck) -> Result<AckEffect, Fault> {
    let id = ack.id.as_bytes();
    let ours = tx
        .prepare_cached(
            "SELECT record.number, record.hash
             FROM record JOIN outbox ON outbox.record = record.number WHERE record.id = ?1",
        )?
        .query_row([id], |row| {
            Ok((
                row.get::<_, i64>("number")?,
                RecordHash::new(row.get("hash")?),
            ))
        })
        .optional()?;
    let Some((place, ours)) = ours else {
        return Ok(AckEffect::NotWaiting);
    };
    let word = match ack.outcome {
        AckOutcome::Created => "created",
        AckOutcome::Exists => "exists",
        AckOutcome::Refused => {
            let why = ack
                .why
                .as_deref()
                .unwrap_or("The collector refused it without a reason.");
            return hold(tx, ack.id, place, why);
        }
    };
    if ack.hash != ours {
        return hold(
            tx,
            ack.id,
            place,
            "The collector holds another record under this id.",
        );
    }
    tx.prepare_cached("DELETE FROM outbox WHERE record = ?1")?
        .execute([place])?;
    tx.prepare_cached("UPDATE record SET acked = ?2 WHERE number = ?1")?
        .execute((place, word))?;
    Ok(AckEffect::Removed)
}

fn hold(tx: &Transaction<'_>, record: RecordId, place: i64, why: &str) -> Result<AckEffect, Fault> {
    tx.prepare_cached("UPDATE outbox SET held_why = ?2 WHERE record = ?1")?
        .execute((place, row::reason(why)))?;
    tracing::warn!(%record, "the collector did not take a record as it is: it is held");
    Ok(AckEffect::Held)
}
