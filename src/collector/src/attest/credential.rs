//! A secret that one TPM alone can open, and only for one key in it: `TPM2_MakeCredential` (Part 3,
//! 12.6) without a TPM, by Part 1, 24 ("Credential Protection") and annex C.6 (elliptic curves).
//!
//! That a till gives it back proves that its attestation key lives in the TPM of its endorsement key.

use aes::Aes128;
use aes::cipher::{Block, BlockCipherEncrypt, KeyInit};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hmac;
use ring::rand::SecureRandom;
use sealpoint_wire::Bytes;
use sealpoint_wire::attest::Credential;
use sha2::{Digest, Sha256};

use super::public::Key;

/// Bytes of what is hidden.
pub const SECRET: usize = 32;
/// Bytes of a block of AES, and of a key of AES-128.
const BLOCK: usize = 16;

/// It could not be made: the endorsement key is no point of the curve, or chance failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("No credential can be made for this endorsement key. Look at the till's TPM.")]
pub struct NotMade;

/// Hides a secret for `attestation` in the TPM of `endorsement`.
///
/// # Errors
/// [`NotMade`].
pub fn make(
    endorsement: &Key,
    attestation: &Key,
    secret: &[u8; SECRET],
    random: &dyn SecureRandom,
) -> Result<Credential, NotMade> {
    let once = EphemeralPrivateKey::generate(&ECDH_P256, random).map_err(|_| NotMade)?;
    let point = once.compute_public_key().map_err(|_| NotMade)?;
    let [4, coordinates @ ..] = point.as_ref() else {
        return Err(NotMade);
    };
    let (x, y) = coordinates.split_at_checked(32).ok_or(NotMade)?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, endorsement.point());
    let seed =
        agree_ephemeral(once, &theirs, |z| kdf_e(z, x, endorsement.x())).map_err(|_| NotMade)?;

    let mut hidden = sized(secret).ok_or(NotMade)?;
    let key = kdf_a(&seed, b"STORAGE", &attestation.name, 128);
    let key = key.first_chunk::<BLOCK>().ok_or(NotMade)?;
    encrypt(key, &mut hidden);
    let key = kdf_a(&seed, b"INTEGRITY", &[], 256);
    let mut sealed = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key));
    sealed.update(&hidden);
    sealed.update(&attestation.name);
    let mut blob = sized(sealed.sign().as_ref()).ok_or(NotMade)?;
    blob.extend_from_slice(&hidden);
    let point = [sized(x).ok_or(NotMade)?, sized(y).ok_or(NotMade)?].concat();
    Ok(Credential {
        blob: Bytes::try_from(blob).map_err(|_| NotMade)?,
        secret: Bytes::try_from(point).map_err(|_| NotMade)?,
    })
}

/// A `TPM2B`.
fn sized(bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(bytes.len()).ok()?;
    Some([&length.to_be_bytes()[..], bytes].concat())
}

/// `KDFe` with SHA-256, "IDENTITY" and 256 bits (Part 1, 11.4.10.3): one step.
fn kdf_e(z: &[u8], once_x: &[u8], their_x: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(1_u32.to_be_bytes())
        .chain_update(z)
        .chain_update(b"IDENTITY\0")
        .chain_update(once_x)
        .chain_update(their_x)
        .finalize()
        .into()
}

/// `KDFa` with SHA-256 and at most 256 bits (Part 1, 11.4.10.2): one step, of which the first bits
/// count.
fn kdf_a(key: &[u8], label: &[u8], context: &[u8], bits: u32) -> Vec<u8> {
    let mut step = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    step.update(&1_u32.to_be_bytes());
    step.update(label);
    step.update(&[0]);
    step.update(context);
    step.update(&bits.to_be_bytes());
    step.sign().as_ref().to_vec()
}

/// AES-128 in cipher feedback, from a vector of zeros: the key is used once.
fn encrypt(key: &[u8; BLOCK], bytes: &mut [u8]) {
    let cipher = Aes128::new(key.into());
    let mut feedback = Block::<Aes128>::default();
    for chunk in bytes.chunks_mut(BLOCK) {
        cipher.encrypt_block(&mut feedback);
        for (byte, mask) in chunk.iter_mut().zip(feedback.iter_mut()) {
            *byte ^= *mask;
            *mask = *byte;
        }
    }
}
