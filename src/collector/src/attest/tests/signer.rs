//! A key that stands in for a TPM's, and the structures that it signs.

use std::collections::BTreeMap;

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use sealpoint_wire::Bytes;
use sealpoint_wire::attest::{PCRS, PcrValue, Quote};
use sha2::{Digest as _, Sha256};

use crate::attest::public::Key;
use crate::attest::quoted::{GENERATED, QUOTE};
use crate::attest::reference::{Digest, Reference};

/// The nonce of every test.
pub const NONCE: [u8; 32] = [0x5a; 32];
/// The hash's number.
pub const SHA256: u16 = 0x000B;

/// A `TPM2B`.
pub fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("short");
    [&length.to_be_bytes()[..], bytes].concat()
}

pub fn bytes(bytes: impl Into<Vec<u8>>) -> Bytes {
    Bytes::try_from(bytes.into()).expect("short")
}

/// The number of a register is its value.
pub fn registers() -> BTreeMap<u8, Digest> {
    PCRS.iter().map(|pcr| (*pcr, [*pcr; 32])).collect()
}

/// The values of an image that these registers stand for.
pub fn reference(image: &str, pcrs: &[u8]) -> Reference {
    Reference {
        image: image.to_owned(),
        rollback_index: 1,
        pcrs: pcrs.iter().map(|pcr| (*pcr, vec![[*pcr; 32]])).collect(),
    }
}

/// What is signed, part by part, so that a test may change one.
#[derive(Clone)]
pub struct Parts {
    pub magic: u32,
    pub kind: u16,
    pub signer: Vec<u8>,
    pub extra: Vec<u8>,
    pub resets: u32,
    pub banks: Vec<(u16, Vec<u8>)>,
    pub digest: Vec<u8>,
    pub after: Vec<u8>,
}

impl Parts {
    pub fn write(&self) -> Vec<u8> {
        let mut out = [&self.magic.to_be_bytes()[..], &self.kind.to_be_bytes()].concat();
        out.extend(sized(&self.signer));
        out.extend(sized(&self.extra));
        out.extend(1_000_u64.to_be_bytes());
        out.extend(self.resets.to_be_bytes());
        out.extend(0_u32.to_be_bytes());
        out.push(1);
        out.extend(7_u64.to_be_bytes());
        let count = u32::try_from(self.banks.len()).expect("few");
        out.extend(count.to_be_bytes());
        for (algorithm, bits) in &self.banks {
            out.extend(algorithm.to_be_bytes());
            out.push(u8::try_from(bits.len()).expect("few"));
            out.extend(bits);
        }
        out.extend(sized(&self.digest));
        out.extend(&self.after);
        out
    }
}

/// The bits of these registers.
pub fn bits(pcrs: &[u8]) -> Vec<u8> {
    let all = pcrs.iter().fold(0_u32, |bits, pcr| bits | 1 << pcr);
    all.to_le_bytes()[..3].to_vec()
}

/// A key that signs what it likes.
pub struct Signer {
    pair: EcdsaKeyPair,
    pub key: Key,
}

impl Signer {
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).expect("its own");
        let public = public(0x0005_0472, &[], pair.public_key().as_ref());
        let key = Key::attestation(&public).expect("as it must be");
        Self { pair, key }
    }

    /// A quote that is as it must be.
    pub fn parts(&self) -> Parts {
        Parts {
            magic: GENERATED,
            kind: QUOTE,
            signer: self.key.qualified_name().to_vec(),
            extra: NONCE.to_vec(),
            resets: 3,
            banks: vec![(SHA256, bits(&PCRS))],
            digest: digest_of(&registers()).to_vec(),
            after: Vec::new(),
        }
    }

    /// `TPMT_SIGNATURE` over these bytes.
    pub fn sign(&self, attest: &[u8]) -> Vec<u8> {
        let signature = self
            .pair
            .sign(&SystemRandom::new(), attest)
            .expect("signed");
        let (r, s) = signature.as_ref().split_at(32);
        [&[0x00, 0x18, 0x00, 0x0B][..], &sized(r), &sized(s)].concat()
    }

    /// A quote with these bytes, signed.
    pub fn quote(&self, attest: Vec<u8>) -> Quote {
        Quote {
            signature: bytes(self.sign(&attest)),
            attest: bytes(attest),
            pcrs: values(&registers()),
        }
    }
}

/// The values as they travel.
pub fn values(registers: &BTreeMap<u8, Digest>) -> Vec<PcrValue> {
    registers
        .iter()
        .map(|(pcr, value)| PcrValue {
            pcr: *pcr,
            sha256: bytes(value.to_vec()),
        })
        .collect()
}

pub fn digest_of(registers: &BTreeMap<u8, Digest>) -> Digest {
    let all: Vec<u8> = registers.values().flatten().copied().collect();
    Sha256::digest(all).into()
}

/// `TPMT_PUBLIC` of an attestation key with these attributes and this policy.
pub fn public(attributes: u32, policy: &[u8], point: &[u8]) -> Vec<u8> {
    let mut out = [&0x0023_u16.to_be_bytes()[..], &SHA256.to_be_bytes()].concat();
    out.extend(attributes.to_be_bytes());
    out.extend(sized(policy));
    for word in [0x0010_u16, 0x0018, 0x000B, 0x0003, 0x0010] {
        out.extend(word.to_be_bytes());
    }
    out.extend(sized(&point[1..33]));
    out.extend(sized(&point[33..]));
    out
}
