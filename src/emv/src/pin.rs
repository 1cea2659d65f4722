//! PIN entry, as the kernel sees it: it asks, a pad answers, and a PIN never comes here (EMV 4.4
//! Book 3 §10.5.1 and §10.5.2, Book 4 §6.3.4).
//!
//! [`plaintext_block`] and [`encipher`] are for whoever is the pad: software that stands in for one
//! on a test bench, and simulators.

use core::ops::RangeInclusive;

use sealpoint_secret::{Pan, PinBlock, SecretBytes};

use crate::{
    apdu::Sw,
    oda::{self, PinKey},
};

/// Digits of a PIN (ISO 9564-1).
const DIGITS: RangeInclusive<usize> = 4..=12;
/// Bytes of a plaintext PIN block.
const BLOCK: usize = 8;
/// High four bits of a plaintext PIN block's first byte: format 2.
const FORMAT_2: u8 = 0x20;
/// First byte of PIN data before it is enciphered (Book 2 table 25).
const PIN_DATA: u8 = 0x7F;

/// What a reader's PIN pad can do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PinPad {
    /// Give the card the PIN in clear by itself (PC/SC part 10, `FEATURE_VERIFY_PIN_DIRECT`).
    pub plaintext: bool,
    /// Encipher the PIN with the card's key (Book 2 §7.2).
    pub enciphered: bool,
    /// Give an enciphered PIN block for the host (ISO 9564-1).
    pub online: bool,
}

impl PinPad {
    /// No pad.
    pub const NONE: Self = Self {
        plaintext: false,
        enciphered: false,
        online: false,
    };
}

/// What to ask the pad for. Has no `Debug`: it may hold the PAN.
pub enum PinRequest {
    /// Let the pad send VERIFY with the plaintext PIN block (Book 3 §6.5.12) and give
    /// [`PinEntry::Verified`].
    Plaintext {
        /// Tries that are left, if the card said (tag 9F17); 1 is the last.
        tries_left: Option<u8>,
    },
    /// Let the pad encipher the PIN and give [`PinEntry::Enciphered`]; the kernel sends it.
    Enciphered {
        /// Tries that are left, if the card said; 1 is the last.
        tries_left: Option<u8>,
        /// The card's key for it.
        key: PinKey,
        /// What the card answered to GET CHALLENGE.
        challenge: [u8; 8],
    },
    /// Let the pad make a PIN block for the host and give [`PinEntry::Online`].
    Online {
        /// What the PIN block is bound to (ISO 9564-1 formats 0 and 4).
        pan: Pan,
    },
}

/// What came of the PIN. Has no `Debug`.
pub enum PinEntry {
    /// The pad has sent VERIFY; the card's status word.
    Verified(Sw),
    /// The enciphered PIN data, as long as the key's modulus.
    Enciphered(SecretBytes),
    /// The PIN block for the host.
    Online(OnlinePin),
    /// The cardholder, or the cashier for them, goes on without.
    Bypassed,
    /// The cardholder pressed cancel, or entered nothing in time.
    Cancelled,
    /// The pad failed.
    PadFailed,
}

/// An enciphered PIN block for the host, with what names its key (ANSI X9.24). Enciphered by the pad:
/// nothing on this machine can open it.
#[derive(Clone, PartialEq, Eq)]
pub struct OnlinePin {
    /// The block: 8 bytes (TDES) or 16 (AES).
    pub block: Vec<u8>,
    /// Key serial number: 10 bytes (TDES DUKPT) or 12 (AES DUKPT).
    pub ksn: Vec<u8>,
}

/// The plaintext PIN block of VERIFY: `2`, the count of digits, the digits, filled with `F` (Book 3
/// §6.5.12.2, table 24; ISO 9564-1 format 2). None unless there are 4 to 12 digits, each from 0 to 9.
#[must_use]
pub fn plaintext_block(digits: &SecretBytes) -> Option<PinBlock> {
    let digits = digits.expose();
    if !DIGITS.contains(&digits.len()) || digits.iter().any(|digit| *digit > 9) {
        return None;
    }
    let count = u8::try_from(digits.len()).ok()?;
    let mut block = SecretBytes::with_bound(BLOCK);
    block.append(&[FORMAT_2 | count]).ok()?;
    for pair in 0..BLOCK - 1 {
        let digit = |place: usize| digits.get(place).copied().unwrap_or(0x0F);
        block
            .append(&[digit(2 * pair) << 4 | digit(2 * pair + 1)])
            .ok()?;
    }
    PinBlock::from_slice(block.expose()).ok()
}

/// Enciphers a plaintext PIN block for the card alone (Book 2 §7.2). The padding is random, of as many
/// bytes as the key's modulus has beyond 17; `challenge` is what the card answered to GET CHALLENGE.
/// None if a length does not fit or the key is not one.
#[must_use]
pub fn encipher(
    key: &PinKey,
    block: &PinBlock,
    challenge: [u8; 8],
    padding: &[u8],
) -> Option<SecretBytes> {
    let mut data = SecretBytes::with_bound(key.modulus.len());
    for part in [&[PIN_DATA], block.expose(), &challenge, padding] {
        data.append(part).ok()?;
    }
    if data.len() != key.modulus.len() || block.expose().len() != BLOCK {
        return None;
    }
    oda::raise(key, &data)
}
