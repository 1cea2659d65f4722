//! AES DUKPT (ANSI X9.24-3:2017 section 6). Working keys have the base key's length.

use zeroize::Zeroizing;

use super::WorkingKeys;
use crate::cipher::{Algorithm, CipherKey};

/// Bytes of an initial key id: base derivation key id and derivation id, four each.
pub const INITIAL_KEY_ID_LEN: usize = 8;
/// Bytes of a key serial number: initial key id and counter.
pub const KSN_LEN: usize = 12;

/// Key usage indicators (X9.24-3:2017 section 6.2.1, table 2).
pub mod usage {
    /// Message authentication, generation.
    pub const MAC_GENERATION: u16 = 0x2000;
    /// Data encryption, encrypt.
    pub const DATA_ENCRYPT: u16 = 0x3000;
    /// Key derivation.
    pub const DERIVATION: u16 = 0x8000;
    /// Key derivation, initial key.
    pub const INITIAL_KEY: u16 = 0x8001;
}

/// Ones in a counter, at most: a counter with more is never used (section 6.4).
const MAX_ONES: u32 = 16;
/// Version of the derivation data (section 6.2.1).
const VERSION: u8 = 1;

/// `Derive_Initial_Key` (section 6.3.2). `None` for a base key that is none of AES.
#[must_use]
pub fn initial_key(base: &CipherKey, id: [u8; INITIAL_KEY_ID_LEN]) -> Option<CipherKey> {
    derive(base, base.algorithm(), usage::INITIAL_KEY, id)
}

/// The keys for data and MAC of a key serial number. `None` for a counter that no terminal comes to.
#[must_use]
pub fn working_keys(base: &CipherKey, ksn: [u8; KSN_LEN]) -> Option<WorkingKeys> {
    let (_, counter) = parts(ksn)?;
    if counter == 0 || counter.count_ones() > MAX_ONES {
        return None;
    }
    Some(WorkingKeys {
        data: working_key(base, ksn, base.algorithm(), usage::DATA_ENCRYPT)?,
        mac: working_key(base, ksn, base.algorithm(), usage::MAC_GENERATION)?,
    })
}

/// One working key of a key serial number, of any algorithm and usage, whether or not a terminal
/// would use the counter (`Host_Derive_Working_Key`, section 6.3.3).
#[must_use]
pub fn working_key(
    base: &CipherKey,
    ksn: [u8; KSN_LEN],
    of: Algorithm,
    usage: u16,
) -> Option<CipherKey> {
    let (id, counter) = parts(ksn)?;
    let mut key = initial_key(base, id)?;
    // The counter's ones from the left, one derivation for each.
    let mut path = 0;
    for bit in (0..u32::BITS).rev().map(|place| 1 << place) {
        if counter & bit != 0 {
            path |= bit;
            key = derive(&key, base.algorithm(), usage::DERIVATION, data(id, path))?;
        }
    }
    derive(&key, of, usage, data(id, counter))
}

/// Initial key id and counter.
fn parts(ksn: [u8; KSN_LEN]) -> Option<([u8; INITIAL_KEY_ID_LEN], u32)> {
    let (id, counter) = ksn.split_first_chunk()?;
    Some((*id, u32::from_be_bytes(counter.try_into().ok()?)))
}

/// The right half of the derivation data of all but initial keys: derivation id and counter.
fn data(id: [u8; INITIAL_KEY_ID_LEN], counter: u32) -> [u8; 8] {
    let mut data = id;
    data.copy_within(4.., 0);
    data[4..].copy_from_slice(&counter.to_be_bytes());
    data
}

/// `Derive_Key` over `Create_Derivation_Data` (sections 6.2.1 and 6.3.1): as many blocks enciphered
/// under the parent as the new key takes.
fn derive(parent: &CipherKey, of: Algorithm, usage: u16, right: [u8; 8]) -> Option<CipherKey> {
    if parent.algorithm().block_len() != 16 {
        return None;
    }
    let mut key = Zeroizing::new(Vec::with_capacity(2 * 16));
    for number in (1_u8..).take(of.key_len().div_ceil(16)) {
        let mut block = Zeroizing::new([0; 16]);
        block[0] = VERSION;
        block[1] = number;
        block[2..4].copy_from_slice(&usage.to_be_bytes());
        block[4..6].copy_from_slice(&of.derivation_code().to_be_bytes());
        block[6..8].copy_from_slice(&of.key_bits().to_be_bytes());
        block[8..].copy_from_slice(&right);
        parent.encrypt_block(&mut *block);
        key.extend_from_slice(&*block);
    }
    key.truncate(of.key_len());
    CipherKey::new(of, key)
}
