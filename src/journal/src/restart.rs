//! What a start finds, and what it does about attempts that a stop left open.

use rusqlite::{Row, Transaction};
use sealpoint_sale::{AttemptId, Currency, SaleId};
use sealpoint_wire::CardSummary;

use crate::attempt::{self, AttemptState, Learnt, Way};
use crate::basket::{Draft, Parked};
use crate::error::{Fault, JournalError};
use crate::open::Journal;
use crate::row;
use crate::sale::ShiftTotals;

/// Everything that the till needs to go on where it stopped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restored {
    /// The open basket.
    pub draft: Option<Draft>,
    /// The parked sales, oldest first.
    pub parked: Vec<Parked>,
    /// The shift's totals.
    pub totals: ShiftTotals,
    /// Attempts that the start settled, and reversals that still wait, oldest first.
    pub unresolved: Vec<AttemptRow>,
    /// The number for the next receipt.
    pub next_receipt_no: u64,
}

/// An attempt that a stop left open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttemptRow {
    /// The attempt.
    pub attempt: AttemptId,
    /// The sale that it was to pay for.
    pub sale: SaleId,
    /// Its trace number.
    pub stan: u32,
    /// Minor units.
    pub amount_minor: i64,
    /// Their currency.
    pub currency: Currency,
    /// When its intent was written, milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// What is known of the card.
    pub card: Option<CardSummary>,
    /// Where the start found it.
    pub found: AttemptState,
    /// Where it is since: the same for a reversal that waits.
    pub state: AttemptState,
    /// What happened and what was done, for the screen and the log.
    pub why: String,
}

impl Journal {
    /// What the start found. Attempts are as the start left them; the rest is as it is now.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    pub fn restored(&self) -> Result<Restored, JournalError> {
        Ok(Restored {
            draft: self.draft()?,
            parked: self.parked()?,
            totals: self.totals()?,
            unresolved: self.left_open.clone(),
            next_receipt_no: self.next_receipt_no()?,
        })
    }
}

/// Settles every attempt that a stop left open; those that changed, and the reversals that wait.
pub(crate) fn settle(tx: &Transaction<'_>) -> Result<Vec<AttemptRow>, Fault> {
    let mut settled = Vec::new();
    for (mut open, way) in left_open(tx)? {
        let (state, why) = match open.found {
            AttemptState::Intent => (
                AttemptState::Declined,
                "The till stopped before the acquirer was asked: nothing was charged.",
            ),
            AttemptState::Sent | AttemptState::Unknown => (
                AttemptState::ReversalDue,
                "The till stopped before it knew the acquirer's answer: the charge is being undone.",
            ),
            AttemptState::Approved if has_basket(tx, open.sale)? => continue,
            AttemptState::Approved if way == Way::Offline => {
                let why = "The card was charged without its issuer but its sale is gone: nobody is told of the charge.";
                attempt::offline::undo(tx, open.attempt, why)?;
                (open.state, open.why) = (AttemptState::Declined, why.to_owned());
                settled.push(open);
                continue;
            }
            AttemptState::Approved => (
                AttemptState::ReversalDue,
                "The card was charged but its sale is gone: the charge is being undone.",
            ),
            // Queued before; the reason stands.
            _ => {
                settled.push(open);
                continue;
            }
        };
        attempt::step(tx, open.attempt, state, &Learnt::why(why))?;
        tracing::warn!(attempt = %open.attempt, found = %open.found, now = %state, "attempt settled at start");
        (open.state, open.why) = (state, why.to_owned());
        settled.push(open);
    }
    Ok(settled)
}

/// Every attempt that is not over, and its way; but for those whose fate a restore left to the
/// collector or a person.
fn left_open(tx: &Transaction<'_>) -> Result<Vec<(AttemptRow, Way)>, Fault> {
    let mut query = tx.prepare(
        "SELECT * FROM attempt
         WHERE state IN ('INTENT', 'SENT', 'UNKNOWN', 'APPROVED', 'REVERSAL_DUE')
             AND NOT (state = 'UNKNOWN' AND way = 'restored')
         ORDER BY number",
    )?;
    let rows = query.query_map([], |row| {
        Ok((attempt_row(row)?, row::word(row, "way", Way::from_word)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether the open or a parked basket holds the tender of this sale.
fn has_basket(tx: &Transaction<'_>, sale: SaleId) -> Result<bool, Fault> {
    Ok(row::exists(
        tx,
        "SELECT 1 FROM draft WHERE sale = ?1 UNION ALL SELECT 1 FROM parked WHERE sale = ?1",
        [sale.as_bytes()],
    )?)
}

fn attempt_row(row: &Row<'_>) -> rusqlite::Result<AttemptRow> {
    let state = row::word(row, "state", AttemptState::from_word)?;
    Ok(AttemptRow {
        attempt: AttemptId::new(row::uuid(row, "id")?),
        sale: SaleId::new(row::uuid(row, "sale")?),
        stan: row.get("stan")?,
        amount_minor: row.get("amount_minor")?,
        currency: row::currency(row)?,
        at_ms: row.get("at_ms")?,
        card: row::card(row)?,
        found: state,
        state,
        why: row.get::<_, Option<String>>("why")?.unwrap_or_default(),
    })
}
