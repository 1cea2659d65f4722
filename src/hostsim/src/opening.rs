//! Opens a sealed card (RFC 9180 base mode, single shot) with the `hpke` crate.

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeR, single_shot_open};
use sealpoint_acquirer::tlv;
use sealpoint_secret::Pan;
use sealpoint_wire::seal::{AEAD_AES_256_GCM, KDF_HKDF_SHA256, KEM_X_WING, SEAL_INFO};
use sealpoint_wire::{SealContext, SealedCard};
use zeroize::Zeroizing;

use crate::key_file::HostKey;

const PAN: u32 = 0x5A;
const EXPIRY: u32 = 0x5F24;
const SEQUENCE_NUMBER: u32 = 0x5F34;

/// What a sealed card holds. No `Debug`, no `Clone`; the PAN is wiped on drop.
pub struct OpenedCard {
    /// Primary account number.
    pub pan: Pan,
    /// Expiration date, YYMMDD in BCD.
    pub expiry: [u8; 3],
    /// PAN sequence number as a number; 0 if the card has none.
    pub sequence_number: u8,
}

/// Why a sealed card stays closed. Says nothing of its content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Closed {
    /// Sealed to a key that this host does not have.
    #[error("the card is sealed to another key; give the till this host's public key")]
    OtherKey,
    /// Other algorithms than the one suite.
    #[error("the card is sealed with another suite; till and host are of different versions")]
    OtherSuite,
    /// Damaged, or sealed for another attempt, amount, currency or terminal.
    #[error("the seal does not hold; the card data is damaged or was moved from another attempt")]
    Broken,
    /// It opens, and inside is not what should be.
    #[error("the seal holds and there is no card inside; till and host are of different versions")]
    NoCard,
}

/// Opens `sealed`, if it was sealed for exactly `context`.
///
/// # Errors
/// [`Closed`].
pub fn open(
    sealed: &SealedCard,
    context: &SealContext,
    key: &HostKey,
) -> Result<OpenedCard, Closed> {
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
    card(&Zeroizing::new(plaintext)).ok_or(Closed::NoCard)
}

fn card(plaintext: &[u8]) -> Option<OpenedCard> {
    let sequence_number = match tlv::only(plaintext, SEQUENCE_NUMBER).ok()? {
        Some(&[bcd]) if bcd >> 4 <= 9 && bcd & 0x0F <= 9 => (bcd >> 4) * 10 + (bcd & 0x0F),
        Some(_) => return None,
        None => 0,
    };
    Some(OpenedCard {
        pan: Pan::from_bcd(tlv::only(plaintext, PAN).ok()??).ok()?,
        expiry: tlv::only(plaintext, EXPIRY).ok()??.try_into().ok()?,
        sequence_number,
    })
}
