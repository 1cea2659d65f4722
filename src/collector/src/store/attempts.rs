//! Attempts: what was asked of the acquirer, durable before it is asked.
//!
//! ```text
//! (none) --> SENT --> ANSWERED --.
//!              |                 |
//!              '----> UNKNOWN ---+--> REVERSAL_DUE --> REVERSED
//! (none) ----- reversed before it was asked for ---------^
//! ```

use sealpoint_wire::{AttemptId, AuthoriseRequest, HostAnswer, ReversalRequest};
use sha2::{Digest, Sha256};

use super::sql::values;
use super::{Database, StoreError};

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

/// What is left to do for a reversal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Undo {
    /// Nothing: it is REVERSED.
    Done,
    /// It is REVERSAL_DUE, and the acquirer must acknowledge.
    Due,
    /// The attempt is another terminal's, or had another amount or trace number.
    Differs,
}

impl Database {
    /// What is known of this attempt; changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn attempt(&mut self, request: &AuthoriseRequest) -> Result<Asked, StoreError> {
        let row = self.row(
            "SELECT request_hash, state, answer FROM attempt WHERE attempt = ?1",
            values![request.attempt.as_bytes()],
        )?;
        let Some(row) = row else {
            return Ok(Asked::New);
        };
        if row
            .bytes_or_none(0)?
            .is_some_and(|hash| hash != hash_of(request))
        {
            return Ok(Asked::Differs);
        }
        match (row.text(1)?, row.text_or_none(2)?) {
            ("SENT", _) => Ok(Asked::UnderWay),
            ("UNKNOWN", _) => Ok(Asked::Unknown),
            ("REVERSAL_DUE" | "REVERSED", _) => Ok(Asked::Reversed),
            ("ANSWERED", Some(answer)) => serde_json::from_str(answer)
                .map(Asked::Answered)
                .map_err(|_| StoreError::Damaged("an answer that is none")),
            _ => Err(StoreError::Damaged("an attempt in no known state")),
        }
    }

    /// Marks a new attempt as SENT. [`Asked::New`] is the leave to ask the acquirer, given once.
    ///
    /// # Errors
    /// [`StoreError`]; the acquirer must not be asked then.
    pub fn begin_attempt(
        &mut self,
        request: &AuthoriseRequest,
        now_ms: i64,
    ) -> Result<Asked, StoreError> {
        let known = self.attempt(request)?;
        if known == Asked::New {
            self.execute(
                "INSERT INTO attempt (attempt, terminal, stan, local_time, amount_minor,
                                      currency, request_hash, state, begun_ms, changed_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'SENT', ?8, ?8)",
                values![
                    request.attempt.as_bytes(),
                    request.terminal.as_str(),
                    request.stan,
                    request.local_time.as_str(),
                    request.amount_minor,
                    request.currency.alpha(),
                    &hash_of(request),
                    now_ms,
                ],
            )?;
        }
        Ok(known)
    }

    /// Keeps the acquirer's answer. `false` if a reversal came first: the answer is not honoured.
    ///
    /// # Errors
    /// [`StoreError`]; the answer must not be given to the till then.
    pub fn answer_attempt(
        &mut self,
        attempt: AttemptId,
        answer: &HostAnswer,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let answer = serde_json::to_string(answer)
            .map_err(|_| StoreError::Damaged("an answer that cannot be written"))?;
        let changed = self.execute(
            "UPDATE attempt SET state = 'ANSWERED', answer = ?2, changed_ms = ?3
             WHERE attempt = ?1 AND state = 'SENT'",
            values![attempt.as_bytes(), &answer, now_ms],
        )?;
        Ok(changed == 1)
    }

    /// Marks an attempt that was not answered as UNKNOWN.
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

    /// At start: nobody waits any more for the answers to what was in flight.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn lose_attempts_in_flight(&mut self, now_ms: i64) -> Result<(), StoreError> {
        self.execute(
            "UPDATE attempt SET state = 'UNKNOWN', changed_ms = ?1 WHERE state = 'SENT'",
            values![now_ms],
        )?;
        Ok(())
    }

    /// Marks an attempt as REVERSAL_DUE. One that is not known is REVERSED at once, so that its
    /// authorisation is refused if it comes later.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin_reversal(
        &mut self,
        request: &ReversalRequest,
        now_ms: i64,
    ) -> Result<Undo, StoreError> {
        let known = self.row(
            "SELECT terminal = ?2 AND stan = ?3 AND local_time = ?4 AND amount_minor = ?5
                    AND currency = ?6, state
             FROM attempt WHERE attempt = ?1",
            values![
                request.attempt.as_bytes(),
                request.terminal.as_str(),
                request.stan,
                request.local_time.as_str(),
                request.amount_minor,
                request.currency.alpha(),
            ],
        )?;
        let Some(known) = known else {
            self.execute(
                "INSERT INTO attempt (attempt, terminal, stan, local_time, amount_minor,
                                      currency, state, begun_ms, changed_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'REVERSED', ?7, ?7)",
                values![
                    request.attempt.as_bytes(),
                    request.terminal.as_str(),
                    request.stan,
                    request.local_time.as_str(),
                    request.amount_minor,
                    request.currency.alpha(),
                    now_ms,
                ],
            )?;
            return Ok(Undo::Done);
        };
        if !known.flag(0)? {
            return Ok(Undo::Differs);
        }
        if known.text(1)? == "REVERSED" {
            return Ok(Undo::Done);
        }
        self.execute(
            "UPDATE attempt SET state = 'REVERSAL_DUE', changed_ms = ?2
             WHERE attempt = ?1 AND state <> 'REVERSAL_DUE'",
            values![request.attempt.as_bytes(), now_ms],
        )?;
        Ok(Undo::Due)
    }

    /// Counts a reversal before it is sent; gives whether it is a repeat.
    ///
    /// # Errors
    /// [`StoreError`]; the reversal must not be sent then.
    pub fn count_reversal(&mut self, attempt: AttemptId, now_ms: i64) -> Result<bool, StoreError> {
        self.the_row(
            "UPDATE attempt SET reversals = reversals + 1, changed_ms = ?2
             WHERE attempt = ?1 RETURNING reversals > 1",
            values![attempt.as_bytes(), now_ms],
        )?
        .flag(0)
    }

    /// Marks an attempt as REVERSED: the acquirer acknowledged.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn finish_reversal(&mut self, attempt: AttemptId, now_ms: i64) -> Result<(), StoreError> {
        self.execute(
            "UPDATE attempt SET state = 'REVERSED', changed_ms = ?2
             WHERE attempt = ?1 AND state = 'REVERSAL_DUE'",
            values![attempt.as_bytes(), now_ms],
        )?;
        Ok(())
    }
}

/// SHA-256 over the request's JSON: enough to tell whether it is the same, and not card data.
fn hash_of(request: &AuthoriseRequest) -> [u8; 32] {
    let json = serde_json::to_vec(request)
        .expect("an authorisation holds only strings and numbers, which always serialise");
    Sha256::digest(json).into()
}
