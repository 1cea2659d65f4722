//! A message's bytes: type, bitmaps, elements (ISO 8583:1987 and 1993 section 4).

use crate::format::{Bitmap, Format, Numbers};
use crate::message::{Message, MessageError, Place, Why};
use crate::mti::Mti;
use crate::table::{Alphabet, Length, Rule, Table};

/// Bytes of one packed bitmap.
const BITMAP: usize = 8;
/// The highest data element of two bitmaps.
const LAST_DE: u8 = 128;
/// Bit 1 of the first bitmap announces the second; bit 1 of the second would announce a third.
const SECOND_BITMAP: u8 = 1;
const THIRD_BITMAP: u8 = 65;
/// Digits of a message type.
const TYPE: usize = 4;

impl Message {
    /// The message's bytes in its edition's [`Format::plain`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.write(&Format::plain(self.edition()))
    }

    /// The message's bytes, with the format's TPDU and without the length that goes before them on
    /// a stream. The edition is the message's own.
    #[must_use]
    pub fn write(&self, format: &Format) -> Vec<u8> {
        let mut bitmap = [0; 2 * BITMAP];
        for de in self.fields.keys() {
            mark(&mut bitmap, *de);
        }
        let second = bitmap[BITMAP..].iter().any(|byte| *byte != 0);
        if second {
            mark(&mut bitmap, SECOND_BITMAP);
        }
        let mut bytes = Vec::new();
        if let Some(tpdu) = format.tpdu {
            bytes.extend_from_slice(tpdu.bytes());
        }
        let [a, b, c] = self.mti.digits(self.edition());
        put_digits(&mut bytes, format, &[self.edition().version(), a, b, c]);
        for byte in if second { &bitmap } else { &bitmap[..BITMAP] } {
            match format.bitmap {
                Bitmap::Packed => bytes.push(*byte),
                Bitmap::Hex => bytes.extend_from_slice(&[hex(byte >> 4), hex(byte & 0x0F)]),
            }
        }
        for (de, content) in &self.fields {
            let Some(rule) = self.table.rule(*de) else {
                continue;
            };
            let len = content.len();
            match rule.length {
                Length::Two(_) => put_digits(&mut bytes, format, format!("{len:02}").as_bytes()),
                Length::Three(_) => put_digits(&mut bytes, format, format!("{len:03}").as_bytes()),
                Length::Fixed(_) => {}
            }
            if rule.alphabet == Alphabet::Digits {
                put_digits(&mut bytes, format, content);
            } else {
                bytes.extend_from_slice(content);
            }
        }
        bytes
    }

    /// Reads a message in its edition's [`Format::plain`].
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn decode(table: &'static Table, bytes: &[u8]) -> Result<Self, MessageError> {
        Self::read(&Format::plain(table.edition), bytes)
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`MessageError`]: the first element that does not fit the format, and why. Nothing is guessed
    /// or skipped, because behind a wrong length every later element would be wrong too.
    pub fn read(format: &Format, bytes: &[u8]) -> Result<Self, MessageError> {
        let mut rest = Rest {
            bytes: format.strip(bytes)?,
            format,
        };
        let table = format.edition.table();
        let mti = rest.mti()?;
        let mut bitmap = [0; 2 * BITMAP];
        bitmap[..BITMAP].copy_from_slice(&rest.bitmap()?);
        if marked(&bitmap, SECOND_BITMAP) {
            bitmap[BITMAP..].copy_from_slice(&rest.bitmap()?);
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
                let content = rest.content(rule)?;
                message.set(de, &content)?;
            }
        }
        match rest.bytes.len() {
            0 => Ok(message),
            extra => Err(MessageError {
                place: Place::End,
                why: Why::Extra { extra },
            }),
        }
    }
}

/// Writes ASCII digits as the format has them.
fn put_digits(bytes: &mut Vec<u8>, format: &Format, digits: &[u8]) {
    match format.numbers {
        Numbers::Ascii => bytes.extend_from_slice(digits),
        Numbers::Bcd => {
            let (odd, pairs) = digits.split_at(digits.len() % 2);
            bytes.extend(odd.iter().map(|digit| digit & 0x0F));
            bytes.extend(
                pairs
                    .chunks_exact(2)
                    .map(|pair| pair[0] << 4 | pair[1] & 0x0F),
            );
        }
    }
}

/// What of a message is still to be read.
struct Rest<'a> {
    bytes: &'a [u8],
    format: &'a Format,
}

impl<'a> Rest<'a> {
    fn take(&mut self, len: usize, place: Place) -> Result<&'a [u8], MessageError> {
        let (taken, rest) = self.bytes.split_at_checked(len).ok_or(MessageError {
            place,
            why: Why::Short {
                missing: len.saturating_sub(self.bytes.len()),
            },
        })?;
        self.bytes = rest;
        Ok(taken)
    }

    /// So many digits as ASCII. What is no digit stays none: the table's alphabet refuses it.
    fn digits(&mut self, count: usize, place: Place) -> Result<Vec<u8>, MessageError> {
        if self.format.numbers == Numbers::Ascii {
            return self.take(count, place).map(<[u8]>::to_vec);
        }
        let packed = self.take(count.div_ceil(2), place)?;
        let digits: Vec<u8> = packed
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 0x0F])
            .map(hex)
            .collect();
        match digits.split_at(digits.len() - count) {
            ([] | [b'0'], digits) => Ok(digits.to_vec()),
            _ => Err(MessageError {
                place,
                why: Why::Fill,
            }),
        }
    }

    fn mti(&mut self) -> Result<Mti, MessageError> {
        let place = Place::Type;
        let digits = self.digits(TYPE, place)?;
        let &[version, a, b, c] = digits.as_slice() else {
            return Err(MessageError {
                place,
                why: Why::Value,
            });
        };
        if version != self.format.edition.version() {
            return Err(MessageError {
                place,
                why: Why::Version,
            });
        }
        Mti::from_digits(self.format.edition, [a, b, c]).ok_or(MessageError {
            place,
            why: Why::NotInProfile,
        })
    }

    fn bitmap(&mut self) -> Result<[u8; BITMAP], MessageError> {
        let place = Place::Bitmap;
        let mut bitmap = [0; BITMAP];
        match self.format.bitmap {
            Bitmap::Packed => bitmap.copy_from_slice(self.take(BITMAP, place)?),
            Bitmap::Hex => {
                let pairs = self.take(2 * BITMAP, place)?.chunks_exact(2);
                for (byte, pair) in bitmap.iter_mut().zip(pairs) {
                    let nibbles = (from_hex(pair[0]), from_hex(pair[1]));
                    let (Some(high), Some(low)) = nibbles else {
                        return Err(MessageError {
                            place,
                            why: Why::Alphabet,
                        });
                    };
                    *byte = high << 4 | low;
                }
            }
        }
        Ok(bitmap)
    }

    fn content(&mut self, rule: &Rule) -> Result<Vec<u8>, MessageError> {
        let place = Place::De(rule.de);
        let len = match rule.length {
            Length::Fixed(len) => len,
            Length::Two(_) => decimal(&self.digits(2, place)?, place)?,
            Length::Three(_) => decimal(&self.digits(3, place)?, place)?,
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
        if rule.alphabet == Alphabet::Digits {
            self.digits(len, place)
        } else {
            self.take(len, place).map(<[u8]>::to_vec)
        }
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

/// A nibble as a character, in upper case.
const fn hex(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'A' + (nibble & 0x0F) - 10,
    }
}

/// A character as a nibble; some hosts write lower case.
const fn from_hex(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'A'..=b'F' => Some(character - b'A' + 10),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
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
