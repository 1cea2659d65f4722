//! A message: a type and data elements, each of which fits its table.

use core::fmt;
use std::collections::BTreeMap;

use crate::table::{Alphabet, ISO_8583_1987, Length, Table, de};

/// The message types of this profile, without the version digit (ISO 8583:1987 section 4.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mti {
    /// x100: asks for an authorisation.
    Authorisation,
    /// x110: answers it.
    AuthorisationAnswer,
    /// x400: undoes an authorisation.
    Reversal,
    /// x401: the same reversal again, with the same trace number.
    ReversalRepeat,
    /// x410: answers a reversal or its repeat.
    ReversalAnswer,
    /// x800: sign-on, sign-off or echo.
    Network,
    /// x810: answers it.
    NetworkAnswer,
}

impl Mti {
    const ALL: [Self; 7] = [
        Self::Authorisation,
        Self::AuthorisationAnswer,
        Self::Reversal,
        Self::ReversalRepeat,
        Self::ReversalAnswer,
        Self::Network,
        Self::NetworkAnswer,
    ];

    /// The three digits after the version.
    #[must_use]
    pub const fn digits(self) -> [u8; 3] {
        *match self {
            Self::Authorisation => b"100",
            Self::AuthorisationAnswer => b"110",
            Self::Reversal => b"400",
            Self::ReversalRepeat => b"401",
            Self::ReversalAnswer => b"410",
            Self::Network => b"800",
            Self::NetworkAnswer => b"810",
        }
    }

    /// The type with these digits.
    #[must_use]
    pub fn from_digits(digits: [u8; 3]) -> Option<Self> {
        Self::ALL.into_iter().find(|mti| mti.digits() == digits)
    }
}

/// Where in a message something is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
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
    /// An empty message of the 1987 edition.
    #[must_use]
    pub const fn new(mti: Mti) -> Self {
        Self {
            table: &ISO_8583_1987,
            mti,
            fields: BTreeMap::new(),
        }
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

/// Date and time at the terminal as ISO 8583 carries them, `MMDDhhmmss` (DE 13 and DE 12).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalTime([u8; 10]);

impl LocalTime {
    /// Reads `MMDDhhmmss`.
    #[must_use]
    pub fn new(digits: &[u8]) -> Option<Self> {
        let digits: [u8; 10] = digits.try_into().ok()?;
        if !digits.iter().all(|byte| Alphabet::Digits.has(*byte)) {
            return None;
        }
        let two = |at: usize| (digits[at] - b'0') * 10 + (digits[at + 1] - b'0');
        let possible = (1..=12).contains(&two(0))
            && (1..=31).contains(&two(2))
            && two(4) <= 23
            && two(6) <= 59
            && two(8) <= 59;
        possible.then_some(Self(digits))
    }

    /// Reads the wire's `YYYYMMDDhhmmss`; the year does not travel.
    #[must_use]
    pub fn from_wire(local_time: &str) -> Option<Self> {
        let (year, rest) = local_time.as_bytes().split_at_checked(4)?;
        year.iter()
            .all(u8::is_ascii_digit)
            .then(|| Self::new(rest))
            .flatten()
    }

    /// The two elements of a message.
    ///
    /// # Errors
    /// [`MessageError`] if one is absent or they are no date and time.
    pub fn of(message: &Message) -> Result<Self, MessageError> {
        let joined = [message.need(de::LOCAL_DATE)?, message.need(de::LOCAL_TIME)?].concat();
        Self::new(&joined).ok_or(MessageError::at(de::LOCAL_TIME, Why::Value))
    }

    /// Sets the two elements of a message.
    pub(crate) fn put(self, message: &mut Message) -> Result<(), MessageError> {
        let (date, time) = self.0.split_at(4);
        message.set(de::LOCAL_DATE, date)?;
        message.set(de::LOCAL_TIME, time)
    }

    /// The ten digits.
    #[must_use]
    pub fn digits(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.digits())
    }
}
