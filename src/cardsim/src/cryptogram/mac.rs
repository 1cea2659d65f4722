//! The MAC of EMV 4.4 Book 2 Annex A1.2.1 with the 64-bit block cipher:
//! ISO/IEC 9797-1 algorithm 3 ("retail MAC"), padding method 2.

use des::Des;
use des::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

/// The cipher's block in bytes.
pub(super) const BLOCK: usize = 8;

/// A double-length TDES key in bytes.
pub(super) const KEY: usize = 16;

/// ISO/IEC 9797-1 MAC algorithm 3 with padding method 2 over `message`.
///
/// `key` is K_L || K_R. Annex A1.2.1: the message is padded with one `80` and
/// zeroes to whole blocks, chained under K_L, and only the last block is also
/// deciphered under K_R and enciphered under K_L again.
#[must_use]
pub fn mac_algorithm_3(key: &[u8; KEY], message: &[u8]) -> [u8; BLOCK] {
    mac_of_blocks(key, &[message, &[0x80]].concat())
}

/// The same MAC with padding method 1: zeroes alone, and none to whole blocks. Visa's CVN 10
/// pads so.
pub(super) fn mac_padded_with_zeroes(key: &[u8; KEY], message: &[u8]) -> [u8; BLOCK] {
    mac_of_blocks(key, message)
}

fn mac_of_blocks(key: &[u8; KEY], message: &[u8]) -> [u8; BLOCK] {
    let (left, right) = halves(key);
    let mut chain = [0; BLOCK];
    for part in message.chunks(BLOCK) {
        let mut block = [0; BLOCK];
        block[..part.len()].copy_from_slice(part);
        absorb(&left, &mut chain, &block);
    }
    let mut output = Array::from(chain);
    right.decrypt_block(&mut output);
    left.encrypt_block(&mut output);
    output.into()
}

/// TDES in ECB mode, encipher, for one block (EMV 4.4 Book 2 A1.1).
pub(super) fn tdes(key: &[u8; KEY], block: [u8; BLOCK]) -> [u8; BLOCK] {
    let (left, right) = halves(key);
    let mut output = Array::from(block);
    left.encrypt_block(&mut output);
    right.decrypt_block(&mut output);
    left.encrypt_block(&mut output);
    output.into()
}

/// The inverse of [`tdes`].
pub(super) fn tdes_inverse(key: &[u8; KEY], block: [u8; BLOCK]) -> [u8; BLOCK] {
    let (left, right) = halves(key);
    let mut output = Array::from(block);
    left.decrypt_block(&mut output);
    right.encrypt_block(&mut output);
    left.decrypt_block(&mut output);
    output.into()
}

fn halves(key: &[u8; KEY]) -> (Des, Des) {
    let (left, right) = key.split_at(BLOCK);
    let cipher = |half: &[u8]| Des::new_from_slice(half).expect("half of 16 bytes is a DES key");
    (cipher(left), cipher(right))
}

fn absorb(cipher: &Des, chain: &mut [u8; BLOCK], block: &[u8]) {
    for (state, byte) in chain.iter_mut().zip(block) {
        *state ^= byte;
    }
    let mut output = Array::from(*chain);
    cipher.encrypt_block(&mut output);
    *chain = output.into();
}
