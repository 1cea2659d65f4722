//! Which file a key store is, so that a copy is none.

use std::{
    fs::{File, Metadata},
    io::Read,
    os::unix::fs::MetadataExt,
    time::{SystemTime, UNIX_EPOCH},
};

use ring::digest;

/// Where the machine's name stands (machine-id(5)).
const MACHINE_ID: &str = "/etc/machine-id";
/// Bytes of it that count; it has 32 digits and a line feed.
const MAX_MACHINE_ID: u64 = 64;
/// What is hashed before the machine's name, which is not to be told as it is (machine-id(5)).
const LABEL: &[u8] = b"sealpoint key store machine v1";
/// Bytes of an identity.
pub(super) const IDENTITY_LEN: usize = 8 + 8 + 4 + 32;

/// A file, as nobody can make another.
///
/// The time of birth is the kernel's (statx(2), `stx_btime`): no call sets it, and neither copying
/// nor writing into the file carries it over. Two files of one birth differ in their inode number,
/// and two machines in their name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity([u8; IDENTITY_LEN]);

impl Identity {
    /// The identity of an open file on this machine; none where the file system has no times of
    /// birth.
    pub(super) fn of(file: &Metadata) -> Option<Self> {
        let born = file.created().ok()?;
        let (seconds, nanos) = match born.duration_since(UNIX_EPOCH) {
            Ok(after) => (after.as_secs(), after.subsec_nanos()),
            // A clock that stood before 1970 is a clock all the same.
            Err(before) => (
                before.duration().as_secs().wrapping_neg(),
                before.duration().subsec_nanos(),
            ),
        };
        if born == SystemTime::UNIX_EPOCH {
            return None;
        }
        let mut identity = [0; IDENTITY_LEN];
        identity[..8].copy_from_slice(&file.ino().to_be_bytes());
        identity[8..16].copy_from_slice(&seconds.to_be_bytes());
        identity[16..20].copy_from_slice(&nanos.to_be_bytes());
        identity[20..].copy_from_slice(&machine());
        Some(Self(identity))
    }

    pub(super) const fn bytes(&self) -> &[u8; IDENTITY_LEN] {
        &self.0
    }

    pub(super) const fn from_bytes(bytes: [u8; IDENTITY_LEN]) -> Self {
        Self(bytes)
    }
}

/// A digest of the machine's name; zeros where it has none.
fn machine() -> [u8; 32] {
    let mut machine = [0; 32];
    let mut name = Vec::new();
    let read =
        File::open(MACHINE_ID).and_then(|file| file.take(MAX_MACHINE_ID).read_to_end(&mut name));
    if read.is_ok() {
        let text = [LABEL, name.trim_ascii()].concat();
        machine.copy_from_slice(digest::digest(&digest::SHA256, &text).as_ref());
    }
    machine
}
