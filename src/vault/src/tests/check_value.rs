//! Check values, against those that others give.

use data_encoding::HEXUPPER;
use sealpoint_secret::SecretBytes;

use crate::{BadCheckValue, CheckMethod, CheckValue, NoCheckValue, key_block::Algorithm};

fn secret(hex: &str) -> SecretBytes {
    SecretBytes::from_slice(&HEXUPPER.decode(hex.as_bytes()).expect("hexadecimal"))
}

fn of(algorithm: Algorithm, key: &str) -> String {
    let value = CheckValue::of(algorithm, &secret(key));
    value.expect("the key has one").to_string()
}

fn by(method: CheckMethod, algorithm: Algorithm, key: &str) -> String {
    let value = CheckValue::by(method, algorithm, &secret(key));
    value.expect("the key has one").to_string()
}

/// The key of FIPS 197 appendix C.1 to C.3, whole or its beginning.
const AES: &str = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";

#[test]
fn aes_keys_have_the_first_five_bytes_of_a_cmac() {
    // X9.143:2021 8.1; the protection keys of 8.5 and 8.6, as their optional blocks KP state them.
    for (key, check_value) in [
        ("3F419E1CB7079442AA37474C2EFBF8B8", "08793E25AB"),
        ("FA36E44278DB3AB5F298F9F7DA8F1F88", "D77F007724"),
        (
            "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6",
            "2331550BC9",
        ),
    ] {
        assert_eq!(of(Algorithm::Aes, key), check_value);
        assert_eq!(by(CheckMethod::Cmac, Algorithm::Aes, key), check_value);
    }
}

#[test]
fn aes_keys_have_an_older_check_value_too() {
    // The first bytes of a block of zeros under the keys; by pyca/cryptography.
    for (len, check_value) in [(32, "C6A13B"), (48, "916251"), (64, "F29000")] {
        assert_eq!(
            by(CheckMethod::Legacy, Algorithm::Aes, &AES[..len]),
            check_value
        );
    }
}

#[test]
fn triple_des_keys_have_the_first_three_bytes_of_an_encrypted_block_of_zeros() {
    // TR-31:2018 A.7.2.1 to A.7.3.2, as libtr31 has them; the DUKPT base key of X9.24-1.
    for (key, check_value) in [
        ("F039121BEC83D26B169BDCD5B22AAF8F", "CB9DEA"),
        ("3F419E1CB7079442AA37474C2EFBF8B8", "57C409"),
        ("EDB380DD340BC2620247D445F5B8D678", "F4B08D"),
        ("E8BC63E5479455E26577F715D587FE68", "9A4212"),
        ("0123456789ABCDEFFEDCBA9876543210", "08D7B4"),
    ] {
        assert_eq!(of(Algorithm::Tdes, key), check_value);
    }
}

#[test]
fn the_parity_of_a_triple_des_key_does_not_matter() {
    let key = "0123456789ABCDEFFEDCBA9876543210";
    let other_parity = "0022446688AACCEEFFDDBB9977553311";
    assert_eq!(of(Algorithm::Tdes, key), of(Algorithm::Tdes, other_parity));
}

#[test]
fn triple_des_keys_can_be_checked_by_cmac() {
    // CMAC of 8 zero bytes; by pyca/cryptography.
    let key = "8AA83BF8CBDA10620BC1BF19FBB6CD58BC313D4A371CA8B5";
    assert_eq!(by(CheckMethod::Cmac, Algorithm::Tdes, key), "89DBDD55E0");
}

#[test]
fn hmac_keys_have_the_first_five_bytes_of_hmac_sha_256_of_nothing() {
    // By Python's hmac.
    assert_eq!(of(Algorithm::Hmac, AES), "D38B42096D");
}

#[test]
fn a_key_of_another_length_has_none() {
    for (algorithm, key) in [
        (Algorithm::Aes, ""),
        (Algorithm::Aes, "00112233"),
        (Algorithm::Tdes, "0123456789ABCDEF"),
        (Algorithm::Tdes, AES),
        (Algorithm::Hmac, ""),
        (Algorithm::Rsa, AES),
    ] {
        let len = key.len() / 2;
        let none = Some(NoCheckValue { algorithm, len });
        assert_eq!(CheckValue::of(algorithm, &secret(key)).err(), none);
    }
    let hmac = CheckValue::by(CheckMethod::Cmac, Algorithm::Hmac, &secret(AES));
    assert!(hmac.is_err());
}

#[test]
fn people_may_compare_the_first_three_bytes_and_no_fewer() {
    let value = |text: &str| text.parse::<CheckValue>();
    let whole = value("08793E25AB").expect("five bytes");
    assert!(whole.matches(&value("08793E").expect("three bytes")));
    assert!(value("08793e").expect("three bytes").matches(&whole));
    assert!(whole.matches(&whole));
    for other in ["08793F", "09793E25AB", "08793E25AC", "18793E"] {
        let other = value(other).expect("a check value");
        assert!(!whole.matches(&other) && !other.matches(&whole), "{other}");
    }
    assert_ne!(whole, value("08793E").expect("three bytes"));
    for bad in [
        "",
        "08",
        "0879",
        "08793",
        "08793E25AB00",
        "08793G",
        " 08793E",
        "08 79 3E",
    ] {
        assert_eq!(value(bad), Err(BadCheckValue), "{bad:?}");
    }
}
