//! The block ciphers behind DUKPT and key blocks: one key, four uses.
//!
//! `des` looks its S-boxes up in tables, so its timing depends on the key. That is borne here,
//! where only test keys are, and by who still needs TDES.

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::{
    Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt,
    BlockSizeUser, KeyInit, KeyIvInit,
};
use cmac::block_api::CmacCipher;
use cmac::{Cmac, Mac};
use des::{TdesEde2, TdesEde3};
use zeroize::Zeroizing;

/// Which cipher, with which length of key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// AES with 16 bytes of key (FIPS 197).
    Aes128,
    /// AES with 24 bytes of key.
    Aes192,
    /// AES with 32 bytes of key.
    Aes256,
    /// TDES with two keys, 16 bytes with parity (NIST SP 800-67).
    Tdes2,
    /// TDES with three keys, 24 bytes with parity.
    Tdes3,
}

/// A key for one algorithm, of that algorithm's length; wiped on drop. No `Debug`, no `Clone`.
pub struct CipherKey {
    algorithm: Algorithm,
    bytes: Zeroizing<Vec<u8>>,
}

/// Why the next calls can't fail.
const OF_ITS_LENGTH: &str = "a cipher key has the length that its algorithm asks for";

/// Calls a function for the cipher that a key is of.
macro_rules! by_cipher {
    ($key:expr, $function:ident($($argument:expr),*)) => {
        match $key.algorithm {
            Algorithm::Aes128 => $function::<Aes128>($($argument),*),
            Algorithm::Aes192 => $function::<Aes192>($($argument),*),
            Algorithm::Aes256 => $function::<Aes256>($($argument),*),
            Algorithm::Tdes2 => $function::<TdesEde2>($($argument),*),
            Algorithm::Tdes3 => $function::<TdesEde3>($($argument),*),
        }
    };
}

impl Algorithm {
    /// Bytes of a key.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128 | Self::Tdes2 => 16,
            Self::Aes192 | Self::Tdes3 => 24,
            Self::Aes256 => 32,
        }
    }

    /// Bytes of a block.
    #[must_use]
    pub const fn block_len(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
            Self::Tdes2 | Self::Tdes3 => 8,
        }
    }

    /// The name in derivation data: X9.24-3:2017 section 6.2.1 and X9.143:2022 section 6.3 use the
    /// same numbers.
    #[must_use]
    pub const fn derivation_code(self) -> u16 {
        match self {
            Self::Tdes2 => 0,
            Self::Tdes3 => 1,
            Self::Aes128 => 2,
            Self::Aes192 => 3,
            Self::Aes256 => 4,
        }
    }

    /// Bits of a key, as derivation data name them: parity bits count.
    #[must_use]
    pub fn key_bits(self) -> u16 {
        u16::try_from(8 * self.key_len()).expect("a key has at most 256 bits")
    }
}

impl CipherKey {
    /// A key, unless it has another length than the algorithm asks for.
    #[must_use]
    pub fn new(algorithm: Algorithm, bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        (bytes.len() == algorithm.key_len()).then_some(Self { algorithm, bytes })
    }

    /// What it is a key of.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key itself.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// Another key of the same algorithm: each byte XORed with the mask's, which is repeated.
    #[must_use]
    pub fn masked(&self, mask: &[u8]) -> Self {
        let mut bytes = Zeroizing::new(self.bytes.to_vec());
        for (byte, mask) in bytes.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
        Self {
            algorithm: self.algorithm,
            bytes,
        }
    }

    /// Enciphers one block in place. What is not one block stays as it is.
    pub fn encrypt_block(&self, block: &mut [u8]) {
        by_cipher!(self, encrypt_block(&self.bytes, block));
    }

    /// Enciphers whole blocks in place, in CBC mode (NIST SP 800-38A section 6.2). `None`, and
    /// nothing done, for another length of text or initial vector.
    pub fn encrypt_cbc(&self, iv: &[u8], text: &mut [u8]) -> Option<()> {
        by_cipher!(self, encrypt_cbc(&self.bytes, iv, text))
    }

    /// The reverse of [`CipherKey::encrypt_cbc`].
    pub fn decrypt_cbc(&self, iv: &[u8], text: &mut [u8]) -> Option<()> {
        by_cipher!(self, decrypt_cbc(&self.bytes, iv, text))
    }

    /// CMAC over the text, one block (NIST SP 800-38B).
    #[must_use]
    pub fn cmac(&self, text: &[u8]) -> Vec<u8> {
        by_cipher!(self, cmac_of(&self.bytes, text))
    }

    /// Whether this is the text's CMAC, whole; compared in constant time.
    #[must_use]
    pub fn cmac_is(&self, text: &[u8], mac: &[u8]) -> bool {
        by_cipher!(self, cmac_is(&self.bytes, text, mac))
    }
}

fn encrypt_block<C: BlockCipherEncrypt + KeyInit>(key: &[u8], block: &mut [u8]) {
    let cipher = C::new_from_slice(key).expect(OF_ITS_LENGTH);
    if let Ok(block) = <&mut Block<C>>::try_from(block) {
        cipher.encrypt_block(block);
    }
}

fn encrypt_cbc<C: BlockCipherEncrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    text: &mut [u8],
) -> Option<()> {
    let mut cipher = cbc::Encryptor::<C>::new_from_slices(key, iv).ok()?;
    cipher.encrypt_blocks(whole_blocks::<C>(text)?);
    Some(())
}

fn decrypt_cbc<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    text: &mut [u8],
) -> Option<()> {
    let mut cipher = cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?;
    cipher.decrypt_blocks(whole_blocks::<C>(text)?);
    Some(())
}

fn whole_blocks<C: BlockSizeUser>(text: &mut [u8]) -> Option<&mut [Block<C>]> {
    let (blocks, rest) = Block::<C>::slice_as_chunks_mut(text);
    rest.is_empty().then_some(blocks)
}

fn cmac_of<C: CmacCipher + KeyInit>(key: &[u8], text: &[u8]) -> Vec<u8>
where
    Cmac<C>: Mac + KeyInit,
{
    mac_over::<C>(key, text).finalize().into_bytes().to_vec()
}

fn cmac_is<C: CmacCipher + KeyInit>(key: &[u8], text: &[u8], mac: &[u8]) -> bool
where
    Cmac<C>: Mac + KeyInit,
{
    mac_over::<C>(key, text).verify_slice(mac).is_ok()
}

fn mac_over<C: CmacCipher + KeyInit>(key: &[u8], text: &[u8]) -> Cmac<C>
where
    Cmac<C>: Mac + KeyInit,
{
    let mut mac = <Cmac<C> as KeyInit>::new_from_slice(key).expect(OF_ITS_LENGTH);
    Mac::update(&mut mac, text);
    mac
}
