//! Sealed card data and what it is bound to.
//!
//! The sealing itself is the vault's; this is the shape that crosses processes and the network.
//! There are two ways to seal, both of the same plaintext, both bound to a [`SealContext`].
//!
//! **HPKE.** HPKE base mode (RFC 9180) with KEM X-Wing 0x647A (X25519 and ML-KEM-768), KDF
//! HKDF-SHA256 0x0001, AEAD AES-256-GCM 0x0002. One encapsulation per sealed card.
//! `info` is [`SEAL_INFO`]; `aad` is [`SealContext::aad`].
//!
//! **DUKPT.** A transaction key of its own for each card (ANSI X9.24-3:2017; X9.24-1 for TDES). The
//! plaintext is padded with 80 and zeros to whole blocks (ISO/IEC 9797-1 padding method 2) and
//! enciphered in CBC mode with a zero IV under the working key *data encryption, encrypt* (TDES: the
//! request variant, which is used once as well). The MAC is CMAC (NIST SP 800-38B), whole, under
//! *message authentication, generation* (TDES: request) over [`DukptSealed::authenticated`].
//!
//! **Plaintext.** A concatenation of BER-TLV objects (EMV 4.4 Book 3 Annex B): 5A application PAN,
//! 57 track 2 equivalent data if the card gave it, 5F24 expiration date, 5F34 PAN sequence number
//! if given.

use data_encoding::HEXUPPER;
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

/// Card data that only the acquirer can open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SealedCard {
    /// To the acquirer's public key.
    Hpke(HpkeSealed),
    /// Under a transaction key that terminal and acquirer both derive.
    Dukpt(DukptSealed),
}

/// Card data that only the holder of the acquirer's private key can open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HpkeSealed {
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

/// Card data that only the holder of the base derivation key can open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DukptSealed {
    /// Which derivation, and the working keys' algorithm.
    pub scheme: DukptScheme,
    /// The key set, as the manifest names it.
    pub key_id: KeyId,
    /// Key serial number: initial key id and counter, [`DukptScheme::ksn_len`] bytes.
    pub ksn: Bytes,
    /// Whole cipher blocks.
    pub ciphertext: Bytes,
    /// CMAC, one cipher block.
    pub mac: Bytes,
}

/// Derivation and working keys of [`DukptSealed`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DukptScheme {
    /// AES DUKPT with AES-128 working keys (ANSI X9.24-3:2017).
    Aes128,
    /// AES DUKPT with AES-192 working keys.
    Aes192,
    /// AES DUKPT with AES-256 working keys.
    Aes256,
    /// TDES DUKPT with two-key TDES (ANSI X9.24-1:2009), for legacy acquirers.
    Tdes2,
}

impl DukptScheme {
    /// Bytes of a key serial number.
    #[must_use]
    pub const fn ksn_len(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 12,
            Self::Tdes2 => 10,
        }
    }

    /// Bytes of a cipher block, and of a MAC.
    #[must_use]
    pub const fn block_len(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
            Self::Tdes2 => 8,
        }
    }
}

impl SealedCard {
    /// The key, or key set, that sealed it.
    #[must_use]
    pub const fn key_id(&self) -> &KeyId {
        match self {
            Self::Hpke(sealed) => &sealed.key_id,
            Self::Dukpt(sealed) => &sealed.key_id,
        }
    }
}

impl DukptSealed {
    /// What its MAC is over: the length of the context's `aad` in two bytes, the `aad`, the key
    /// serial number, and the ciphertext.
    #[must_use]
    pub fn authenticated(context: &SealContext, ksn: &[u8], ciphertext: &[u8]) -> Vec<u8> {
        let aad = context.aad();
        // At most about 130 bytes by construction.
        let len = u16::try_from(aad.len()).unwrap_or(u16::MAX).to_be_bytes();
        [&len, aad.as_slice(), ksn, ciphertext].concat()
    }
}

/// Stands for one card under the retailer's token key: 16 bytes, hexadecimal in upper case. Tells
/// nothing of the card number to who has not the key; beside a truncated number it may stand only
/// where the profile's policy says so (PCI DSS 3.5.1.1).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[0-9A-F]{32}$"))]
pub struct CardToken([u8; CARD_TOKEN_LEN]);

/// Bytes of a [`CardToken`].
pub const CARD_TOKEN_LEN: usize = 16;

/// A text that is no token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a card token is 32 hexadecimal digits in upper case")]
pub struct BadToken;

impl CardToken {
    /// Wraps what the token key made.
    #[must_use]
    pub const fn new(bytes: [u8; CARD_TOKEN_LEN]) -> Self {
        Self(bytes)
    }
}

impl core::fmt::Display for CardToken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&HEXUPPER.encode(&self.0))
    }
}

impl core::str::FromStr for CardToken {
    type Err = BadToken;
    fn from_str(text: &str) -> Result<Self, BadToken> {
        let bytes = HEXUPPER.decode(text.as_bytes()).map_err(|_| BadToken)?;
        bytes.try_into().map(Self).map_err(|_| BadToken)
    }
}

impl TryFrom<String> for CardToken {
    type Error = BadToken;
    fn try_from(text: String) -> Result<Self, BadToken> {
        text.parse()
    }
}

impl From<CardToken> for String {
    fn from(token: CardToken) -> Self {
        token.to_string()
    }
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
