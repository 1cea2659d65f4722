//! The lane's secret keys at rest, and the only way to a DUKPT transaction key.
//!
//! One file, [`STORE_FILE`], enciphered whole under the [`StorageKey`]. Two programs share it, the
//! lane and `tillctl`; each locks the folder (`flock`, a few milliseconds), reads, changes, writes.
//!
//! | file | what |
//! |---|---|
//! | `storage_key` | the key that it is enciphered under: a systemd credential, or a file in a demo |
//! | `content` | what is in it: keys, and what may never go back |
//! | `seal` | header and AES-256-GCM |
//! | `identity` | which file it is, so that a copy is none |
//! | `disk` | how it is replaced: durable before it counts |
//! | `floor` | where the counter must be at least, by the clock |
//! | `draw` | the next transaction key, as a [`Durable`] |
//! | `erase` | the end of every secret of a folder, and the mark that it keeps |
//!
//! **A key serial number is never used twice.**
//! - *Power loss, kill*: [`Durable`] is made only after the file that counts further is on the disk
//!   under its name. What a crash leaves is the old file or the new one, whole.
//! - *A file put back or copied*: every change writes a new file, and the file records its own inode
//!   number, its time of birth (statx(2)) and the machine (machine-id(5)). The kernel gives a time of
//!   birth and no program can set it; so neither a copy nor an older content written into the file's
//!   place matches, and it is refused.
//! - *A whole disk put back*: files come back with their identity. AES DUKPT has 2.4 thousand
//!   million keys, enough to let the counter follow the clock (`floor`): what was used before the
//!   disk was put back lies below it. TDES DUKPT has a million: **there, nothing here notices a disk
//!   that is put back**; the acquirer does, who refuses a serial number that it has seen.
//! - *A key loaded again*: the counter goes on where it was (the store remembers initial keys that
//!   were in it), and with AES where the clock says. A store that was destroyed remembers nothing:
//!   **a TDES initial key that is loaded after that begins again**, which the acquirer refuses.
//!
//! **What is erased.** The registers in the file never hold the key that was just drawn, and the
//! file that it replaced is overwritten. A flash disk may keep old blocks all the same; they are
//! enciphered, and worth nothing without the storage key.

mod content;
mod disk;
mod draw;
pub(crate) mod erase;
mod error;
mod floor;
mod identity;
mod seal;
mod storage_key;

#[cfg(test)]
mod tests;

pub use content::{Loaded, LoadedDukpt, MAX_STORED_KEYS, Secret};
pub use draw::{DrawError, Durable, seal_dukpt};
pub use error::StoreError;
pub use storage_key::{
    STORAGE_CREDENTIAL, STORAGE_KEY_FILE, STORAGE_KEY_LEN, StorageKey, StorageKeyError,
};

use std::path::{Path, PathBuf};

use sealpoint_secret::SecretBytes;
use sealpoint_wire::{KeyId, status::KeySource};

use content::Content;
use disk::Folder;

use crate::{KeyKind, signed::RootPublicKey};

/// Name of the key store in the lane's folder.
pub const STORE_FILE: &str = "keys.store";

/// The key store of a folder. Nothing is kept open between calls: what another program changed is
/// seen by the next call.
pub struct KeyStore {
    folder: PathBuf,
    storage: StorageKey,
}

impl KeyStore {
    /// The store in that folder. A folder without one has an empty store, which the first change
    /// writes.
    ///
    /// # Errors
    /// [`StoreError`] if there is one and it cannot be used.
    pub fn open(folder: &Path, storage: StorageKey) -> Result<Self, StoreError> {
        let store = Self::unchecked(folder, storage);
        store.read(|_| ())?;
        Ok(store)
    }

    /// The store in that folder, whatever it holds: for [`KeyStore::begin_again`].
    #[must_use]
    pub fn unchecked(folder: &Path, storage: StorageKey) -> Self {
        Self {
            folder: folder.to_owned(),
            storage,
        }
    }

    /// Where its storage key came from.
    #[must_use]
    pub const fn key_source(&self) -> KeySource {
        self.storage.source()
    }

    /// What is loaded, in the order of loading; never a key.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub fn list(&self) -> Result<Vec<Loaded>, StoreError> {
        self.read(Content::list)
    }

    /// The highest version of a manifest that was ever accepted; 0 before the first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub fn manifest_version(&self) -> Result<u64, StoreError> {
        self.read(|content| content.manifest_version)
    }

    /// The highest version of a hot list that was ever accepted; 0 before the first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub fn hot_list_version(&self) -> Result<u64, StoreError> {
        self.read(|content| content.hot_list_version)
    }

    /// Accepts a manifest's version: it is remembered before this returns.
    ///
    /// # Errors
    /// [`StoreError::OlderManifest`] if a higher one was accepted before; else as the store fails.
    pub fn accept_manifest(&mut self, version: u64) -> Result<(), StoreError> {
        let highest = self.manifest_version()?;
        match version {
            version if version < highest => Err(StoreError::OlderManifest {
                offered: version,
                highest,
            }),
            version if version == highest => Ok(()),
            _ => self.change(|content| {
                content.manifest_version = content.manifest_version.max(version);
                Ok(())
            }),
        }
    }

    /// Accepts the root whose manifests count: the first one for good, so that whoever can write files
    /// beside the store does not choose another.
    ///
    /// # Errors
    /// [`StoreError::OtherRoot`] if another one was accepted before; else as the store fails.
    pub fn accept_root(&mut self, root: &RootPublicKey) -> Result<(), StoreError> {
        match self.read(|content| content.root)? {
            Some(known) if known == *root.public() => Ok(()),
            Some(_) => Err(StoreError::OtherRoot(root.id().clone())),
            None => self.replace_root(root),
        }
    }

    /// Whether another root than that one was accepted before. Nothing is remembered.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub fn has_other_root(&self, root: &RootPublicKey) -> Result<bool, StoreError> {
        self.read(|content| content.root.is_some_and(|known| known != *root.public()))
    }

    /// Takes that root from now on, whichever counted before: for one that the root before named, or
    /// that two people brought.
    ///
    /// # Errors
    /// As the store fails.
    pub fn replace_root(&mut self, root: &RootPublicKey) -> Result<(), StoreError> {
        self.change(|content| {
            content.root = Some(*root.public());
            Ok(())
        })
    }

    /// Accepts a hot list's version, as [`KeyStore::accept_manifest`] a manifest's.
    ///
    /// # Errors
    /// [`StoreError::OlderHotList`] if a higher one was accepted before; else as the store fails.
    pub fn accept_hot_list(&mut self, version: u64) -> Result<(), StoreError> {
        let highest = self.hot_list_version()?;
        match version {
            version if version < highest => Err(StoreError::OlderHotList {
                offered: version,
                highest,
            }),
            version if version == highest => Ok(()),
            _ => self.change(|content| {
                content.hot_list_version = content.hot_list_version.max(version);
                Ok(())
            }),
        }
    }

    /// Puts a key in. `check_value` is hexadecimal in upper case; `now_s` is seconds since the Unix
    /// epoch.
    ///
    /// # Errors
    /// [`StoreError::SameName`], [`StoreError::SameInitialKey`], [`StoreError::SpentKey`],
    /// [`StoreError::TooLong`] or [`StoreError::Full`] if it cannot be put beside what is there; else
    /// as the store fails.
    pub fn add(
        &mut self,
        id: &KeyId,
        secret: Secret,
        check_value: &str,
        now_s: u64,
    ) -> Result<(), StoreError> {
        self.change(|content| content.add(id, secret, check_value, now_s))
    }

    /// Takes a key out and erases it; whether it was there. How far its counter got is remembered.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read or written.
    pub fn remove(&mut self, id: &KeyId) -> Result<bool, StoreError> {
        if !self.list()?.iter().any(|loaded| loaded.id == *id) {
            return Ok(false);
        }
        self.change(|content| Ok(content.remove(id)))
    }

    /// A secret without a counter: a token key or the key that key blocks are opened with.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub fn secret(&self, id: &KeyId, kind: KeyKind) -> Result<Option<SecretBytes>, StoreError> {
        if matches!(kind, KeyKind::Dukpt(_)) {
            return Ok(None);
        }
        self.read(|content| content.secret(id, kind))
    }

    /// Begins the store anew where it was refused as copied, restored or damaged: what has a counter
    /// is dropped and erased, the rest is kept as far as it can be read. Gives the names of what was
    /// dropped.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be written.
    pub fn begin_again(&mut self) -> Result<Vec<KeyId>, StoreError> {
        let folder = Folder::lock(&self.folder)?;
        let mut content = match folder.read(&self.storage) {
            Ok(Some(found)) => found.content,
            Ok(None) | Err(StoreError::Damaged(_) | StoreError::OtherFormat(..)) => {
                Content::default()
            }
            Err(error) => return Err(error),
        };
        let dropped = content.drop_counters();
        folder.replace(&content, &self.storage)?;
        Ok(dropped)
    }

    /// Overwrites and removes the store; its keys are gone, and so is what it remembered.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be removed.
    pub fn destroy(&mut self) -> Result<(), StoreError> {
        Folder::lock(&self.folder)?.destroy()
    }

    fn read<A>(&self, look: impl FnOnce(&Content) -> A) -> Result<A, StoreError> {
        // A store that nobody ever wrote needs no lock, and its folder may not even be ours.
        if !self.folder.join(STORE_FILE).exists() {
            return Ok(look(&Content::default()));
        }
        let folder = Folder::lock(&self.folder)?;
        Ok(look(&self.current(&folder)?))
    }

    /// Changes the store; durable when this returns. Nothing is written if `change` fails.
    fn change<A, E: From<StoreError>>(
        &mut self,
        change: impl FnOnce(&mut Content) -> Result<A, E>,
    ) -> Result<A, E> {
        let folder = Folder::lock(&self.folder)?;
        let mut content = self.current(&folder)?;
        let changed = change(&mut content)?;
        folder.replace(&content, &self.storage)?;
        Ok(changed)
    }

    /// The store as it is on the disk, if it is the one that belongs here.
    fn current(&self, folder: &Folder) -> Result<Content, StoreError> {
        match folder.read(&self.storage)? {
            Some(found) if found.is_itself => Ok(found.content),
            Some(_) => Err(StoreError::CopiedOrRestored(self.folder.join(STORE_FILE))),
            None => Ok(Content::default()),
        }
    }
}
