//! X-Wing, the encapsulating half (draft-connolly-cfrg-xwing-kem section 5).

use libcrux_ml_kem::mlkem768::{self, MlKem768PublicKey};
use ring::{
    agreement::{self, EphemeralPrivateKey, UnparsedPublicKey},
    rand::SecureRandom,
};
use sealpoint_secret::Key;
use sealpoint_wire::seal::{X_WING_ENC_LEN, X_WING_PUBLIC_LEN};
use sha3::{Digest, Sha3_256};
use zeroize::Zeroizing;

/// Bytes of the shared secret.
pub(crate) const SHARED_SECRET_LEN: usize = 32;
/// Bytes of an X25519 public key (RFC 7748 section 5).
const X25519_LEN: usize = 32;
/// Bytes of an ML-KEM-768 encapsulation key (FIPS 203 table 3).
const ML_KEM_PUBLIC_LEN: usize = X_WING_PUBLIC_LEN - X25519_LEN;
/// Bytes of the randomness that ML-KEM encapsulates with (FIPS 203 algorithm 20).
const ML_KEM_RANDOM_LEN: usize = 32;
/// Domain separation of the combiner, a picture of the wing.
const LABEL: &[u8; 6] = br"\.//^\";

/// A public key whose two halves were checked.
pub(crate) struct PublicKey {
    ml_kem: MlKem768PublicKey,
    x25519: [u8; X25519_LEN],
}

/// Which check a public key failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BadPublicKey {
    /// Not [`X_WING_PUBLIC_LEN`] bytes.
    Length,
    /// A coefficient of the ML-KEM half is out of range (FIPS 203 section 7.2).
    MlKem,
    /// Every agreement with the X25519 half gives zero (RFC 7748 section 6.1).
    X25519,
}

/// The random source or the agreement failed; nothing was sealed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct EncapsulationFailed;

impl PublicKey {
    /// Checks both halves. The X25519 half is tried with a throw-away key from `random`.
    pub(crate) fn checked(bytes: &[u8], random: &dyn SecureRandom) -> Result<Self, BadPublicKey> {
        let (ml_kem, x25519) = bytes
            .split_at_checked(ML_KEM_PUBLIC_LEN)
            .ok_or(BadPublicKey::Length)?;
        let x25519 = <[u8; X25519_LEN]>::try_from(x25519).map_err(|_| BadPublicKey::Length)?;
        let ml_kem = MlKem768PublicKey::try_from(ml_kem).map_err(|_| BadPublicKey::Length)?;
        if !mlkem768::validate_public_key(&ml_kem) {
            return Err(BadPublicKey::MlKem);
        }
        agree(&x25519, random).map_err(|_| BadPublicKey::X25519)?;
        Ok(Self { ml_kem, x25519 })
    }

    /// A fresh shared secret and its encapsulation. Takes 32 bytes from `random` for ML-KEM, then
    /// 32 for X25519.
    pub(crate) fn encapsulate(
        &self,
        random: &dyn SecureRandom,
    ) -> Result<(Key<SHARED_SECRET_LEN>, Vec<u8>), EncapsulationFailed> {
        let mut message = Zeroizing::new([0; ML_KEM_RANDOM_LEN]);
        random
            .fill(message.as_mut())
            .map_err(|_| EncapsulationFailed)?;
        let (ct_m, ss_m) = mlkem768::encapsulate(&self.ml_kem, *message);
        let ss_m = Zeroizing::new(ss_m);
        let (ct_x, ss_x) = agree(&self.x25519, random)?;

        let mut encapsulation = Vec::with_capacity(X_WING_ENC_LEN);
        encapsulation.extend_from_slice(ct_m.as_slice());
        encapsulation.extend_from_slice(&ct_x);
        Ok((
            combine(&ss_m, ss_x.expose(), &ct_x, &self.x25519),
            encapsulation,
        ))
    }
}

/// X25519 with a new private key: its public key and the shared secret.
fn agree(
    peer: &[u8; X25519_LEN],
    random: &dyn SecureRandom,
) -> Result<([u8; X25519_LEN], Key<SHARED_SECRET_LEN>), EncapsulationFailed> {
    let private = EphemeralPrivateKey::generate(&agreement::X25519, random)
        .map_err(|_| EncapsulationFailed)?;
    let public = private
        .compute_public_key()
        .map_err(|_| EncapsulationFailed)?;
    let public = <[u8; X25519_LEN]>::try_from(public.as_ref()).map_err(|_| EncapsulationFailed)?;
    let peer = UnparsedPublicKey::new(&agreement::X25519, peer);
    let shared = agreement::agree_ephemeral(private, &peer, Key::from_slice)
        .map_err(|_| EncapsulationFailed)?
        .map_err(|_| EncapsulationFailed)?;
    Ok((public, shared))
}

/// `SHA3-256(ss_M || ss_X || ct_X || pk_X || label)`.
pub(crate) fn combine(
    ss_m: &[u8; SHARED_SECRET_LEN],
    ss_x: &[u8; SHARED_SECRET_LEN],
    ct_x: &[u8; X25519_LEN],
    pk_x: &[u8; X25519_LEN],
) -> Key<SHARED_SECRET_LEN> {
    let mut hash = Sha3_256::new();
    hash.update(ss_m);
    hash.update(ss_x);
    hash.update(ct_x);
    hash.update(pk_x);
    hash.update(LABEL);
    Key::filled(|secret| hash.finalize_into(secret.into()))
}
