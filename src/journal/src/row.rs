//! Values as columns hold them.

use std::error::Error;

use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Params, Row, Transaction};
use sealpoint_sale::{Currency, MAX_MINOR, SaleId};
use sealpoint_wire::{CardSummary, Record, RecordHash, RecordId, RecordKind, TerminalId};
use serde::de::IgnoredAny;
use uuid::Uuid;

use crate::error::JournalError;

/// At most this many bytes of a reason; the rest is cut off, for it is only read by people.
const MAX_WHY: usize = 500;

/// The UUID in a column of 16 bytes.
pub(crate) fn uuid(row: &Row<'_>, column: &str) -> rusqlite::Result<Uuid> {
    Ok(Uuid::from_bytes(row.get(column)?))
}

/// What the word in a column names.
pub(crate) fn word<T>(
    row: &Row<'_>,
    column: &str,
    from_word: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let word: String = row.get(column)?;
    from_word(&word).ok_or_else(|| misread(row, column, UnknownWord))
}

/// The currency of an attempt.
pub(crate) fn currency(row: &Row<'_>) -> rusqlite::Result<Currency> {
    word(row, "currency", |alpha| alpha.parse().ok())
}

/// What is known of an attempt's card.
pub(crate) fn card(row: &Row<'_>) -> rusqlite::Result<Option<CardSummary>> {
    let card: Option<String> = row.get("card")?;
    let card = card.map(|json| serde_json::from_str(&json)).transpose();
    card.map_err(|why| misread(row, "card", why))
}

/// A column that has to hold something and does not.
#[derive(Debug, thiserror::Error)]
#[error("a column holds nothing where something has to be. Restore the last backup.")]
pub(crate) struct Missing;

/// A stored word that this release does not know.
#[derive(Debug, thiserror::Error)]
#[error("a column holds a word that this release does not know. Restore the last backup.")]
struct UnknownWord;

/// A column that counts.
pub(crate) fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|why| misread(row, column, why))
}

/// A column that counts, or holds nothing.
pub(crate) fn maybe_count(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    let number: Option<i64> = row.get(column)?;
    number
        .map(|number| u64::try_from(number).map_err(|why| misread(row, column, why)))
        .transpose()
}

/// A row of `record`, in an epoch of this terminal.
pub(crate) fn record(row: &Row<'_>, terminal: &TerminalId) -> rusqlite::Result<Record> {
    Ok(Record {
        id: RecordId::new(uuid(row, "id")?),
        terminal: terminal.clone(),
        epoch: row.get("epoch")?,
        seq: count(row, "seq")?,
        kind: word(row, "kind", RecordKind::from_word)?,
        sale: SaleId::new(uuid(row, "sale")?),
        at_ms: row.get("at_ms")?,
        body: row.get("body")?,
        hash: RecordHash::new(row.get("hash")?),
        clock_behind_ms: maybe_count(row, "clock_behind_ms")?,
    })
}

/// The error for a column that does not hold what it promises; the value is not in it.
pub(crate) fn misread(
    row: &Row<'_>,
    column: &str,
    why: impl Error + Send + Sync + 'static,
) -> rusqlite::Error {
    let index = row.as_ref().column_index(column).unwrap_or_default();
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(why))
}

/// Whether a query finds anything.
pub(crate) fn exists(
    tx: &Transaction<'_>,
    sql: &str,
    params: impl Params,
) -> rusqlite::Result<bool> {
    Ok(tx
        .prepare_cached(sql)?
        .query_row(params, |_| Ok(()))
        .optional()?
        .is_some())
}

/// Refuses a text over its bound.
pub(crate) fn bounded(what: &'static str, text: &str, max: usize) -> Result<(), JournalError> {
    match text.len() {
        bytes if bytes > max => Err(JournalError::TooLarge { what, bytes, max }),
        _ => Ok(()),
    }
}

/// Refuses a text that is over its bound or no JSON.
pub(crate) fn json(what: &'static str, text: &str, max: usize) -> Result<(), JournalError> {
    bounded(what, text, max)?;
    serde_json::from_str::<IgnoredAny>(text)
        .map(drop)
        .map_err(|_| JournalError::NotJson(what))
}

/// Refuses an amount that no sale can hold.
pub(crate) fn amount(what: &'static str, minor: i64) -> Result<(), JournalError> {
    match (-MAX_MINOR..=MAX_MINOR).contains(&minor) {
        true => Ok(()),
        false => Err(JournalError::AmountOutOfRange(what)),
    }
}

/// A reason, cut to its bound between two characters.
pub(crate) fn reason(why: &str) -> &str {
    &why[..why.floor_char_boundary(MAX_WHY)]
}
