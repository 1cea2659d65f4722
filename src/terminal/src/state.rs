//! The state folder: everything that a till keeps, and the lock that makes it one till's alone.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A state folder that belongs to this process until it is dropped.
#[derive(Debug)]
pub struct State {
    root: PathBuf,
    _lock: File,
}

/// Why a state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It cannot be made or written to.
    #[error(
        "The state folder {path} cannot be written to: {why}. Choose another with --state, or mend its permissions."
    )]
    NotWritable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// Another till runs on it.
    #[error(
        "Another till already runs on the state folder {0}. Close it, or choose another folder with --state."
    )]
    InUse(PathBuf),
}

impl State {
    /// Makes the folder if it is not there, and takes its lock.
    ///
    /// # Errors
    /// [`StateError`] if it cannot be written to or another till runs on it.
    pub fn open(root: &Path) -> Result<Self, StateError> {
        let not_writable = |why| StateError::NotWritable {
            path: root.to_owned(),
            why,
        };
        for folder in [
            root.to_owned(),
            root.join("lane"),
            root.join("uplink"),
            root.join("receipts"),
        ] {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)
                .and_then(|()| keep_private(&folder))
                .map_err(not_writable)?;
        }
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(root.join("till.lock"))
            .map_err(not_writable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::InUse(root.to_owned())),
            Err(TryLockError::Error(why)) => return Err(not_writable(why)),
        }
        let root = fs::canonicalize(root).map_err(not_writable)?;
        Ok(Self { root, _lock: lock })
    }

    /// The journal's file.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal.db")
    }

    /// The journal's key file.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.root.join("db.key")
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.root
    }

    /// The lane's key store.
    #[must_use]
    pub fn lane(&self) -> PathBuf {
        self.root.join("lane")
    }

    /// The uplink's certificates.
    #[must_use]
    pub fn uplink(&self) -> PathBuf {
        self.root.join("uplink")
    }

    /// Where receipts are written.
    #[must_use]
    pub fn receipts(&self) -> PathBuf {
        self.root.join("receipts")
    }
}

/// Shuts everybody else out of a folder that was there before the till.
fn keep_private(folder: &Path) -> io::Result<()> {
    let mode = fs::metadata(folder)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(folder, Permissions::from_mode(mode & 0o7700))
}
