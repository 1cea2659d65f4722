//! The fixed test keys of one scheme, from `keys/*.toml`.
//!
//! They are made once and are the same everywhere, because a terminal has its authority keys in
//! its profile: a bench that made new ones could not be talked to.

use std::sync::OnceLock;

use data_encoding::HEXUPPER;
use serde::Deserialize;

use super::{RsaKey, sha1};
use crate::profile::{Date, Scheme};

/// The test keys of one scheme. Each certifies the next, the issuer's certifies both of the card's.
pub struct Chain {
    /// The certification authority's.
    pub authority: AuthorityKey,
    /// The issuer's.
    pub issuer: CertifiedKey,
    /// The card's.
    pub icc: CertifiedKey,
    /// The card's for enciphered PINs (Book 2 section 7.1).
    pub pin: CertifiedKey,
}

/// A certification authority's key, as a terminal knows its public part (Book 2 section 11.2.2).
pub struct AuthorityKey {
    /// Registered application provider identifier.
    pub rid: [u8; 5],
    /// Its index (8F, 9F22).
    pub index: u8,
    /// The key pair.
    pub key: RsaKey,
    /// Last day of its validity.
    pub expires: Date,
    /// The check value that the file gives.
    pub check: [u8; 20],
}

/// A key that has a certificate.
pub struct CertifiedKey {
    /// The key pair.
    pub key: RsaKey,
    /// Serial number of its certificate.
    pub serial: [u8; 3],
    /// Its certificate is good until the end of this month.
    pub expires: Date,
}

impl Chain {
    /// The chain of a scheme.
    #[must_use]
    pub fn of(scheme: Scheme) -> &'static Self {
        static VISA: OnceLock<Chain> = OnceLock::new();
        static MASTERCARD: OnceLock<Chain> = OnceLock::new();
        let (place, text) = match scheme {
            Scheme::Visa => (&VISA, include_str!("../../keys/visa.toml")),
            Scheme::Mastercard => (&MASTERCARD, include_str!("../../keys/mastercard.toml")),
        };
        place.get_or_init(|| Self::parse(text).expect("a test reads both key files"))
    }

    fn parse(text: &str) -> Option<Self> {
        let file: File = toml::from_str(text).ok()?;
        Some(Self {
            authority: AuthorityKey {
                rid: bytes(&file.ca.rid)?,
                index: bytes::<1>(&file.ca.index)?[0],
                key: pair(file.ca.exponent, &file.ca.modulus, &file.ca.primes)?,
                expires: file.ca.expires,
                check: bytes(&file.ca.check)?,
            },
            issuer: file.issuer.read()?,
            icc: file.icc.read()?,
            pin: file.pin.read()?,
        })
    }
}

impl AuthorityKey {
    /// The check value: SHA-1 over RID, index, modulus and exponent (Book 2 table 30).
    #[must_use]
    pub fn check_value(&self) -> [u8; 20] {
        let (modulus, exponent) = (self.key.modulus(), self.key.exponent());
        sha1(&[&self.rid, &[self.index], &modulus, &exponent])
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    ca: Authority,
    issuer: Certified,
    icc: Certified,
    pin: Certified,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Authority {
    rid: String,
    index: String,
    expires: Date,
    check: String,
    exponent: u32,
    modulus: String,
    primes: [String; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Certified {
    serial: String,
    expires: Date,
    exponent: u32,
    modulus: String,
    primes: [String; 2],
}

impl Certified {
    fn read(&self) -> Option<CertifiedKey> {
        Some(CertifiedKey {
            key: pair(self.exponent, &self.modulus, &self.primes)?,
            serial: bytes(&self.serial)?,
            expires: self.expires,
        })
    }
}

/// The key pair; nothing if the modulus isn't the product of the primes.
fn pair(exponent: u32, modulus: &str, [p, q]: &[String; 2]) -> Option<RsaKey> {
    let key = RsaKey::new(exponent, [&hex(p)?, &hex(q)?])?;
    (key.modulus() == hex(modulus)?).then_some(key)
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex(text)?.try_into().ok()
}

/// Hexadecimal digits, over several lines perhaps.
fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.split_whitespace().collect();
    HEXUPPER.decode(digits.as_bytes()).ok()
}
