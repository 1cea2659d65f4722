//! Data object lists: what the card asks the terminal for (EMV 4.4 Book 3 §5.4).

use sealpoint_secret::SecretBytes;
use thiserror::Error;

use crate::{
    store::Store,
    tag::{self, Format, Tag},
    tlv,
};

/// Bytes that the values of one DOL may have together, so that they fit into one command.
pub const MAX_DOL_VALUE: usize = 252;

/// Why a DOL cannot be followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum DolError {
    /// It is not a list of tags and one-byte lengths.
    #[error("it is not a list of tags and lengths (Book 3 §5.4)")]
    Malformed,
    /// It asks for more than fits into a command.
    #[error("it asks for more than 252 bytes (Book 3 §5.4)")]
    TooLong,
}

/// Tag and length of each entry.
fn entries(dol: &[u8]) -> Result<Vec<(Tag, usize)>, DolError> {
    let mut rest = dol;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (tag, behind) = tlv::split_tag(rest).ok_or(DolError::Malformed)?;
        let (length, behind) = behind.split_first().ok_or(DolError::Malformed)?;
        entries.push((tag, usize::from(*length)));
        rest = behind;
    }
    Ok(entries)
}

/// Whether a DOL asks for that element.
pub(crate) fn asks_for(dol: &[u8], wanted: Tag) -> bool {
    entries(dol).is_ok_and(|entries| entries.iter().any(|(tag, _)| *tag == wanted))
}

/// The elements that a DOL asks for; none if it is malformed.
pub(crate) fn wanted(dol: &[u8]) -> Vec<Tag> {
    entries(dol)
        .unwrap_or_default()
        .into_iter()
        .map(|(tag, _)| tag)
        .collect()
}

/// Whether a DOL asks for that element in that length.
pub(crate) fn asks_for_all_of(dol: &[u8], wanted: Tag, length: usize) -> bool {
    entries(dol).is_ok_and(|entries| entries.contains(&(wanted, length)))
}

/// The values that a DOL asks for, one after the other.
///
/// # Errors
/// [`DolError`] if the DOL is malformed or asks for too much.
pub(crate) fn build(dol: &[u8], store: &Store) -> Result<SecretBytes, DolError> {
    let mut values = SecretBytes::with_bound(MAX_DOL_VALUE);
    for (tag, length) in entries(dol)? {
        let value = store.for_card(tag).filter(|_| !tag.is_constructed());
        fit(&mut values, value, tag, length).map_err(|_| DolError::TooLong)?;
    }
    Ok(values)
}

/// Appends a value in the length asked for: numbers keep their right end, everything else its left
/// end; what is unknown is zeros (Book 3 §5.4 steps 2a to 2c).
fn fit(
    values: &mut SecretBytes,
    value: Option<&[u8]>,
    tag: Tag,
    length: usize,
) -> Result<(), sealpoint_secret::Full> {
    let value = value.unwrap_or(&[]);
    let format = tag::described(tag).map_or(Format::Other, |(_, format)| format);
    let missing = length.saturating_sub(value.len());
    let surplus = value.len().saturating_sub(length);
    let pad = [0; u8::MAX as usize];
    match format {
        Format::Numeric => {
            values.append(&pad[..missing])?;
            values.append(&value[surplus..])
        }
        Format::CompressedNumeric if !value.is_empty() => {
            values.append(&value[..value.len() - surplus])?;
            values.append(&[0xFF; u8::MAX as usize][..missing])
        }
        Format::CompressedNumeric | Format::Other => {
            values.append(&value[..value.len() - surplus])?;
            values.append(&pad[..missing])
        }
    }
}
