//! The schemes' public keys and what they have revoked (EMV 4.4 Book 2 §5.1.3 and §11.2.2).

use sha1::{Digest, Sha1};

use super::rsa;
use crate::{aid::Aid, restrictions::order};

/// A scheme's public key (Book 2 §11.2.2, table 30), checked: the profile refuses one whose check
/// value does not fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Capk {
    /// The scheme: first five bytes of its AIDs.
    pub rid: [u8; 5],
    /// Certification authority public key index, tag 9F22.
    pub index: u8,
    /// The modulus: 64 to 248 bytes.
    pub modulus: Vec<u8>,
    /// The exponent: 3 or 65537.
    pub exponent: u32,
    /// Last day of its validity, BCD YYMMDD.
    pub expires: [u8; 3],
}

/// An issuer certificate that a scheme has revoked (Book 2 §5.1.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Revoked {
    /// The scheme.
    pub rid: [u8; 5],
    /// Index of the scheme's key that certified it.
    pub index: u8,
    /// Serial number of the certificate.
    pub serial: [u8; 3],
}

impl Capk {
    /// Whether this key is for applications of that AID's scheme.
    #[must_use]
    pub fn is_for(&self, aid: &Aid) -> bool {
        aid.as_slice().starts_with(&self.rid)
    }

    /// What its check value must be: SHA-1 over RID, index, modulus and exponent, the exponent
    /// without leading zeros (Book 2 table 30).
    #[must_use]
    pub fn check_value(&self) -> [u8; 20] {
        let exponent = self.exponent.to_be_bytes();
        let zeros = exponent.iter().take_while(|byte| **byte == 0).count();
        Sha1::new()
            .chain_update(self.rid)
            .chain_update([self.index])
            .chain_update(&self.modulus)
            .chain_update(&exponent[zeros..])
            .finalize()
            .into()
    }

    /// Whether its last day is before that date, BCD YYMMDD.
    pub(super) fn has_expired(&self, today: [u8; 3]) -> bool {
        order(self.expires, today).is_lt()
    }

    /// It, for recovering what the scheme signed.
    pub(super) fn key(&self) -> Option<rsa::PublicKey> {
        rsa::PublicKey::new(&self.modulus, &self.exponent.to_be_bytes())
    }
}
