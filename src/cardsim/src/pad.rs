//! What a PIN pad does with a PIN, for tests that are the pad: independent of the terminal's code.
//!
//! The reader's own pad, with its keys and its templates, is [`crate::keypad`].

use num_bigint::BigUint;

/// CLA, INS and P1 of VERIFY (EMV 4.4 Book 3 6.5.12).
const VERIFY: [u8; 3] = [0x00, 0x20, 0x00];
/// What the data of an enciphered PIN begin with (EMV 4.4 Book 2 table 25).
const HEADER: u8 = 0x7F;

/// The plaintext PIN block of a PIN of 4 to 12 digits (EMV 4.4 Book 3 table 24).
#[must_use]
pub fn block(pin: &str) -> [u8; 8] {
    let mut nibbles = [0x0F; 16];
    nibbles[0] = 2;
    nibbles[1] = u8::try_from(pin.len()).unwrap_or(0x0F) & 0x0F;
    for (slot, digit) in nibbles[2..].iter_mut().zip(pin.bytes()) {
        *slot = digit & 0x0F;
    }
    std::array::from_fn(|index| nibbles[2 * index] << 4 | nibbles[2 * index + 1])
}

/// VERIFY with the PIN in plain text.
#[must_use]
pub fn verify(pin: &str) -> Vec<u8> {
    [&VERIFY[..], &[0x80, 8], &block(pin)].concat()
}

/// A PIN for the card with this key and challenge: as long as the modulus (EMV 4.4 Book 2 7.2).
/// `padding` should be random; it is repeated as often as it takes.
///
/// Nothing if the key is shorter than 17 bytes or has no use.
#[must_use]
pub fn encipher(
    modulus: &[u8],
    exponent: u32,
    pin: &str,
    challenge: [u8; 8],
    padding: &[u8],
) -> Option<Vec<u8>> {
    let n = BigUint::from_bytes_be(modulus);
    let rest = modulus.len().checked_sub(17)?;
    if n == BigUint::ZERO || padding.is_empty() {
        return None;
    }
    let random = padding.iter().copied().cycle().take(rest);
    let plain: Vec<u8> = [HEADER]
        .into_iter()
        .chain(block(pin))
        .chain(challenge)
        .chain(random)
        .collect();
    let number = BigUint::from_bytes_be(&plain).modpow(&exponent.into(), &n);
    let bytes = number.to_bytes_be();
    let zeros = vec![0; modulus.len().saturating_sub(bytes.len())];
    Some([zeros, bytes].concat())
}

/// VERIFY with an enciphered PIN; nothing if it is longer than a short command.
#[must_use]
pub fn verify_enciphered(enciphered: &[u8]) -> Option<Vec<u8>> {
    let length = u8::try_from(enciphered.len()).ok()?;
    Some([&VERIFY[..], &[0x88, length], enciphered].concat())
}
