//! A PIN.

use sealpoint_secret::SecretBytes;

use super::fields::Nibbles;

/// Digits of the shortest PIN (ISO 9564-1 section 8.1).
pub const MIN_PIN_DIGITS: usize = 4;
/// Digits of the longest PIN.
pub const MAX_PIN_DIGITS: usize = 12;

/// A PIN, wiped on drop. Making a block of it uses it up.
pub struct Pin(SecretBytes);

/// Something is no PIN. Says nothing of the digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a PIN has {MIN_PIN_DIGITS} to {MAX_PIN_DIGITS} digits; enter it again")]
pub struct BadPin;

impl Pin {
    /// A copy of a PIN's ASCII digits; wiping the source is the caller's duty.
    ///
    /// # Errors
    /// [`BadPin`] unless there are 4 to 12 digits and nothing else.
    pub fn from_digits(digits: &[u8]) -> Result<Self, BadPin> {
        let length = MIN_PIN_DIGITS..=MAX_PIN_DIGITS;
        if !length.contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
            return Err(BadPin);
        }
        Ok(Self(SecretBytes::from_slice(digits)))
    }

    /// Format, length and digits, as every format begins.
    pub(super) fn write(self, format: u8, into: &mut Nibbles<'_>) {
        into.push(format);
        into.push(u8::try_from(self.0.len()).unwrap_or_default());
        for digit in self.0.expose() {
            into.push(digit - b'0');
        }
    }
}
