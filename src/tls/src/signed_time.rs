//! The collector's time, signed with the key of its TLS certificate over the asker's own nonce, so
//! that an answer is fresh and nobody on the way has changed it.
//!
//! What is signed is text: three lines that no TLS handshake signs. A CertificateVerify begins with
//! 64 spaces (RFC 8446 section 4.4.3), and what TLS 1.2 signs has bytes that are no text.

use core::fmt;
use core::str::FromStr;

use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom, SystemRandom};
use rustls::SignatureScheme;
use rustls::sign::SigningKey;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};

use crate::code::NoRandomBytes;

/// Bytes of a nonce.
pub const NONCE_LEN: usize = 16;
/// Signatures that are made and taken.
const SCHEMES: [SignatureScheme; 2] = [
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
];
const ALGORITHMS: [&dyn SignatureVerificationAlgorithm; 2] = [
    webpki::ring::ECDSA_P256_SHA256,
    webpki::ring::ECDSA_P384_SHA384,
];
/// First line of what is signed.
const LABEL: &str = "Sealpoint signed time, version 1";

/// A number that is used for one question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nonce([u8; NONCE_LEN]);

/// A text that is no nonce.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("A nonce is 32 hexadecimal digits, lower case. Ask with a new random one each time.")]
pub struct BadNonce;

/// A time that the certificate's key has not signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("The time is not signed by the collector. Check what stands between till and collector.")]
pub struct NotSigned;

/// The key signs with no algorithm that tills take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "The collector's key cannot sign the time. Give the collector a certificate with an ECDSA key \
     on P-256: collector ca makes one."
)]
pub struct CannotSign;

impl Nonce {
    /// A new one.
    ///
    /// # Errors
    /// [`NoRandomBytes`].
    pub fn generate() -> Result<Self, NoRandomBytes> {
        let mut bytes = [0; NONCE_LEN];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| NoRandomBytes)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl FromStr for Nonce {
    type Err = BadNonce;

    fn from_str(text: &str) -> Result<Self, BadNonce> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| BadNonce)?;
        bytes.try_into().map(Self).map_err(|_| BadNonce)
    }
}

/// Signs that it is `at_ms`, milliseconds since the Unix epoch.
///
/// # Errors
/// [`CannotSign`].
pub fn sign(key: &dyn SigningKey, nonce: &Nonce, at_ms: i64) -> Result<Vec<u8>, CannotSign> {
    let signer = key.choose_scheme(&SCHEMES).ok_or(CannotSign)?;
    signer.sign(&text(nonce, at_ms)).map_err(|_| CannotSign)
}

/// Checks a signed time against the certificate of the connection that it came over.
///
/// # Errors
/// [`NotSigned`].
pub fn verify(
    certificate: &CertificateDer<'_>,
    nonce: &Nonce,
    at_ms: i64,
    signature: &[u8],
) -> Result<(), NotSigned> {
    let certificate = webpki::EndEntityCert::try_from(certificate).map_err(|_| NotSigned)?;
    let text = text(nonce, at_ms);
    ALGORITHMS
        .into_iter()
        .find(|algorithm| {
            certificate
                .verify_signature(*algorithm, &text, signature)
                .is_ok()
        })
        .map(|_| ())
        .ok_or(NotSigned)
}

fn text(nonce: &Nonce, at_ms: i64) -> Vec<u8> {
    format!("{LABEL}\n{nonce}\n{at_ms}\n").into_bytes()
}
