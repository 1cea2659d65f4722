//! The public parts of a till's two keys (`TPMT_PUBLIC`, Part 2, 12.2.4). Each is taken only as what
//! ours are, to the bit: a key that may do more, or lives elsewhere, proves less.

use sha2::{Digest, Sha256};

use super::DIGEST;
use super::bytes::{Malformed, Reader};

/// Bytes of a coordinate on P-256.
const COORDINATE: usize = 32;
/// Bytes of a name: SHA-256's number and a hash (Part 1, 16).
pub const NAME: usize = 2 + DIGEST;

const ALG_AES: u16 = 0x0006;
const ALG_SHA256: u16 = 0x000B;
const ALG_NULL: u16 = 0x0010;
const ALG_ECDSA: u16 = 0x0018;
const ALG_ECC: u16 = 0x0023;
const ALG_CFB: u16 = 0x0043;
const CURVE_P256: u16 = 0x0003;
/// `fixedTPM`, `fixedParent`, `sensitiveDataOrigin`, `userWithAuth`, `noDA`, `restricted`, `sign`
/// (Part 2, 8.3): it never was elsewhere, and what it signs as a TPM's word is a TPM's word.
const ATTESTATION: u32 = 0x0005_0472;
/// `fixedTPM`, `fixedParent`, `sensitiveDataOrigin`, `adminWithPolicy`, `restricted`, `decrypt`.
const ENDORSEMENT: u32 = 0x0003_00B2;
/// The policy of an endorsement key (TCG EK Credential Profile, "PolicyA").
const POLICY_A: [u8; DIGEST] = [
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
];
/// `TPM_RH_ENDORSEMENT`, the hierarchy that both keys are made in.
const HIERARCHY: u32 = 0x4000_000B;

/// A key that is what it must be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// Its name, by which a TPM means it.
    pub name: [u8; NAME],
    x: [u8; COORDINATE],
    y: [u8; COORDINATE],
}

impl Key {
    /// An attestation key: ECDSA on P-256 with SHA-256, restricted, never outside of its TPM.
    ///
    /// # Errors
    /// [`Malformed`] for any other.
    pub fn attestation(public: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(public);
        expect(&mut reader, ATTESTATION, &[])?;
        let scheme = [ALG_NULL, ALG_ECDSA, ALG_SHA256, CURVE_P256, ALG_NULL];
        Self::end(public, reader, &scheme)
    }

    /// An endorsement key by template L-2 of the EK Credential Profile.
    ///
    /// # Errors
    /// [`Malformed`] for any other.
    pub fn endorsement(public: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(public);
        expect(&mut reader, ENDORSEMENT, &POLICY_A)?;
        let scheme = [ALG_AES, 128, ALG_CFB, ALG_NULL, CURVE_P256, ALG_NULL];
        Self::end(public, reader, &scheme)
    }

    fn end(public: &[u8], mut reader: Reader<'_>, scheme: &[u16]) -> Result<Self, Malformed> {
        for word in scheme {
            if reader.u16()? != *word {
                return Err(Malformed);
            }
        }
        let (x, y) = (reader.padded()?, reader.padded()?);
        reader.end()?;
        let mut name = [0; NAME];
        let (algorithm, hash) = name.split_at_mut(2);
        algorithm.copy_from_slice(&ALG_SHA256.to_be_bytes());
        hash.copy_from_slice(&Sha256::digest(public));
        Ok(Self { name, x, y })
    }

    /// Its point, not compressed (SEC 1, 2.3.3).
    #[must_use]
    pub fn point(&self) -> Vec<u8> {
        [&[4][..], &self.x, &self.y].concat()
    }

    /// The x coordinate of its point.
    #[must_use]
    pub const fn x(&self) -> &[u8; COORDINATE] {
        &self.x
    }

    /// Its name with that of its hierarchy before it, as a quote says its signer (Part 1, 16.3).
    #[must_use]
    pub fn qualified_name(&self) -> [u8; NAME] {
        let mut name = self.name;
        let hash = Sha256::new()
            .chain_update(HIERARCHY.to_be_bytes())
            .chain_update(self.name)
            .finalize();
        name[2..].copy_from_slice(&hash);
        name
    }
}

fn expect(reader: &mut Reader<'_>, attributes: u32, policy: &[u8]) -> Result<(), Malformed> {
    let fits = reader.u16()? == ALG_ECC
        && reader.u16()? == ALG_SHA256
        && reader.u32()? == attributes
        && reader.sized(DIGEST)? == policy;
    if fits { Ok(()) } else { Err(Malformed) }
}
