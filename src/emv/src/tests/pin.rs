//! What a PIN pad makes of a PIN (Book 3 §6.5.12, Book 2 §7.2).

use sealpoint_secret::{PinBlock, SecretBytes};

use super::card::hex;
use crate::{
    PinKey,
    pin::{encipher, plaintext_block},
};

fn block(digits: &[u8]) -> Option<Vec<u8>> {
    plaintext_block(&SecretBytes::from_slice(digits)).map(|block| block.expose().to_vec())
}

#[test]
fn a_plaintext_block_counts_the_digits_and_fills_with_f() {
    assert_eq!(block(&[1, 2, 3, 4]), Some(hex("241234FFFFFFFFFF")));
    assert_eq!(block(&[9, 8, 7, 6, 5]), Some(hex("2598765FFFFFFFFF")));
    let longest: Vec<u8> = (1..=9).chain([0, 1, 2]).collect();
    assert_eq!(block(&longest), Some(hex("2C123456789012FF")));
}

#[test]
fn what_is_no_pin_makes_no_block() {
    assert_eq!(block(&[1, 2, 3]), None);
    assert_eq!(block(&[1; 13]), None);
    assert_eq!(block(&[1, 2, 3, 10]), None);
    assert_eq!(block(b"1234"), None, "characters are no digits");
}

/// A modulus so large, and an exponent of 3, that nothing small is reduced.
fn key() -> PinKey {
    PinKey {
        modulus: vec![0xFF; 64],
        exponent: 3,
    }
}

fn pin_block() -> PinBlock {
    PinBlock::from_slice(&hex("241234FFFFFFFFFF")).expect("a block")
}

#[test]
fn data_and_padding_are_as_long_as_the_key() {
    let made = |padding: usize| encipher(&key(), &pin_block(), [0xC1; 8], &vec![0x5A; padding]);
    assert_eq!(made(47).map(|data| data.len()), Some(64));
    for padding in [0, 46, 48, 255] {
        assert!(made(padding).is_none(), "{padding}");
    }
}

#[test]
fn a_block_for_the_host_and_a_key_that_is_none_encipher_nothing() {
    let long = PinBlock::from_slice(&[0; 16]).expect("a block");
    assert!(encipher(&key(), &long, [0; 8], &[0; 39]).is_none());
    for (modulus, exponent) in [
        (vec![0xFE; 64], 3),
        (vec![0xFF; 64], 2),
        (vec![0xFF; 249], 3),
        (vec![0xFF; 8], 3),
        (Vec::new(), 3),
    ] {
        let padding = vec![0; modulus.len().saturating_sub(17)];
        let key = PinKey { modulus, exponent };
        assert!(encipher(&key, &pin_block(), [0; 8], &padding).is_none());
    }
}
