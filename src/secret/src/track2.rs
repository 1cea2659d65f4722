//! Track 2 equivalent data.

use thiserror::Error;

use crate::{
    SecretBytes,
    hidden::Hidden,
    pan::{Pan, PanError},
    secret_bytes::Full,
};

/// Digits and separator of the longest track 2 (EMV 4.4 Book 3 Annex A, tag 57: up to 19 bytes;
/// ISO/IEC 7813 counts 37 without sentinels).
pub const MAX_TRACK2_DIGITS: usize = 37;
/// Bytes that hold them.
const MAX_TRACK2_BYTES: usize = MAX_TRACK2_DIGITS.div_ceil(2);
/// The nibble between PAN and expiry.
const SEPARATOR: u8 = 0xD;
/// The nibble that fills up the last byte.
const PADDING: u8 = 0xF;
/// Digits that must follow the separator: expiry YYMM and a three-digit service code.
const MANDATORY_AFTER_SEPARATOR: usize = 7;

/// Track 2 equivalent data (tag 57): PAN, separator, expiry, service code, discretionary data.
/// Wiped on drop.
pub struct Track2 {
    packed: Hidden<MAX_TRACK2_BYTES>,
    pan_digits: usize,
}

/// Why something is not track 2 data. Says nothing of the digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Track2Error {
    /// Longer than 37 digits with the separator.
    #[error("the track 2 data is too long; use another card")]
    TooLong,
    /// No separator, no room for expiry and service code, or something else than digits.
    #[error("the track 2 data is malformed; use another card")]
    Malformed,
    /// What stands before the separator is no PAN.
    #[error(transparent)]
    Pan(#[from] PanError),
}

impl Track2 {
    /// Reads tag 57: BCD digits, separator `D`, padded on the right with `F`.
    ///
    /// # Errors
    /// [`Track2Error`] if it is not PAN, separator, expiry, service code and optional digits.
    pub fn from_bcd(bytes: &[u8]) -> Result<Self, Track2Error> {
        let mut packed = Hidden::empty();
        if !bytes.iter().all(|byte| packed.push(*byte)) {
            return Err(Track2Error::TooLong);
        }
        let nibbles = || bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
        let padding = usize::from(nibbles().next_back() == Some(PADDING));
        let digits = (bytes.len() * 2).saturating_sub(padding);
        if digits > MAX_TRACK2_DIGITS {
            return Err(Track2Error::TooLong);
        }
        let pan_digits = nibbles()
            .position(|nibble| nibble == SEPARATOR)
            .ok_or(Track2Error::Malformed)?;
        let behind = digits
            .checked_sub(pan_digits + 1)
            .ok_or(Track2Error::Malformed)?;
        let all_digits = nibbles()
            .take(digits)
            .enumerate()
            .all(|(place, nibble)| place == pan_digits || nibble <= 9);
        if behind < MANDATORY_AFTER_SEPARATOR || !all_digits {
            return Err(Track2Error::Malformed);
        }
        let track = Self { packed, pan_digits };
        track.pan()?;
        Ok(track)
    }

    /// The PAN in it.
    ///
    /// # Errors
    /// [`PanError`] if it has not 8 to 19 digits; [`Track2::from_bcd`] lets none such exist.
    pub fn pan(&self) -> Result<Pan, PanError> {
        let mut digits = Hidden::<MAX_TRACK2_DIGITS>::empty();
        let nibbles = self.packed.bytes().iter();
        for nibble in nibbles
            .flat_map(|byte| [byte >> 4, byte & 0x0F])
            .take(self.pan_digits)
        {
            digits.push(b'0' + nibble);
        }
        Pan::from_digits(digits.bytes())
    }

    /// The bytes as tag 57 holds them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.packed.bytes()
    }

    /// Appends the bytes as tag 57 holds them.
    ///
    /// # Errors
    /// [`Full`] if the buffer has no room; nothing is written then.
    pub fn write_bcd(&self, into: &mut SecretBytes) -> Result<(), Full> {
        into.append(self.packed.bytes())
    }

    /// How many bytes tag 57 has.
    #[must_use]
    pub fn packed_len(&self) -> usize {
        self.packed.bytes().len()
    }
}
