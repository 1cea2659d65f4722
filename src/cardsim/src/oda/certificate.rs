//! Certificates and signed static data (EMV 4.4 Book 2, tables 2, 3, 13, 14, 22 and 23).

use super::chain::CertifiedKey;
use super::{HASH, RSA, RsaKey, SHA_1, sign};

/// Certificate formats (Book 2 tables 2 and 13).
const ISSUER: u8 = 0x02;
const ICC: u8 = 0x04;
/// Signed data format of signed static application data (Book 2 table 3).
const STATIC: u8 = 0x03;
/// What fills a certificate behind a key, and signed data behind its content.
const FILLER: u8 = 0xBB;

/// A certified public key, as records carry it.
pub(crate) struct Certificate {
    /// The certificate: 90, 9F46 or 9F2D.
    pub(crate) signed: Vec<u8>,
    /// What of the modulus has no room in it: 92, 9F48 or 9F2F; may be empty.
    pub(crate) remainder: Vec<u8>,
    /// The exponent: 9F32, 9F47 or 9F2E.
    pub(crate) exponent: Vec<u8>,
}

/// Whose key it is: the leftmost PAN digits in 4 bytes, or the PAN in 10, filled up with F.
pub(crate) enum Identity {
    Issuer([u8; 4]),
    Card([u8; 10]),
}

/// The issuer's key, certified by the authority (Book 2 table 2).
pub(crate) fn issuer(by: &RsaKey, key: &CertifiedKey, prefix: [u8; 4]) -> Option<Certificate> {
    certify(by, key, &Identity::Issuer(prefix), &[])
}

/// One of the card's keys, certified by the issuer (Book 2 tables 13 and 22). The key for dynamic
/// signatures has the static data under its hash too; the one for PINs has nothing.
pub(crate) fn icc(
    by: &RsaKey,
    key: &CertifiedKey,
    pan: [u8; 10],
    static_data: &[u8],
) -> Option<Certificate> {
    certify(by, key, &Identity::Card(pan), static_data)
}

fn certify(
    by: &RsaKey,
    of: &CertifiedKey,
    whose: &Identity,
    static_data: &[u8],
) -> Option<Certificate> {
    let (format, name) = match whose {
        Identity::Issuer(prefix) => (ISSUER, &prefix[..]),
        Identity::Card(pan) => (ICC, &pan[..]),
    };
    let (modulus, exponent) = (of.key.modulus(), of.key.exponent());
    let [year, month, _] = of.expires.bcd();
    let head = [
        &[format][..],
        name,
        &[month, year],
        &of.serial,
        &[SHA_1, RSA],
        &[
            u8::try_from(modulus.len()).ok()?,
            u8::try_from(exponent.len()).ok()?,
        ],
    ]
    .concat();
    let room = by.size().checked_sub(HASH + 2 + head.len())?;
    let (inside, remainder) = modulus.split_at(modulus.len().min(room));
    let middle = [&head, inside].concat();
    let behind = [remainder, &exponent, static_data].concat();
    Some(Certificate {
        signed: sign(by, &middle, FILLER, &behind)?,
        remainder: remainder.to_vec(),
        exponent,
    })
}

/// Signed Static Application Data (93) with this Data Authentication Code (Book 2 table 3).
pub(crate) fn static_data(by: &RsaKey, code: [u8; 2], static_data: &[u8]) -> Option<Vec<u8>> {
    let middle = [&[STATIC, SHA_1][..], &code].concat();
    sign(by, &middle, FILLER, static_data)
}
