//! Check values: what two people compare to know that they hold the same key (X9.24-1:2017
//! Annex A).
//!
//! | key | method | bytes |
//! |---|---|---|
//! | AES | CMAC of a block of zeros | the first 5 |
//! | triple DES | a block of zeros, encrypted | the first 3 |
//! | HMAC | HMAC-SHA-256 of nothing at all | the first 5 |
//!
//! X9.24 has no method for HMAC keys. This one is over a message that nothing else ever has, so that
//! the check value tells nothing of any token.
//!
//! A check value is no secret, and no proof either: 24 or 40 bits find a mistake, not a forger.

use core::{fmt, str::FromStr};

use data_encoding::{HEXUPPER, HEXUPPER_PERMISSIVE};
use ring::hmac;
use sealpoint_secret::SecretBytes;

use crate::block_cipher::{BlockCipher, WrongLength};
use crate::key_block::Algorithm;

/// Bytes of the longest check value, by CMAC.
const MAX_LEN: usize = 5;
/// Bytes of the shortest, by the older method; fewer would not find enough mistakes.
const MIN_LEN: usize = 3;

/// The first bytes of what a key makes of nothing.
#[derive(Clone, Copy)]
pub struct CheckValue {
    bytes: [u8; MAX_LEN],
    len: usize,
}

/// How a check value is made (X9.143:2022 table 15).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CheckMethod {
    /// The first 3 bytes of a block of zeros, encrypted.
    Legacy,
    /// The first 5 bytes of the CMAC of a block of zeros.
    Cmac,
}

/// There is no check value of this key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "A key of {len} bytes for {algorithm} has no check value. Check that it is the right key, and \
     whole."
)]
pub struct NoCheckValue {
    /// What the key was said to be for.
    pub algorithm: Algorithm,
    /// Bytes of the key.
    pub len: usize,
}

/// A text that is no check value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "A check value is written as 6 to 10 hexadecimal digits, such as 08793E25AB. Read it again."
)]
pub struct BadCheckValue;

impl CheckValue {
    /// The check value of a key, by the method that is usual for its algorithm.
    ///
    /// # Errors
    /// [`NoCheckValue`] if keys of that algorithm have none or are not as long.
    pub fn of(algorithm: Algorithm, key: &SecretBytes) -> Result<Self, NoCheckValue> {
        match algorithm {
            Algorithm::Aes => Self::by(CheckMethod::Cmac, algorithm, key),
            Algorithm::Tdes => Self::by(CheckMethod::Legacy, algorithm, key),
            Algorithm::Hmac if !key.is_empty() => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
                let tag = hmac::sign(&key, b"");
                Ok(Self::first(tag.as_ref(), MAX_LEN))
            }
            _ => Err(Self::none(algorithm, key)),
        }
    }

    /// The check value of an AES or triple DES key by a method, as the optional blocks KC and KP of a
    /// key block name it.
    ///
    /// # Errors
    /// [`NoCheckValue`] if the key is for something else or not as long.
    pub fn by(
        method: CheckMethod,
        algorithm: Algorithm,
        key: &SecretBytes,
    ) -> Result<Self, NoCheckValue> {
        let cipher = match algorithm {
            Algorithm::Aes => BlockCipher::aes(key.expose()),
            Algorithm::Tdes => BlockCipher::tdes(key.expose()),
            _ => return Err(Self::none(algorithm, key)),
        };
        let made = cipher.and_then(|cipher| match method {
            CheckMethod::Legacy => encrypted_zeros(cipher),
            CheckMethod::Cmac => {
                let mut first = [0; MAX_LEN];
                let zeros = &[0; 16][..cipher.block_len()];
                cipher.cmac(&[zeros], &mut first)?;
                Ok(Self::first(&first, MAX_LEN))
            }
        });
        made.map_err(|WrongLength| Self::none(algorithm, key))
    }

    /// Whether two check values can be of the same key: the shorter one is the beginning of the
    /// longer. Takes the same time wherever they differ.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        let len = self.len.min(other.len);
        same(&self.bytes[..len], &other.bytes[..len])
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// A check value as a key block states it.
    pub(crate) fn stated(bytes: &[u8]) -> Result<Self, BadCheckValue> {
        if !(MIN_LEN..=MAX_LEN).contains(&bytes.len()) {
            return Err(BadCheckValue);
        }
        Ok(Self::first(bytes, bytes.len()))
    }

    fn first(bytes: &[u8], len: usize) -> Self {
        let mut value = Self {
            bytes: [0; MAX_LEN],
            len,
        };
        for (place, byte) in value.bytes.iter_mut().zip(bytes).take(len) {
            *place = *byte;
        }
        value
    }

    fn none(algorithm: Algorithm, key: &SecretBytes) -> NoCheckValue {
        NoCheckValue {
            algorithm,
            len: key.len(),
        }
    }
}

fn encrypted_zeros(cipher: BlockCipher<'_>) -> Result<CheckValue, WrongLength> {
    let (iv, mut block) = ([0; 16], [0; 16]);
    let len = cipher.block_len();
    cipher.cbc_encrypt(&iv[..len], &mut block[..len])?;
    Ok(CheckValue::first(&block, MIN_LEN))
}

/// Whether two byte strings are the same, in a time that depends on their lengths alone.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |all, (x, y)| all | (x ^ y));
    a.len() == b.len() && core::hint::black_box(difference) == 0
}

impl PartialEq for CheckValue {
    fn eq(&self, other: &Self) -> bool {
        same(self.as_bytes(), other.as_bytes())
    }
}

impl Eq for CheckValue {}

impl FromStr for CheckValue {
    type Err = BadCheckValue;
    fn from_str(text: &str) -> Result<Self, BadCheckValue> {
        if text.len() > 2 * MAX_LEN {
            return Err(BadCheckValue);
        }
        let bytes = HEXUPPER_PERMISSIVE.decode(text.as_bytes());
        Self::stated(&bytes.map_err(|_| BadCheckValue)?)
    }
}

impl fmt::Display for CheckValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXUPPER.encode(self.as_bytes()))
    }
}

impl fmt::Debug for CheckValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
