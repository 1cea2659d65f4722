//! The host derives the keys that the standards print.

use data_encoding::HEXUPPER;
use sealpoint_hostsim::cipher::{Algorithm, CipherKey};
use sealpoint_hostsim::dukpt::{self, aes, tdes};
use sealpoint_wire::seal::DukptScheme;
use serde::Deserialize;
use zeroize::Zeroizing;

const INITIAL_KEY_ID: &str = "1234567890123456";
const PIN_ENCRYPTION: u16 = 0x1000;

#[derive(Deserialize)]
struct Vectors {
    aes: Vec<AesVector>,
    tdes: TdesVector,
}

#[derive(Deserialize)]
struct AesVector {
    bdk: String,
    initial_key: Option<String>,
    keys: Vec<[String; 4]>,
}

#[derive(Deserialize)]
struct TdesVector {
    bdk: String,
    initial_key: String,
    transaction_keys: Vec<[String; 2]>,
    mac_key: String,
    data_key: String,
    track_data: String,
    enciphered: String,
}

fn vectors() -> Vectors {
    toml::from_str(include_str!("derivation.toml")).expect("the vectors are TOML")
}

fn bytes(hex: &str) -> Vec<u8> {
    HEXUPPER.decode(hex.as_bytes()).expect("hexadecimal")
}

fn key(algorithm: Algorithm, hex: &str) -> CipherKey {
    CipherKey::new(algorithm, Zeroizing::new(bytes(hex))).expect("a key of that length")
}

fn hex(key: Option<CipherKey>) -> String {
    HEXUPPER.encode(key.expect("derived").expose())
}

#[test]
fn aes_keys_are_those_of_the_standard() {
    let mut checked = 0;
    for vector in vectors().aes {
        let (scheme, algorithm) = match vector.bdk.len() {
            32 => (DukptScheme::Aes128, Algorithm::Aes128),
            48 => (DukptScheme::Aes192, Algorithm::Aes192),
            _ => (DukptScheme::Aes256, Algorithm::Aes256),
        };
        let base = key(algorithm, &vector.bdk);
        if let Some(expected) = vector.initial_key {
            let made = dukpt::initial_key(scheme, &base, &bytes(INITIAL_KEY_ID));
            assert_eq!(hex(made), expected);
        }
        for [counter, data, mac, pin] in vector.keys {
            let ksn = bytes(&format!("{INITIAL_KEY_ID}{counter}"));
            let ksn: [u8; 12] = ksn.try_into().expect("twelve bytes");
            for (usage, expected) in [
                (aes::usage::DATA_ENCRYPT, data),
                (aes::usage::MAC_GENERATION, mac),
                (PIN_ENCRYPTION, pin),
            ] {
                let made = aes::working_key(&base, ksn, algorithm, usage);
                assert_eq!(hex(made), expected, "{usage:04X} of {counter}");
            }
            checked += 3;
        }
    }
    assert_eq!(checked, 39);
}

#[test]
fn tdes_keys_are_those_of_the_standard() {
    let vector = vectors().tdes;
    let base = key(Algorithm::Tdes2, &vector.bdk);
    for [ksn, expected] in vector.transaction_keys {
        let ksn: [u8; 10] = bytes(&ksn).try_into().expect("ten bytes");
        assert_eq!(hex(tdes::initial_key(&base, ksn)), vector.initial_key);
        assert_eq!(hex(tdes::transaction_key(&base, ksn)), expected);
    }
    let ksn = bytes("FFFF9876543210E00001");
    let keys = dukpt::working_keys(DukptScheme::Tdes2, &base, &ksn).expect("derived");
    assert_eq!(HEXUPPER.encode(keys.mac.expose()), vector.mac_key);
    assert_eq!(HEXUPPER.encode(keys.data.expose()), vector.data_key);
    let mut text = bytes(&vector.track_data);
    keys.data
        .encrypt_cbc(&[0; 8], &mut text)
        .expect("three blocks");
    assert_eq!(HEXUPPER.encode(&text), vector.enciphered);
}

#[test]
fn serial_numbers_that_no_terminal_comes_to_have_no_keys() {
    let vectors = vectors();
    let base = key(Algorithm::Aes128, &vectors.aes[0].bdk);
    // The annex prints keys of 0001FFFF, seventeen ones, which no terminal uses.
    let of = |counter: &str| {
        let ksn = bytes(&format!("{INITIAL_KEY_ID}{counter}"));
        dukpt::working_keys(DukptScheme::Aes128, &base, &ksn).is_some()
    };
    assert!(of("0000FFFF") && of("FFFF0000"), "sixteen ones");
    assert!(!of("000001"), "another length");
    assert!(!of("00000000") && !of("0001FFFF") && !of("FFFFFFFF"));

    let base = key(Algorithm::Tdes2, &vectors.tdes.bdk);
    let of = |ksn: &str| dukpt::working_keys(DukptScheme::Tdes2, &base, &bytes(ksn)).is_some();
    assert!(of("FFFF9876543210E003FF"), "ten ones");
    assert!(!of("FFFF9876543210E00000") && !of("FFFF9876543210E007FF"));
    assert!(
        dukpt::working_keys(DukptScheme::Aes128, &base, &bytes("FFFF9876543210E00001")).is_none(),
        "a base key of another scheme"
    );
}
