//! What is wrapped here opens here, and nothing else is wrapped.

use proptest::{collection::vec, prelude::*, sample::select};
use ring::rand::SystemRandom;
use sealpoint_secret::SecretBytes;

use super::{initial_key_header, protection, secret, through, wrapped};
use crate::{
    CheckMethod, CheckValue,
    key_block::{
        Algorithm, BadKeyBlock, BadOptionalBlock, BadProtectionKey, Bindings, Exportability,
        Header, KeyBlock, KeyContext, ModeOfUse, NotOpened, NotWrapped, OptionalBlock,
        ProtectionKey, Usage, Version,
    },
};

const AES_256: &str = "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4";
const AES_128: &str = "2B7E151628AED2A6ABF7158809CF4F3C";
const TDES_3: &str = "8AA83BF8CBDA10620BC1BF19FBB6CD58BC313D4A371CA8B5";

/// Cipher, protection key length, key algorithm and key length, that may go together.
fn pairs() -> impl Strategy<Value = (Version, usize, Algorithm, usize)> {
    select(vec![
        (Version::D, 32, Algorithm::Aes, 32),
        (Version::D, 32, Algorithm::Aes, 16),
        (Version::D, 24, Algorithm::Aes, 24),
        (Version::D, 16, Algorithm::Aes, 16),
        (Version::D, 16, Algorithm::Tdes, 24),
        (Version::D, 16, Algorithm::Hmac, 33),
        (Version::B, 24, Algorithm::Tdes, 24),
        (Version::B, 24, Algorithm::Tdes, 16),
        (Version::B, 16, Algorithm::Tdes, 16),
    ])
}

fn optional() -> impl Strategy<Value = Vec<OptionalBlock>> {
    let ids = proptest::sample::subsequence(vec!["KS", "LB", "TS", "T1", "99", "zz"], 0..=6);
    (ids, vec("[ -~]{0,280}", 6)).prop_map(|(ids, data)| {
        let blocks = ids.iter().zip(&data);
        let block = |(id, data): (&&str, &String)| OptionalBlock::new(id, data);
        blocks
            .map(|pair| block(pair).expect("it is printable"))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_key_opens_with_its_header(
        (version, kbpk_len, algorithm, len) in pairs(),
        kbpk in vec(any::<u8>(), 32),
        key in vec(any::<u8>(), 40),
        optional in optional(),
    ) {
        let mut header = Header::new(version, Usage::HMAC, algorithm, ModeOfUse::ANY);
        header.exportability = Exportability::TRUSTED;
        header.context = KeyContext::EXCHANGE;
        header.optional = optional.clone();
        let kbpk = SecretBytes::from_slice(&kbpk[..kbpk_len]);
        let opened = through(header.clone(), &SecretBytes::from_slice(&key[..len]), &kbpk);
        prop_assert_eq!(opened.key().expose(), &key[..len]);
        let mut read = opened.header().clone();
        read.optional.retain(|block| block.id() != "PB");
        prop_assert_eq!(read, header);
    }
}

#[test]
fn a_block_does_not_tell_how_long_its_key_is() {
    let kbpk = secret(AES_256);
    let block_len = |len: usize| {
        let key = SecretBytes::from_slice(&vec![0x5A; len]);
        let block = wrapped(initial_key_header(), &key, &kbpk).expect("it is wrapped");
        block.as_str().len()
    };
    assert_eq!(block_len(16), block_len(32));
    assert_eq!(block_len(24), block_len(32));
}

#[test]
fn two_blocks_of_one_key_are_not_the_same() {
    let (kbpk, key) = (secret(AES_256), secret(AES_128));
    let block = || wrapped(initial_key_header(), &key, &kbpk).expect("it is wrapped");
    assert_ne!(block(), block());
}

#[test]
fn a_header_is_written_as_the_standard_lays_it_out() {
    let (kbpk, key) = (secret(AES_256), secret(AES_128));
    let block = wrapped(initial_key_header(), &key, &kbpk).expect("it is wrapped");
    let head = "D0176B1AX00N0200IK141234567890123456PB0C00000000";
    assert_eq!(&block.as_str()[..48], head);
    assert_eq!(block.to_string(), block.as_str());
    // The shortest padding that fills the cipher block.
    for (label, padding) in [(8, "PB04"), (9, "PB130"), (12, ""), (13, "PB0F0")] {
        let mut header = initial_key_header();
        let label = "x".repeat(label);
        header.optional = vec![OptionalBlock::new("LB", &label).expect("a label")];
        let block = wrapped(header, &key, &kbpk).expect("it is wrapped");
        let behind = &block.as_str()[16 + 4 + label.len()..];
        assert!(behind.starts_with(padding), "{behind}");
    }
}

#[test]
fn a_protection_key_must_not_be_weaker_than_its_key() {
    let weaker = |version, algorithm, kbpk: &str, key: &str| {
        let header = Header::new(version, Usage::HMAC, algorithm, ModeOfUse::ANY);
        wrapped(header, &secret(key), &secret(kbpk)).err()
    };
    let refused = Some(NotWrapped::WeakerProtection);
    let tdes_2 = &TDES_3[..32];
    assert_eq!(
        weaker(Version::D, Algorithm::Aes, AES_128, AES_256),
        refused
    );
    assert_eq!(weaker(Version::B, Algorithm::Aes, TDES_3, AES_128), refused);
    assert_eq!(weaker(Version::B, Algorithm::Tdes, tdes_2, TDES_3), refused);
    assert_eq!(
        weaker(Version::B, Algorithm::Hmac, TDES_3, AES_256),
        refused
    );
    assert_eq!(weaker(Version::D, Algorithm::Hmac, AES_128, AES_256), None);
    assert_eq!(weaker(Version::B, Algorithm::Tdes, TDES_3, TDES_3), None);
}

#[test]
fn what_cannot_be_protected_is_not_wrapped() {
    let refused = |version, algorithm, key: &str, kbpk: &ProtectionKey<'_>| {
        let header = Header::new(version, Usage::HMAC, algorithm, ModeOfUse::ANY);
        KeyBlock::wrap(header, &secret(key), kbpk, &SystemRandom::new()).err()
    };
    let (aes, tdes) = (secret(AES_256), secret(TDES_3));
    let aes = ProtectionKey::aes(&aes).expect("AES-256");
    let tdes = ProtectionKey::tdes(&tdes).expect("triple DES");
    for version in [Version::A, Version::C] {
        let deprecated = Some(NotWrapped::Deprecated(version));
        assert_eq!(refused(version, Algorithm::Tdes, TDES_3, &tdes), deprecated);
    }
    let other_cipher = |version, needed| Some(NotWrapped::ProtectionCipher { version, needed });
    assert_eq!(
        refused(Version::B, Algorithm::Tdes, TDES_3, &aes),
        other_cipher(Version::B, Algorithm::Tdes)
    );
    assert_eq!(
        refused(Version::D, Algorithm::Aes, AES_128, &tdes),
        other_cipher(Version::D, Algorithm::Aes)
    );
    for (algorithm, key) in [
        (Algorithm::Aes, "00"),
        (Algorithm::Tdes, AES_256),
        (Algorithm::Hmac, "00112233445566778899AABBCCDDEE"),
        (Algorithm::Rsa, AES_256),
        (Algorithm::Other('7'), AES_256),
    ] {
        let len = key.len() / 2;
        let not_a_key = Some(NotWrapped::KeyLength { algorithm, len });
        assert_eq!(refused(Version::D, algorithm, key, &aes), not_a_key);
    }
}

#[test]
fn optional_blocks_that_no_header_can_have_are_refused() {
    let label = |data: &str| OptionalBlock::new("LB", data);
    assert_eq!(label("tab\t").err(), Some(BadOptionalBlock::Data));
    for id in ["", "L", "LBX", "L-", "PB"] {
        let refused = OptionalBlock::new(id, "").err();
        assert_eq!(refused, Some(BadOptionalBlock::Id), "{id}");
    }
    let with = |optional| {
        let mut header = initial_key_header();
        header.optional = optional;
        wrapped(header, &secret(AES_128), &secret(AES_256)).err()
    };
    let twice = vec![
        label("one").expect("a label"),
        label("two").expect("a label"),
    ];
    assert_eq!(with(twice), Some(NotWrapped::Optional));
    let long = vec![label(&"x".repeat(9_990)).expect("a label")];
    assert_eq!(with(long), Some(NotWrapped::Optional));
    let numbered = |number: u8| OptionalBlock::new(&format!("{number:02}"), "");
    let many = (0..100).map(|number| numbered(number).unwrap_or_else(|_| label("").expect("one")));
    assert_eq!(with(many.collect()), Some(NotWrapped::Optional));
}

#[test]
fn a_protection_key_has_a_length_of_its_cipher() {
    let refused = |algorithm, len| Some(BadProtectionKey { algorithm, len });
    for len in [0, 8, 15, 17, 40] {
        let key = SecretBytes::from_slice(&vec![1; len]);
        assert_eq!(ProtectionKey::aes(&key).err(), refused(Algorithm::Aes, len));
        assert_eq!(
            ProtectionKey::tdes(&key).err(),
            refused(Algorithm::Tdes, len)
        );
    }
    let key = secret(AES_256);
    assert_eq!(
        ProtectionKey::tdes(&key).err(),
        refused(Algorithm::Tdes, 32)
    );
    let block = wrapped(initial_key_header(), &secret(AES_128), &key).expect("it is wrapped");
    let same = block.protection_key(&key).expect("AES-256");
    assert_eq!(same.algorithm(), Algorithm::Aes);
    assert!(block.open(&same, Bindings::Derivation).is_ok());
}

#[test]
fn a_key_of_the_other_cipher_is_not_tried() {
    let block = wrapped(initial_key_header(), &secret(AES_128), &secret(AES_256));
    let tdes = secret(TDES_3);
    let refused = block
        .expect("it is wrapped")
        .open(&protection(Version::B, &tdes), Bindings::Derivation);
    let needed = Algorithm::Aes;
    let version = Version::D;
    assert_eq!(
        refused.err(),
        Some(NotOpened::ProtectionCipher { version, needed })
    );
}

#[test]
fn check_values_in_the_block_are_compared() {
    let (kbpk, key) = (secret(AES_256), secret(AES_128));
    let of = |method, key| CheckValue::by(method, Algorithm::Aes, key).expect("AES");
    let open = |optional: Vec<OptionalBlock>| {
        let mut header = initial_key_header();
        header.optional.extend(optional);
        let block = wrapped(header, &key, &kbpk).expect("it is wrapped");
        block.open(&protection(Version::D, &kbpk), Bindings::Derivation)
    };
    for method in [CheckMethod::Cmac, CheckMethod::Legacy] {
        let of_key = OptionalBlock::key_check(method, &of(method, &key));
        let of_kbpk = OptionalBlock::protection_key_check(method, &of(method, &kbpk));
        assert!(open(vec![of_key, of_kbpk]).is_ok());
        let other = of(method, &kbpk);
        assert_eq!(
            open(vec![OptionalBlock::key_check(method, &other)]).err(),
            Some(NotOpened::OtherKey {
                stated: other,
                found: of(method, &key),
            })
        );
        let other = of(method, &key);
        assert_eq!(
            open(vec![OptionalBlock::protection_key_check(method, &other)]).err(),
            Some(NotOpened::OtherProtectionKey {
                stated: other,
                found: of(method, &kbpk),
            })
        );
    }
    for (id, bad) in [
        ("KC", "02012345"),
        ("KC", "01"),
        ("KC", "0100ff"),
        ("KP", "0001020304"),
    ] {
        let block = OptionalBlock::new(id, bad).expect("it is printable");
        assert_eq!(
            open(vec![block]).err(),
            Some(NotOpened::CheckValue(id)),
            "{bad}"
        );
    }
}

#[test]
fn a_block_is_read_from_its_own_text_alone() {
    let block = wrapped(initial_key_header(), &secret(AES_128), &secret(AES_256));
    let text = block.expect("it is wrapped").to_string();
    for wrapped in [
        format!("{text}\n"),
        format!(" {text}"),
        format!("\u{feff}{text}"),
    ] {
        let refused = KeyBlock::parse(&wrapped).err();
        assert!(
            matches!(
                refused,
                Some(BadKeyBlock::Character(_) | BadKeyBlock::Version(' '))
            ),
            "{refused:?}"
        );
    }
}
