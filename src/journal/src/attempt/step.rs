//! One step of an attempt, and what its sale may not do meanwhile.

use rusqlite::{OptionalExtension, Transaction};
use sealpoint_sale::{AttemptId, SaleId};

use super::{AttemptState, Way};
use crate::error::{Fault, JournalError};
use crate::row;

/// What a step adds to an attempt; what is `None` stays as it is.
#[derive(Default)]
pub(crate) struct Learnt<'a> {
    /// The way that the attempt takes from here; its own without one.
    pub(crate) way: Option<Way>,
    pub(crate) card: Option<&'a str>,
    pub(crate) approval_code: Option<&'a str>,
    pub(crate) emv: Option<&'a str>,
    pub(crate) why: Option<&'a str>,
}

impl<'a> Learnt<'a> {
    /// Where the issuer was asked or is about to be, for this reason.
    pub(crate) fn why(why: &'a str) -> Self {
        Self {
            way: Some(Way::Online),
            why: Some(row::reason(why)),
            ..Self::default()
        }
    }
}

/// An attempt that took a step.
pub(crate) struct Stepped {
    /// Its place in the order of all attempts.
    pub(crate) number: i64,
    /// The sale that it is to pay for.
    pub(crate) sale: SaleId,
    /// What was asked for, minor units.
    pub(crate) amount_minor: i64,
}

/// Takes one step if it is legal.
pub(crate) fn step(
    tx: &Transaction<'_>,
    attempt: AttemptId,
    wanted: AttemptState,
    learnt: &Learnt<'_>,
) -> Result<Stepped, Fault> {
    let stepped = tx
        .prepare_cached(
            "UPDATE attempt SET state = ?2, way = coalesce(?3, way), card = coalesce(?4, card),
                 approval_code = coalesce(?5, approval_code), emv = coalesce(?6, emv),
                 why = coalesce(?7, why)
             WHERE id = ?1 AND (state, way, ?2, coalesce(?3, way)) IN
                 (SELECT found, found_way, wanted, wanted_way FROM attempt_step)
             RETURNING number, sale, amount_minor",
        )?
        .query_row(
            (
                attempt.as_bytes(),
                wanted.word(),
                learnt.way.map(Way::word),
                learnt.card,
                learnt.approval_code,
                learnt.emv,
                learnt.why,
            ),
            |row| {
                Ok(Stepped {
                    number: row.get("number")?,
                    sale: SaleId::new(row::uuid(row, "sale")?),
                    amount_minor: row.get("amount_minor")?,
                })
            },
        )
        .optional()?;
    match stepped {
        Some(stepped) => Ok(stepped),
        None => Err(why_not(tx, attempt, wanted)?.into()),
    }
}

/// Why a step changed no row.
fn why_not(
    tx: &Transaction<'_>,
    attempt: AttemptId,
    wanted: AttemptState,
) -> Result<JournalError, Fault> {
    let found = tx
        .query_row(
            "SELECT state FROM attempt WHERE id = ?1",
            [attempt.as_bytes()],
            |row| row::word(row, "state", AttemptState::from_word),
        )
        .optional()?;
    Ok(match found {
        Some(found) => JournalError::IllegalStep {
            attempt,
            found,
            wanted,
        },
        None => JournalError::UnknownAttempt(attempt),
    })
}

/// Refuses while an attempt for `sale` may still charge.
pub(crate) fn refuse_unresolved(tx: &Transaction<'_>, sale: SaleId) -> Result<(), Fault> {
    let unresolved = tx
        .prepare_cached(
            "SELECT id, state FROM attempt
             WHERE sale = ?1 AND state IN ('INTENT', 'SENT', 'UNKNOWN') AND way <> 'restored'",
        )?
        .query_row([sale.as_bytes()], |row| {
            let state = row::word(row, "state", AttemptState::from_word)?;
            Ok((AttemptId::new(row::uuid(row, "id")?), state))
        })
        .optional()?;
    match unresolved {
        Some((attempt, state)) => Err(JournalError::Unresolved {
            sale,
            attempt,
            state,
        }
        .into()),
        None => Ok(()),
    }
}

/// Refuses while a card has paid for `sale`.
pub(crate) fn refuse_paid(tx: &Transaction<'_>, sale: SaleId) -> Result<(), Fault> {
    match approved(tx, sale)?.is_empty() {
        true => Ok(()),
        false => Err(JournalError::CardHasPaid(sale).into()),
    }
}

/// An attempt that has paid for an open sale.
pub(crate) struct Paid {
    pub(crate) attempt: AttemptId,
    /// What was approved, minor units: all that was asked for, or less.
    pub(crate) minor: i64,
    pub(crate) way: Way,
}

/// The approved attempts of `sale`.
pub(crate) fn approved(tx: &Transaction<'_>, sale: SaleId) -> Result<Vec<Paid>, Fault> {
    let mut query = tx.prepare_cached(
        "SELECT id, coalesce(approved_minor, amount_minor) AS minor, way FROM attempt
         WHERE sale = ?1 AND state = 'APPROVED'",
    )?;
    let rows = query.query_map([sale.as_bytes()], |row| {
        Ok(Paid {
            attempt: AttemptId::new(row::uuid(row, "id")?),
            minor: row.get("minor")?,
            way: row::word(row, "way", Way::from_word)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
