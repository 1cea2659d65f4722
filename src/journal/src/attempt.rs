//! Attempts to charge a card, and the ways they may go.
//!
//! | from | to |
//! |---|---|
//! | INTENT | SENT, DECLINED |
//! | SENT | APPROVED, DECLINED, UNKNOWN, REVERSAL_DUE |
//! | UNKNOWN | APPROVED, DECLINED, REVERSAL_DUE |
//! | APPROVED | COMMITTED, REVERSAL_DUE |
//! | REVERSAL_DUE | REVERSED |
//!
//! Without the issuer ([`offline`]) an attempt goes from INTENT or SENT to APPROVED and then to
//! COMMITTED, or to DECLINED if its sale was voided. In a journal that was restored from a backup
//! ([`crate::restored`]) what was open becomes UNKNOWN until it is known or a person says.
//!
//! The legal steps are rows of the table `attempt_step`; each change of state is one UPDATE that
//! joins it, so a step that is not there changes no row and is an error.

mod guard;
pub(crate) mod offline;
mod proof;
mod state;
mod step;

use rusqlite::{OptionalExtension, Row};
use sealpoint_sale::{AttemptId, MAX_MINOR};
use sealpoint_wire::lane::EmvResult;
use sealpoint_wire::{CardSummary, ReversalRequest};

use crate::error::{Fault, JournalError};
use crate::open::Journal;
use crate::work::{self, WorkKind};
use crate::{basket, clock, outbox, row};

pub use guard::{CardKey, RecentCharge};
pub use offline::OfflineCharge;
pub use proof::{Intent, IntentWritten, SentWritten};
pub use state::AttemptState;
pub(crate) use state::Way;
pub(crate) use step::{Learnt, Paid, approved, refuse_paid, refuse_unresolved, step};

/// At most this many reversals are listed at a time; the rest follow as they are acknowledged.
const MAX_REVERSALS: u32 = 100;
/// At most this many digits of a PAN may be stored: the first six and the last four.
const MAX_PAN_DIGITS: usize = 10;
/// Letters and digits of an approval code (ISO 8583 DE 38).
const MAX_APPROVAL_CODE: usize = 6;

impl Journal {
    /// INTENT: mints the trace number and writes it with what is to be charged.
    ///
    /// # Errors
    /// [`JournalError`] for an amount or local time out of range, a sale without a saved basket or
    /// with an unresolved attempt, an attempt id that exists, an outbox with no room for card
    /// sales, or if it cannot be written.
    pub fn write_intent(&mut self, intent: &Intent) -> Result<IntentWritten, JournalError> {
        if !(1..=MAX_MINOR).contains(&intent.amount_minor) {
            return Err(JournalError::AmountOutOfRange("card amount"));
        }
        if intent.local_time.len() != 14 || !intent.local_time.bytes().all(|b| b.is_ascii_digit()) {
            return Err(JournalError::BadLocalTime);
        }
        let stan = self.commit("write the intent", |tx| {
            basket::refuse_committed(tx, intent.sale)?;
            if basket::open_sale(tx)? != Some(intent.sale) {
                return Err(JournalError::NoDraft(intent.sale).into());
            }
            refuse_unresolved(tx, intent.sale)?;
            outbox::refuse_over(tx, outbox::MAX_OUTBOX_FOR_CARDS)?;
            clock::seen(tx, intent.at_ms)?;
            let id = intent.attempt.as_bytes();
            if row::exists(tx, "SELECT 1 FROM attempt WHERE id = ?1", [id])? {
                return Err(JournalError::AttemptExists(intent.attempt).into());
            }
            let stan: u32 = tx.query_row(
                "UPDATE terminal SET last_stan = last_stan % 999999 + 1 RETURNING last_stan",
                [],
                |row| row.get(0),
            )?;
            tx.prepare_cached(
                "INSERT INTO attempt (id, sale, stan, amount_minor, currency, local_time, at_ms, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'INTENT')",
            )?
            .execute((
                id,
                intent.sale.as_bytes(),
                stan,
                intent.amount_minor,
                intent.currency.alpha(),
                &intent.local_time,
                intent.at_ms,
            ))?;
            Ok(stan)
        })?;
        Ok(IntentWritten {
            intent: intent.clone(),
            stan,
        })
    }

    /// INTENT → SENT, with what may be stored of the card.
    ///
    /// # Errors
    /// [`JournalError`] if the attempt is not INTENT, if the summary holds more of the card number
    /// than may be stored, or if it cannot be written.
    pub fn write_sent(
        &mut self,
        attempt: AttemptId,
        card: &CardSummary,
    ) -> Result<SentWritten, JournalError> {
        let (card, key) = (storable(card)?, CardKey::of(card));
        self.commit("mark the attempt as sent", |tx| {
            let learnt = Learnt {
                way: Some(Way::Online),
                card: Some(&card),
                ..Learnt::default()
            };
            let sent = step(tx, attempt, AttemptState::Sent, &learnt)?;
            guard::keep(tx, sent.number, &key)
        })?;
        Ok(SentWritten { attempt })
    }

    /// SENT or UNKNOWN → APPROVED: the host and the card approved, less than was asked for where
    /// `approved_minor` says so. `draft`, the sale's basket with the tender in it, is saved in the
    /// same commit.
    ///
    /// # Errors
    /// [`JournalError`] if the attempt is neither, if more was approved than was asked for or
    /// nothing, if the basket is refused (see [`Journal::save_draft`]), or if it cannot be written.
    pub fn write_approved(
        &mut self,
        attempt: AttemptId,
        approved_minor: Option<i64>,
        approval_code: &str,
        emv: Option<&EmvResult>,
        draft: &str,
    ) -> Result<(), JournalError> {
        row::bounded("approval code", approval_code, MAX_APPROVAL_CODE)?;
        let emv = emv.map(emv_json).transpose()?;
        let learnt = Learnt {
            way: Some(Way::Online),
            approval_code: Some(approval_code),
            emv: emv.as_deref(),
            ..Learnt::default()
        };
        self.commit("write the approval", |tx| {
            let stepped = step(tx, attempt, AttemptState::Approved, &learnt)?;
            match approved_minor {
                Some(minor) if !(1..=stepped.amount_minor).contains(&minor) => {
                    return Err(JournalError::AmountOutOfRange("approved amount").into());
                }
                Some(minor) if minor < stepped.amount_minor => {
                    tx.prepare_cached("UPDATE attempt SET approved_minor = ?2 WHERE number = ?1")?
                        .execute((stepped.number, minor))?;
                }
                _ => {}
            }
            basket::put_draft(tx, stepped.sale, draft)
        })
    }

    /// INTENT, SENT or UNKNOWN → DECLINED: nothing was charged, nothing is to be undone. `why` is
    /// cut to 500 bytes.
    ///
    /// # Errors
    /// [`JournalError`] if the attempt is none of these, or if it cannot be written.
    pub fn write_declined(&mut self, attempt: AttemptId, why: &str) -> Result<(), JournalError> {
        self.commit("write the decline", |tx| {
            step(tx, attempt, AttemptState::Declined, &Learnt::why(why)).map(drop)
        })
    }

    /// SENT → UNKNOWN: the host may have approved. While the card is in, an inquiry may still tell; a
    /// start makes it REVERSAL_DUE.
    ///
    /// # Errors
    /// [`JournalError`] if the attempt is not SENT, or if it cannot be written.
    pub fn write_unknown(&mut self, attempt: AttemptId, why: &str) -> Result<(), JournalError> {
        self.commit("write the unknown fate", |tx| {
            step(tx, attempt, AttemptState::Unknown, &Learnt::why(why)).map(drop)
        })
    }

    /// SENT, UNKNOWN or APPROVED → REVERSAL_DUE: queued before anything else financial. `draft`,
    /// the sale's basket without the tender, is saved in the same commit; without one the basket stays
    /// as it is.
    ///
    /// # Errors
    /// [`JournalError`] if the attempt is none of these, the basket is refused (see
    /// [`Journal::save_draft`]), or it cannot be written.
    pub fn write_reversal_due(
        &mut self,
        attempt: AttemptId,
        why: &str,
        draft: Option<&str>,
    ) -> Result<(), JournalError> {
        self.commit("queue the reversal", |tx| {
            let due = step(tx, attempt, AttemptState::ReversalDue, &Learnt::why(why))?;
            draft.map_or(Ok(()), |draft| basket::put_draft(tx, due.sale, draft))
        })
    }

    /// REVERSAL_DUE → REVERSED: the acquirer acknowledged. Saying so again is no error, for the
    /// reversal may have been sent twice. What a person was to do about it is closed.
    ///
    /// # Errors
    /// [`JournalError`] if the attempt is neither, or if it cannot be written.
    pub fn write_reversed(&mut self, attempt: AttemptId) -> Result<(), JournalError> {
        self.commit("write the reversal's acknowledgement", |tx| {
            match step(tx, attempt, AttemptState::Reversed, &Learnt::default()) {
                Err(Fault::Refused(JournalError::IllegalStep {
                    found: AttemptState::Reversed,
                    ..
                })) => Ok(()),
                stepped => work::settled_by_machine(
                    tx,
                    stepped?.number,
                    "The acquirer acknowledged the reversal.",
                ),
            }
        })
    }

    /// Counts one more try of a reversal that was not acknowledged; how many there were, over every
    /// start of the till. 0 if none is due.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be written.
    pub fn count_reversal_try(&mut self, attempt: AttemptId) -> Result<u32, JournalError> {
        self.commit("count the reversal's tries", |tx| {
            let tries = tx
                .prepare_cached(
                    "UPDATE attempt SET reversal_tries = min(reversal_tries + 1, 4294967295)
                     WHERE id = ?1 AND state = 'REVERSAL_DUE' RETURNING reversal_tries",
                )?
                .query_row([attempt.as_bytes()], |row| row.get("reversal_tries"))
                .optional()?;
            Ok(tries.unwrap_or_default())
        })
    }

    /// The collector will never take this reversal: a person has to settle it with the acquirer. It
    /// stays due, and is offered on.
    ///
    /// # Errors
    /// [`JournalError`] if there is no such attempt, or if it cannot be written.
    pub fn write_reversal_refused(
        &mut self,
        attempt: AttemptId,
        why: &str,
        now_ms: i64,
    ) -> Result<(), JournalError> {
        self.commit("note the refused reversal", |tx| {
            let due = tx
                .prepare_cached(
                    "SELECT number FROM attempt WHERE id = ?1 AND state = 'REVERSAL_DUE'",
                )?
                .query_row([attempt.as_bytes()], |row| row.get("number"))
                .optional()?;
            match due {
                Some(number) => work::open(tx, number, WorkKind::ReversalRefused, why, now_ms),
                // Acknowledged meanwhile.
                None => Ok(()),
            }
        })
    }

    /// Reversals that are due, oldest first, at most 100. Each is offered again with the same trace
    /// number until [`Journal::write_reversed`].
    ///
    /// # Errors
    /// [`JournalError`] if they cannot be read.
    pub fn reversals_due(&self) -> Result<Vec<ReversalRequest>, JournalError> {
        self.read("read the reversals", |db| {
            let mut query = db.prepare_cached(
                "SELECT * FROM attempt WHERE state = 'REVERSAL_DUE' ORDER BY number LIMIT ?1",
            )?;
            let rows = query.query_map([MAX_REVERSALS], |row| self.reversal(row))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn reversal(&self, row: &Row<'_>) -> rusqlite::Result<ReversalRequest> {
        Ok(ReversalRequest {
            attempt: AttemptId::new(row::uuid(row, "id")?),
            terminal: self.terminal.clone(),
            stan: row.get("stan")?,
            local_time: row.get("local_time")?,
            amount_minor: row.get("amount_minor")?,
            currency: row::currency(row)?,
        })
    }
}

/// The summary as JSON, unless it holds more of the card number than PCI DSS 3.4.1 allows. The
/// lane truncates; this is the last gate before the disk.
fn storable(card: &CardSummary) -> Result<String, JournalError> {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    if digits(&card.truncated_pan) > MAX_PAN_DIGITS
        || digits(&card.last4) > 4
        || digits(&card.label) > MAX_PAN_DIGITS
    {
        return Err(JournalError::TooMuchOfCard);
    }
    serde_json::to_string(card).map_err(|_| JournalError::NotJson("card summary"))
}

/// EMV results as the journal stores them.
fn emv_json(emv: &EmvResult) -> Result<String, JournalError> {
    serde_json::to_string(emv).map_err(|_| JournalError::NotJson("EMV result"))
}
