//! A message: a type and data elements, each of which fits its table.

use core::fmt;
use std::collections::BTreeMap;

use crate::mti::Mti;
use crate::table::{Edition, Length, Table, de};

/// Where in a message something is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The TPDU before the message.
    Tpdu,
    /// The message type identifier.
    Type,
    /// A bitmap.
    Bitmap,
    /// This data element.
    De(u8),
    /// Behind the last data element.
    End,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tpdu => f.write_str("the TPDU"),
            Self::Type => f.write_str("the message type"),
            Self::Bitmap => f.write_str("the bitmap"),
            Self::De(de) => write!(f, "DE {de}"),
            Self::End => f.write_str("the end"),
        }
    }
}

/// What is wrong there. Never says what the content was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Why {
    /// The message ends before it does.
    #[error("{missing} bytes are missing")]
    Short {
        /// How many more it would take.
        missing: usize,
    },
    /// The profile has no such element or type.
    #[error("this profile has none")]
    NotInProfile,
    /// Another edition of the standard.
    #[error("it belongs to another edition of ISO 8583")]
    Version,
    /// The length prefix holds something other than digits.
    #[error("its length is not written in digits")]
    LengthDigits,
    /// Too long or too short for the table.
    #[error("it is {len} long where {rule} fits")]
    Length {
        /// How long it is.
        len: usize,
        /// What fits.
        rule: Length,
    },
    /// A character that the element may not hold.
    #[error("it holds a character that it may not")]
    Alphabet,
    /// The right form, but no such date, number or code exists.
    #[error("its value is not a possible one")]
    Value,
    /// The fill before an odd count of packed digits is not zero.
    #[error("its fill is not zero")]
    Fill,
    /// Needed for this type of message, and absent.
    #[error("it is absent")]
    Absent,
    /// Bytes that no bitmap announces.
    #[error("{extra} bytes follow that no bitmap announces")]
    Extra {
        /// How many.
        extra: usize,
    },
}

/// A message cannot be read or written: where and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("The ISO 8583 message is wrong at {place}: {why}. Compare both sides' field tables.")]
pub struct MessageError {
    /// Where.
    pub place: Place,
    /// Why.
    pub why: Why,
}

impl MessageError {
    pub(crate) const fn at(de: u8, why: Why) -> Self {
        Self {
            place: Place::De(de),
            why,
        }
    }
}

/// A message that holds nothing that its table does not allow.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub(crate) table: &'static Table,
    pub(crate) mti: Mti,
    pub(crate) fields: BTreeMap<u8, Vec<u8>>,
}

impl Message {
    /// An empty message of the edition of 1987.
    #[must_use]
    pub const fn new(mti: Mti) -> Self {
        Self::of(Edition::Y1987, mti)
    }

    /// An empty message of this edition.
    #[must_use]
    pub const fn of(edition: Edition, mti: Mti) -> Self {
        Self {
            table: edition.table(),
            mti,
            fields: BTreeMap::new(),
        }
    }

    /// Its edition.
    #[must_use]
    pub const fn edition(&self) -> Edition {
        self.table.edition
    }

    /// Its type.
    #[must_use]
    pub const fn mti(&self) -> Mti {
        self.mti
    }

    /// An element's content, without length prefix.
    #[must_use]
    pub fn get(&self, de: u8) -> Option<&[u8]> {
        self.fields.get(&de).map(Vec::as_slice)
    }

    /// An element that this message must have.
    ///
    /// # Errors
    /// [`Why::Absent`].
    pub fn need(&self, de: u8) -> Result<&[u8], MessageError> {
        self.get(de).ok_or(MessageError::at(de, Why::Absent))
    }

    /// A text element without its trailing fill.
    ///
    /// # Errors
    /// [`Why::Absent`], or [`Why::Alphabet`] for an element of bytes that is not text.
    pub fn text(&self, de: u8) -> Result<&str, MessageError> {
        let bytes = self.need(de)?;
        let text = str::from_utf8(bytes).map_err(|_| MessageError::at(de, Why::Alphabet))?;
        Ok(text.trim_end_matches(' '))
    }

    /// A numeric element's value.
    ///
    /// # Errors
    /// [`Why::Absent`], or [`Why::Value`] if it is no number of at most 64 bits.
    pub fn number(&self, de: u8) -> Result<u64, MessageError> {
        self.text(de)?
            .parse()
            .map_err(|_| MessageError::at(de, Why::Value))
    }

    /// Sets an element to exactly these bytes.
    ///
    /// # Errors
    /// [`MessageError`] if they do not fit the table; the message is as before.
    pub fn set(&mut self, de: u8, content: &[u8]) -> Result<(), MessageError> {
        let rule = self
            .table
            .rule(de)
            .ok_or(MessageError::at(de, Why::NotInProfile))?;
        if !rule.length.takes(content.len()) {
            let why = Why::Length {
                len: content.len(),
                rule: rule.length,
            };
            return Err(MessageError::at(de, why));
        }
        if !content.iter().all(|byte| rule.alphabet.has(*byte)) {
            return Err(MessageError::at(de, Why::Alphabet));
        }
        self.fields.insert(de, content.to_vec());
        Ok(())
    }

    /// Sets a numeric element, behind zeros if it is fixed.
    ///
    /// # Errors
    /// [`MessageError`] if the number is too long for it; the message is as before.
    pub fn set_number(&mut self, de: u8, value: u64) -> Result<(), MessageError> {
        let width = self.fixed(de).unwrap_or(0);
        self.set(de, format!("{value:0width$}").as_bytes())
    }

    /// Sets a text element, filled with spaces if it is fixed.
    ///
    /// # Errors
    /// [`MessageError`] if the text does not fit; the message is as before.
    pub fn set_text(&mut self, de: u8, text: &str) -> Result<(), MessageError> {
        let width = self.fixed(de).unwrap_or(0);
        self.set(de, format!("{text:<width$}").as_bytes())
    }

    fn fixed(&self, de: u8) -> Option<usize> {
        match self.table.rule(de)?.length {
            Length::Fixed(len) => Some(len),
            Length::Two(_) | Length::Three(_) => None,
        }
    }

    /// Says when the message leaves (DE 7, UTC, `MMDDhhmmss`): for a driver that has a clock.
    ///
    /// # Errors
    /// [`MessageError`] if it is not ten digits.
    pub fn transmitted_at(&mut self, utc: &str) -> Result<(), MessageError> {
        self.set(de::TRANSMITTED, utc.as_bytes())
    }
}

/// Names the type and each element with its length; never a content, so that it may be logged.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.mti)?;
        f.debug_map()
            .entries(self.fields.iter().map(|(de, bytes)| (de, bytes.len())))
            .finish()
    }
}
