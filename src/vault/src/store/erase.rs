//! The end of every secret of a lane's folder, once the retailer ordered it.
//!
//! First a mark, [`ERASED_FILE`], durable before anything else is touched: while it lies there no card
//! is charged, also with a key that needs no secret of this folder, and who starts the lane again
//! after a kill goes on where it stopped. Then the storage key, from which moment the store is noise
//! even if the power goes; then the store and the hot list.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::{
    StorageKey, StorageKeyError, StoreError,
    disk::{Folder, sync_folder},
    storage_key::overwrite_and_remove,
};
use crate::HOT_LIST_FILE;

/// Name of the mark in the lane's folder; it holds the order.
pub const ERASED_FILE: &str = "erased.txt";
/// The mark while it is being written.
const NEXT_MARK: &str = "erased.txt.next";

/// Why not everything is erased. What was erased stays so; it may be tried again.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The mark cannot be written, so nothing was erased.
    #[error("{path:?} cannot be written ({error}); see that the folder has room and is yours")]
    Mark {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The storage key cannot be removed.
    #[error(transparent)]
    StorageKey(#[from] StorageKeyError),
    /// The key store cannot be removed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The hot list cannot be removed.
    #[error("{path:?} cannot be removed ({error}); see that the folder is yours")]
    HotList {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Whether the folder's keys were ordered to be erased. What cannot be looked at counts as marked.
#[must_use]
pub fn is_erased(folder: &Path) -> bool {
    match fs::symlink_metadata(folder.join(ERASED_FILE)) {
        Ok(_) => true,
        Err(error) => !matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        ),
    }
}

/// Puts the mark into the folder; durable when this returns. `order` is the signed text, whose
/// signature was checked.
///
/// # Errors
/// [`EraseError::Mark`].
pub fn mark_erased(folder: &Path, order: &str) -> Result<(), EraseError> {
    let (next, path) = (folder.join(NEXT_MARK), folder.join(ERASED_FILE));
    let written = || -> io::Result<()> {
        // What a crash left.
        removed(&next)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&next)?;
        file.write_all(order.as_bytes())?;
        file.sync_all()?;
        fs::rename(&next, &path)?;
        sync_folder(folder)
    };
    written().map_err(|error| EraseError::Mark { path, error })
}

/// Overwrites and removes storage key, key store and hot list, as far as they are there: a second time
/// it finds nothing to do. A storage key that is the system's credential is out of reach.
///
/// # Errors
/// [`EraseError`] says what is left.
pub fn erase_keys(folder: &Path) -> Result<(), EraseError> {
    StorageKey::destroy_file(folder)?;
    Folder::lock(folder)?.destroy()?;
    let path = folder.join(HOT_LIST_FILE);
    match overwrite_and_remove(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(EraseError::HotList { path, error })
        }
        _ => Ok(()),
    }
}

/// Takes the mark away, so that the folder can be set up anew; whether there was one.
///
/// # Errors
/// [`EraseError::Mark`].
pub fn unmark_erased(folder: &Path) -> Result<bool, EraseError> {
    let path = folder.join(ERASED_FILE);
    let done = removed(&path).and_then(|there| sync_folder(folder).map(|()| there));
    done.map_err(|error| EraseError::Mark { path, error })
}

/// Removes a file; whether there was one.
fn removed(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
