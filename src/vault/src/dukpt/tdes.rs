//! TDES DUKPT: deriving keys (ANSI X9.24-1:2009 annex A).

use sealpoint_wire::seal::DukptScheme;
use zeroize::Zeroizing;

use super::cipher;

/// Bytes of a DES block, and of half a key.
const HALF: usize = 8;
/// Bytes of a two-key TDES key.
const KEY_LEN: usize = 2 * HALF;
/// What the left half of a new key is made under differs by this from the parent (annex A.2).
const LEFT_HALF_MASK: [u8; KEY_LEN] = [
    0xC0, 0xC0, 0xC0, 0xC0, 0, 0, 0, 0, 0xC0, 0xC0, 0xC0, 0xC0, 0, 0, 0, 0,
];
/// Place in each half where the variant for PIN blocks differs from the key (annex A.4.1).
pub(crate) const PIN_VARIANT: usize = 7;
/// Place of the variant for MACs of requests.
pub(crate) const MAC_REQUEST_VARIANT: usize = 6;
/// Place of the variant for data of requests.
pub(crate) const DATA_REQUEST_VARIANT: usize = 5;

/// The key of the number in `ksn` from its parent's, by key generation that cannot be reversed.
pub(crate) fn child(parent: &[u8], ksn: &[u8], into: &mut [u8]) {
    let register = &ksn[ksn.len() - HALF..];
    let mut masked = Zeroizing::new(LEFT_HALF_MASK);
    exclusive_or(masked.as_mut(), parent);
    let (left, right) = into.split_at_mut(HALF);
    half(parent, register, right);
    half(masked.as_ref(), register, left);
}

/// Half a new key: the register, enciphered under the left half between two additions of the right.
fn half(key: &[u8], register: &[u8], into: &mut [u8]) {
    let (left, right) = key.split_at(HALF);
    into.copy_from_slice(register);
    exclusive_or(into, right);
    cipher::des(left, into);
    exclusive_or(into, right);
}

/// Fills `into` with the variant of `key` that differs at `place` in both halves.
pub(crate) fn variant(key: &[u8], place: usize, into: &mut [u8]) {
    into.copy_from_slice(key);
    into[place] ^= 0xFF;
    into[HALF + place] ^= 0xFF;
}

/// Fills `into` with the data key: each half of the variant enciphered under the whole variant, so
/// that nobody gets from it to the key (annex A.4.1).
pub(crate) fn data_key(key: &[u8], into: &mut [u8]) {
    let mut under = Zeroizing::new([0; KEY_LEN]);
    variant(key, DATA_REQUEST_VARIANT, under.as_mut());
    into.copy_from_slice(under.as_ref());
    for half in into.chunks_mut(HALF) {
        cipher::encrypt_block(DukptScheme::Tdes2, under.as_ref(), half);
    }
}

fn exclusive_or(bytes: &mut [u8], with: &[u8]) {
    for (byte, other) in bytes.iter_mut().zip(with) {
        *byte ^= other;
    }
}
