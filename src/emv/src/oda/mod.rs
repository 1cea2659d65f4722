//! Offline data authentication (EMV 4.4 Book 3 §10.3, Book 2 §5 and §6).

use crate::aid::Aid;

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

/// The card's key for enciphering a PIN (Book 2 §7.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PinKey {
    /// The modulus.
    pub modulus: Vec<u8>,
    /// The exponent: 3 or 65537.
    pub exponent: u32,
}

/// What offline data authentication has gathered and found in one charge.
#[derive(Default)]
pub(crate) struct Oda {}

impl Capk {
    /// Whether this key is for applications of that AID's scheme.
    #[must_use]
    pub fn is_for(&self, aid: &Aid) -> bool {
        aid.as_slice().starts_with(&self.rid)
    }
}
