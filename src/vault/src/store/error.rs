//! Why the key store cannot be used.

use std::{io, path::PathBuf};

use sealpoint_wire::KeyId;

use super::content::{MAX_SECRET, MAX_STORED_KEYS};

/// Why the key store cannot be used. Begins in lower case, to stand behind what it prevents.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is there and cannot be read.
    #[error(
        "the key store {path:?} cannot be read ({error}); make it readable for the user that runs \
         the lane"
    )]
    Unreadable {
        /// The file or its folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It cannot be written, so nothing that would count further may be used.
    #[error(
        "the key store {path:?} cannot be written ({error}); see that its folder has room and \
         belongs to the user that runs the lane"
    )]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Another program holds it.
    #[error("another program uses the key store {0:?}; wait until it is done, then try again")]
    Busy(PathBuf),
    /// Another version of the format.
    #[error(
        "the key store {0:?} was written by another release (format {1}); install that release"
    )]
    OtherFormat(PathBuf, u16),
    /// It does not open: another storage key, or changed bytes.
    #[error(
        "the key store {0:?} does not open with this storage key: one of the two was changed or \
         damaged; put the storage key back, or load the keys again"
    )]
    Damaged(PathBuf),
    /// The file is not the one that was written here last.
    #[error(
        "the key store {0:?} was copied or restored: a key serial number could be used twice; load \
         the keys again"
    )]
    CopiedOrRestored(PathBuf),
    /// The file system has no times of birth, so a restored store could not be told.
    #[error(
        "the file system of {0:?} does not say when a file was made, so a restored key store could \
         not be told from the right one; put the keys on ext4, XFS or btrfs"
    )]
    NoBirthTime(PathBuf),
    /// The operating system gave no random bytes.
    #[error("this machine gave no random bytes; restart it")]
    NoRandomBytes,
    /// [`MAX_STORED_KEYS`] are in it.
    #[error(
        "the key store holds {MAX_STORED_KEYS} keys and no more; destroy one that is not needed"
    )]
    Full,
    /// It is longer than any key.
    #[error("a key has at most {MAX_SECRET} bytes, not {0}; load the right one")]
    TooLong(usize),
    /// A key of that name is loaded.
    #[error("a key \"{0}\" is loaded already; destroy it first if it is to be replaced")]
    SameName(KeyId),
    /// The same initial key is loaded under another name: both would give the same keys.
    #[error(
        "this initial key is loaded already, as \"{0}\"; ask your acquirer for another initial key"
    )]
    SameInitialKey(KeyId),
    /// A TDES initial key whose counter is not known any more.
    #[error(
        "this initial key was in a key store that was restored, so nobody knows which of its keys \
         were used; ask your acquirer for another initial key"
    )]
    SpentKey,
    /// Another root than the one that was accepted.
    #[error(
        "the root key \"{0}\" is not the one that this till accepted: whoever put it there could \
         have cards sealed to himself; put the retailer's own back, or let two people replace it \
         with `tillctl keys load --replace-root`"
    )]
    OtherRoot(KeyId),
    /// A manifest's version goes back.
    #[error(
        "the manifest has version {offered}, but version {highest} was accepted before; ask the \
         retailer for the newest manifest"
    )]
    OlderManifest {
        /// The version that was offered.
        offered: u64,
        /// The highest one that was accepted.
        highest: u64,
    },
    /// A hot list's version goes back.
    #[error(
        "the hot list has version {offered}, but version {highest} was accepted before; ask the \
         retailer for the newest hot list"
    )]
    OlderHotList {
        /// The version that was offered.
        offered: u64,
        /// The highest one that was accepted.
        highest: u64,
    },
}
