//! The acquirer's batch: CSV with a head line, or a JSON array of objects, with the same names.

use std::io::Read;

use sealpoint_wire::AttemptId;
use serde::Deserialize;

/// At most so many bytes of a batch.
pub const MAX_BATCH_FILE: u64 = 256 * 1024 * 1024;

/// A line of the batch; columns of other names are passed over.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Captured {
    /// The attempt.
    pub attempt: AttemptId,
    /// The terminal (DE 41).
    pub terminal: String,
    /// What was captured, minor units.
    pub amount_minor: i64,
    /// ISO 4217 code of it.
    pub currency: String,
}

/// Why a file is no batch.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// It is longer than [`MAX_BATCH_FILE`].
    #[error("The batch is larger than 256 MiB. Give one day's alone.")]
    TooLarge,
    /// It cannot be read.
    #[error("The batch cannot be read ({0}). Check the file.")]
    Unreadable(std::io::Error),
    /// A line is none.
    #[error(
        "The batch has a line that is none, at line {0}. It needs the columns attempt, terminal, amount_minor and currency."
    )]
    Line(u64),
}

/// Reads a batch, whichever of the two it is.
///
/// # Errors
/// [`BatchError`] with the line.
pub fn read(from: impl Read) -> Result<Vec<Captured>, BatchError> {
    let mut text = String::new();
    from.take(MAX_BATCH_FILE + 1)
        .read_to_string(&mut text)
        .map_err(BatchError::Unreadable)?;
    if text.len() as u64 > MAX_BATCH_FILE {
        return Err(BatchError::TooLarge);
    }
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(&text).map_err(|error| BatchError::Line(error.line() as u64));
    }
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(|line| {
            line.map_err(|error: csv::Error| {
                BatchError::Line(error.position().map_or(1, csv::Position::line))
            })
        })
        .collect()
}
