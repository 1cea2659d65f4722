//! How a profile writes a message: digits, bitmaps, and what goes before it.

use crate::message::{MessageError, Place, Why};
use crate::table::Edition;

/// Bytes of a TPDU.
pub const TPDU: usize = 5;
/// First byte of a TPDU: a message with addresses, for the host's network access controller.
const TPDU_ID: u8 = 0x60;

/// How digits are written: message types, lengths and `n` elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Numbers {
    /// A character each.
    #[default]
    Ascii,
    /// Two in a byte; an odd count has a zero before it.
    Bcd,
}

/// How bitmaps are written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bitmap {
    /// 8 bytes each.
    #[default]
    Packed,
    /// 16 hexadecimal characters each.
    Hex,
}

/// The five bytes that some networks want between length and message: `60`, destination, source.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tpdu([u8; TPDU]);

impl Tpdu {
    /// Wraps five bytes; `None` unless the first is `60`.
    #[must_use]
    pub const fn new(bytes: [u8; TPDU]) -> Option<Self> {
        match bytes {
            [TPDU_ID, ..] => Some(Self(bytes)),
            _ => None,
        }
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; TPDU] {
        &self.0
    }

    /// That of the answer: destination and source change places.
    #[must_use]
    pub const fn swapped(self) -> Self {
        let [id, to_high, to_low, from_high, from_low] = self.0;
        Self([id, from_high, from_low, to_high, to_low])
    }
}

/// How a message is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Format {
    /// The edition, and with it the field table.
    pub edition: Edition,
    /// How digits are written.
    pub numbers: Numbers,
    /// How bitmaps are written.
    pub bitmap: Bitmap,
    /// What goes before each request, if anything.
    pub tpdu: Option<Tpdu>,
}

impl Default for Format {
    fn default() -> Self {
        Self::plain(Edition::Y1987)
    }
}

impl Format {
    /// ASCII digits, packed bitmaps, nothing before the message.
    #[must_use]
    pub const fn plain(edition: Edition) -> Self {
        Self {
            edition,
            numbers: Numbers::Ascii,
            bitmap: Bitmap::Packed,
            tpdu: None,
        }
    }

    /// How a request is written, as its first bytes tell; with the TPDU that it came with. For a
    /// host that serves all. `None` for what begins like no message.
    #[must_use]
    pub fn of_request(bytes: &[u8]) -> Option<Self> {
        let (tpdu, rest) = match bytes.split_first_chunk::<TPDU>() {
            Some((head, rest)) if head[0] == TPDU_ID => (Tpdu::new(*head), rest),
            _ => (None, bytes),
        };
        let (&first, _) = rest.split_first()?;
        let (edition, numbers, mti) = match first {
            b'0' => (Edition::Y1987, Numbers::Ascii, 4),
            b'1' => (Edition::Y1993, Numbers::Ascii, 4),
            0x00..=0x09 => (Edition::Y1987, Numbers::Bcd, 2),
            0x10..=0x19 => (Edition::Y1993, Numbers::Bcd, 2),
            _ => return None,
        };
        let hex = rest
            .get(mti..mti + 16)
            .is_some_and(|map| map.iter().all(u8::is_ascii_hexdigit));
        Some(Self {
            edition,
            numbers,
            bitmap: if hex { Bitmap::Hex } else { Bitmap::Packed },
            tpdu,
        })
    }

    /// How the answer to such a request is written.
    #[must_use]
    pub fn of_answer(self) -> Self {
        Self {
            tpdu: self.tpdu.map(Tpdu::swapped),
            ..self
        }
    }

    /// What follows the TPDU, if this format has one.
    pub(crate) fn strip<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], MessageError> {
        if self.tpdu.is_none() {
            return Ok(bytes);
        }
        let at = |why| MessageError {
            place: Place::Tpdu,
            why,
        };
        match bytes.split_first_chunk::<TPDU>() {
            // Its addresses are the network's own affair: a line has two ends.
            Some(([TPDU_ID, ..], rest)) => Ok(rest),
            Some(_) => Err(at(Why::Value)),
            None => Err(at(Why::Short {
                missing: TPDU - bytes.len(),
            })),
        }
    }
}
