//! Key blocks of the standard, of a hardware security module and of other implementations.

use crate::block_cipher::BlockCipher;
use data_encoding::HEXUPPER;
#[expect(
    deprecated,
    reason = "ring's only deterministic random source; no other can be given to it, since its \
              trait is sealed"
)]
use ring::test::rand::FixedSliceRandom;

use super::{OTHERS, other, protection, secret};
use crate::{
    CheckValue,
    key_block::{
        Algorithm, Bindings, Exportability, KeyBlock, KeyVersion, NotOpened, Version, binding,
    },
};

#[test]
fn every_key_block_that_others_made_opens_to_its_key() {
    for other in OTHERS.iter() {
        let (block, kbpk) = (other.block(), secret(&other.kbpk));
        let opened = block
            .open(
                &protection(block.header().version, &kbpk),
                Bindings::LegacyVariantToo,
            )
            .unwrap_or_else(|error| panic!("{}: {error}", other.name));
        assert_eq!(
            HEXUPPER.encode(opened.key().expose()),
            other.key,
            "{}",
            other.name
        );
        assert_eq!(opened.header(), block.header());
        if let Some(stated) = &other.check_value {
            let found = CheckValue::of(opened.header().algorithm, opened.key());
            let stated = stated.parse().expect("the vectors' check values are");
            assert!(
                found.is_ok_and(|found| found.matches(&stated)),
                "{}",
                other.name
            );
        }
    }
}

#[test]
fn what_others_made_of_key_and_padding_is_made_here_too() {
    let derived = |version| matches!(version, Version::B | Version::D);
    let mut made = 0;
    for other in OTHERS.iter() {
        let (block, kbpk) = (other.block(), secret(&other.kbpk));
        let version = block.header().version;
        if !derived(version) {
            continue;
        }
        let payload = block
            .payload(&protection(version, &kbpk))
            .expect("it opens");
        let cipher = match version.cipher() {
            Algorithm::Aes => BlockCipher::aes(kbpk.expose()),
            _ => BlockCipher::tdes(kbpk.expose()),
        };
        let bound = binding::bind(
            version,
            cipher.expect("the protection key has a length"),
            &block.as_str().as_bytes()[..block.header_len],
            &payload,
        );
        let bound = bound.expect("it is bound");
        let text = [bound.ciphertext, bound.mac].concat();
        assert!(
            other.text.ends_with(&HEXUPPER.encode(&text)),
            "{}",
            other.name
        );
        made += 1;
    }
    assert_eq!(made, 19);
}

#[test]
#[expect(deprecated, reason = "see the import")]
fn whole_blocks_that_hide_the_keys_length_come_out_to_the_letter() {
    for name in [
        "x9143_8_1_d_hidden_length",
        "x9143_8_4_2_b",
        "psec_d_aes_192_under_aes_192",
        "psec_b_three_keys_under_three_keys",
        "psec_b_initial_key",
        "psec_d_hmac",
        "psec_d_no_padding_needed",
    ] {
        let other = other(name);
        let (block, kbpk, key) = (other.block(), secret(&other.kbpk), secret(&other.key));
        let protection = protection(block.header().version, &kbpk);
        let payload = block.payload(&protection).expect("it opens");
        let random = FixedSliceRandom {
            bytes: payload.expose(),
        };
        let made = KeyBlock::wrap(block.header().clone(), &key, &protection, &random);
        assert_eq!(made.expect("it is wrapped").as_str(), other.text, "{name}");
    }
}

#[test]
fn variant_binding_opens_for_legacy_callers_only() {
    for name in ["2018_a_variant", "x9143_8_4_1_c"] {
        let (block, kbpk) = (other(name).block(), secret(&other(name).kbpk));
        let version = block.header().version;
        let refused = block.open(&protection(version, &kbpk), Bindings::Derivation);
        assert_eq!(refused.err(), Some(NotOpened::Legacy(version)));
    }
}

#[test]
fn a_header_is_shown_with_the_standards_words() {
    let block = other("x9143_8_4_2_b").block();
    let header = block.header();
    assert_eq!(header.version, Version::B);
    assert_eq!(header.usage.to_string(), "B0 (DUKPT base derivation key)");
    assert_eq!(header.algorithm.to_string(), "T (triple DES)");
    assert_eq!(header.mode_of_use.to_string(), "X (derive keys)");
    assert_eq!(header.key_version, KeyVersion::Number(['1', '2']));
    assert_eq!(header.exportability, Exportability::SENSITIVE);
    assert_eq!(header.exportability.to_string(), "S (sensitive)");
    let [serial_number] = header.optional.as_slice() else {
        panic!("it has one optional block");
    };
    assert_eq!(serial_number.name(), Some("initial key serial number"));
    assert_eq!(serial_number.data(), "00604B120F9292800000");
}

#[test]
fn optional_blocks_are_read_in_both_forms_of_the_extended_length() {
    let by_digits = other("x9143_8_6_d_ec_with_certificates").block();
    let ids: Vec<_> = by_digits
        .header()
        .optional
        .iter()
        .map(|block| block.id())
        .collect();
    assert_eq!(ids, ["CT", "KP", "TS", "PB"]);
    let certificates = by_digits
        .header()
        .optional("CT")
        .expect("it has certificates");
    assert!(certificates.data().starts_with("020002F0MIICLjCC"));
    assert_eq!(certificates.data().len(), 0x05CC - 10);

    let by_bytes = other("psec_d_long_label").block();
    let label = by_bytes.header().optional("LB").expect("it has a label");
    assert_eq!(label.data(), "long label, ".repeat(25));
}

#[test]
fn what_the_standard_does_not_name_is_kept_and_shown() {
    let block = other("psec_b_three_keys_under_three_keys").block();
    let own = block.header().optional("T1").expect("it is kept");
    assert_eq!((own.name(), own.data()), (None, "a maker's own"));
    let unknown = "B0096Z9QE00N0000\
                   AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
                   BBBBBBBBBBBBBBBB";
    let block = KeyBlock::parse(unknown).expect("its form is right");
    assert_eq!(block.header().usage.to_string(), "Z9 (unknown)");
    assert_eq!(block.header().algorithm.to_string(), "Q (unknown)");
}

#[test]
fn the_check_value_of_the_protection_key_is_looked_at_first() {
    let block = other("x9143_8_6_d_ec_with_certificates").block();
    let wrong = secret("00112233445566778899AABBCCDDEEFF");
    let refused = block.open(&protection(Version::D, &wrong), Bindings::Derivation);
    let Err(NotOpened::OtherProtectionKey { stated, found }) = refused else {
        panic!("another protection key opened it");
    };
    assert_eq!(stated.to_string(), "2331550BC9");
    let ours = CheckValue::of(Algorithm::Aes, &wrong).expect("it has one");
    assert_eq!(found, ours);
}
