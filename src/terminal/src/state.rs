//! The state folder: everything that a till keeps, and the lock that makes it one till's alone.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sealpoint_journal::{JOURNAL_FILE, KEY_FILE};

/// That others may go through a folder to one that they know, and not look into it.
const PASS: u32 = 0o011;

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
        for (folder, others_keep) in [
            // In a shop lane and uplink are other users, who pass through to their own folder.
            (root.to_owned(), PASS),
            (root.join("lane"), 0),
            (root.join("uplink"), 0),
            (root.join("receipts"), 0),
        ] {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)
                .and_then(|()| keep_private(&folder, others_keep))
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
        self.root.join(JOURNAL_FILE)
    }

    /// The journal's key file.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.root.join(KEY_FILE)
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

/// Shuts everybody else out of a folder that was there before the till; what they had of
/// `others_keep` they keep.
fn keep_private(folder: &Path, others_keep: u32) -> io::Result<()> {
    let mode = fs::metadata(folder)?.permissions().mode();
    let private = mode & (0o7700 | others_keep);
    if mode & 0o7777 == private {
        return Ok(());
    }
    fs::set_permissions(folder, Permissions::from_mode(private))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(folder: &Path) -> u32 {
        let found = fs::metadata(folder).expect("it is there");
        found.permissions().mode() & 0o777
    }

    #[test]
    fn others_may_pass_through_the_state_folder_and_see_nothing_of_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("till");
        drop(State::open(&root).expect("it is made"));
        assert_eq!(mode(&root), 0o700, "by itself it lets nobody through");
        for (set, kept) in [
            (0o711, 0o711),
            (0o755, 0o711),
            (0o777, 0o711),
            (0o750, 0o710),
        ] {
            for each in [&root, &root.join("lane"), &root.join("uplink")] {
                fs::set_permissions(each, Permissions::from_mode(set)).expect("ours");
            }
            drop(State::open(&root).expect("it is opened"));
            assert_eq!(mode(&root), kept, "{set:o}");
            assert_eq!(mode(&root.join("lane")), 0o700, "{set:o}");
            assert_eq!(mode(&root.join("uplink")), 0o700, "{set:o}");
        }
    }
}
