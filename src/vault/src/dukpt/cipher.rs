//! The block ciphers of the schemes: one block, CBC and CMAC.

use aes::{
    Aes128, Aes192, Aes256,
    cipher::{Array, BlockCipherEncrypt, BlockSizeUser, KeyInit},
};
use cmac::{Cmac, Mac, block_api::CmacCipher};
use des::{Des, TdesEde2};
use sealpoint_wire::seal::DukptScheme;

/// Why a key fits its cipher.
const FITS: &str = "every key has its scheme's length: the initial key and the state are checked";

/// Enciphers one block in place.
pub(crate) fn encrypt_block(scheme: DukptScheme, key: &[u8], block: &mut [u8]) {
    cbc(scheme, key, block);
}

/// Enciphers whole blocks in place, in CBC mode with a zero IV (NIST SP 800-38A section 6.2). What
/// is behind the last whole block stays as it is.
pub(crate) fn cbc(scheme: DukptScheme, key: &[u8], blocks: &mut [u8]) {
    match scheme {
        DukptScheme::Aes128 => cbc_with::<Aes128>(key, blocks),
        DukptScheme::Aes192 => cbc_with::<Aes192>(key, blocks),
        DukptScheme::Aes256 => cbc_with::<Aes256>(key, blocks),
        DukptScheme::Tdes2 => cbc_with::<TdesEde2>(key, blocks),
    }
}

/// CMAC, whole (NIST SP 800-38B section 6.2): [`DukptScheme::block_len`] bytes.
pub(crate) fn cmac(scheme: DukptScheme, key: &[u8], message: &[u8]) -> Vec<u8> {
    match scheme {
        DukptScheme::Aes128 => cmac_with::<Aes128>(key, message),
        DukptScheme::Aes192 => cmac_with::<Aes192>(key, message),
        DukptScheme::Aes256 => cmac_with::<Aes256>(key, message),
        DukptScheme::Tdes2 => cmac_with::<TdesEde2>(key, message),
    }
}

/// Enciphers one block in place with single DES, as TDES DUKPT derives with it.
pub(crate) fn des(key: &[u8], block: &mut [u8]) {
    cbc_with::<Des>(key, block);
}

fn cbc_with<C: BlockCipherEncrypt + KeyInit>(key: &[u8], blocks: &mut [u8]) {
    let cipher = C::new_from_slice(key).expect(FITS);
    let (blocks, _) = Array::<u8, <C as BlockSizeUser>::BlockSize>::slice_as_chunks_mut(blocks);
    let mut before: Option<&[u8]> = None;
    for block in blocks {
        for (byte, chained) in block.iter_mut().zip(before.into_iter().flatten()) {
            *byte ^= chained;
        }
        cipher.encrypt_block(block);
        before = Some(block);
    }
}

fn cmac_with<C: CmacCipher + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <Cmac<C> as KeyInit>::new_from_slice(key).expect(FITS);
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
