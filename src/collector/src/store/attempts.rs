//! Attempts: what was asked of the acquirer, durable before it is asked.
//!
//! ```text
//! (none) --> SENT --> ANSWERED --.
//!              |          ^      |
//!              |          | late |
//!              '----> UNKNOWN ---+--> REVERSAL_DUE <--> REVERSED
//! (none) ----- reversed, or inquired about, before it was asked for ---^
//! ```
//!
//! A SENT attempt is in flight until a time that its row says: after that, whoever sent it waits no
//! longer, and it is UNKNOWN for every collector. An answer that comes late is kept as long as no
//! reversal is due; after that an approval is not honoured, and its reversal is due again.
//! Reversals are in `reversals.rs`, advices in `advices.rs`.

use sealpoint_wire::{AttemptId, AuthoriseRequest, HostAnswer, HostDecision, ReversalRequest};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::sql::values;
use super::{Database, Row, StoreError};

/// What is known of an attempt that a till asks to authorise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    /// Nothing. After [`Database::begin_attempt`]: it is SENT now, and the caller asks.
    New,
    /// The acquirer answered it before; this is the answer.
    Answered(HostAnswer),
    /// It is with the acquirer at this moment.
    UnderWay,
    /// The acquirer did not answer.
    Unknown,
    /// It is reversed, or is to be.
    Reversed,
    /// The same attempt was asked with another content.
    Differs,
}

/// What was done with the acquirer's answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kept {
    /// It is the attempt's answer, now or since before.
    Answer(HostAnswer),
    /// The attempt is reversed or is to be: the answer is not honoured.
    Late,
}

/// An attempt that an answer came for without anybody waiting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traced {
    /// The attempt.
    pub attempt: AttemptId,
    /// What was asked, minor units.
    pub amount_minor: i64,
    /// Their currency, ISO 4217 letters.
    pub currency: String,
}

impl Database {
    /// What is known of this attempt; changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn attempt(
        &mut self,
        request: &AuthoriseRequest,
        now_ms: i64,
    ) -> Result<Asked, StoreError> {
        let row = self.row(
            "SELECT request_hash, state, answer, in_flight_until_ms > ?2
             FROM attempt WHERE attempt = ?1",
            values![request.attempt.as_bytes(), now_ms],
        )?;
        match row {
            None => Ok(Asked::New),
            Some(row) => match row.bytes_or_none(0)? {
                Some(hash) if hash != hash_of(request) => Ok(Asked::Differs),
                _ => standing(&row, 1),
            },
        }
    }

    /// Marks a new attempt as SENT, in flight until `until_ms`. [`Asked::New`] is the leave to ask
    /// the acquirer, given once.
    ///
    /// # Errors
    /// [`StoreError`]; the acquirer must not be asked then.
    pub fn begin_attempt(
        &mut self,
        request: &AuthoriseRequest,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<Asked, StoreError> {
        let known = self.attempt(request, now_ms)?;
        if known != Asked::New {
            return Ok(known);
        }
        let begun = self.execute(
            "INSERT INTO attempt (attempt, terminal, stan, local_time, amount_minor, currency,
                                  request_hash, state, sale, in_flight_until_ms,
                                  begun_ms, changed_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'SENT', ?8, ?9, ?10, ?10)
             ON CONFLICT (attempt) DO NOTHING",
            values![
                request.attempt.as_bytes(),
                request.terminal.as_str(),
                request.stan,
                request.local_time.as_str(),
                request.amount_minor,
                request.currency.alpha(),
                &hash_of(request),
                request.sale.as_bytes(),
                until_ms,
                now_ms,
            ],
        )?;
        // Another collector was faster: what it did decides.
        match begun {
            0 => Err(StoreError::Conflict),
            _ => Ok(Asked::New),
        }
    }

    /// Keeps the acquirer's answer, unless a reversal came first. Then an approval is alarmed, and
    /// reversed at the acquirer even where that said before that it has nothing to reverse. An
    /// advice that was declined, wholly or in part, becomes work for a person.
    ///
    /// # Errors
    /// [`StoreError`]; the answer must not be given to the till then.
    pub fn answer_attempt(
        &mut self,
        attempt: AttemptId,
        answer: &HostAnswer,
        now_ms: i64,
    ) -> Result<Kept, StoreError> {
        let json = serde_json::to_string(answer)
            .map_err(|_| StoreError::Damaged("an answer that cannot be written"))?;
        let kept = self.row(
            "UPDATE attempt SET state = 'ANSWERED', answer = ?2, in_flight_until_ms = 0,
                                changed_ms = ?3
             WHERE attempt = ?1 AND state IN ('SENT', 'UNKNOWN')
             RETURNING terminal, advice, amount_minor, currency",
            values![attempt.as_bytes(), &json, now_ms],
        )?;
        if let Some(row) = kept {
            if row.text_or_none(1)?.is_some() {
                self.unpaid_advice(&row, attempt, answer, now_ms)?;
            }
            return Ok(Kept::Answer(answer.clone()));
        }
        let row = self.the_row(
            "SELECT state, answer, terminal FROM attempt WHERE attempt = ?1",
            values![attempt.as_bytes()],
        )?;
        if row.text(0)? == "ANSWERED" {
            return stored_answer(&row, 1).map(Kept::Answer);
        }
        if answer.decision != HostDecision::Declined {
            let what = "late_approval: approved after its reversal was due; it is reversed again";
            self.alarm(row.text(2)?, &format!("attempt {attempt}"), what, now_ms)?;
            self.execute(
                "UPDATE attempt SET state = 'REVERSAL_DUE', next_try_ms = ?2, changed_ms = ?2
                 WHERE attempt = ?1 AND state = 'REVERSED'",
                values![attempt.as_bytes(), now_ms],
            )?;
        }
        Ok(Kept::Late)
    }

    /// The attempt that a terminal's trace number and local time, `MMDDhhmmss`, mean: the newest if
    /// years went by.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn traced(
        &mut self,
        terminal: &str,
        stan: u32,
        local_time: &str,
    ) -> Result<Option<Traced>, StoreError> {
        let row = self.row(
            "SELECT attempt, amount_minor, currency FROM attempt
             WHERE terminal = ?1 AND stan = ?2 AND substr(local_time, 5) = ?3
             ORDER BY begun_ms DESC LIMIT 1",
            values![terminal, stan, local_time],
        )?;
        row.map(|row| {
            Ok(Traced {
                attempt: attempt_of(&row, 0)?,
                amount_minor: row.int(1)?,
                currency: row.text(2)?.to_owned(),
            })
        })
        .transpose()
    }

    /// Marks an attempt that was not answered as UNKNOWN. Its request may be on its way for as long
    /// as was said when it began.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn lose_attempt(&mut self, attempt: AttemptId, now_ms: i64) -> Result<(), StoreError> {
        self.execute(
            "UPDATE attempt SET state = 'UNKNOWN', changed_ms = ?2
             WHERE attempt = ?1 AND state = 'SENT'",
            values![attempt.as_bytes(), now_ms],
        )?;
        Ok(())
    }

    /// Marks as UNKNOWN what nobody waits for any more: the collector that sent it is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn lose_attempts_overdue(&mut self, now_ms: i64) -> Result<u64, StoreError> {
        self.execute(
            "UPDATE attempt SET state = 'UNKNOWN', changed_ms = ?1
             WHERE state = 'SENT' AND in_flight_until_ms <= ?1",
            values![now_ms],
        )
    }

    /// At the start of the only collector of a store: nobody waits any more for the answers to what
    /// was in flight.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn lose_attempts_in_flight(&mut self, now_ms: i64) -> Result<(), StoreError> {
        self.execute(
            "UPDATE attempt SET state = 'UNKNOWN', changed_ms = ?1 WHERE state = 'SENT'",
            values![now_ms],
        )?;
        // And nobody is at a reversal.
        self.execute(
            "UPDATE attempt SET claimed_until_ms = 0
             WHERE state = 'REVERSAL_DUE' AND claimed_until_ms > 0",
            &[],
        )?;
        Ok(())
    }
}

/// What `state`, `answer` and whether it is in flight say, from this column on.
pub(super) fn standing(row: &Row, column: usize) -> Result<Asked, StoreError> {
    match row.text(column)? {
        "SENT" if row.flag(column + 2)? => Ok(Asked::UnderWay),
        "SENT" | "UNKNOWN" => Ok(Asked::Unknown),
        "REVERSAL_DUE" | "REVERSED" => Ok(Asked::Reversed),
        "ANSWERED" => stored_answer(row, column + 1).map(Asked::Answered),
        _ => Err(StoreError::Damaged("an attempt in no known state")),
    }
}

fn stored_answer(row: &Row, column: usize) -> Result<HostAnswer, StoreError> {
    serde_json::from_str(row.text(column)?)
        .map_err(|_| StoreError::Damaged("an answer that is none"))
}

/// The attempt in this column.
pub(super) fn attempt_of(row: &Row, column: usize) -> Result<AttemptId, StoreError> {
    let hex = row
        .array::<16>(column)?
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    hex.parse()
        .map_err(|_| StoreError::Damaged("an attempt that is no UUID"))
}

/// What names an attempt beside its id: the same from its authorisation to its reversal.
pub(super) fn is_same(row: &Row, named: &ReversalRequest) -> Result<bool, StoreError> {
    Ok(row.text(0)? == named.terminal.as_str()
        && row.int(1)? == i64::from(named.stan)
        && row.text(2)? == named.local_time
        && row.int(3)? == named.amount_minor
        && row.text(4)? == named.currency.alpha())
}

/// SHA-256 over the request's JSON: enough to tell whether it is the same, and not card data.
pub(super) fn hash_of(request: &impl Serialize) -> [u8; 32] {
    let json = serde_json::to_vec(request)
        .expect("a request holds only strings and numbers, which always serialise");
    Sha256::digest(json).into()
}
