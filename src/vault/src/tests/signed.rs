//! A signed text: what counts as the retailer's word, and what does not.

use sealpoint_secret::Key;
use sealpoint_wire::KeyId;

use crate::{
    SystemRandom,
    signed::{self, BadBody, BadRootKey, BadSignature, Purpose, RootPrivateKey, RootPublicKey},
};

/// RFC 8032 section 7.1, TEST 1: the seed, and its public key in base64.
const SEED: [u8; 32] = [
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
];
const PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// Made by another implementation (the Python package `cryptography`) from the same seed, of
/// `version = 1` and a line feed, signed by "root-test".
const BODY: &str = "version = 1\n";
const AS_MANIFEST: &str =
    "qAbCm7gB+XTFLVsfPV/BOCPs/eSXtSgVTlBJvSNIR9exv1BdmfcibcmKRlQQb2iZwujnNmFJlthEOU3phKdLAg==";
const AS_HOT_LIST: &str =
    "AikfJZv6PDcj9dfqIuixeHMHr39vU84+PBArdH7gIjzA23jlhXcLCGnMmGm0qE2UBe9vIoxeOt3kiTdUVLPUDg==";

fn id(text: &str) -> KeyId {
    text.parse().expect("a key id")
}

pub(super) fn root() -> RootPrivateKey {
    let seed = Key::from_slice(&SEED).expect("32 bytes");
    RootPrivateKey::from_seed(id("root-test"), seed).expect("a seed")
}

fn signed() -> String {
    signed::sign(BODY, Purpose::Manifest, &root()).expect("signed")
}

fn refusal(text: &str) -> BadSignature {
    signed::verify(text, Purpose::Manifest, root().public()).expect_err("not signed like this")
}

#[test]
fn the_signature_is_that_of_another_implementation() {
    for (purpose, name, signature) in [
        (Purpose::Manifest, "manifest", AS_MANIFEST),
        (Purpose::HotList, "hot list", AS_HOT_LIST),
    ] {
        let text = signed::sign(BODY, purpose, &root()).expect("signed");
        assert_eq!(
            text,
            format!("{BODY}-- {name} signed by root-test\n{signature}\n")
        );
        assert_eq!(
            signed::verify(&text, purpose, root().public()),
            Ok(BODY),
            "{name}"
        );
        assert_eq!(Purpose::claimed_by(&text), Some(purpose));
    }
}

#[test]
fn the_key_pair_is_that_of_rfc_8032() {
    let text = root().public().to_toml();
    assert!(text.contains(&format!("public = \"{PUBLIC}\"\n")), "{text}");
    assert_eq!(
        root().public().fingerprint(),
        "21FE 31DF A154 A261 626B",
        "the first ten bytes of the SHA-256 of the public key"
    );
}

#[test]
fn a_change_of_any_one_byte_is_seen() {
    let text = signed();
    for at in 0..text.len() {
        for flip in [0x01, 0x20] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= flip;
            let changed = String::from_utf8(bytes).expect("ASCII stays ASCII");
            let told = signed::verify(&changed, Purpose::Manifest, root().public());
            assert!(told.is_err(), "byte {at} of\n{changed}");
        }
    }
}

#[test]
fn what_is_added_cut_or_given_other_line_ends_is_seen() {
    let text = signed();
    for changed in [
        format!("{text}\n"),
        format!("{text}version = 2\n"),
        format!("version = 2\n{text}"),
        format!("\n{text}"),
        text.trim_end().to_owned(),
        text.replace('\n', "\r\n"),
        text.replacen('\n', "\r\n", 1),
        text.replace("\n--", "\n\n--"),
        String::new(),
        "\n\n\n".to_owned(),
        BODY.to_owned(),
    ] {
        let told = signed::verify(&changed, Purpose::Manifest, root().public());
        assert!(told.is_err(), "{changed:?}");
    }
    for end in 0..text.len() {
        let told = signed::verify(&text[..end], Purpose::Manifest, root().public());
        assert!(told.is_err(), "cut at {end}");
    }
}

#[test]
fn a_signature_for_one_purpose_is_none_for_another() {
    let hot_list = signed::sign(BODY, Purpose::HotList, &root()).expect("signed");
    assert_eq!(
        refusal(&hot_list).to_string(),
        "it was signed as \"hot list\", not as \"manifest\"; ask the retailer for the right file"
    );
    let renamed = hot_list.replace("-- hot list", "-- manifest");
    assert_eq!(
        refusal(&renamed),
        BadSignature::Wrong("root-test".to_owned())
    );
}

#[test]
fn another_root_is_not_believed_whatever_it_calls_itself() {
    let other = RootPrivateKey::generate(id("root-other"), &SystemRandom::new()).expect("a key");
    let text = signed::sign(BODY, Purpose::Manifest, &other).expect("signed");
    assert_eq!(
        refusal(&text),
        BadSignature::OtherRoot {
            found: "root-other".to_owned(),
            wanted: "root-test".to_owned()
        }
    );
    let namesake = RootPrivateKey::generate(id("root-test"), &SystemRandom::new()).expect("a key");
    let text = signed::sign(BODY, Purpose::Manifest, &namesake).expect("signed");
    assert_eq!(refusal(&text), BadSignature::Wrong("root-test".to_owned()));
    // The name is signed too: the same key under another name has not signed this.
    let seed = Key::from_slice(&SEED).expect("32 bytes");
    let renamed = RootPrivateKey::from_seed(id("root-2"), seed).expect("a seed");
    let text = signed().replace("by root-test", "by root-2");
    assert!(signed::verify(&text, Purpose::Manifest, renamed.public()).is_err());
}

#[test]
fn a_text_that_cannot_be_signed_says_why() {
    let sign = |body: &str| signed::sign(body, Purpose::Manifest, &root());
    assert_eq!(sign(" \n\n"), Err(BadBody::Empty));
    assert_eq!(sign(&signed()), Err(BadBody::Signed));
    let most = Purpose::Manifest.max_len();
    let long = "#".repeat(most - 10);
    assert_eq!(sign(&long), Err(BadBody::TooLong(most)));
    let text = "#".repeat(most + 1);
    assert_eq!(refusal(&text), BadSignature::TooLong(most));
    // A last line without its end gets one, and what is signed is what is read.
    let text = sign("version = 1").expect("signed");
    assert_eq!(text, signed());
}

#[test]
fn an_error_quotes_little_and_nothing_that_a_terminal_would_obey() {
    let text = format!("body\n-- \x1b[2J{} signed by x\nAAAA\n", "a".repeat(500));
    let told = refusal(&text).to_string();
    assert!(!told.contains('\x1b') && told.len() < 200, "{told}");
}

#[test]
fn root_keys_go_through_their_files() {
    let made = RootPrivateKey::generate(id("root-2026"), &SystemRandom::new()).expect("a key");
    let public = RootPublicKey::parse(&made.public().to_toml()).expect("our own file");
    assert_eq!(&public, made.public());
    let text = made.to_toml();
    let text = str::from_utf8(text.expose()).expect("text");
    let read = RootPrivateKey::parse(text).expect("our own file");
    let signed = signed::sign(BODY, Purpose::HotList, &read).expect("signed");
    assert_eq!(signed::verify(&signed, Purpose::HotList, &public), Ok(BODY));
}

#[test]
fn a_root_key_file_that_is_not_right_says_which_part() {
    let file = |kind: &str, public: &str| {
        RootPublicKey::parse(&format!(
            "id = \"root-1\"\nkind = \"{kind}\"\npublic = \"{public}\"\n"
        ))
        .err()
    };
    assert_eq!(file("ed25519", PUBLIC), None);
    assert_eq!(
        file("rsa", PUBLIC),
        Some(BadRootKey::Kind("rsa".to_owned()))
    );
    assert_eq!(file("ed25519", "AAAA"), Some(BadRootKey::Value("public")));
    assert_eq!(file("ed25519", "!"), Some(BadRootKey::Value("public")));
    let more = format!("id = \"r\"\nkind = \"ed25519\"\npublic = \"{PUBLIC}\"\nmore = 1\n");
    assert!(matches!(
        RootPublicKey::parse(&more),
        Err(BadRootKey::Syntax(_))
    ));
    let long = format!("#{}\n", "-".repeat(5_000));
    assert_eq!(RootPublicKey::parse(&long), Err(BadRootKey::TooLong));
}

/// Points for which anybody can make signatures: y = 0, 1, p - 1, p, p + 1 and the points of order 8
/// (RFC 8032 section 5.1; found by computing 8 times each), with and without the sign.
#[test]
fn a_root_key_that_anybody_could_sign_for_is_refused() {
    let small = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ECFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F",
        "EDFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F",
        "EEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F",
        "26E8958FC2B227B045C3F489F2EF98F0D5DFAC05D3C63339B13802886D53FC05",
        "C7176A703D4DD84FBA3C0B760D10670F2A2053FA2C39CCC64EC7FD7792AC037A",
    ];
    for point in small {
        for sign in [0, 0x80] {
            let mut bytes = data_encoding::HEXUPPER
                .decode(point.as_bytes())
                .expect("hex");
            bytes[31] |= sign;
            let public = data_encoding::BASE64.encode(&bytes);
            let told = RootPublicKey::parse(&format!(
                "id = \"root-1\"\nkind = \"ed25519\"\npublic = \"{public}\"\n"
            ));
            assert_eq!(told, Err(BadRootKey::Weak), "{point} {sign:02X}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_private_key_is_said_without_its_value() {
    let secret = data_encoding::BASE64.encode(&SEED);
    let good = format!("id = \"root-1\"\nkind = \"ed25519\"\nprivate = \"{secret}\"\n");
    assert!(RootPrivateKey::parse(&good).is_ok());
    for bad in [
        good.replace("ed25519", "rsa"),
        good.replace("id = ", "name = "),
        good.replace("\"\n", "\n"),
        good.replace("private = \"", "private = \"A"),
        good.replace("private = \"n", "private = \"!"),
        format!("{good}private = \"{secret}\"\n"),
        good.replace("root-1", "ROOT 1"),
        good.replace("kind = \"ed25519\"\n", ""),
        secret.clone(),
        "x".repeat(5_000),
    ] {
        let told = RootPrivateKey::parse(&bad)
            .err()
            .unwrap_or_else(|| panic!("{bad}"));
        let told = told.to_string();
        assert!(!told.contains(&secret[..8]), "{told}");
    }
}
