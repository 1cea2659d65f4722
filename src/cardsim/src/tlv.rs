//! BER-TLV writing and data object lists, the card's side (EMV 4.4 Book 3,
//! Annex B and section 5.4).

use std::collections::BTreeMap;

/// The most bytes a data object list may ask for: one short command's data.
pub const DOL_BYTES_MAX: usize = 252;

/// One data object: tag, length, value. Tags have one or two bytes; the
/// length is written in the shortest form.
///
/// A value longer than 65,535 bytes cannot occur on a card: profiles are
/// bounded when they are read.
#[must_use]
pub fn object(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = tag_bytes(tag);
    let [high, low] = u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes();
    match (high, low) {
        (0, 0..=0x7F) => bytes.push(low),
        (0, _) => bytes.extend([0x81, low]),
        _ => bytes.extend([0x82, high, low]),
    }
    bytes.extend_from_slice(value);
    bytes
}

/// A template: a data object whose value is other data objects.
#[must_use]
pub fn template(tag: u16, objects: &[Vec<u8>]) -> Vec<u8> {
    object(tag, &objects.concat())
}

fn tag_bytes(tag: u16) -> Vec<u8> {
    match tag.to_be_bytes() {
        [0, low] => vec![low],
        both => both.to_vec(),
    }
}

/// A data object list: which elements the terminal must hand over, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dol(Vec<(u16, usize)>);

/// The bytes aren't a data object list that a short command can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this isn't a data object list; write tag and length pairs such as 9F02069F1A02, in all at most 252 bytes of data"
)]
pub struct DolError;

impl Dol {
    /// Reads tag and length pairs.
    ///
    /// # Errors
    /// [`DolError`] on a cut-off pair, a tag of more than two bytes, a length
    /// of more than one byte, or more data than a short command carries.
    pub fn parse(mut bytes: &[u8]) -> Result<Self, DolError> {
        let mut entries = Vec::new();
        while let Some((&first, rest)) = bytes.split_first() {
            let (tag, rest) = if first & 0x1F == 0x1F {
                let (&second, rest) = rest.split_first().ok_or(DolError)?;
                if second & 0x80 != 0 {
                    return Err(DolError);
                }
                (u16::from_be_bytes([first, second]), rest)
            } else {
                (u16::from(first), rest)
            };
            let (&length, rest) = rest.split_first().ok_or(DolError)?;
            if length & 0x80 != 0 {
                return Err(DolError);
            }
            entries.push((tag, usize::from(length)));
            bytes = rest;
        }
        let dol = Self(entries);
        if dol.data_length() > DOL_BYTES_MAX {
            Err(DolError)
        } else {
            Ok(dol)
        }
    }

    /// How many bytes the terminal must send.
    #[must_use]
    pub fn data_length(&self) -> usize {
        self.0.iter().map(|(_, length)| length).sum()
    }

    /// Splits the terminal's data into `elements`; false, and nothing taken,
    /// if they aren't exactly as long as the list says.
    pub fn take(&self, mut data: &[u8], elements: &mut BTreeMap<u16, Vec<u8>>) -> bool {
        if data.len() != self.data_length() {
            return false;
        }
        for (tag, length) in &self.0 {
            let (value, rest) = data.split_at(*length);
            elements.insert(*tag, value.to_vec());
            data = rest;
        }
        true
    }
}
