//! A card has one token in all of a retailer's shops, and nobody else can make it.

use std::collections::HashSet;

use proptest::prelude::*;
use sealpoint_secret::{Pan, SecretBytes};

use crate::TokenKey;

/// 00 01 02 .. 1F.
fn key() -> TokenKey {
    let bytes: Vec<u8> = (0..32).collect();
    TokenKey::from_bytes(&SecretBytes::from_slice(&bytes)).expect("32 bytes")
}

fn pan(digits: &str) -> Pan {
    Pan::from_digits(digits.as_bytes()).expect("digits")
}

/// Made with Python's `hmac` and with `openssl dgst -mac HMAC`.
#[test]
fn tokens_are_those_that_other_implementations_make() {
    for (digits, token) in [
        ("4761739001010119", "3B0380132A6E67AB65A78F9DEA533B03"),
        ("5413330089020011", "F225B6C96E264A2DAB10152532B078AA"),
        ("12345678", "F0FD9B97657C701A4D704A6DD98EBDEA"),
        ("9999999999999999999", "EA6333B7226808D9606397E7F8C4FF94"),
    ] {
        assert_eq!(key().token(&pan(digits)).to_string(), token);
    }
}

#[test]
fn another_key_gives_every_card_another_token() {
    let other = TokenKey::from_bytes(&SecretBytes::from_slice(&[7; 32])).expect("32 bytes");
    let card = pan("4761739001010119");
    assert_ne!(key().token(&card), other.token(&card));
    assert_eq!(key().token(&card), key().token(&card));
}

#[test]
fn a_key_of_another_length_is_refused_with_what_to_do() {
    for len in [0, 16, 31, 33, 64] {
        let refused = TokenKey::from_bytes(&SecretBytes::from_slice(&vec![1; len])).err();
        assert_eq!(
            refused.expect("refused").to_string(),
            format!("a token key has 32 bytes, not {len}; ask the retailer for the key again")
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn neighbours_and_prefixes_have_tokens_of_their_own(
        digits in proptest::collection::vec(0u8..10, 9..=19)
    ) {
        let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        let shorter = &text[..text.len() - 1];
        let mut family: Vec<String> = (0..10).map(|last| format!("{shorter}{last}")).collect();
        family.push(shorter.to_owned());
        let tokens: HashSet<_> = family.iter().map(|one| key().token(&pan(one))).collect();
        prop_assert_eq!(tokens.len(), family.len());
        // Nothing of the number shows.
        let token = key().token(&pan(&text)).to_string();
        prop_assert!(!token.contains(&text[..8]));
    }
}
