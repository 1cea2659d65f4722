//! The target for key blocks (X9.143): whoever sends a key to a till, or stands between.

use sealpoint_secret::SecretBytes;
use sealpoint_vault::{
    SystemRandom,
    key_block::{Bindings, Header, KeyBlock, ProtectionKey},
};

/// The protection key of the corpus, for AES.
const AES: [u8; 32] = [
    0x60, 0x3D, 0xEB, 0x10, 0x15, 0xCA, 0x71, 0xBE, 0x2B, 0x73, 0xAE, 0xF0, 0x85, 0x7D, 0x77, 0x81,
    0x1F, 0x35, 0x2C, 0x07, 0x3B, 0x61, 0x08, 0xD7, 0x2D, 0x98, 0x10, 0xA3, 0x09, 0x14, 0xDF, 0xF4,
];
/// The same for triple DES.
const TDES: [u8; 24] = [
    0x8A, 0xA8, 0x3B, 0xF8, 0xCB, 0xDA, 0x10, 0x62, 0x0B, 0xC1, 0xBF, 0x19, 0xFB, 0xB6, 0xCD, 0x58,
    0xBC, 0x31, 0x3D, 0x4A, 0x37, 0x1C, 0xA8, 0xB5,
];

/// A text is a key block or is refused; what is one says the same again under a header of its own; no
/// changed block opens.
pub fn key_block(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    read(text);
    // Few changes leave the length as it was: with the length that it has, more is read.
    if let (Some(version), Some(behind)) = (text.get(..1), text.get(5..)) {
        read(&format!("{version}{:04}{behind}", text.len()));
    }
}

fn read(text: &str) {
    let Ok(block) = KeyBlock::parse(text) else {
        return;
    };
    assert_eq!(block.as_str(), text);
    let (aes, tdes) = (
        SecretBytes::from_slice(&AES),
        SecretBytes::from_slice(&TDES),
    );
    let aes = ProtectionKey::aes(&aes).expect("it has 32 bytes");
    let tdes = ProtectionKey::tdes(&tdes).expect("it has 24 bytes");
    for protection in [&aes, &tdes] {
        if let Ok(opened) = block.open(protection, Bindings::LegacyVariantToo) {
            assert_eq!(opened.header(), block.header());
            // The corpus has blocks of keys that are all of one byte: nothing else opens.
            let key = opened.key().expose();
            assert!(key.windows(2).all(|pair| pair[0] == pair[1]));
        }
        for len in [16, 24, 32] {
            wrapped_again(block.header(), protection, len);
        }
    }
}

fn wrapped_again(header: &Header, protection: &ProtectionKey<'_>, len: usize) {
    let key = SecretBytes::from_slice(&vec![0x5A; len]);
    let random = SystemRandom::new();
    let Ok(block) = KeyBlock::wrap(header.clone(), &key, protection, &random) else {
        return;
    };
    let without_padding = |header: &Header| {
        let mut header = header.clone();
        header.optional.retain(|block| block.id() != "PB");
        header
    };
    assert_eq!(without_padding(block.header()), without_padding(header));
    let Ok(opened) = block.open(protection, Bindings::Derivation) else {
        // Its header states check values, and they are of another key.
        assert!(["KC", "KP"].iter().any(|id| header.optional(id).is_some()));
        return;
    };
    assert_eq!(opened.key().expose(), key.expose());
    // Each use is allowed or refused.
    let open = || block.open(protection, Bindings::Derivation);
    let _ = opened.into_initial_key();
    let _ = open().map(|opened| opened.into_protection_key().map(|_| ()));
    let _ = open().map(|opened| opened.into_token_key().map(|_| ()));
}
