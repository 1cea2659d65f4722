//! A message's bytes: type, bitmaps, elements (ISO 8583:1987 section 4).

use crate::message::{Message, MessageError, Mti, Place, Why};
use crate::table::{Length, Rule, Table};

/// Bytes of one packed bitmap.
const BITMAP: usize = 8;
/// The highest data element of two bitmaps.
const LAST_DE: u8 = 128;
/// Bit 1 of the first bitmap announces the second; bit 1 of the second would announce a third.
const SECOND_BITMAP: u8 = 1;
const THIRD_BITMAP: u8 = 65;

impl Message {
    /// The message's bytes, without the length that goes before them on a stream.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bitmap = [0; 2 * BITMAP];
        for de in self.fields.keys() {
            mark(&mut bitmap, *de);
        }
        let second = bitmap[BITMAP..].iter().any(|byte| *byte != 0);
        if second {
            mark(&mut bitmap, SECOND_BITMAP);
        }
        let mut bytes = vec![self.table.version];
        bytes.extend_from_slice(&self.mti.digits());
        bytes.extend_from_slice(if second { &bitmap } else { &bitmap[..BITMAP] });
        for (de, content) in &self.fields {
            let prefix = match self.table.rule(*de).map(|rule| rule.length) {
                Some(Length::Two(_)) => format!("{:02}", content.len()),
                Some(Length::Three(_)) => format!("{:03}", content.len()),
                Some(Length::Fixed(_)) | None => String::new(),
            };
            bytes.extend_from_slice(prefix.as_bytes());
            bytes.extend_from_slice(content);
        }
        bytes
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`MessageError`]: the first element that does not fit `table`, and why. Nothing is guessed
    /// or skipped, because behind a wrong length every later element would be wrong too.
    pub fn decode(table: &'static Table, bytes: &[u8]) -> Result<Self, MessageError> {
        let mut rest = Rest(bytes);
        let [version, mti @ ..] = *rest.array::<4>(Place::Type)?;
        if version != table.version {
            return Err(MessageError {
                place: Place::Type,
                why: Why::Version,
            });
        }
        let mti = Mti::from_digits(mti).ok_or(MessageError {
            place: Place::Type,
            why: Why::NotInProfile,
        })?;

        let mut bitmap = [0; 2 * BITMAP];
        bitmap[..BITMAP].copy_from_slice(rest.array::<BITMAP>(Place::Bitmap)?);
        if marked(&bitmap, SECOND_BITMAP) {
            bitmap[BITMAP..].copy_from_slice(rest.array::<BITMAP>(Place::Bitmap)?);
        }
        if marked(&bitmap, THIRD_BITMAP) {
            return Err(MessageError::at(THIRD_BITMAP, Why::NotInProfile));
        }

        let mut message = Self {
            table,
            mti,
            fields: Default::default(),
        };
        for de in 2..=LAST_DE {
            if marked(&bitmap, de) {
                let rule = table
                    .rule(de)
                    .ok_or(MessageError::at(de, Why::NotInProfile))?;
                message.set(de, rest.content(rule)?)?;
            }
        }
        match rest.0.len() {
            0 => Ok(message),
            extra => Err(MessageError {
                place: Place::End,
                why: Why::Extra { extra },
            }),
        }
    }
}

/// What of a message is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, len: usize, place: Place) -> Result<&'a [u8], MessageError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(MessageError {
            place,
            why: Why::Short {
                missing: len.saturating_sub(self.0.len()),
            },
        })?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, place: Place) -> Result<&'a [u8; N], MessageError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(MessageError {
            place,
            why: Why::Short {
                missing: N.saturating_sub(self.0.len()),
            },
        })?;
        self.0 = rest;
        Ok(taken)
    }

    fn content(&mut self, rule: &Rule) -> Result<&'a [u8], MessageError> {
        let place = Place::De(rule.de);
        let len = match rule.length {
            Length::Fixed(len) => len,
            Length::Two(_) => decimal(self.take(2, place)?, place)?,
            Length::Three(_) => decimal(self.take(3, place)?, place)?,
        };
        // Said before the content is taken, so that a wrong length is called that and not "short".
        if !rule.length.takes(len) {
            return Err(MessageError {
                place,
                why: Why::Length {
                    len,
                    rule: rule.length,
                },
            });
        }
        self.take(len, place)
    }
}

fn decimal(digits: &[u8], place: Place) -> Result<usize, MessageError> {
    digits.iter().try_fold(0, |value, digit| match digit {
        b'0'..=b'9' => Ok(value * 10 + usize::from(digit - b'0')),
        _ => Err(MessageError {
            place,
            why: Why::LengthDigits,
        }),
    })
}

/// Byte and bit of a data element: DE 1 is the highest bit of the first byte.
const fn bit(de: u8) -> (usize, u8) {
    let index = de - 1;
    ((index / 8) as usize, 0x80 >> (index % 8))
}

fn mark(bitmap: &mut [u8; 2 * BITMAP], de: u8) {
    let (byte, bit) = bit(de);
    bitmap[byte] |= bit;
}

fn marked(bitmap: &[u8; 2 * BITMAP], de: u8) -> bool {
    let (byte, bit) = bit(de);
    bitmap[byte] & bit != 0
}
