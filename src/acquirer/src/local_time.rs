//! Date and time at the terminal.

use core::fmt;

use crate::message::{Message, MessageError, Why};
use crate::table::{Alphabet, Edition, de};

/// Digits of the century in the wire's `YYYYMMDDhhmmss`.
const CENTURY: usize = 2;
/// Digits of the year in the edition of 1993.
const YEAR: usize = 2;

/// Date and time at the terminal, `MMDDhhmmss`: what every edition carries.
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

    /// Reads the wire's `YYYYMMDDhhmmss`.
    #[must_use]
    pub fn from_wire(local_time: &str) -> Option<Self> {
        let (year, rest) = local_time.as_bytes().split_at_checked(CENTURY + YEAR)?;
        year.iter()
            .all(u8::is_ascii_digit)
            .then(|| Self::new(rest))
            .flatten()
    }

    /// What a message says: DE 13 and 12, or DE 12 alone in the edition of 1993.
    ///
    /// # Errors
    /// [`MessageError`] if it is absent or no date and time.
    pub fn of(message: &Message) -> Result<Self, MessageError> {
        let digits = match message.edition() {
            Edition::Y1987 => {
                [message.need(de::LOCAL_DATE)?, message.need(de::LOCAL_TIME)?].concat()
            }
            Edition::Y1993 => message
                .need(de::LOCAL_TIME)?
                .get(YEAR..)
                .unwrap_or_default()
                .to_vec(),
        };
        Self::new(&digits).ok_or(MessageError::at(de::LOCAL_TIME, Why::Value))
    }

    /// Sets the elements of a message from the wire's `YYYYMMDDhhmmss`; `None` if that is no date
    /// and time.
    pub(crate) fn put(local_time: &str, message: &mut Message) -> Option<Result<(), MessageError>> {
        let time = Self::from_wire(local_time)?;
        Some(match message.edition() {
            Edition::Y1987 => {
                let (date, time) = time.0.split_at(4);
                message
                    .set(de::LOCAL_DATE, date)
                    .and_then(|()| message.set(de::LOCAL_TIME, time))
            }
            Edition::Y1993 => {
                let with_year = local_time.as_bytes().get(CENTURY..).unwrap_or_default();
                message.set(de::LOCAL_TIME, with_year)
            }
        })
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
