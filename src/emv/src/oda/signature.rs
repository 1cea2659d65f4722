//! What a signature holds: a message between header and trailer, and the hash over it (EMV 4.4 Book 2
//! Annex A2.1; tables 6, 7, 14 and 17).

use sealpoint_secret::SecretBytes;
use sha1::{Digest, Sha1};

use super::{flaw::Flaw, rsa::PublicKey};
use crate::tag::Tag;

/// First byte of a recovered message.
const HEADER: u8 = 0x6A;
/// Last byte.
const TRAILER: u8 = 0xBC;
/// Bytes of a SHA-1 hash.
const HASH: usize = 20;
/// The hash algorithm that there is: SHA-1 (Annex B3.1).
pub(super) const SHA_1: u8 = 0x01;

/// A recovered message, from its format byte to the byte before the hash, and the hash. It may hold a
/// PAN.
pub(super) struct Message {
    tag: Tag,
    bytes: SecretBytes,
}

impl Message {
    /// Recovers what `signature`, the value of `tag`, says under `key`.
    pub(super) fn recover(
        tag: Tag,
        signature: &[u8],
        key: &PublicKey,
        formats: &[u8],
    ) -> Result<Self, Flaw> {
        let bytes = key.recover(signature).ok_or(Flaw::Length(tag))?;
        match bytes.expose() {
            [HEADER, format, rest @ .., TRAILER]
                if formats.contains(format) && rest.len() >= HASH =>
            {
                Ok(Self { tag, bytes })
            }
            _ => Err(Flaw::Recovered(tag)),
        }
    }

    /// The message from its format byte on, without the hash.
    pub(super) fn body(&self) -> &[u8] {
        let bytes = self.bytes.expose();
        &bytes[1..bytes.len() - HASH - 1]
    }

    /// The first `N` bytes behind the format byte, and what follows them.
    pub(super) fn fields<const N: usize>(&self) -> Result<(&[u8; N], &[u8]), Flaw> {
        self.body()[1..]
            .split_first_chunk()
            .ok_or(Flaw::Recovered(self.tag))
    }

    /// Whether the hash in it is that over it and what follows it.
    pub(super) fn check<'a>(&self, rest: impl IntoIterator<Item = &'a [u8]>) -> Result<(), Flaw> {
        let mut hash = Sha1::new_with_prefix(self.body());
        for part in rest {
            hash.update(part);
        }
        let bytes = self.bytes.expose();
        let signed = &bytes[bytes.len() - HASH - 1..bytes.len() - 1];
        if hash.finalize().as_slice() == signed {
            Ok(())
        } else {
            Err(Flaw::Hash(self.tag))
        }
    }
}
