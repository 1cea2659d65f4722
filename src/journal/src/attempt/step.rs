//! One step of an attempt, and what its sale may not do meanwhile.

use rusqlite::{OptionalExtension, Transaction};
use sealpoint_sale::{AttemptId, SaleId};

use super::AttemptState;
use crate::error::{Fault, JournalError};
use crate::row;

/// What a step adds to an attempt; what is `None` stays as it is.
#[derive(Default)]
pub(crate) struct Learnt<'a> {
    pub(super) card: Option<&'a str>,
    pub(super) approval_code: Option<&'a str>,
    pub(super) emv: Option<&'a str>,
    pub(super) why: Option<&'a str>,
}

impl<'a> Learnt<'a> {
    pub(crate) fn why(why: &'a str) -> Self {
        Self {
            why: Some(row::reason(why)),
            ..Self::default()
        }
    }
}

/// Takes one step if it is legal; the attempt's sale.
pub(crate) fn step(
    tx: &Transaction<'_>,
    attempt: AttemptId,
    wanted: AttemptState,
    learnt: &Learnt<'_>,
) -> Result<SaleId, Fault> {
    let stepped = tx
        .prepare_cached(
            "UPDATE attempt SET state = ?2, card = coalesce(?3, card),
                 approval_code = coalesce(?4, approval_code), emv = coalesce(?5, emv),
                 why = coalesce(?6, why)
             WHERE id = ?1 AND state IN (SELECT found FROM attempt_step WHERE wanted = ?2)
             RETURNING sale",
        )?
        .query_row(
            (
                attempt.as_bytes(),
                wanted.word(),
                learnt.card,
                learnt.approval_code,
                learnt.emv,
                learnt.why,
            ),
            |row| row::uuid(row, "sale"),
        )
        .optional()?;
    match stepped {
        Some(sale) => Ok(SaleId::new(sale)),
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
             WHERE sale = ?1 AND state IN ('INTENT', 'SENT', 'UNKNOWN')",
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

/// The approved attempts of `sale` and their amounts.
pub(crate) fn approved(tx: &Transaction<'_>, sale: SaleId) -> Result<Vec<(AttemptId, i64)>, Fault> {
    let mut query = tx.prepare_cached(
        "SELECT id, amount_minor FROM attempt WHERE sale = ?1 AND state = 'APPROVED'",
    )?;
    let rows = query.query_map([sale.as_bytes()], |row| {
        Ok((
            AttemptId::new(row::uuid(row, "id")?),
            row.get("amount_minor")?,
        ))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
