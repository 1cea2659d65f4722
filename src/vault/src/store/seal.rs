//! The key store's file: a header that says which file it is, and the content under AES-256-GCM.
//!
//! ```text
//! 16  "sealpoint-keys", two zeros
//!  2  version
//! 52  identity: inode number, time of birth (seconds, nanoseconds), digest of the machine's name
//! 12  nonce, random
//!  n  content, enciphered
//! 16  tag, over the content and all of the header before the nonce
//! ```
//! Numbers are big endian. The key is drawn from the storage key (HKDF-SHA256, RFC 5869), so that
//! the storage key itself enciphers nothing. A random nonce is good for 2^32 changes (NIST SP
//! 800-38D section 8.3), more than a till lives to make.

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
    rand::{SecureRandom, SystemRandom},
};
use zeroize::Zeroizing;

use super::{
    StorageKey,
    content::{Content, MAX_CONTENT},
    identity::{IDENTITY_LEN, Identity},
};

/// Bytes that a key store may have.
pub(super) const MAX_STORE: usize = HEADER_LEN + NONCE_LEN + MAX_CONTENT + TAG_LEN;

const MAGIC: &[u8; 16] = b"sealpoint-keys\0\0";
/// Version of the format.
const VERSION: u16 = 1;
const INFO: &[u8] = b"sealpoint keys.store v1";
const HEADER_LEN: usize = 16 + 2 + IDENTITY_LEN;
const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;

/// What is in a key store's file.
pub(super) struct Opened {
    pub(super) content: Content,
    /// Which file it was written as.
    pub(super) identity: Identity,
}

/// Why a file does not open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Closed {
    /// No key store, another storage key, or changed bytes.
    Damaged,
    /// Another version of the format.
    OtherFormat(u16),
}

/// The bytes of a file that has that identity; none if a primitive or the random source failed.
pub(super) fn seal(
    content: &Content,
    identity: &Identity,
    storage: &StorageKey,
) -> Option<Vec<u8>> {
    let mut file = Vec::with_capacity(HEADER_LEN + NONCE_LEN);
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&VERSION.to_be_bytes());
    file.extend_from_slice(identity.bytes());
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).ok()?;

    let plain = content.encode();
    let mut buffer = Zeroizing::new(plain.expose().to_vec());
    let tag = key(storage)?
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(&file),
            &mut buffer,
        )
        .ok()?;
    file.extend_from_slice(&nonce);
    file.extend_from_slice(&buffer);
    file.extend_from_slice(tag.as_ref());
    Some(file)
}

/// What is in the bytes of a file.
pub(super) fn open(file: &[u8], storage: &StorageKey) -> Result<Opened, Closed> {
    let (header, rest) = file.split_at_checked(HEADER_LEN).ok_or(Closed::Damaged)?;
    let (nonce, sealed) = rest.split_at_checked(NONCE_LEN).ok_or(Closed::Damaged)?;
    let (magic, fields) = header.split_at(MAGIC.len());
    let (version, identity) = fields.split_at(2);
    let version = u16::from_be_bytes(version.try_into().map_err(|_| Closed::Damaged)?);
    if magic != MAGIC {
        return Err(Closed::Damaged);
    }
    if version != VERSION {
        return Err(Closed::OtherFormat(version));
    }
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Closed::Damaged)?;
    let mut buffer = Zeroizing::new(sealed.to_vec());
    let plain = key(storage)
        .ok_or(Closed::Damaged)?
        .open_in_place(nonce, Aad::from(header), &mut buffer)
        .map_err(|_| Closed::Damaged)?;
    Ok(Opened {
        content: Content::decode(plain).ok_or(Closed::Damaged)?,
        identity: Identity::from_bytes(identity.try_into().map_err(|_| Closed::Damaged)?),
    })
}

/// The key that the content is enciphered under.
fn key(storage: &StorageKey) -> Option<LessSafeKey> {
    let secret = Salt::new(HKDF_SHA256, b"").extract(storage.expose());
    let output = secret.expand(&[INFO], &AES_256_GCM).ok()?;
    Some(LessSafeKey::new(UnboundKey::from(output)))
}
