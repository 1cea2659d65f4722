//! AES DUKPT: deriving keys (ANSI X9.24-3:2017 section 6.3 and annex B.4).

use sealpoint_wire::seal::DukptScheme;
use zeroize::Zeroizing;

use super::{cipher, shape::MAX_BLOCK_LEN};

/// Version of the derivation data.
const VERSION: u8 = 1;
/// Key usage of the registers' keys: they derive others.
const KEY_DERIVATION: u16 = 0x8000;
/// Key usage of the working key that enciphers PIN blocks.
pub(crate) const PIN_ENCRYPTION: u16 = 0x1000;
/// Key usage of the working key that makes the terminal's MACs.
pub(crate) const MAC_GENERATION: u16 = 0x2000;
/// Key usage of the working key that enciphers the terminal's data.
pub(crate) const DATA_ENCRYPTION: u16 = 0x3000;

/// The key of `number` from its parent's, both in the tree of the scheme.
pub(crate) fn child(scheme: DukptScheme, parent: &[u8], id: &[u8], number: u32, into: &mut [u8]) {
    derive(scheme, parent, KEY_DERIVATION, id, number, into);
}

/// Fills `into` with an AES key of its length, for `usage` and `number`, derived under a `key` of
/// `scheme` (annex B.4.1 and B.4.3). `id` is the initial key's; its last four bytes count here.
pub(crate) fn derive(
    scheme: DukptScheme,
    key: &[u8],
    usage: u16,
    id: &[u8],
    number: u32,
    into: &mut [u8],
) {
    let bits = u16::try_from(into.len() * 8).unwrap_or(u16::MAX);
    let mut block = Zeroizing::new([0; MAX_BLOCK_LEN]);
    for (part, out) in (1u8..).zip(into.chunks_mut(MAX_BLOCK_LEN)) {
        block[0] = VERSION;
        block[1] = part;
        block[2..4].copy_from_slice(&usage.to_be_bytes());
        block[4..6].copy_from_slice(&algorithm(bits).to_be_bytes());
        block[6..8].copy_from_slice(&bits.to_be_bytes());
        block[8..12].copy_from_slice(&id[id.len() - 4..]);
        block[12..].copy_from_slice(&number.to_be_bytes());
        cipher::encrypt_block(scheme, key, block.as_mut());
        out.copy_from_slice(&block[..out.len()]);
    }
}

/// How the derivation data names an AES key of so many bits.
const fn algorithm(bits: u16) -> u16 {
    match bits {
        128 => 2,
        192 => 3,
        _ => 4,
    }
}
