//! A request of our own: the pad enciphers the PIN with the card's key (EMV 4.4 Book 2 §7).
//!
//! PC/SC part 10 has none for it. The bytes, in their order: seconds to wait (0: the pad's own
//! time), fewest and most digits, the card's challenge (8), the length of the exponent (1 to 4)
//! and the exponent, and the modulus up to the end, numbers with their highest byte first. The
//! answer is the enciphered PIN data, as long as the modulus, and 9000; or the pad's own answer.

use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

use super::patience;
use crate::pad;

/// Seconds, digits, challenge and the length of the exponent.
const HEADER: usize = 12;

/// Bytes of the longest exponent.
const LONGEST_EXPONENT: usize = 4;

/// Bytes of the longest modulus: VERIFY is a short command (Book 2 Annex B2.1).
const LONGEST_MODULUS: usize = 248;

/// A request to encipher, taken apart.
pub(crate) struct EncipherRequest<'a> {
    /// How long to wait for the PIN.
    pub(crate) patience: Duration,
    digits: (usize, usize),
    challenge: [u8; 8],
    exponent: u32,
    modulus: &'a [u8],
}

impl<'a> EncipherRequest<'a> {
    /// Nothing if it makes no sense.
    pub(crate) fn parse(request: &'a [u8]) -> Option<Self> {
        let (header, key) = request.split_at_checked(HEADER)?;
        let &[seconds, fewest, most, ref challenge @ .., length] = header else {
            return None;
        };
        let length = usize::from(length);
        let (exponent, modulus) = key.split_at_checked(length)?;
        let sane = (1..=LONGEST_EXPONENT).contains(&length)
            && modulus.len() <= LONGEST_MODULUS
            && fewest <= most;
        sane.then_some(Self {
            patience: patience(seconds),
            digits: (fewest.into(), most.into()),
            challenge: challenge.try_into().ok()?,
            exponent: exponent
                .iter()
                .fold(0, |sum, byte| sum << 8 | u32::from(*byte)),
            modulus,
        })
    }

    /// The enciphered PIN data; nothing if it has too few or too many digits, or with a key that
    /// is none.
    pub(crate) fn encipher(&self, pin: &str) -> Option<Vec<u8>> {
        let fits = (self.digits.0..=self.digits.1).contains(&pin.len());
        if !fits || !pin.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let mut padding = [0; LONGEST_MODULUS];
        SystemRandom::new().fill(&mut padding).ok()?;
        pad::encipher(self.modulus, self.exponent, pin, self.challenge, &padding)
    }
}
