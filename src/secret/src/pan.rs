//! The primary account number.

use thiserror::Error;

use crate::{
    SecretBytes, TruncatedPan,
    hidden::{Hidden, same},
    secret_bytes::Full,
};

/// Digits of the shortest PAN that is taken (ISO/IEC 7812-1: an 8-digit IIN may stand alone).
pub const MIN_PAN_DIGITS: usize = 8;
/// Digits of the longest PAN (ISO/IEC 7812-1; EMV 4.4 Book 3 Annex A, tag 5A: cn var. up to 19).
pub const MAX_PAN_DIGITS: usize = 19;

/// A primary account number; wiped on drop.
pub struct Pan(Hidden<MAX_PAN_DIGITS>);

/// Why something is not a PAN. Says nothing of the digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum PanError {
    /// Something else than a digit, or a digit after the padding.
    #[error("the account number holds something other than digits; use another card")]
    NotDigits,
    /// Too short or too long.
    #[error("the account number has not 8 to 19 digits; use another card")]
    Length,
}

impl Pan {
    /// Reads compressed numeric digits, two per byte, padded on the right with `F`
    /// (EMV 4.4 Book 3 §4.3, format cn; tag 5A).
    ///
    /// # Errors
    /// [`PanError`] if it holds anything but 8 to 19 digits and padding.
    pub fn from_bcd(bytes: &[u8]) -> Result<Self, PanError> {
        if bytes.len() > MAX_PAN_DIGITS.div_ceil(2) {
            return Err(PanError::Length);
        }
        let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
        let mut pan = Hidden::empty();
        let mut padded = false;
        for nibble in nibbles {
            match nibble {
                0..=9 if !padded => {
                    if !pan.push(b'0' + nibble) {
                        return Err(PanError::Length);
                    }
                }
                0xF => padded = true,
                _ => return Err(PanError::NotDigits),
            }
        }
        Self::checked(pan)
    }

    /// Reads ASCII digits.
    ///
    /// # Errors
    /// [`PanError`] if it holds anything but 8 to 19 digits.
    pub fn from_digits(digits: &[u8]) -> Result<Self, PanError> {
        let mut pan = Hidden::empty();
        for digit in digits {
            if !digit.is_ascii_digit() {
                return Err(PanError::NotDigits);
            }
            if !pan.push(*digit) {
                return Err(PanError::Length);
            }
        }
        Self::checked(pan)
    }

    fn checked(pan: Hidden<MAX_PAN_DIGITS>) -> Result<Self, PanError> {
        if pan.bytes().len() < MIN_PAN_DIGITS {
            return Err(PanError::Length);
        }
        Ok(Self(pan))
    }

    /// The digits, in ASCII.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.bytes()
    }

    /// Appends the PAN as compressed numeric digits, as tag 5A holds it.
    ///
    /// # Errors
    /// [`Full`] if the buffer has no room; nothing is written then.
    pub fn write_bcd(&self, into: &mut SecretBytes) -> Result<(), Full> {
        let mut packed = Hidden::<{ MAX_PAN_DIGITS.div_ceil(2) }>::empty();
        for pair in self.0.bytes().chunks(2) {
            let low = pair.get(1).map_or(0x0F, |digit| digit - b'0');
            packed.push((pair[0] - b'0') << 4 | low);
        }
        into.append(packed.bytes())
    }

    /// How many digits it has.
    #[must_use]
    pub fn digits(&self) -> usize {
        self.0.bytes().len()
    }

    /// What may be shown of it (PCI DSS 3.4.1).
    #[must_use]
    pub fn truncated(&self) -> TruncatedPan {
        TruncatedPan::of(self.0.bytes())
    }

    /// Whether the last digit is the check digit of the others (ISO/IEC 7812-1 Annex B).
    ///
    /// EMV does not ask for it: a card whose PAN fails it is still a card.
    #[must_use]
    pub fn luhn_holds(&self) -> bool {
        let sum: u32 = self
            .0
            .bytes()
            .iter()
            .rev()
            .enumerate()
            .map(|(place, digit)| {
                let digit = u32::from(digit - b'0');
                if place % 2 == 0 {
                    digit
                } else {
                    digit * 2 / 10 + digit * 2 % 10
                }
            })
            .sum();
        sum.is_multiple_of(10)
    }

    /// Whether two PANs are the same, in constant time.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        same(self.0.bytes(), other.0.bytes())
    }
}
