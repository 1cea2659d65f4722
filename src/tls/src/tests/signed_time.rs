use rcgen::{CertifiedKey, KeyPair};
use rustls::sign::SigningKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::signed_time::{Nonce, sign, verify};

fn collector() -> (CertificateDer<'static>, std::sync::Arc<dyn SigningKey>) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["collector".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
    let key = rustls::crypto::ring::sign::any_supported_type(&key).expect("ring knows it");
    (cert.der().clone(), key)
}

#[test]
fn a_signed_time_is_believed_as_it_was_signed_and_not_otherwise() {
    let (certificate, key) = collector();
    let (other, _) = collector();
    let nonce = Nonce::generate().expect("random bytes");
    let again = Nonce::generate().expect("random bytes");
    let signature = sign(key.as_ref(), &nonce, 1_795_000_000_000).expect("signed");
    assert_eq!(
        verify(&certificate, &nonce, 1_795_000_000_000, &signature),
        Ok(())
    );
    assert!(verify(&certificate, &nonce, 1_795_000_000_001, &signature).is_err());
    assert!(verify(&certificate, &again, 1_795_000_000_000, &signature).is_err());
    assert!(verify(&other, &nonce, 1_795_000_000_000, &signature).is_err());
    assert!(verify(&certificate, &nonce, 1_795_000_000_000, b"").is_err());
}

#[test]
fn a_key_that_tills_do_not_take_signs_nothing() {
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let key = rustls::crypto::ring::sign::any_supported_type(&key).expect("ring knows it");
    let nonce = Nonce::generate().expect("random bytes");
    assert!(sign(key.as_ref(), &nonce, 1).is_err());
}

#[test]
fn a_nonce_is_32_digits_and_nothing_else() {
    let nonce = Nonce::generate().expect("random bytes");
    assert_eq!(nonce.to_string().parse(), Ok(nonce));
    for text in [
        "",
        "00",
        "zz",
        &"0".repeat(31),
        &"0".repeat(34),
        &"AB".repeat(16),
    ] {
        assert!(text.parse::<Nonce>().is_err(), "{text}");
    }
}
