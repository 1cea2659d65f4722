//! Key blocks that somebody changed, cut off or made up.

use crate::block_cipher::BlockCipher;
use proptest::prelude::*;
use sealpoint_secret::SecretBytes;

use super::{OTHERS, initial_key_header, other, protection, secret, wrapped};
use crate::key_block::{
    Algorithm, BadKeyBlock, BadOptionalBlock, Bindings, KeyBlock, NotOpened, Version, binding,
};

/// Why a text does not become a key.
#[derive(PartialEq, Eq, Debug)]
enum Refusal {
    Form(BadKeyBlock),
    Opening(NotOpened),
}

fn refusal(text: &str, kbpk: &SecretBytes) -> Option<Refusal> {
    let block = match KeyBlock::parse(text) {
        Ok(block) => block,
        Err(error) => return Some(Refusal::Form(error)),
    };
    let protection = match block.protection_key(kbpk) {
        Ok(protection) => protection,
        Err(_) => return Some(Refusal::Opening(NotOpened::NotAuthentic)),
    };
    let opened = block.open(&protection, Bindings::LegacyVariantToo);
    opened.err().map(Refusal::Opening)
}

/// A sample with one character replaced.
fn changed(text: &str, place: usize, to: char) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    characters[place] = to;
    characters.into_iter().collect()
}

#[test]
fn every_single_character_change_is_refused() {
    for name in [
        "2018_a_variant",
        "psec_b_initial_key",
        "x9143_8_4_1_c",
        "psec_d_aes_192_under_aes_192",
    ] {
        let (text, kbpk) = (&other(name).text, secret(&other(name).kbpk));
        assert_eq!(refusal(text, &kbpk), None);
        let characters = (' '..='~').chain(['\n', '\0', 'é']);
        for (place, was) in text.chars().enumerate() {
            for to in characters.clone().filter(|to| *to != was) {
                let refused = refusal(&changed(text, place, to), &kbpk);
                assert!(refused.is_some(), "{name}: {to:?} at {place}");
            }
        }
    }
}

#[test]
fn every_cut_and_every_addition_is_refused() {
    for other in OTHERS.iter().filter(|other| other.text.len() < 500) {
        let kbpk = secret(&other.kbpk);
        for end in 0..other.text.len() {
            let cut = &other.text[..end];
            assert!(refusal(cut, &kbpk).is_some(), "{}: {end}", other.name);
            // With a length that fits.
            if end > 5 {
                let fitted = format!("{}{end:04}{}", &cut[..1], &cut[5..]);
                assert!(refusal(&fitted, &kbpk).is_some(), "{}: {end}", other.name);
            }
        }
        for more in [
            "0",
            "00",
            "\n",
            "0000000000000000",
            "00000000000000000000000000000000",
        ] {
            let len = other.text.len() + more.len();
            let longer = format!("{}{more}", other.text);
            assert!(refusal(&longer, &kbpk).is_some(), "{}", other.name);
            let fitted = format!("{}{len:04}{}{more}", &other.text[..1], &other.text[5..]);
            assert!(refusal(&fitted, &kbpk).is_some(), "{}", other.name);
        }
    }
}

#[test]
fn a_refusal_says_why() {
    let sample = other("psec_d_aes_192_under_aes_192");
    let (text, kbpk) = (sample.text.as_str(), secret(&sample.kbpk));
    let form = |text: &str| match KeyBlock::parse(text) {
        Err(error) => error,
        Ok(block) => panic!("{block:?} was taken"),
    };
    assert_eq!(form(""), BadKeyBlock::Size(0));
    assert_eq!(form(&"D".repeat(10_000)), BadKeyBlock::Size(10_000));
    assert_eq!(
        form(&changed(text, 40, '\u{7f}')),
        BadKeyBlock::Character(41)
    );
    for version in ['E', 'd', '0', ' '] {
        let refused = form(&changed(text, 0, version));
        assert_eq!(refused, BadKeyBlock::Version(version));
    }
    let (stated, found) = (177, 176);
    assert_eq!(
        form(&changed(text, 4, '7')),
        BadKeyBlock::Length { stated, found }
    );
    let shorter = form(&changed(text, 4, '5'));
    assert_eq!(shorter, BadKeyBlock::Length { stated: 175, found });
    for (place, field) in [
        (1, "length"),
        (5, "usage"),
        (6, "usage"),
        (7, "algorithm"),
        (8, "mode of use"),
        (10, "key version number"),
        (11, "exportability"),
        (13, "number of optional blocks"),
        (14, "key context"),
        (15, "reserved character"),
    ] {
        assert_eq!(form(&changed(text, place, '-')), BadKeyBlock::Field(field));
    }
    assert_eq!(
        form(&changed(text, 14, '3')),
        BadKeyBlock::Field("key context")
    );
    assert_eq!(
        form(&changed(text, 15, '1')),
        BadKeyBlock::Field("reserved character")
    );
    let lower: String = text[..48].to_owned() + &text[48..].to_lowercase();
    assert_eq!(form(&lower), BadKeyBlock::Payload);
    assert_eq!(form(&changed(text, 100, 'G')), BadKeyBlock::Payload);

    let not_authentic = Some(Refusal::Opening(NotOpened::NotAuthentic));
    for (place, to) in [
        (5, 'P'),
        (8, 'N'),
        (11, 'E'),
        (22, 'A'),
        (60, 'x'),
        (175, 'x'),
    ] {
        let is_hex = text.as_bytes()[place] == b'0';
        let to = if to == 'x' {
            if is_hex { '1' } else { '0' }
        } else {
            to
        };
        assert_eq!(
            refusal(&changed(text, place, to), &kbpk),
            not_authentic,
            "{place}"
        );
    }
    let other_key = secret(&other("psec_d_hmac").kbpk);
    assert_eq!(refusal(text, &other_key), not_authentic);
}

/// A block of version D with these optional blocks and something hexadecimal behind.
fn with_optional(count: &str, optional: &str) -> Option<BadKeyBlock> {
    let behind = "0".repeat(96 + 32);
    let len = 16 + optional.len() + behind.len();
    KeyBlock::parse(&format!("D{len:04}D0AB00N{count}00{optional}{behind}")).err()
}

#[test]
fn optional_blocks_end_within_their_block() {
    assert_eq!(with_optional("00", ""), None);
    assert_eq!(with_optional("01", "LB10twelve chars"), None);
    assert_eq!(with_optional("02", "LB0Ceight!!!PB04"), None);
    let bad = |number, fault| Some(BadKeyBlock::Optional { number, fault });
    let length = |number| bad(number, BadOptionalBlock::Length);
    for optional in [
        "LB00000000000000", // a length of four digits is 04 or 02, not 00
        "LB00010A00000000", // nor 01
        "LB0004FFFF000000", // out of the block
        "LB00040009000000", // into its own header
        "LB02000000000000", // the same, short
        "LB03000000000000",
        "LBFF000000000000",
        "LB1g000000000000",
        "LB1a000000000000",
        "LB-1000000000000",
    ] {
        assert_eq!(with_optional("01", optional), length(1), "{optional}");
    }
    assert_eq!(
        with_optional("01", "L-10000000000000"),
        bad(1, BadOptionalBlock::Id)
    );
    assert_eq!(
        with_optional("01", "LB0Cfour0000"),
        Some(BadKeyBlock::Unpadded)
    );
    assert_eq!(
        with_optional("02", "LB08fourLB08four"),
        bad(2, BadOptionalBlock::Twice)
    );
    assert_eq!(
        with_optional("02", "PB080000LB08four"),
        bad(2, BadOptionalBlock::AfterPadding)
    );
    assert_eq!(
        with_optional("01", "LB0004000Atwelve"),
        Some(BadKeyBlock::Unpadded)
    );
    assert_eq!(with_optional("01", "LB00040010twelve"), None);
    assert_eq!(with_optional("01", "LB00020010twelve"), None);
    for other in ["00", "01", "03", "05", "4 "] {
        let optional = format!("LB00{other}0010twelve");
        assert_eq!(with_optional("01", &optional), length(1), "{other}");
    }
    // More than there are: zeros are read as a block without a name's letters, of length 00.
    assert_eq!(with_optional("99", "LB10twelve chars"), length(2));
    assert_eq!(with_optional("01", ""), length(1));
}

#[test]
fn the_longest_block_is_read_and_a_longer_one_is_not() {
    let fill = |len: usize| {
        let label = len - 16 - 96 - 32;
        format!(
            "D{len:04}D0AB00N0100LB0004{label:04X}{}{}",
            "x".repeat(label - 10),
            "0".repeat(96 + 32)
        )
    };
    assert!(KeyBlock::parse(&fill(9_984)).is_ok());
    assert_eq!(
        KeyBlock::parse(&fill(10_000)).err(),
        Some(BadKeyBlock::Size(10_001))
    );
}

#[test]
fn what_is_behind_the_header_is_whole_blocks_and_a_mac() {
    let behind = |digits: usize| {
        let text = format!("D{:04}D0AB00N0000{}", 16 + digits, "0".repeat(digits));
        KeyBlock::parse(&text).err()
    };
    for digits in [32, 33, 48, 62, 63, 65, 66, 80] {
        assert_eq!(behind(digits), Some(BadKeyBlock::Payload), "{digits}");
    }
    assert_eq!(behind(64), None);
    let shortest = format!("A0040D0TB00N0000{}", "0".repeat(24));
    assert!(KeyBlock::parse(&shortest).is_ok());
}

/// What a sender with the right protection key and a wrong idea of keys makes.
fn sealed_payload(algorithm: char, payload: &[u8]) -> Option<NotOpened> {
    let kbpk = secret("603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4");
    let len = 16 + 2 * payload.len() + 32;
    let header = format!("D{len:04}D0{algorithm}B00N0000");
    let bound = binding::bind(
        Version::D,
        BlockCipher::aes(kbpk.expose()).expect("AES-256"),
        header.as_bytes(),
        &SecretBytes::from_slice(payload),
    );
    let bound = bound.expect("whole blocks are bound");
    let hex = data_encoding::HEXUPPER.encode(&[bound.ciphertext, bound.mac].concat());
    let block = KeyBlock::parse(&format!("{header}{hex}")).expect("its form is right");
    block
        .open(&protection(Version::D, &kbpk), Bindings::Derivation)
        .err()
}

#[test]
fn an_authentic_block_that_holds_no_whole_key_is_refused() {
    let payload = |bits: u16| [&bits.to_be_bytes()[..], &[0x11; 46]].concat();
    for (letter, algorithm, good, bad) in [
        (
            'A',
            Algorithm::Aes,
            128,
            vec![0, 7, 127, 64, 160, 264, 376, 65_528],
        ),
        ('T', Algorithm::Tdes, 192, vec![0, 64, 120, 256, 65_528]),
        ('D', Algorithm::Des, 64, vec![0, 56, 128]),
        ('H', Algorithm::Hmac, 368, vec![0, 1, 369, 376]),
        ('R', Algorithm::Rsa, 8, vec![0, 12, 376]),
    ] {
        assert_eq!(sealed_payload(letter, &payload(good)), None, "{letter}");
        for bits in bad {
            let refused = sealed_payload(letter, &payload(bits));
            assert_eq!(
                refused,
                Some(NotOpened::NoKey(algorithm)),
                "{letter} {bits}"
            );
        }
    }
}

#[test]
fn a_key_cannot_be_given_another_header() {
    let kbpk = secret("603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4");
    let key = secret("2B7E151628AED2A6ABF7158809CF4F3C");
    let block = wrapped(initial_key_header(), &key, &kbpk).expect("it is wrapped");
    let mut other_id = initial_key_header();
    other_id.optional[0] = super::OptionalBlock::initial_key_id(&[0; 8]);
    let other = wrapped(other_id, &key, &kbpk).expect("it is wrapped");
    let spliced = format!("{}{}", &other.as_str()[..48], &block.as_str()[48..]);
    let not_authentic = Some(Refusal::Opening(NotOpened::NotAuthentic));
    assert_eq!(refusal(&spliced, &kbpk), not_authentic);
    let half = format!("{}{}", &block.as_str()[..144], &other.as_str()[144..]);
    assert_eq!(refusal(&half, &kbpk), not_authentic);
}

#[test]
fn no_message_tells_anything_of_a_key() {
    let sample = other("psec_d_aes_192_under_aes_192");
    let block = sample.block();
    let kbpk = secret(&sample.kbpk);
    let opened = block.open(&protection(Version::D, &kbpk), Bindings::Derivation);
    let opened = opened.expect("it opens");
    for text in [format!("{block:?}"), format!("{opened:?}")] {
        assert!(!text.contains(&sample.key) && !text.contains(&sample.kbpk));
        assert!(!text.contains(&sample.text[48..]), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        prop_assert!(KeyBlock::parse(&text).is_err());
    }

    #[test]
    fn nothing_that_looks_like_a_block_opens(
        version in "[A-D]",
        head in "[B-V][0-9][ATHD][BCDEGNSVX][0-9c]{2}[ENS]",
        count in 0..4_usize,
        rest in "(IK|KS|PB|KC|KP)(0[0-9A-F]|1[0-9A-F])[0-9A-F]{16,200}",
    ) {
        let len = 16 + rest.len();
        let text = format!("{version}{len:04}{head}{count:02}00{rest}");
        let kbpk = secret("603DEB1015CA71BE2B73AEF0857D7781");
        prop_assert!(refusal(&text, &kbpk).is_some());
    }
}
