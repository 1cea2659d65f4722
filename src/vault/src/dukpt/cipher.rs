//! The block ciphers of the schemes: one block, CBC and CMAC.

use des::{
    Des,
    cipher::{Array, BlockCipherEncrypt, KeyInit},
};
use sealpoint_wire::seal::DukptScheme;

use super::shape::MAX_BLOCK_LEN;
use crate::block_cipher::BlockCipher;

/// Why a key fits its cipher.
const FITS: &str = "every key has its scheme's length: the initial key and the state are checked";

/// Enciphers one block in place.
pub(crate) fn encrypt_block(scheme: DukptScheme, key: &[u8], block: &mut [u8]) {
    cbc(scheme, key, block);
}

/// Enciphers whole blocks in place, in CBC mode with a zero IV (NIST SP 800-38A section 6.2). What
/// is behind the last whole block stays as it is.
pub(crate) fn cbc(scheme: DukptScheme, key: &[u8], blocks: &mut [u8]) {
    let behind = blocks.len() % scheme.block_len();
    let whole = blocks.len() - behind;
    cipher(scheme, key)
        .cbc_encrypt(
            &[0; MAX_BLOCK_LEN][..scheme.block_len()],
            &mut blocks[..whole],
        )
        .expect(FITS);
}

/// CMAC, whole (NIST SP 800-38B section 6.2): [`DukptScheme::block_len`] bytes.
pub(crate) fn cmac(scheme: DukptScheme, key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = vec![0; scheme.block_len()];
    cipher(scheme, key).cmac(&[message], &mut mac).expect(FITS);
    mac
}

/// Enciphers one block in place with single DES, as TDES DUKPT derives with it.
pub(crate) fn des(key: &[u8], block: &mut [u8]) {
    let cipher = Des::new_from_slice(key).expect(FITS);
    let (blocks, _) = Array::slice_as_chunks_mut(block);
    blocks
        .iter_mut()
        .for_each(|block| cipher.encrypt_block(block));
}

fn cipher(scheme: DukptScheme, key: &[u8]) -> BlockCipher<'_> {
    match scheme {
        DukptScheme::Aes128 | DukptScheme::Aes192 | DukptScheme::Aes256 => BlockCipher::aes(key),
        DukptScheme::Tdes2 => BlockCipher::tdes(key),
    }
    .expect(FITS)
}
