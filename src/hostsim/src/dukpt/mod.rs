//! The host's side of DUKPT: from a base derivation key straight to the working keys of one key
//! serial number.
//!
//! Written from the standards for this room. The terminal's side, in the vault, goes another way
//! (it keeps intermediate keys and never holds the base derivation key), so a card that opens here
//! has been checked by two derivations.

pub mod aes;
pub mod tdes;

use sealpoint_wire::seal::DukptScheme;

use crate::cipher::{Algorithm, CipherKey};

/// The keys of one sealed card.
pub struct WorkingKeys {
    /// *Data encryption, encrypt* (TDES: data, request).
    pub data: CipherKey,
    /// *Message authentication, generation* (TDES: MAC, request).
    pub mac: CipherKey,
}

/// The cipher that a scheme's keys are of.
#[must_use]
pub const fn algorithm(scheme: DukptScheme) -> Algorithm {
    match scheme {
        DukptScheme::Aes128 => Algorithm::Aes128,
        DukptScheme::Aes192 => Algorithm::Aes192,
        DukptScheme::Aes256 => Algorithm::Aes256,
        DukptScheme::Tdes2 => Algorithm::Tdes2,
    }
}

/// Bytes of what names an initial key: the key serial number before its counter for AES; all of
/// it, with the counter at zero, for TDES.
#[must_use]
pub const fn initial_key_id_len(scheme: DukptScheme) -> usize {
    match scheme {
        DukptScheme::Aes128 | DukptScheme::Aes192 | DukptScheme::Aes256 => aes::INITIAL_KEY_ID_LEN,
        DukptScheme::Tdes2 => tdes::KSN_LEN,
    }
}

/// The key that a terminal is loaded with. `None` if the id has another length, or the base key is
/// of another scheme.
#[must_use]
pub fn initial_key(
    scheme: DukptScheme,
    base: &CipherKey,
    initial_key_id: &[u8],
) -> Option<CipherKey> {
    if base.algorithm() != algorithm(scheme) {
        return None;
    }
    match scheme {
        DukptScheme::Tdes2 => tdes::initial_key(base, initial_key_id.try_into().ok()?),
        _ => aes::initial_key(base, initial_key_id.try_into().ok()?),
    }
}

/// The working keys of a key serial number. `None` if its length or its counter cannot be.
#[must_use]
pub fn working_keys(scheme: DukptScheme, base: &CipherKey, ksn: &[u8]) -> Option<WorkingKeys> {
    if base.algorithm() != algorithm(scheme) {
        return None;
    }
    match scheme {
        DukptScheme::Tdes2 => tdes::working_keys(base, ksn.try_into().ok()?),
        _ => aes::working_keys(base, ksn.try_into().ok()?),
    }
}
