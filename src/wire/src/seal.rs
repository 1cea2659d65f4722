//! Sealed card data and what it is bound to.
//!
//! The sealing itself is the vault's; this is the shape that crosses processes and the network.
//!
//! **Suite.** HPKE base mode (RFC 9180) with KEM X-Wing 0x647A (X25519 and ML-KEM-768), KDF
//! HKDF-SHA256 0x0001, AEAD AES-256-GCM 0x0002. One encapsulation per sealed card.
//! `info` is [`SEAL_INFO`]; `aad` is [`SealContext::aad`].
//!
//! **Plaintext.** A concatenation of BER-TLV objects (EMV 4.4 Book 3 Annex B): 5A application PAN,
//! 57 track 2 equivalent data if the card gave it, 5F24 expiration date, 5F34 PAN sequence number
//! if given.

use sealpoint_sale::{AttemptId, Currency};
use serde::{Deserialize, Serialize};

use crate::{Bytes, KeyId, TerminalId};

/// HPKE `info` of every sealed card.
pub const SEAL_INFO: &[u8] = b"sealpoint sealed-card v1";
/// HPKE KEM id of X-Wing.
pub const KEM_X_WING: u16 = 0x647A;
/// HPKE KDF id of HKDF-SHA256.
pub const KDF_HKDF_SHA256: u16 = 0x0001;
/// HPKE AEAD id of AES-256-GCM.
pub const AEAD_AES_256_GCM: u16 = 0x0002;
/// Bytes of an X-Wing public key: ML-KEM-768 encapsulation key, then X25519.
pub const X_WING_PUBLIC_LEN: usize = 1216;
/// Bytes of an X-Wing encapsulation: ML-KEM-768 ciphertext, then X25519.
pub const X_WING_ENC_LEN: usize = 1120;

/// Card data that only the holder of the acquirer's private key can open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SealedCard {
    /// HPKE KEM id; always [`KEM_X_WING`] in this version.
    pub kem: u16,
    /// HPKE KDF id; always [`KDF_HKDF_SHA256`] in this version.
    pub kdf: u16,
    /// HPKE AEAD id; always [`AEAD_AES_256_GCM`] in this version.
    pub aead: u16,
    /// Which public key sealed it.
    pub key_id: KeyId,
    /// HPKE encapsulated key, [`X_WING_ENC_LEN`] bytes.
    pub enc: Bytes,
    /// AEAD ciphertext with its 16-byte tag at the end.
    pub ciphertext: Bytes,
}

/// Why the card data was sealed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SealKind {
    /// An online authorisation request.
    Authorisation,
}

impl SealKind {
    const fn code(self) -> u8 {
        match self {
            Self::Authorisation => 1,
        }
    }
}

/// What a sealed card is bound to, so that it cannot be moved to another sale, amount or terminal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SealContext {
    /// The terminal that read the card.
    pub terminal: TerminalId,
    /// The attempt that the card was read for.
    pub attempt: AttemptId,
    /// The public key that seals.
    pub key_id: KeyId,
    /// Minor units that the card and the host see.
    pub amount_minor: i64,
    /// Their currency.
    pub currency: Currency,
    /// Why it is sealed.
    pub kind: SealKind,
}

impl SealContext {
    /// The HPKE `aad`: every field in a fixed order, each variable one behind its length, so that
    /// two different contexts never give the same bytes.
    #[must_use]
    pub fn aad(&self) -> Vec<u8> {
        let mut aad = Vec::with_capacity(96);
        aad.extend_from_slice(b"sealpoint aad v1");
        for name in [self.terminal.as_str(), self.key_id.as_str()] {
            // Both names are at most 32 bytes by construction, so one length byte is enough.
            aad.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
            aad.extend_from_slice(name.as_bytes());
        }
        aad.extend_from_slice(self.attempt.as_bytes());
        aad.extend_from_slice(&self.amount_minor.to_be_bytes());
        aad.extend_from_slice(&self.currency.numeric().to_be_bytes());
        aad.push(self.kind.code());
        aad
    }
}
