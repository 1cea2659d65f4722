//! Published vectors, through the very functions that seal: the random source is what they fix.

use core::cell::UnsafeCell;

use data_encoding::HEXLOWER;
#[expect(
    deprecated,
    reason = "ring's only deterministic random source; no other can be given to it, since its \
              trait is sealed"
)]
use ring::test::rand::FixedSliceSequenceRandom;
use sealpoint_secret::{Key, SecretBytes};
use serde::Deserialize;

use crate::{hpke, x_wing::PublicKey};

#[derive(Deserialize)]
struct XWingFile {
    vector: Vec<Encapsulation>,
}

#[derive(Deserialize)]
struct Encapsulation {
    randomness: String,
    public: String,
    encapsulation: String,
    shared_secret: String,
}

#[derive(Deserialize)]
struct HpkeVector {
    suite_id: String,
    info: String,
    key: String,
    base_nonce: String,
    #[serde(flatten)]
    encapsulation: Encapsulation,
}

#[derive(Deserialize)]
struct SealVector {
    suite_id: String,
    info: String,
    shared_secret: String,
    key: String,
    base_nonce: String,
    aad: String,
    plaintext: String,
    ciphertext: String,
}

fn bytes(hex: &str) -> Vec<u8> {
    HEXLOWER
        .decode(hex.as_bytes())
        .expect("the vectors are hexadecimal")
}

/// Encapsulates with a vector's randomness and asserts its ciphertext and shared secret.
#[expect(deprecated, reason = "see the import")]
fn check(vector: &Encapsulation) -> Key<32> {
    let public = PublicKey::checked(&bytes(&vector.public), &ring::rand::SystemRandom::new())
        .expect("the vector's key is valid");
    let randomness = bytes(&vector.randomness);
    let parts = [&randomness[..32], &randomness[32..]];
    let random = FixedSliceSequenceRandom {
        bytes: &parts,
        current: UnsafeCell::new(0),
    };
    let (secret, encapsulation) = public.encapsulate(&random).expect("encapsulates");
    assert_eq!(HEXLOWER.encode(&encapsulation), vector.encapsulation);
    assert_eq!(HEXLOWER.encode(secret.expose()), vector.shared_secret);
    secret
}

#[test]
fn x_wing_gives_the_drafts_ciphertexts_and_shared_secrets() {
    let file: XWingFile = toml::from_str(include_str!("x-wing.toml")).expect("the file is TOML");
    assert_eq!(file.vector.len(), 3);
    for vector in &file.vector {
        check(vector);
    }
}

#[test]
fn the_key_schedule_gives_the_drafts_key_and_nonce() {
    let vector: HpkeVector =
        toml::from_str(include_str!("hpke-pq.toml")).expect("the file is TOML");
    let secret = check(&vector.encapsulation);
    const CHACHA20_POLY1305: u16 = 0x0003;
    let suite_id = hpke::suite_id(CHACHA20_POLY1305);
    assert_eq!(HEXLOWER.encode(&suite_id), vector.suite_id);
    let schedule =
        hpke::Schedule::derive(&secret, &bytes(&vector.info), &suite_id).expect("derives");
    assert_eq!(HEXLOWER.encode(schedule.key.expose()), vector.key);
    assert_eq!(
        HEXLOWER.encode(schedule.base_nonce.expose()),
        vector.base_nonce
    );
}

#[test]
fn key_schedule_and_cipher_give_the_rfcs_ciphertext() {
    let vector: SealVector =
        toml::from_str(include_str!("hpke-rfc9180.toml")).expect("the file is TOML");
    let secret = Key::from_slice(&bytes(&vector.shared_secret)).expect("32 bytes");
    let schedule = hpke::Schedule::derive(&secret, &bytes(&vector.info), &bytes(&vector.suite_id))
        .expect("derives");
    assert_eq!(HEXLOWER.encode(schedule.key.expose()), vector.key);
    assert_eq!(
        HEXLOWER.encode(schedule.base_nonce.expose()),
        vector.base_nonce
    );
    let plaintext = SecretBytes::from_slice(&bytes(&vector.plaintext));
    let ciphertext = schedule.seal(&bytes(&vector.aad), &plaintext);
    assert_eq!(
        HEXLOWER.encode(&ciphertext.expect("seals")),
        vector.ciphertext
    );
}

#[test]
fn the_suite_that_cards_are_sealed_with_is_the_one_it_is_called() {
    // "HPKE", KEM 0x647A, KDF 0x0001, AEAD 0x0002 (RFC 9180 section 5.1).
    assert_eq!(
        HEXLOWER.encode(&hpke::suite_id(sealpoint_wire::seal::AEAD_AES_256_GCM)),
        "48504b45647a00010002"
    );
}
