//! AES and triple DES by the block: CBC (NIST SP 800-38A) and CMAC (NIST SP 800-38B).
//!
//! `aes` uses the processor's instructions or bit slicing, so its time does not depend on the key.
//! `des` looks its S-boxes up in tables, so its time may: triple DES is for keys that are loaded once,
//! by people, and for acquirers that have nothing else.

use aes::{Aes128, Aes192, Aes256};
use cbc::{
    Decryptor,
    cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, KeyInit, KeyIvInit},
};
use cmac::{Cmac, Mac, block_api::CmacCipher};
use des::{TdesEde2, TdesEde3};
use zeroize::Zeroize;

/// A block cipher with its key.
#[derive(Clone, Copy)]
pub(crate) struct BlockCipher<'a> {
    kind: Kind,
    key: &'a [u8],
}

#[derive(Clone, Copy)]
enum Kind {
    Aes128,
    Aes192,
    Aes256,
    Tdes2,
    Tdes3,
}

/// Something was not as long as the cipher takes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct WrongLength;

impl<'a> BlockCipher<'a> {
    /// AES with a key of 16, 24 or 32 bytes.
    pub(crate) fn aes(key: &'a [u8]) -> Result<Self, WrongLength> {
        let kind = match key.len() {
            16 => Kind::Aes128,
            24 => Kind::Aes192,
            32 => Kind::Aes256,
            _ => return Err(WrongLength),
        };
        Ok(Self { kind, key })
    }

    /// Triple DES, encrypting, decrypting and encrypting, with two or three keys of 8 bytes.
    pub(crate) fn tdes(key: &'a [u8]) -> Result<Self, WrongLength> {
        let kind = match key.len() {
            16 => Kind::Tdes2,
            24 => Kind::Tdes3,
            _ => return Err(WrongLength),
        };
        Ok(Self { kind, key })
    }

    /// Bytes of a block.
    pub(crate) const fn block_len(self) -> usize {
        match self.kind {
            Kind::Aes128 | Kind::Aes192 | Kind::Aes256 => 16,
            Kind::Tdes2 | Kind::Tdes3 => 8,
        }
    }

    /// The key.
    pub(crate) const fn key(&self) -> &[u8] {
        self.key
    }

    /// Bytes of the key.
    pub(crate) const fn key_len(self) -> usize {
        self.key.len()
    }

    /// What X9.143:2022 tables 24 and 25 call cipher and key length when keys are derived.
    pub(crate) const fn derivation_code(self) -> u16 {
        match self.kind {
            Kind::Tdes2 => 0x0000,
            Kind::Tdes3 => 0x0001,
            Kind::Aes128 => 0x0002,
            Kind::Aes192 => 0x0003,
            Kind::Aes256 => 0x0004,
        }
    }

    /// Bits of security (NIST SP 800-57 part 1, table 2; two-key triple DES as PCI PIN counts it).
    pub(crate) const fn strength_bits(self) -> u16 {
        match self.kind {
            Kind::Tdes2 => 80,
            Kind::Tdes3 => 112,
            Kind::Aes128 => 128,
            Kind::Aes192 => 192,
            Kind::Aes256 => 256,
        }
    }

    /// The first bytes of the CMAC of all `parts`, one after the other; at most a block.
    pub(crate) fn cmac(self, parts: &[&[u8]], out: &mut [u8]) -> Result<(), WrongLength> {
        match self.kind {
            Kind::Aes128 => cmac::<Aes128>(self.key, parts, out),
            Kind::Aes192 => cmac::<Aes192>(self.key, parts, out),
            Kind::Aes256 => cmac::<Aes256>(self.key, parts, out),
            Kind::Tdes2 => cmac::<TdesEde2>(self.key, parts, out),
            Kind::Tdes3 => cmac::<TdesEde3>(self.key, parts, out),
        }
    }

    /// Enciphers whole blocks in place.
    pub(crate) fn cbc_encrypt(self, iv: &[u8], data: &mut [u8]) -> Result<(), WrongLength> {
        match self.kind {
            Kind::Aes128 => encrypt::<Aes128>(self.key, iv, data),
            Kind::Aes192 => encrypt::<Aes192>(self.key, iv, data),
            Kind::Aes256 => encrypt::<Aes256>(self.key, iv, data),
            Kind::Tdes2 => encrypt::<TdesEde2>(self.key, iv, data),
            Kind::Tdes3 => encrypt::<TdesEde3>(self.key, iv, data),
        }
    }

    /// Deciphers whole blocks in place.
    pub(crate) fn cbc_decrypt(self, iv: &[u8], data: &mut [u8]) -> Result<(), WrongLength> {
        match self.kind {
            Kind::Aes128 => decrypt::<Aes128>(self.key, iv, data),
            Kind::Aes192 => decrypt::<Aes192>(self.key, iv, data),
            Kind::Aes256 => decrypt::<Aes256>(self.key, iv, data),
            Kind::Tdes2 => decrypt::<TdesEde2>(self.key, iv, data),
            Kind::Tdes3 => decrypt::<TdesEde3>(self.key, iv, data),
        }
    }
}

fn cmac<C: CmacCipher + KeyInit>(
    key: &[u8],
    parts: &[&[u8]],
    out: &mut [u8],
) -> Result<(), WrongLength> {
    let mut mac = Cmac::<C>::new_from_slice(key).map_err(|_| WrongLength)?;
    for part in parts {
        mac.update(part);
    }
    // It may be a derived key.
    let mut tag = mac.finalize().into_bytes();
    let copied = tag.get(..out.len()).map(|first| out.copy_from_slice(first));
    tag.as_mut_slice().zeroize();
    copied.ok_or(WrongLength)
}

fn encrypt<C: BlockCipherEncrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    data: &mut [u8],
) -> Result<(), WrongLength> {
    let cipher = C::new_from_slice(key).map_err(|_| WrongLength)?;
    let (blocks, rest) = Block::<C>::slice_as_chunks_mut(data);
    if !rest.is_empty() || iv.len() != C::block_size() {
        return Err(WrongLength);
    }
    // In place: a block that was copied to be chained would stay on the stack in clear.
    let mut before = iv;
    for block in blocks {
        for (byte, chained) in block.iter_mut().zip(before) {
            *byte ^= chained;
        }
        cipher.encrypt_block(block);
        before = block;
    }
    Ok(())
}

fn decrypt<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    data: &mut [u8],
) -> Result<(), WrongLength> {
    let mut mode = Decryptor::<C>::new_from_slices(key, iv).map_err(|_| WrongLength)?;
    let (blocks, rest) = Block::<C>::slice_as_chunks_mut(data);
    if !rest.is_empty() {
        return Err(WrongLength);
    }
    mode.decrypt_blocks(blocks);
    Ok(())
}
