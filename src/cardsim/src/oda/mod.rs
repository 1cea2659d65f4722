//! The card's side of offline data authentication (EMV 4.4 Book 2, sections 5 to 7).
//!
//! * [`rsa`](RsaKey): private keys, with arithmetic that the terminal does not share.
//! * [`Chain`]: the fixed test keys of one scheme: authority, issuer, card, PIN encipherment.
//! * `certificate`: what is signed once, when a card is personalised.
//! * `dynamic`: what a card signs in each use.

mod certificate;
mod chain;
mod dynamic;
mod rsa;

pub(crate) use certificate::{Certificate, icc, issuer, static_data};
pub use chain::{AuthorityKey, Chain};
pub(crate) use dynamic::{Dynamic, dda, fdda_input};
pub use rsa::RsaKey;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// Bytes of a SHA-1 hash.
const HASH: usize = 20;

/// First and last byte of everything that is recovered from a signature (Book 2 Annex A2.1).
const HEADER: u8 = 0x6A;
const TRAILER: u8 = 0xBC;

/// Hash and public key algorithm: SHA-1 and RSA (Book 2 Annex B2 and B3).
const SHA_1: u8 = 0x01;
const RSA: u8 = 0x01;

/// SHA-1, the only hash that EMV certificates know (Book 2 Annex B3.1).
pub(crate) fn sha1(parts: &[&[u8]]) -> [u8; HASH] {
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &parts.concat());
    let mut bytes = [0; HASH];
    bytes.copy_from_slice(hash.as_ref());
    bytes
}

/// Signs `middle`, padded to fill the key with `filler`, with the hash over it and `hashed_too`:
/// header, middle, hash, trailer (Book 2 Annex A2.1). Nothing if it doesn't fit.
fn sign(key: &RsaKey, middle: &[u8], filler: u8, hashed_too: &[u8]) -> Option<Vec<u8>> {
    let room = key.size().checked_sub(HASH + 2)?;
    let mut filled = middle.to_vec();
    if filled.len() > room {
        return None;
    }
    filled.resize(room, filler);
    let hash = sha1(&[&filled, hashed_too]);
    let block = [&[HEADER][..], &filled, &hash, &[TRAILER]].concat();
    Some(key.private(&block))
}
