//! What was open in the backup that a journal was restored from.
//!
//! The backup is older than the till that it replaces: a sale may have been committed with the
//! attempt since, or not. So no machine undoes it, and none lets it pay for a sale. The collector is
//! asked what became of it; what it cannot tell stays a person's work.

use rusqlite::{OptionalExtension, Row};
use sealpoint_sale::AttemptId;
use sealpoint_wire::{Fate, HostDecision, InquiryRequest, TerminalId};

use crate::attempt::{self, AttemptState, Learnt, Way};
use crate::error::JournalError;
use crate::open::Journal;
use crate::{advice, row, work};

impl Journal {
    /// Restored attempts whose fate is to be asked for, oldest first, at most `max`.
    ///
    /// # Errors
    /// [`JournalError`] if they cannot be read.
    pub fn inquiries_due(&self, max: usize) -> Result<Vec<InquiryRequest>, JournalError> {
        self.read("read the restored attempts", |db| {
            let mut query = db.prepare_cached(
                "SELECT * FROM attempt WHERE state = 'UNKNOWN' AND way = 'restored'
                     AND number IN (SELECT attempt FROM work_item WHERE closed_at_ms IS NULL)
                 ORDER BY number LIMIT ?1",
            )?;
            let limit = i64::try_from(max).unwrap_or(i64::MAX);
            let rows = query.query_map([limit], |row| inquiry(row, &self.terminal))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Takes what the collector knows of a restored attempt; where that says enough, its work item is
    /// closed. Where the acquirer approved and the collector holds no sale of it, it says not enough:
    /// the sale's record may have been lost with the till. Nor does it where it holds the sale and has
    /// undone its charge: the goods are gone; nor where it never saw a charge without the issuer. For any other attempt nothing happens.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be written.
    pub fn write_inquired(
        &mut self,
        attempt: AttemptId,
        fate: &Fate,
        committed: bool,
    ) -> Result<(), JournalError> {
        let (state, how) = match fate {
            Fate::Reversed | Fate::ReversalDue if committed => return Ok(()),
            _ if committed => (
                AttemptState::Committed,
                "The collector holds the sale that it paid for.",
            ),
            Fate::NeverSeen => (
                AttemptState::Declined,
                "The collector never saw it: nothing was charged.",
            ),
            Fate::Answered { answer } if answer.decision == HostDecision::Declined => (
                AttemptState::Declined,
                "The issuer declined it: nothing was charged.",
            ),
            Fate::Reversed | Fate::ReversalDue => {
                (AttemptState::ReversalDue, "The collector undoes it.")
            }
            Fate::Answered { .. } | Fate::Unknown => return Ok(()),
        };
        self.erase("write what became of a restored attempt", |tx| {
            let restored = tx
                .prepare_cached(
                    "SELECT 1 FROM attempt WHERE id = ?1 AND state = 'UNKNOWN' AND way = 'restored'",
                )?
                .query_row([attempt.as_bytes()], |_| Ok(()))
                .optional()?;
            // Nobody was to be told of a charge without the issuer before its sale was committed.
            let says_nothing = *fate == Fate::NeverSeen
                && state == AttemptState::Declined
                && advice::of_attempt(tx, attempt)?;
            if restored.is_none() || says_nothing {
                return Ok(());
            }
            let learnt = Learnt {
                way: Some(Way::Restored),
                ..Learnt::why(how)
            };
            let number = attempt::step(tx, attempt, state, &learnt)?.number;
            if state != AttemptState::Committed {
                advice::erase(tx, number)?;
            }
            work::settled_by_machine(tx, number, how)
        })
    }
}

fn inquiry(row: &Row<'_>, terminal: &TerminalId) -> rusqlite::Result<InquiryRequest> {
    Ok(InquiryRequest {
        attempt: AttemptId::new(row::uuid(row, "id")?),
        terminal: terminal.clone(),
        stan: row.get("stan")?,
        local_time: row.get("local_time")?,
        amount_minor: row.get("amount_minor")?,
        currency: row::currency(row)?,
    })
}
