//! HPKE (RFC 9180 base mode, single shot) with the `hpke` crate.

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeR, single_shot_open};
use sealpoint_wire::seal::{AEAD_AES_256_GCM, KDF_HKDF_SHA256, KEM_X_WING, SEAL_INFO};
use sealpoint_wire::{HpkeSealed, SealContext};
use zeroize::Zeroizing;

use super::Closed;
use crate::key_file::HostKey;

pub(super) fn open(
    sealed: &HpkeSealed,
    context: &SealContext,
    key: &HostKey,
) -> Result<Zeroizing<Vec<u8>>, Closed> {
    if (sealed.kem, sealed.kdf, sealed.aead) != (KEM_X_WING, KDF_HKDF_SHA256, AEAD_AES_256_GCM) {
        return Err(Closed::OtherSuite);
    }
    if sealed.key_id != *key.key_id() {
        return Err(Closed::OtherKey);
    }
    let enc = <XWing as Kem>::EncappedKey::from_bytes(sealed.enc.as_slice())
        .map_err(|_| Closed::Broken)?;
    let plaintext = single_shot_open::<AesGcm256, HkdfSha256, XWing>(
        &OpModeR::Base,
        key.private(),
        &enc,
        SEAL_INFO,
        sealed.ciphertext.as_slice(),
        &context.aad(),
    )
    .map_err(|_| Closed::Broken)?;
    Ok(Zeroizing::new(plaintext))
}
