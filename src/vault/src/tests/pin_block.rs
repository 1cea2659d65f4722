//! Clear PIN blocks, against samples and against a reader of their fields.

use core::cell::UnsafeCell;

use proptest::prelude::*;
#[expect(
    deprecated,
    reason = "ring's only deterministic random source; no other can be given to it, since its \
              trait is sealed"
)]
use ring::test::rand::{FixedByteRandom, FixedSliceRandom, FixedSliceSequenceRandom};
use sealpoint_secret::{Pan, PinBlock};
use sealpoint_wire::seal::DukptScheme;

use super::dukpt::{Host, hex, host, registers};
use crate::{
    NoRandomBytes, SystemRandom,
    pin_block::{BadPin, Pin, format_0, format_3, format_4},
};

fn pin(digits: &[u8]) -> Pin {
    Pin::from_digits(digits).expect("a PIN")
}

fn pan(digits: &[u8]) -> Pan {
    Pan::from_digits(digits).expect("a PAN")
}

fn nibbles(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .collect()
}

/// The account field of formats 0 and 3, made from the digits' text.
fn account(digits: &[u8]) -> Vec<u8> {
    let text = core::str::from_utf8(&digits[..digits.len() - 1]).expect("digits");
    let padded = format!("{text:0>20}");
    hex(&format!("0000{}", &padded[padded.len() - 12..]))
}

fn xor(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(a, b)| a ^ b).collect()
}

#[test]
fn format_0_is_the_sample_of_x9_24() {
    let block = format_0(pin(b"1234"), &pan(b"4012345678909"));
    assert_eq!(block.expose(), hex("041274EDCBA9876F"));
}

#[test]
#[expect(deprecated, reason = "see the import")]
fn format_4_is_the_sample_of_x9_24() {
    let random = FixedSliceRandom {
        bytes: &hex("2F69ADDE2E9E7ACE"),
    };
    let block = format_4(pin(b"1234"), &random).expect("random bytes");
    assert_eq!(block.expose(), hex("441234AAAAAAAAAA2F69ADDE2E9E7ACE"));
}

#[test]
#[expect(deprecated, reason = "see the import")]
fn format_3_takes_each_of_its_six_digits_as_often_and_leaves_out_what_would_favour_some() {
    let drawn: Vec<u8> = [252, 0, 255, 1, 2, 253, 3, 4, 5, 6, 251, 7, 254]
        .into_iter()
        .chain(core::iter::repeat_n(8, 19))
        .collect();
    let sequence = [&drawn[..]];
    let random = FixedSliceSequenceRandom {
        bytes: &sequence,
        current: UnsafeCell::new(0),
    };
    let block = format_3(pin(b"1234"), &pan(b"4012345678909"), &random).expect("random bytes");
    let clear = xor(block.expose(), &account(b"4012345678909"));
    assert_eq!(clear, hex("341234ABCDEFAFBC"));
}

#[test]
#[expect(deprecated, reason = "see the import")]
fn a_source_that_never_fits_is_no_source() {
    let refused = format_3(
        pin(b"1234"),
        &pan(b"4012345678909"),
        &FixedByteRandom { byte: 0xFF },
    );
    assert_eq!(refused.err(), Some(NoRandomBytes));
}

#[test]
fn two_blocks_of_one_pin_differ_where_the_format_has_random_parts() {
    let random = SystemRandom::new();
    let card = || pan(b"4012345678909");
    let three = || format_3(pin(b"1234"), &card(), &random).expect("random bytes");
    let four = || format_4(pin(b"1234"), &random).expect("random bytes");
    assert_ne!(three().expose(), three().expose());
    assert_ne!(four().expose(), four().expose());
}

#[test]
fn what_is_no_pin_is_refused() {
    for digits in [
        &b"123"[..],
        b"1234567890123",
        b"",
        b"12a4",
        b"12 4",
        b"\x01\x02\x03\x04",
    ] {
        assert_eq!(Pin::from_digits(digits).err(), Some(BadPin));
    }
}

/// The PAN field of format 4, read back out of what was enciphered.
#[test]
fn a_card_number_of_any_length_is_in_the_enciphered_block() {
    let host = Host::of(DukptScheme::Aes256);
    for (digits, field) in [
        (&b"12345678"[..], "00000123456780000000000000000000"),
        (b"12345678901", "00123456789010000000000000000000"),
        (b"123456789012", "01234567890120000000000000000000"),
        (b"1234567890123", "11234567890123000000000000000000"),
        (b"4111111111111111", "44111111111111111000000000000000"),
        (b"1234567890123456789", "71234567890123456789000000000000"),
    ] {
        let clear = hex("4412345AAAAAAAAA0011223344556677");
        let block = PinBlock::from_slice(&clear).expect("a PIN block");
        let key = registers(&host).advance().expect("not used up");
        let sent = key
            .encipher_pin_block(block, &pan(digits))
            .expect("format 4");
        let key = host.working_keys(1).pin;
        let inner = host::decrypt(&key, sent.block.as_slice(), host.scheme);
        let once = host::encrypt(&key, &clear, host.scheme);
        assert_eq!(xor(&inner, &once), hex(field));
    }
}

proptest! {
    #[test]
    fn every_pin_and_card_number_is_where_the_format_has_it(
        pin_digits in proptest::collection::vec(b'0'..=b'9', 4..=12),
        pan_digits in proptest::collection::vec(b'0'..=b'9', 8..=19),
    ) {
        let random = SystemRandom::new();
        let (card, account) = (pan(&pan_digits), account(&pan_digits));
        let length = u8::try_from(pin_digits.len()).expect("short");
        let digits: Vec<u8> = pin_digits.iter().map(|digit| digit - b'0').collect();
        let begins = |format| [&[format, length], &digits[..]].concat();

        let zero = nibbles(&xor(format_0(pin(&pin_digits), &card).expose(), &account));
        prop_assert!(zero.starts_with(&begins(0)));
        prop_assert!(zero[2 + digits.len()..].iter().all(|nibble| *nibble == 0xF));

        let three = format_3(pin(&pin_digits), &card, &random).expect("random bytes");
        let three = nibbles(&xor(three.expose(), &account));
        prop_assert!(three.starts_with(&begins(3)));
        prop_assert!(three[2 + digits.len()..].iter().all(|nibble| *nibble >= 0xA));

        let four = format_4(pin(&pin_digits), &random).expect("random bytes");
        let four = nibbles(four.expose());
        prop_assert!(four.starts_with(&begins(4)));
        prop_assert!(four[2 + digits.len()..16].iter().all(|nibble| *nibble == 0xA));
        prop_assert_eq!(four.len(), 32);
    }
}
