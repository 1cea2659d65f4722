//! What the acquirer must be told of charges without it: first in, first out, each until it is
//! answered.

use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use sealpoint_sale::{AttemptId, SaleId};
use sealpoint_wire::{
    AdviceKind, AdviceRequest, AdviceResult, Bytes, HostAnswer, HostDecision, TerminalId,
};

use crate::attempt::{CardKey, OfflineCharge};
use crate::error::{Fault, JournalError};
use crate::open::Journal;
use crate::row;
use crate::work::{self, WorkKind};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// What to do where the acquirer may have the charge and only its answer was lost: whoever asks for
/// the money at once may have it paid twice.
const LOOK_FIRST: &str = "It may have it all the same: look for the attempt in its settlement \
                          (collector reconcile) first. Only if it is not there, ask the customer for \
                          the money, or write it off.";

/// How much was charged without the issuer, to be held against the retailer's policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OfflineUsed {
    /// Charges that the acquirer has not answered.
    pub count: u32,
    /// What they come to, minor units.
    pub amount_minor: i64,
    /// When the oldest of them was charged, by the latest time that was known then, milliseconds
    /// since the Unix epoch.
    pub oldest_at_ms: Option<i64>,
    /// Charges of the card on the day, answered or not.
    pub card_count: u32,
    /// What those come to, minor units.
    pub card_minor: i64,
}

impl Journal {
    /// Advices of committed sales, in the order of their charges, at most `max`. The same ones again
    /// until [`Journal::write_advised`].
    ///
    /// # Errors
    /// [`JournalError`] if they cannot be read.
    pub fn advices(&self, max: usize) -> Result<Vec<AdviceRequest>, JournalError> {
        self.read("read the advices", |db| {
            let mut query = db.prepare_cached(
                "SELECT attempt.*, advice.kind, advice.sealed, advice.de55
                 FROM advice JOIN attempt ON attempt.number = advice.attempt
                 WHERE attempt.state = 'COMMITTED' ORDER BY advice.attempt LIMIT ?1",
            )?;
            let limit = i64::try_from(max).unwrap_or(i64::MAX);
            let rows = query.query_map([limit], |row| request(row, &self.terminal))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Takes what became of an advice, in one commit. An answer, a decline too, and a refusal erase
    /// what was sealed, in the log as well; whatever is no approval becomes a person's work. Saying so
    /// again changes nothing. Without an answer the advice waits on. An answer to one that was given up
    /// meanwhile settles what a person was asked to look into.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be written.
    pub fn write_advised(
        &mut self,
        attempt: AttemptId,
        result: &AdviceResult,
        now_ms: i64,
    ) -> Result<(), JournalError> {
        let (work, code) = match result {
            AdviceResult::NotAnswered { .. } => return Ok(()),
            AdviceResult::Answered { answer } => {
                (declined(answer), answer.approval_code.as_deref())
            }
            AdviceResult::Refused { why } => {
                // What to do first: a long reason is cut.
                let why = format!(
                    "The collector does not take the advice of this charge. {LOOK_FIRST} Its words: \
                     {why}"
                );
                (Some((WorkKind::AdviceRefused, why)), None)
            }
        };
        let answered = matches!(result, AdviceResult::Answered { .. });
        self.erase("write the advice's answer", |tx| {
            let waiting = tx
                .prepare_cached(
                    "SELECT number FROM attempt JOIN advice ON advice.attempt = attempt.number
                     WHERE id = ?1 AND state = 'COMMITTED'",
                )?
                .query_row([attempt.as_bytes()], |row| row.get("number"))
                .optional()?;
            let number = match waiting {
                // It was on its way when its time was over.
                None if answered => work::attempt_with(tx, attempt, WorkKind::AdviceExpired)?,
                waiting => waiting,
            };
            let Some(number) = number else {
                return Ok(());
            };
            erase(tx, number)?;
            if answered {
                work::settled_by_machine(tx, number, "The acquirer answered.")?;
            }
            tx.prepare_cached(
                "UPDATE attempt SET approval_code = coalesce(?2, approval_code) WHERE number = ?1",
            )?
            .execute((number, code))?;
            work.map_or(Ok(()), |(kind, why)| {
                work::open(tx, number, kind, &why, now_ms)
            })
        })
    }

    /// Gives up advices of committed sales that are older than `max_hours`: erases what was sealed
    /// and makes each a person's work; how many there were.
    ///
    /// What is sealed cannot be had back, so `now_ms` should be the collector's time rather than a
    /// clock that somebody may have set. An advice that seems to come from the future is counted from
    /// now on.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be written.
    pub fn expire_advices(&mut self, now_ms: i64, max_hours: u32) -> Result<u32, JournalError> {
        let oldest = now_ms.saturating_sub(i64::from(max_hours).saturating_mul(HOUR_MS));
        let due = self.read("look for advices that are too old", |db| {
            let mut query = db.prepare_cached(
                "SELECT 1 FROM advice JOIN attempt ON attempt.number = advice.attempt
                     WHERE since_ms > ?1 OR (since_ms < ?2 AND state = 'COMMITTED')",
            )?;
            Ok(query.exists((now_ms, oldest))?)
        })?;
        if !due {
            return Ok(0);
        }
        self.erase("give up advices that are too old", |tx| {
            tx.execute(
                "UPDATE advice SET since_ms = ?1 WHERE since_ms > ?1",
                [now_ms],
            )?;
            let expired: Vec<i64> = tx
                .prepare_cached(
                    "SELECT number FROM attempt JOIN advice ON advice.attempt = attempt.number
                     WHERE state = 'COMMITTED' AND since_ms < ?1 ORDER BY number",
                )?
                .query_map([oldest], |row| row.get("number"))?
                .collect::<Result<_, _>>()?;
            let why = format!(
                "The acquirer did not answer the advice of this charge within {max_hours} hours. \
                 {LOOK_FIRST}"
            );
            for number in &expired {
                erase(tx, *number)?;
                work::open(tx, *number, WorkKind::AdviceExpired, &why, now_ms)?;
            }
            Ok(u32::try_from(expired.len()).unwrap_or(u32::MAX))
        })
    }

    /// What was charged without the issuer, of all cards and of `card` on the local day `YYYYMMDD`.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    pub fn offline_used(
        &self,
        card: Option<&CardKey>,
        local_day: &str,
    ) -> Result<OfflineUsed, JournalError> {
        self.read("read what was charged without the issuer", |db| {
            let till = db
                .prepare_cached(
                    "SELECT count(*) AS count, coalesce(sum(amount_minor), 0) AS minor,
                         min(since_ms) AS oldest
                     FROM advice JOIN attempt ON attempt.number = advice.attempt",
                )?
                .query_row([], |row| {
                    Ok((row.get("count")?, row.get("minor")?, row.get("oldest")?))
                })?;
            let (card_count, card_minor) = match card {
                Some(card) => db
                    .prepare_cached(
                        "SELECT count(*) AS count, coalesce(sum(amount_minor), 0) AS minor
                         FROM attempt
                         WHERE card_key = ?1 AND way = 'offline'
                             AND state IN ('APPROVED', 'COMMITTED')
                             AND substr(local_time, 1, 8) = ?2",
                    )?
                    .query_row((card.as_str(), local_day), |row| {
                        Ok((row.get("count")?, row.get("minor")?))
                    })?,
                None => (0, 0),
            };
            Ok(OfflineUsed {
                count: till.0,
                amount_minor: till.1,
                oldest_at_ms: till.2,
                card_count,
                card_minor,
            })
        })
    }
}

/// What a person has to settle after this answer, if anything.
fn declined(answer: &HostAnswer) -> Option<(WorkKind, String)> {
    let why = match answer.decision {
        HostDecision::Approved => return None,
        HostDecision::PartlyApproved => format!(
            "The issuer approved {} minor units of this charge and no more. Ask the customer for the \
             rest, or write it off.",
            answer.approved_minor.unwrap_or_default()
        ),
        HostDecision::Declined => format!(
            "The issuer declined this charge afterwards (response code {}). Ask the customer for the \
             money, or write it off.",
            answer.response_code
        ),
    };
    Some((WorkKind::AdviceDeclined, why))
}

/// Puts an advice where it waits for its sale.
pub(crate) fn put(
    tx: &Transaction<'_>,
    attempt: i64,
    charge: &OfflineCharge,
    sealed: &str,
    latest_ms: i64,
) -> Result<(), Fault> {
    tx.prepare_cached(
        "INSERT INTO advice SELECT number, ?2, max(at_ms, ?3), ?4, ?5 FROM attempt WHERE number = ?1",
    )?
    .execute((
        attempt,
        charge.kind.word(),
        latest_ms,
        sealed,
        charge.de55.as_slice(),
    ))?;
    Ok(())
}

/// Whether an advice waits for this sale.
pub(crate) fn of_sale(db: &Connection, sale: SaleId) -> Result<bool, Fault> {
    let mut query = db.prepare_cached(
        "SELECT 1 FROM advice JOIN attempt ON attempt.number = advice.attempt WHERE sale = ?1",
    )?;
    Ok(query.exists([sale.as_bytes()])?)
}

/// Whether an advice waits for this attempt.
pub(crate) fn of_attempt(db: &Connection, attempt: AttemptId) -> Result<bool, Fault> {
    let mut query = db.prepare_cached(
        "SELECT 1 FROM advice JOIN attempt ON attempt.number = advice.attempt WHERE id = ?1",
    )?;
    Ok(query.exists([attempt.as_bytes()])?)
}

/// Erases an advice, if there is one. Its page is overwritten (`secure_delete`); the log is cleared
/// after the commit.
pub(crate) fn erase(tx: &Transaction<'_>, attempt: i64) -> Result<(), Fault> {
    tx.prepare_cached("DELETE FROM advice WHERE attempt = ?1")?
        .execute([attempt])?;
    Ok(())
}

fn request(row: &Row<'_>, terminal: &TerminalId) -> rusqlite::Result<AdviceRequest> {
    let sealed: String = row.get("sealed")?;
    let de55: Vec<u8> = row.get("de55")?;
    let card = row::card(row)?;
    Ok(AdviceRequest {
        attempt: AttemptId::new(row::uuid(row, "id")?),
        sale: SaleId::new(row::uuid(row, "sale")?),
        terminal: terminal.clone(),
        kind: row::word(row, "kind", AdviceKind::from_word)?,
        stan: row.get("stan")?,
        local_time: row.get("local_time")?,
        amount_minor: row.get("amount_minor")?,
        currency: row::currency(row)?,
        card: card.ok_or_else(|| row::misread(row, "card", row::Missing))?,
        sealed: serde_json::from_str(&sealed).map_err(|why| row::misread(row, "sealed", why))?,
        de55: Bytes::try_from(de55).map_err(|why| row::misread(row, "de55", why))?,
    })
}
