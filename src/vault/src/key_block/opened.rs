//! A key that came out of a key block, and what may be done with it.
//!
//! Form and use are two questions. [`super::KeyBlock::open`] asks the first: is this a key block, and
//! did nobody change it? Here the second is asked: is its key for what somebody wants to do with it?
//! An [`OpenedKey`] exists only when the MAC fitted, so its header may be believed; and each way out
//! of it is a use, which checks all attributes.
//!
//! | use | usage | algorithm | mode | optional block |
//! |---|---|---|---|---|
//! | initial DUKPT key | B1 | A, T (two keys) | X, N | `IK` (AES), `KS` (TDES) |
//! | key block protection key | K1, K0 | A, T | B, D, N | |
//! | token key | M7 | H | C, G, N | `HM` 21 (SHA-256) |
//!
//! **Exportability.** A till never gives a key on, so it keeps whatever this says: E, N and S are all
//! taken, and nothing else. Hardware security modules commonly mark initial keys as S.
//!
//! **Strength.** A key under a protection key that is weaker than itself is refused: whoever breaks
//! the weaker one has both (PCI PIN requirement 10).

use core::fmt;

use sealpoint_secret::SecretBytes;
use sealpoint_wire::seal::DukptScheme;

use super::{
    attributes::{Algorithm, Exportability, KeyVersion, ModeOfUse},
    block::strength_bits,
    header::Header,
    optional::HmacHash,
    usage::Usage,
};

/// Bytes of an initial key id (X9.24-3:2017 section 4.17).
const INITIAL_KEY_ID_LEN: usize = 8;
/// Bytes of a TDES key serial number.
const KSN_LEN: usize = 10;
/// Bits of a TDES transaction counter, which are zeros in an initial key serial number.
const KSN_COUNTER: u32 = 0x001F_FFFF;
/// Bytes of a token key: as many as the hash has.
const TOKEN_KEY_LEN: usize = 32;

/// A key and its proven header.
pub struct OpenedKey {
    header: Header,
    key: SecretBytes,
    protection_bits: u16,
}

/// An initial DUKPT key, as [`crate::Registers::from_initial_key`] takes it.
pub struct InitialKey {
    /// Derivation, and algorithm of the working keys: that of the initial key.
    pub scheme: DukptScheme,
    /// 8-byte initial key id (AES), or 10-byte initial key serial number (TDES).
    pub id: Vec<u8>,
    /// The key.
    pub key: SecretBytes,
}

/// Why a key may not be used so, though its block is whole.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    /// It is for something else.
    #[error("The key block's key is {found}, and {wanted} is needed. Ask its sender for that one.")]
    Usage {
        /// By its header.
        found: Usage,
        /// What the caller would use it as.
        wanted: Usage,
    },
    /// It is for another cipher.
    #[error(
        "The key block's key is for {0}, which keys of this kind are not. Ask its sender for \
         another one."
    )]
    Algorithm(Algorithm),
    /// It may not do what it would have to.
    #[error(
        "The key block's key has the mode of use {0}, with which it may not be used here. Ask its \
         sender for another one."
    )]
    ModeOfUse(ModeOfUse),
    /// A code that the standard does not have.
    #[error(
        "The key block's key has the exportability {0}, which X9.143 does not have. Ask its sender \
         for another one."
    )]
    Exportability(Exportability),
    /// A component, not a key.
    #[error(
        "The key block holds component {0} of a key and no key. Combine the components where keys \
         are made, and load the whole key."
    )]
    Component(char),
    /// No key of this kind is as long.
    #[error(
        "The key block's key has {0} bytes, which keys of this kind do not have. Ask its sender for \
         another one."
    )]
    KeyLength(usize),
    /// Its protection key is weaker.
    #[error(
        "The key block's key is stronger than the key that protects it. Ask its sender for it under \
         a protection key that is at least as strong."
    )]
    WeakerProtection,
    /// The optional block that names it is missing or no such name.
    #[error(
        "The key block does not name its key: optional block {0} is missing or not written as \
         X9.143 writes it. Ask its sender for one with it."
    )]
    Unnamed(&'static str),
    /// The key serial number is no initial one.
    #[error(
        "The key block's key serial number has been counted with already. Ask its sender for an \
         initial key that nobody used."
    )]
    Counted,
    /// The hash is missing or another one.
    #[error(
        "The key block's key is not for HMAC with SHA-256: optional block HM does not say 21. Ask \
         its sender for another one."
    )]
    Hash,
}

impl OpenedKey {
    pub(super) fn new(header: Header, key: SecretBytes, protection_bits: u16) -> Self {
        Self {
            header,
            key,
            protection_bits,
        }
    }

    /// What the block says of the key, proven by its MAC.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The key, for whoever checks by himself what it may be used for.
    #[must_use]
    pub fn key(&self) -> &SecretBytes {
        &self.key
    }

    /// Takes the key as an initial DUKPT key.
    ///
    /// # Errors
    /// [`Unfit`]; the key is wiped then.
    pub fn into_initial_key(self) -> Result<InitialKey, Unfit> {
        self.check(&[Usage::INITIAL_DUKPT_KEY], &[ModeOfUse::DERIVE])?;
        let scheme = match (self.header.algorithm, self.key.len()) {
            (Algorithm::Aes, 16) => DukptScheme::Aes128,
            (Algorithm::Aes, 24) => DukptScheme::Aes192,
            (Algorithm::Aes, 32) => DukptScheme::Aes256,
            (Algorithm::Tdes, 16) => DukptScheme::Tdes2,
            (Algorithm::Aes | Algorithm::Tdes, len) => return Err(Unfit::KeyLength(len)),
            (other, _) => return Err(Unfit::Algorithm(other)),
        };
        self.check_strength()?;
        let id = match scheme {
            DukptScheme::Tdes2 => self.initial_ksn()?,
            DukptScheme::Aes128 | DukptScheme::Aes192 | DukptScheme::Aes256 => {
                self.name("IK", INITIAL_KEY_ID_LEN)?
            }
        };
        Ok(InitialKey {
            scheme,
            id,
            key: self.key,
        })
    }

    /// Takes the key as a key block protection key; its header says for which cipher.
    ///
    /// # Errors
    /// [`Unfit`]; the key is wiped then.
    pub fn into_protection_key(self) -> Result<(Algorithm, SecretBytes), Unfit> {
        self.check(
            &[Usage::KEY_BLOCK_PROTECTION, Usage::KEY_ENCRYPTION],
            &[ModeOfUse::BOTH_WAYS, ModeOfUse::DECRYPT],
        )?;
        let algorithm = self.header.algorithm;
        if !matches!(algorithm, Algorithm::Aes | Algorithm::Tdes) {
            return Err(Unfit::Algorithm(algorithm));
        }
        self.check_strength()?;
        Ok((algorithm, self.key))
    }

    /// Takes the key as the retailer's key for tokens: HMAC with SHA-256, 32 bytes.
    ///
    /// # Errors
    /// [`Unfit`]; the key is wiped then.
    pub fn into_token_key(self) -> Result<SecretBytes, Unfit> {
        self.check(
            &[Usage::HMAC],
            &[ModeOfUse::GENERATE_AND_VERIFY, ModeOfUse::GENERATE],
        )?;
        if self.header.algorithm != Algorithm::Hmac {
            return Err(Unfit::Algorithm(self.header.algorithm));
        }
        let hash = self.header.optional("HM").and_then(HmacHash::of);
        if hash != Some(HmacHash::SHA_256) {
            return Err(Unfit::Hash);
        }
        if self.key.len() != TOKEN_KEY_LEN {
            return Err(Unfit::KeyLength(self.key.len()));
        }
        self.check_strength()?;
        Ok(self.key)
    }

    /// What is the same for every use. `usages` has the wanted one first.
    fn check(&self, usages: &[Usage], modes: &[ModeOfUse]) -> Result<(), Unfit> {
        let header = &self.header;
        match usages {
            [wanted, ..] if !usages.contains(&header.usage) => {
                return Err(Unfit::Usage {
                    found: header.usage,
                    wanted: *wanted,
                });
            }
            _ => {}
        }
        if header.mode_of_use != ModeOfUse::ANY && !modes.contains(&header.mode_of_use) {
            return Err(Unfit::ModeOfUse(header.mode_of_use));
        }
        if header.exportability.name().is_none() {
            return Err(Unfit::Exportability(header.exportability));
        }
        match header.key_version {
            KeyVersion::Component(number) => Err(Unfit::Component(number)),
            KeyVersion::Unused | KeyVersion::Number(_) => Ok(()),
        }
    }

    fn check_strength(&self) -> Result<(), Unfit> {
        match strength_bits(self.header.algorithm, self.key.len()) {
            None => Err(Unfit::KeyLength(self.key.len())),
            Some(bits) if bits > self.protection_bits => Err(Unfit::WeakerProtection),
            Some(_) => Ok(()),
        }
    }

    /// The bytes of an optional block, exactly `len`.
    fn name(&self, id: &'static str, len: usize) -> Result<Vec<u8>, Unfit> {
        self.header
            .optional(id)
            .and_then(|block| block.bytes())
            .filter(|bytes| bytes.len() == len)
            .ok_or(Unfit::Unnamed(id))
    }

    fn initial_ksn(&self) -> Result<Vec<u8>, Unfit> {
        let ksn = self.name("KS", KSN_LEN)?;
        let last = ksn.last_chunk().map(|last| u32::from_be_bytes(*last));
        match last {
            Some(last) if last & KSN_COUNTER == 0 => Ok(ksn),
            _ => Err(Unfit::Counted),
        }
    }
}

impl fmt::Debug for OpenedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedKey")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for InitialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InitialKey")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}
