//! The fields of PIN blocks, half a byte at a time.

use sealpoint_secret::Pan;
use zeroize::Zeroizing;

use super::AES_LEN;

/// Digits of the account number in formats 0 and 3, and the fewest of a card number in format 4.
const ACCOUNT_DIGITS: usize = 12;

/// Writes half bytes, the left one first.
pub(super) struct Nibbles<'a> {
    bytes: &'a mut [u8],
    written: usize,
}

impl<'a> Nibbles<'a> {
    /// Into `bytes`, which are zeros.
    pub(super) fn of(bytes: &'a mut [u8]) -> Self {
        Self { bytes, written: 0 }
    }

    /// Whether there is room for one more.
    pub(super) fn room(&self) -> bool {
        self.written < 2 * self.bytes.len()
    }

    /// Writes one; past the end, nothing.
    pub(super) fn push(&mut self, nibble: u8) {
        if let Some(byte) = self.bytes.get_mut(self.written / 2) {
            let left = self.written.is_multiple_of(2);
            *byte |= if left { nibble << 4 } else { nibble };
            self.written += 1;
        }
    }

    pub(super) fn fill_with(&mut self, nibble: u8) {
        while self.room() {
            self.push(nibble);
        }
    }
}

/// The last twelve digits of the card number without its check digit, with zeros in front of a
/// shorter one.
pub(super) fn account_digits(pan: &Pan) -> impl Iterator<Item = u8> {
    let (_, digits) = pan.expose().split_last().unwrap_or((&b'0', &[]));
    let last = &digits[digits.len().saturating_sub(ACCOUNT_DIGITS)..];
    let zeros = core::iter::repeat_n(0, ACCOUNT_DIGITS - last.len());
    zeros.chain(last.iter().map(|digit| digit - b'0'))
}

/// The PAN field of format 4 (ISO 9564-1 section 9.4.2.3): how many digits there are over twelve,
/// the whole card number, zeros. A shorter number has zeros in front, to twelve.
pub(crate) fn format_4_pan_field(pan: &Pan) -> Zeroizing<[u8; AES_LEN]> {
    let mut field = Zeroizing::new([0; AES_LEN]);
    let mut nibbles = Nibbles::of(field.as_mut());
    let digits = pan.expose();
    let over = digits.len().saturating_sub(ACCOUNT_DIGITS);
    nibbles.push(u8::try_from(over).unwrap_or_default());
    for _ in digits.len()..ACCOUNT_DIGITS {
        nibbles.push(0);
    }
    for digit in digits {
        nibbles.push(digit - b'0');
    }
    field
}
