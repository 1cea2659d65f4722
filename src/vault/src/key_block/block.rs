//! A key block as text, and back.

use crate::block_cipher::{BlockCipher, WrongLength};
use core::fmt;

use data_encoding::HEXUPPER;
use ring::rand::SecureRandom;
use sealpoint_secret::SecretBytes;

use super::{
    MAX_LEN, MIN_LEN,
    attributes::{Algorithm, Version},
    binding::{self, Parts},
    errors::{BadKeyBlock, NotOpened, NotWrapped},
    header::Header,
    opened::OpenedKey,
};
use crate::CheckValue;

/// Bytes of the key's length, which stands before the key.
const LENGTH_LEN: usize = 2;
/// Bytes of the longest key that is wrapped here: an HMAC key of a whole hash block.
const MAX_HMAC_KEY: usize = 64;
/// Bits of security of an HMAC key: it makes tokens of 16 bytes.
const HMAC_STRENGTH_BITS: u16 = 128;

/// A key block whose form was checked. What it says is not to be believed before it was opened.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyBlock {
    text: String,
    header: Header,
    pub(super) header_len: usize,
    ciphertext: Vec<u8>,
    mac: Vec<u8>,
}

/// A key block protection key (KBPK), with the one cipher that it is for.
#[derive(Clone, Copy)]
pub struct ProtectionKey<'a> {
    algorithm: Algorithm,
    key: &'a SecretBytes,
    cipher: BlockCipher<'a>,
}

/// The bytes offered are no protection key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "A protection key for {algorithm} does not have {len} bytes. Check that it is the right key, \
     and whole."
)]
pub struct BadProtectionKey {
    /// What it was to be for.
    pub algorithm: Algorithm,
    /// Bytes that were offered.
    pub len: usize,
}

/// Which ways of binding a header to its key the caller takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bindings {
    /// Versions B and D.
    Derivation,
    /// Versions A and C as well: only where the profile says `legacy`.
    LegacyVariantToo,
}

impl<'a> ProtectionKey<'a> {
    /// An AES key of 16, 24 or 32 bytes, for version D.
    ///
    /// # Errors
    /// [`BadProtectionKey`] if it has another length.
    pub fn aes(key: &'a SecretBytes) -> Result<Self, BadProtectionKey> {
        Self::checked(Algorithm::Aes, key, BlockCipher::aes(key.expose()))
    }

    /// A triple DES key of 16 or 24 bytes, for versions A to C.
    ///
    /// # Errors
    /// [`BadProtectionKey`] if it has another length.
    pub fn tdes(key: &'a SecretBytes) -> Result<Self, BadProtectionKey> {
        Self::checked(Algorithm::Tdes, key, BlockCipher::tdes(key.expose()))
    }

    /// Its cipher.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Bits of security.
    pub(super) const fn strength_bits(&self) -> u16 {
        self.cipher.strength_bits()
    }

    fn checked(
        algorithm: Algorithm,
        key: &'a SecretBytes,
        cipher: Result<BlockCipher<'a>, WrongLength>,
    ) -> Result<Self, BadProtectionKey> {
        let len = key.len();
        let cipher = cipher.map_err(|WrongLength| BadProtectionKey { algorithm, len })?;
        Ok(Self {
            algorithm,
            key,
            cipher,
        })
    }
}

impl KeyBlock {
    /// Reads a key block: printable ASCII on one line, nothing around it.
    ///
    /// # Errors
    /// [`BadKeyBlock`] says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, BadKeyBlock> {
        if !(MIN_LEN..=MAX_LEN).contains(&text.len()) {
            return Err(BadKeyBlock::Size(text.len()));
        }
        if let Some(place) = text.bytes().position(|byte| !super::is_printable(byte)) {
            return Err(BadKeyBlock::Character(place + 1));
        }
        let (header, header_len) = Header::parse(text)?;
        let behind = text.get(header_len..).ok_or(BadKeyBlock::Payload)?;
        let bytes = HEXUPPER.decode(behind.as_bytes());
        let bytes = bytes.map_err(|_| BadKeyBlock::Payload)?;
        let whole = |ciphertext: &[u8]| {
            !ciphertext.is_empty() && ciphertext.len().is_multiple_of(header.version.block_len())
        };
        let (ciphertext, mac) = bytes
            .len()
            .checked_sub(header.version.mac_len())
            .and_then(|at| bytes.split_at_checked(at))
            .filter(|(ciphertext, _)| whole(ciphertext))
            .ok_or(BadKeyBlock::Payload)?;
        Ok(Self {
            text: text.to_owned(),
            ciphertext: ciphertext.to_vec(),
            mac: mac.to_vec(),
            header,
            header_len,
        })
    }

    /// What it says of its key, unproven.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The block as it travels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// These bytes as a protection key for the cipher of this block's version, for whoever keeps the
    /// key without its cipher. A key of the other cipher does not open the block.
    ///
    /// # Errors
    /// [`BadProtectionKey`] if no key of that cipher is as long.
    pub fn protection_key<'a>(
        &self,
        key: &'a SecretBytes,
    ) -> Result<ProtectionKey<'a>, BadProtectionKey> {
        match self.header.version {
            Version::A | Version::B | Version::C => ProtectionKey::tdes(key),
            Version::D => ProtectionKey::aes(key),
        }
    }

    /// Opens the block: its MAC is verified before anything of the key is believed, and its check
    /// values KP and KC where it has them.
    ///
    /// # Errors
    /// [`NotOpened`].
    pub fn open(
        &self,
        protection: &ProtectionKey<'_>,
        bindings: Bindings,
    ) -> Result<OpenedKey, NotOpened> {
        let version = self.header.version;
        if version.binds_by_variant() && bindings == Bindings::Derivation {
            return Err(NotOpened::Legacy(version));
        }
        if protection.algorithm != version.cipher() {
            return Err(NotOpened::ProtectionCipher {
                version,
                needed: version.cipher(),
            });
        }
        self.check_protection(protection)?;
        let payload = self.payload(protection)?;
        let key = key_in(&payload).ok_or(NotOpened::NoKey(self.header.algorithm))?;
        if !is_length_of(self.header.algorithm, key.len()) {
            return Err(NotOpened::NoKey(self.header.algorithm));
        }
        self.check_key(&key)?;
        Ok(OpenedKey::new(
            self.header.clone(),
            key,
            protection.strength_bits(),
        ))
    }

    /// Makes a key block, with random padding up to the longest key of the algorithm, so that the
    /// block does not tell how long the key is (X9.143:2022 sections 5 and 6.1).
    ///
    /// # Errors
    /// [`NotWrapped`].
    pub fn wrap(
        header: Header,
        key: &SecretBytes,
        protection: &ProtectionKey<'_>,
        random: &dyn SecureRandom,
    ) -> Result<Self, NotWrapped> {
        let (version, algorithm) = (header.version, header.algorithm);
        if version.binds_by_variant() {
            return Err(NotWrapped::Deprecated(version));
        }
        if protection.algorithm != version.cipher() {
            return Err(NotWrapped::ProtectionCipher {
                version,
                needed: version.cipher(),
            });
        }
        let len = key.len();
        let strength = strength_bits(algorithm, len);
        let strength = strength.ok_or(NotWrapped::KeyLength { algorithm, len })?;
        if protection.strength_bits() < strength {
            return Err(NotWrapped::WeakerProtection);
        }
        let payload = padded(algorithm, key, version.block_len(), random)?;
        let behind = 2 * (payload.len() + version.mac_len());
        let head = header.write(behind).ok_or(NotWrapped::Optional)?;
        let bound = binding::bind(version, protection.cipher, head.as_bytes(), &payload)
            .map_err(|WrongLength| NotWrapped::KeyLength { algorithm, len })?;
        let encrypted = HEXUPPER.encode(&bound.ciphertext);
        let text = format!("{head}{encrypted}{}", HEXUPPER.encode(&bound.mac));
        // Read again, so that nothing is made that would not be taken.
        Self::parse(&text).map_err(|_| NotWrapped::Optional)
    }

    /// What is encrypted: length, key and padding.
    pub(super) fn payload(&self, protection: &ProtectionKey<'_>) -> Result<SecretBytes, NotOpened> {
        let header = self.text.as_bytes().get(..self.header_len);
        let parts = Parts {
            header: header.ok_or(NotOpened::NotAuthentic)?,
            ciphertext: &self.ciphertext,
            mac: &self.mac,
        };
        binding::open(self.header.version, protection.cipher, &parts)
            .map_err(|_| NotOpened::NotAuthentic)
    }

    /// Optional block KP: found out before opening, so that the message can say which key it takes.
    fn check_protection(&self, protection: &ProtectionKey<'_>) -> Result<(), NotOpened> {
        let Some(block) = self.header.optional("KP") else {
            return Ok(());
        };
        let (method, stated) = block.check_value().ok_or(NotOpened::CheckValue("KP"))?;
        let found = CheckValue::by(method, protection.algorithm, protection.key)
            .map_err(|_| NotOpened::CheckValue("KP"))?;
        if found.matches(&stated) {
            Ok(())
        } else {
            Err(NotOpened::OtherProtectionKey { stated, found })
        }
    }

    /// Optional block KC, of keys that have a check value by the standard.
    fn check_key(&self, key: &SecretBytes) -> Result<(), NotOpened> {
        let algorithm = self.header.algorithm;
        if !matches!(algorithm, Algorithm::Aes | Algorithm::Tdes) {
            return Ok(());
        }
        let Some(block) = self.header.optional("KC") else {
            return Ok(());
        };
        let (method, stated) = block.check_value().ok_or(NotOpened::CheckValue("KC"))?;
        let found =
            CheckValue::by(method, algorithm, key).map_err(|_| NotOpened::CheckValue("KC"))?;
        if found.matches(&stated) {
            Ok(())
        } else {
            Err(NotOpened::OtherKey { stated, found })
        }
    }
}

/// The key in what was encrypted: its length in bits, the key, padding.
fn key_in(payload: &SecretBytes) -> Option<SecretBytes> {
    let (bits, behind) = payload.expose().split_first_chunk::<LENGTH_LEN>()?;
    let bits = usize::from(u16::from_be_bytes(*bits));
    if bits == 0 || !bits.is_multiple_of(8) {
        return None;
    }
    behind.get(..bits / 8).map(SecretBytes::from_slice)
}

/// Whether keys of that algorithm may be as long. Of algorithms that nothing here uses, any key is
/// whole.
fn is_length_of(algorithm: Algorithm, len: usize) -> bool {
    match algorithm {
        Algorithm::Aes => matches!(len, 16 | 24 | 32),
        Algorithm::Tdes => matches!(len, 16 | 24),
        Algorithm::Des => len == 8,
        _ => true,
    }
}

/// Bits of security of a key that may be wrapped here; nothing of any other.
pub(super) fn strength_bits(algorithm: Algorithm, len: usize) -> Option<u16> {
    let zeros = [0; MAX_HMAC_KEY];
    let of_length = zeros.get(..len)?;
    match algorithm {
        Algorithm::Aes => BlockCipher::aes(of_length).ok(),
        Algorithm::Tdes => BlockCipher::tdes(of_length).ok(),
        Algorithm::Hmac => {
            return (len * 8 >= HMAC_STRENGTH_BITS.into()).then_some(HMAC_STRENGTH_BITS);
        }
        _ => None,
    }
    .map(BlockCipher::strength_bits)
}

/// Length, key and padding, as many whole blocks as the longest key of its algorithm takes.
fn padded(
    algorithm: Algorithm,
    key: &SecretBytes,
    block_len: usize,
    random: &dyn SecureRandom,
) -> Result<SecretBytes, NotWrapped> {
    let len = key.len();
    let longest = match algorithm {
        Algorithm::Aes => 32,
        Algorithm::Tdes => 24,
        _ => len,
    };
    let bits = u16::try_from(8 * len).map_err(|_| NotWrapped::KeyLength { algorithm, len })?;
    let whole = (LENGTH_LEN + longest).next_multiple_of(block_len);
    let mut payload = SecretBytes::with_bound(whole);
    payload.fill(|bytes| {
        random.fill(bytes).map_err(|_| NotWrapped::NoRandomBytes)?;
        bytes[..LENGTH_LEN].copy_from_slice(&bits.to_be_bytes());
        bytes[LENGTH_LEN..LENGTH_LEN + len].copy_from_slice(key.expose());
        Ok(bytes.len())
    })?;
    Ok(payload)
}

impl fmt::Display for KeyBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for KeyBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyBlock")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}
