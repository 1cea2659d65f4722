//! TDES DUKPT (ANSI X9.24-1:2009 annex A) with two-key TDES, for legacy acquirers.

use zeroize::Zeroizing;

use super::WorkingKeys;
use crate::cipher::{Algorithm, CipherKey};

/// Bytes of a key serial number: 59 bits of name, 21 of counter.
pub const KSN_LEN: usize = 10;

/// The counter within the last three bytes.
const COUNTER: u32 = 0x1F_FFFF;
/// Ones in a counter, at most (annex A.2, key management technique).
const MAX_ONES: u32 = 10;
/// What tells the right half of an initial key, and the left half of the next key, from the other.
const HALVES: [u8; 16] = [
    0xC0, 0xC0, 0xC0, 0xC0, 0, 0, 0, 0, 0xC0, 0xC0, 0xC0, 0xC0, 0, 0, 0, 0,
];

/// Variants of the transaction key (annex A.3, table A-1), for each half.
pub mod variant {
    /// PIN encryption.
    pub const PIN: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 0xFF];
    /// Message authentication, request.
    pub const MAC_REQUEST: [u8; 8] = [0, 0, 0, 0, 0, 0, 0xFF, 0];
    /// Data encryption, request.
    pub const DATA_REQUEST: [u8; 8] = [0, 0, 0, 0, 0, 0xFF, 0, 0];
}

/// The initial key of the key serial number's name; its counter does not matter (annex A.6).
#[must_use]
pub fn initial_key(base: &CipherKey, ksn: [u8; KSN_LEN]) -> Option<CipherKey> {
    let [left @ .., _, _] = name_of(ksn);
    let mut key = Zeroizing::new([left, left].concat());
    let (first, second) = key.split_at_mut(8);
    base.encrypt_block(first);
    base.masked(&HALVES).encrypt_block(second);
    CipherKey::new(Algorithm::Tdes2, key)
}

/// The keys for data and MAC of a key serial number.
#[must_use]
pub fn working_keys(base: &CipherKey, ksn: [u8; KSN_LEN]) -> Option<WorkingKeys> {
    let key = transaction_key(base, ksn)?;
    Some(WorkingKeys {
        data: data_key(&key)?,
        mac: key.masked(&variant::MAC_REQUEST),
    })
}

/// The key that the working keys of a key serial number are variants of.
#[must_use]
pub fn transaction_key(base: &CipherKey, ksn: [u8; KSN_LEN]) -> Option<CipherKey> {
    let [.., a, b, c] = ksn;
    let counter = u32::from_be_bytes([0, a, b, c]) & COUNTER;
    if counter == 0 || counter.count_ones() > MAX_ONES {
        return None;
    }
    let mut key = initial_key(base, ksn)?;
    // The right eight bytes of the serial number, with the counter's ones set one after the other.
    let mut register = name_of(ksn);
    for bit in (0..21).rev().map(|place| 1 << place) {
        if counter & bit != 0 {
            for (byte, one) in register[6..].iter_mut().zip(u32::to_be_bytes(bit)) {
                *byte |= one;
            }
            key = next(&key, &register[2..])?;
        }
    }
    Some(key)
}

/// The data variant, each half enciphered under the whole of it (annex A.4, data encryption).
fn data_key(key: &CipherKey) -> Option<CipherKey> {
    let masked = key.masked(&variant::DATA_REQUEST);
    let mut halves = Zeroizing::new(masked.expose().to_vec());
    for half in halves.chunks_mut(8) {
        masked.encrypt_block(half);
    }
    CipherKey::new(Algorithm::Tdes2, halves)
}

/// `Non-reversible Key Generation Process` (annex A.2): the new right half first, then, with the
/// key changed, the left.
fn next(key: &CipherKey, register: &[u8]) -> Option<CipherKey> {
    let right = half(key.expose(), register)?;
    let left = half(key.masked(&HALVES).expose(), register)?;
    let mut both = Zeroizing::new(Vec::with_capacity(16));
    both.extend_from_slice(&left);
    both.extend_from_slice(&right);
    CipherKey::new(Algorithm::Tdes2, both)
}

/// DES under a key's left half, with its right half added before and after.
fn half(key: &[u8], register: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (left, right) = key.split_at_checked(8)?;
    // TDES under the same half twice is DES.
    let des = CipherKey::new(Algorithm::Tdes2, Zeroizing::new([left, left].concat()))?;
    let mut half = Zeroizing::new(register.to_vec());
    add(&mut half, right);
    des.encrypt_block(&mut half);
    add(&mut half, right);
    Some(half)
}

fn add(to: &mut [u8], what: &[u8]) {
    for (byte, more) in to.iter_mut().zip(what) {
        *byte ^= more;
    }
}

/// The key serial number with its counter at zero.
#[must_use]
pub const fn name_of(ksn: [u8; KSN_LEN]) -> [u8; KSN_LEN] {
    let mut name = ksn;
    name[7] &= 0xE0;
    name[8] = 0;
    name[9] = 0;
    name
}
