//! What a certificate says (RFC 5280), and how a CA's key is recognised.

use core::fmt;
use core::str::FromStr;

use data_encoding::HEXLOWER;
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::code::NoRandomBytes;

/// At most this many bytes of a serial number (RFC 5280 section 4.1.2.2).
const MAX_SERIAL: usize = 20;

/// Not a certificate, or one that does not say what it must.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("The certificate cannot be read. Enrol this till again.")]
pub struct BadCertificate;

/// What a certificate says of its holder. Whether it is believed is another question.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Certificate {
    /// The subject's one common name.
    pub name: String,
    /// Its number, unique with its CA.
    pub serial: Serial,
    /// First second of its life, milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// Last second of its life, milliseconds since the Unix epoch.
    pub until_ms: i64,
    /// What identifies its key.
    pub key: KeyHash,
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// [`BadCertificate`], also for one with no common name or several.
    pub fn read(der: &CertificateDer<'_>) -> Result<Self, BadCertificate> {
        let read = parsed(der)?;
        let mut names = read.subject().iter_common_name();
        let (Some(name), None) = (names.next(), names.next()) else {
            return Err(BadCertificate);
        };
        let validity = read.validity();
        let ms = |seconds: i64| seconds.saturating_mul(1000);
        Ok(Self {
            name: name.as_str().map_err(|_| BadCertificate)?.to_owned(),
            serial: Serial::from_bytes(read.raw_serial())?,
            from_ms: ms(validity.not_before.timestamp()),
            until_ms: ms(validity.not_after.timestamp()),
            key: KeyHash::of(read.public_key().raw),
        })
    }

    /// When it is to be renewed: at two thirds of its life.
    #[must_use]
    pub const fn renew_at_ms(&self) -> i64 {
        let life = self.until_ms.saturating_sub(self.from_ms);
        self.from_ms.saturating_add(life / 3 * 2)
    }

    /// Whether its life is over.
    #[must_use]
    pub const fn is_expired(&self, now_ms: i64) -> bool {
        now_ms > self.until_ms
    }
}

/// A certificate's serial number, hexadecimal and lower case, without leading zeros.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Serial(String);

impl Serial {
    /// Bytes of a new one: too many to guess or to meet twice.
    pub const NEW_LEN: usize = 16;

    /// A new one, and its bytes for a certificate.
    ///
    /// # Errors
    /// [`NoRandomBytes`].
    pub fn generate() -> Result<(Self, [u8; Self::NEW_LEN]), NoRandomBytes> {
        let mut bytes = [0; Self::NEW_LEN];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| NoRandomBytes)?;
        // Positive in two's complement, and as long as it looks.
        bytes[0] = bytes[0] & 0x3F | 0x40;
        Ok((Self(HEXLOWER.encode(&bytes)), bytes))
    }

    /// The number whose bytes these are, the highest first.
    ///
    /// # Errors
    /// [`BadCertificate`] for more than 20 bytes, or none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadCertificate> {
        if bytes.is_empty() || bytes.len() > MAX_SERIAL + 1 {
            return Err(BadCertificate);
        }
        let text = HEXLOWER.encode(bytes);
        let short = text.trim_start_matches('0');
        Ok(Self(if short.is_empty() { "0" } else { short }.to_owned()))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Serial {
    type Err = BadCertificate;

    /// Hexadecimal, also as other programs write it: in capitals, with colons.
    fn from_str(text: &str) -> Result<Self, BadCertificate> {
        let digits: String = text
            .chars()
            .filter(|letter| *letter != ':')
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        let even = if digits.len().is_multiple_of(2) {
            digits
        } else {
            format!("0{digits}")
        };
        let bytes = HEXLOWER
            .decode(even.as_bytes())
            .map_err(|_| BadCertificate)?;
        Self::from_bytes(&bytes)
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// SHA-256 of a SubjectPublicKeyInfo, as TLSA records with selector 1 and matching type 1 have it
/// (RFC 6698 section 2.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// Of a SubjectPublicKeyInfo, DER.
    #[must_use]
    pub fn of(public_key_info: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, public_key_info).as_ref());
        Self(hash)
    }

    /// Of a certificate's key.
    ///
    /// # Errors
    /// [`BadCertificate`].
    pub fn of_certificate(der: &CertificateDer<'_>) -> Result<Self, BadCertificate> {
        Ok(Self::of(parsed(der)?.public_key().raw))
    }

    /// The hash itself.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn parsed<'a>(der: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, BadCertificate> {
    let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| BadCertificate)?;
    if rest.is_empty() {
        Ok(certificate)
    } else {
        Err(BadCertificate)
    }
}
