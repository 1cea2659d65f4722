//! The one way for card data to leave the card process.

use ring::rand::SecureRandom;
use sealpoint_wire::{
    Bytes, HpkeSealed, SealContext,
    seal::{AEAD_AES_256_GCM, KDF_HKDF_SHA256, KEM_X_WING, SEAL_INFO},
};

use crate::{AcquirerKey, CardData, hpke};

/// Why nothing was sealed. The card data is wiped all the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SealError {
    /// The context names another key than the one that would seal.
    #[error(
        "The card was to be sealed with another key than the one that is loaded. \
         Take the card out and charge again."
    )]
    OtherKey,
    /// The operating system gave no random bytes, or a primitive refused.
    #[error(
        "The card data could not be sealed: this machine gave no random bytes. \
         Restart the till; if it happens again, call service."
    )]
    NotSealed,
}

/// Seals `card` to `key` for what `context` says and nothing else, and wipes it.
///
/// # Errors
/// [`SealError`]; the card data is wiped then too, so the card has to be read again.
pub fn seal(
    card: CardData,
    context: &SealContext,
    key: &AcquirerKey,
    random: &dyn SecureRandom,
) -> Result<HpkeSealed, SealError> {
    if context.key_id != *key.key_id() {
        return Err(SealError::OtherKey);
    }
    let plaintext = card.plaintext().map_err(|_| SealError::NotSealed)?;
    drop(card);
    let sealed = hpke::seal(key.public(), SEAL_INFO, &context.aad(), &plaintext, random)
        .map_err(|_| SealError::NotSealed)?;
    let bytes = |bytes| Bytes::try_from(bytes).map_err(|_| SealError::NotSealed);
    Ok(HpkeSealed {
        kem: KEM_X_WING,
        kdf: KDF_HKDF_SHA256,
        aead: AEAD_AES_256_GCM,
        key_id: key.key_id().clone(),
        enc: bytes(sealed.enc)?,
        ciphertext: bytes(sealed.ciphertext)?,
    })
}
