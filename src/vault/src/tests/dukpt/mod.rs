//! DUKPT against its published vectors, and against a host's side that is written apart.

pub(super) mod host;
mod published_aes;
mod published_tdes;
mod registers;
mod sealing;
mod spent;
mod state;

use data_encoding::HEXUPPER;
use sealpoint_secret::SecretBytes;
use sealpoint_wire::seal::DukptScheme;

use crate::Registers;
pub(super) use host::Host;

/// Every scheme.
pub(super) const SCHEMES: [DukptScheme; 4] = [
    DukptScheme::Aes128,
    DukptScheme::Aes192,
    DukptScheme::Aes256,
    DukptScheme::Tdes2,
];

pub(super) fn hex(text: &str) -> Vec<u8> {
    HEXUPPER
        .decode(text.as_bytes())
        .expect("the vectors are hexadecimal")
}

/// Registers with the initial key of `host`.
pub(super) fn registers(host: &Host) -> Registers {
    let initial_key = SecretBytes::from_slice(&host.initial_key());
    Registers::from_initial_key(host.scheme, &initial_key, &host.id).expect("a good initial key")
}

/// The number in a key serial number.
pub(super) fn number(scheme: DukptScheme, ksn: &[u8]) -> u32 {
    let last = ksn.last_chunk().expect("ten or twelve bytes");
    let mask = match scheme {
        DukptScheme::Tdes2 => 0x001F_FFFF,
        _ => u32::MAX,
    };
    u32::from_be_bytes(*last) & mask
}
