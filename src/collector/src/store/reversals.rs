//! Reversals: due until the acquirer acknowledged, tried by whoever claims them, and inquiries.
//!
//! A claim is a time in the row, so that two collectors are never at one reversal, and one that
//! died holds nothing up for long.

use sealpoint_sale::{Sale, Tender};
use sealpoint_wire::{AttemptId, Fate, InquiryRequest, ReversalRequest};

use super::attempts::{attempt_of, is_same, standing};
use super::sql::values;
use super::{Asked, Database, StoreError};

/// After so many tries in vain an operator is told.
pub const ALARM_TRIES: i64 = 6;
/// The pause after the first try in vain; it doubles with each.
const FIRST_PAUSE_MS: i64 = 1_000;
/// The longest pause.
const LONGEST_PAUSE_MS: i64 = 300_000;
/// A sale is committed within so many days of its attempt, by the same clock; a basket may be kept
/// over a closed weekend.
const DAYS_APART: i64 = 7;
const DAY_MS: i64 = 86_400_000;
/// Records that may name an attempt; more would be a stranger's text.
const MAX_CANDIDATES: i64 = 20;

/// What is left to do for a reversal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Undo {
    /// Nothing: it is REVERSED.
    Done,
    /// It is REVERSAL_DUE and claimed for the caller: the acquirer must acknowledge.
    Due,
    /// It is REVERSAL_DUE and another is at it.
    UnderWay,
    /// The attempt is another terminal's, or had another amount or trace number.
    Differs,
}

/// What the acquirer said to a reversal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acknowledged {
    /// It is undone.
    Undone,
    /// It never had the original.
    NoOriginal,
}

/// What is known of an attempt that a till inquires about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Inquired {
    /// This.
    Known(Fate),
    /// It is with the acquirer at this moment.
    UnderWay,
    /// The attempt is another terminal's, or had another amount or trace number.
    Differs,
}

impl Database {
    /// Marks an attempt as REVERSAL_DUE and claims it until `until_ms`. One that is not known is
    /// REVERSED at once, so that its authorisation is refused if it comes later.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin_reversal(
        &mut self,
        request: &ReversalRequest,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<Undo, StoreError> {
        let known = self.row(
            "SELECT terminal, stan, local_time, amount_minor, currency, state,
                    claimed_until_ms > ?2
             FROM attempt WHERE attempt = ?1",
            values![request.attempt.as_bytes(), now_ms],
        )?;
        let Some(known) = known else {
            self.close_unseen(request, false, now_ms)?;
            return Ok(Undo::Done);
        };
        if !is_same(&known, request)? {
            return Ok(Undo::Differs);
        }
        match known.text(5)? {
            "REVERSED" => return Ok(Undo::Done),
            "REVERSAL_DUE" if known.flag(6)? => return Ok(Undo::UnderWay),
            _ => {}
        }
        self.execute(
            "UPDATE attempt SET state = 'REVERSAL_DUE', claimed_until_ms = ?3, changed_ms = ?2
             WHERE attempt = ?1",
            values![request.attempt.as_bytes(), now_ms, until_ms],
        )?;
        Ok(Undo::Due)
    }

    /// Claims reversals whose next try is due, the oldest first; all that a terminal has, if one is
    /// named, however long ago their last try was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claim_reversals(
        &mut self,
        terminal: Option<&str>,
        max: u32,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<Vec<ReversalRequest>, StoreError> {
        let due_ms = if terminal.is_some() { i64::MAX } else { now_ms };
        let rows = self.rows(
            "UPDATE attempt SET claimed_until_ms = ?3
             WHERE state = 'REVERSAL_DUE' AND claimed_until_ms <= ?2 AND attempt IN (
                 SELECT attempt FROM attempt
                 WHERE state = 'REVERSAL_DUE' AND next_try_ms <= ?5 AND claimed_until_ms <= ?2
                       AND terminal = coalesce(?1, terminal)
                 ORDER BY begun_ms LIMIT ?4)
             RETURNING attempt, terminal, stan, local_time, amount_minor, currency",
            values![terminal, now_ms, until_ms, max, due_ms],
        )?;
        let damaged = || StoreError::Damaged("a reversal that is none");
        rows.iter()
            .map(|row| {
                Ok(ReversalRequest {
                    attempt: attempt_of(row, 0)?,
                    terminal: row.text(1)?.parse().map_err(|_| damaged())?,
                    stan: u32::try_from(row.int(2)?).map_err(|_| damaged())?,
                    local_time: row.text(3)?.to_owned(),
                    amount_minor: row.int(4)?,
                    currency: row.text(5)?.parse().map_err(|_| damaged())?,
                })
            })
            .collect()
    }

    /// Whether a reversal of this terminal goes before anything new: one that is due and of which
    /// no operator was told yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn reversal_goes_first(&mut self, terminal: &str) -> Result<bool, StoreError> {
        let row = self.row(
            "SELECT 1 FROM attempt
             WHERE state = 'REVERSAL_DUE' AND terminal = ?1 AND reversal_tries < ?2 LIMIT 1",
            values![terminal, ALARM_TRIES],
        )?;
        Ok(row.is_some())
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

    /// Marks an attempt as REVERSED: the acquirer acknowledged. `false` if it never had an original
    /// that may still be on its way: the reversal stays due.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn finish_reversal(
        &mut self,
        attempt: AttemptId,
        said: Acknowledged,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let in_flight_ms = match said {
            Acknowledged::Undone => i64::MAX,
            Acknowledged::NoOriginal => now_ms,
        };
        self.execute(
            "UPDATE attempt SET state = 'REVERSED', claimed_until_ms = 0, changed_ms = ?2
             WHERE attempt = ?1 AND state = 'REVERSAL_DUE' AND in_flight_until_ms <= ?3",
            values![attempt.as_bytes(), now_ms, in_flight_ms],
        )?;
        let row = self.the_row(
            "SELECT state = 'REVERSED' FROM attempt WHERE attempt = ?1",
            values![attempt.as_bytes()],
        )?;
        row.flag(0)
    }

    /// Gives a claimed reversal back after a try in vain, says when it is tried next, and tells an
    /// operator after [`ALARM_TRIES`].
    ///
    /// # Errors
    /// [`StoreError`]; the claim ends by itself then.
    pub fn postpone_reversal(&mut self, attempt: AttemptId, now_ms: i64) -> Result<(), StoreError> {
        let row = self.row(
            "UPDATE attempt SET reversal_tries = reversal_tries + 1, claimed_until_ms = 0
             WHERE attempt = ?1 AND state = 'REVERSAL_DUE' RETURNING reversal_tries, terminal",
            values![attempt.as_bytes()],
        )?;
        let Some(row) = row else { return Ok(()) };
        let tries = row.int(0)?;
        self.execute(
            "UPDATE attempt SET next_try_ms = ?2 WHERE attempt = ?1",
            values![attempt.as_bytes(), now_ms + pause_ms(tries)],
        )?;
        if tries >= ALARM_TRIES {
            let what = "reversal_pending: the acquirer does not acknowledge it; it is tried on";
            self.alarm(row.text(1)?, &format!("attempt {attempt}"), what, now_ms)?;
        }
        Ok(())
    }

    /// What became of an attempt. One that is not known is closed: it will never be asked for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inquire(
        &mut self,
        request: &InquiryRequest,
        now_ms: i64,
    ) -> Result<Inquired, StoreError> {
        let named = named(request);
        let row = self.row(
            "SELECT terminal, stan, local_time, amount_minor, currency, never_seen, state, answer,
                    in_flight_until_ms > ?2
             FROM attempt WHERE attempt = ?1",
            values![request.attempt.as_bytes(), now_ms],
        )?;
        let Some(row) = row else {
            self.close_unseen(&named, true, now_ms)?;
            return Ok(Inquired::Known(Fate::NeverSeen));
        };
        if !is_same(&row, &named)? {
            return Ok(Inquired::Differs);
        }
        Ok(Inquired::Known(match standing(&row, 6)? {
            Asked::UnderWay => return Ok(Inquired::UnderWay),
            Asked::Answered(answer) => Fate::Answered { answer },
            Asked::Reversed if row.flag(5)? => Fate::NeverSeen,
            Asked::Reversed if row.text(6)? == "REVERSED" => Fate::Reversed,
            Asked::Reversed => Fate::ReversalDue,
            Asked::Unknown | Asked::New | Asked::Differs => Fate::Unknown,
        }))
    }

    /// Whether a committed sale among the records names the attempt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_committed(
        &mut self,
        request: &InquiryRequest,
        about_ms: i64,
    ) -> Result<bool, StoreError> {
        let attempt = request.attempt;
        let span = DAYS_APART * DAY_MS;
        let rows = self.rows(
            "SELECT body FROM record
             WHERE at_ms BETWEEN ?1 AND ?2 AND terminal = ?3 AND kind = 'sale' AND body LIKE ?4
             LIMIT ?5",
            values![
                about_ms - span,
                about_ms + span,
                request.terminal.as_str(),
                &format!("%{attempt}%"),
                MAX_CANDIDATES,
            ],
        )?;
        for row in &rows {
            let sale: Sale = serde_json::from_str(row.text(0)?)
                .map_err(|_| StoreError::Damaged("a sale that is none"))?;
            let names =
                |tender: &Tender| matches!(tender, Tender::Card(card) if card.attempt == attempt);
            if sale.tenders.iter().any(names) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Closes an attempt that was never asked for.
    fn close_unseen(
        &mut self,
        request: &ReversalRequest,
        never_seen: bool,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let closed = self.execute(
            "INSERT INTO attempt (attempt, terminal, stan, local_time, amount_minor, currency,
                                  state, never_seen, begun_ms, changed_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'REVERSED', ?7, ?8, ?8)
             ON CONFLICT (attempt) DO NOTHING",
            values![
                request.attempt.as_bytes(),
                request.terminal.as_str(),
                request.stan,
                request.local_time.as_str(),
                request.amount_minor,
                request.currency.alpha(),
                u32::from(never_seen),
                now_ms,
            ],
        )?;
        // Another collector was faster: what it did decides.
        match closed {
            0 => Err(StoreError::Conflict),
            _ => Ok(()),
        }
    }
}

/// An inquiry names its attempt as a reversal does.
fn named(request: &InquiryRequest) -> ReversalRequest {
    ReversalRequest {
        attempt: request.attempt,
        terminal: request.terminal.clone(),
        stan: request.stan,
        local_time: request.local_time.clone(),
        amount_minor: request.amount_minor,
        currency: request.currency,
    }
}

/// The pause after so many tries in vain.
fn pause_ms(tries: i64) -> i64 {
    let doublings = u32::try_from(tries - 1).unwrap_or_default().min(20);
    (FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS)
}
