//! How the key store's file is replaced: durable before it counts.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{
    STORE_FILE, StorageKey, StoreError,
    content::Content,
    identity::Identity,
    seal::{self, Closed, MAX_STORE},
    storage_key::overwrite_and_remove,
};

/// The store while it is being written.
const NEXT_FILE: &str = "keys.store.next";
/// How often the lock is tried before the store counts as busy, and how long to wait in between.
const LOCK_TRIES: u32 = 400;
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// The keys folder, locked against every other program that respects the lock, until it is dropped.
pub(super) struct Folder {
    path: PathBuf,
    /// The folder itself, which holds the lock (flock(2)).
    file: File,
}

/// A key store as found.
pub(super) struct Found {
    pub(super) content: Content,
    /// Whether the file is the one that was written as this content.
    pub(super) is_itself: bool,
}

impl Folder {
    pub(super) fn lock(path: &Path) -> Result<Self, StoreError> {
        let unreadable = |error| StoreError::Unreadable {
            path: path.to_owned(),
            error,
        };
        let file = File::open(path).map_err(unreadable)?;
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => {
                    return Ok(Self {
                        path: path.to_owned(),
                        file,
                    });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(error)) => return Err(unreadable(error)),
            }
        }
        Err(StoreError::Busy(path.join(STORE_FILE)))
    }

    /// The store in the folder, if there is one.
    pub(super) fn read(&self, storage: &StorageKey) -> Result<Option<Found>, StoreError> {
        let path = self.path.join(STORE_FILE);
        let unreadable = |error| StoreError::Unreadable {
            path: path.clone(),
            error,
        };
        let found = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found.map_err(unreadable)?,
        };
        // Asked before opening: to open a named pipe would wait for its other end.
        if !found.is_file() {
            return Err(unreadable(io::Error::other("not a file")));
        }
        let file = File::open(&path).map_err(unreadable)?;
        let identity = Identity::of(&file.metadata().map_err(unreadable)?);
        let mut bytes = Vec::new();
        file.take(MAX_STORE as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() > MAX_STORE {
            return Err(StoreError::Damaged(path));
        }
        let opened = seal::open(&bytes, storage).map_err(|closed| match closed {
            Closed::Damaged => StoreError::Damaged(path.clone()),
            Closed::OtherFormat(version) => StoreError::OtherFormat(path.clone(), version),
        })?;
        Ok(Some(Found {
            is_itself: identity == Some(opened.identity),
            content: opened.content,
        }))
    }

    /// Replaces the store; durable when this returns.
    pub(super) fn replace(
        &self,
        content: &Content,
        storage: &StorageKey,
    ) -> Result<(), StoreError> {
        let path = self.path.join(STORE_FILE);
        let sealed = |identity: Option<Identity>| {
            let identity = identity.ok_or(Refused::NoBirthTime)?;
            seal::seal(content, &identity, storage).ok_or(Refused::NoRandomBytes)
        };
        let mut disk = RealDisk {
            folder: self,
            next: None,
            old: None,
        };
        replace(&mut disk, sealed).map_err(|refused| match refused {
            Refused::Disk(error) => StoreError::Unwritable { path, error },
            Refused::NoBirthTime => StoreError::NoBirthTime(self.path.clone()),
            Refused::NoRandomBytes => StoreError::NoRandomBytes,
        })
    }

    /// Overwrites and removes the store, if there is one.
    pub(super) fn destroy(&self) -> Result<(), StoreError> {
        for name in [NEXT_FILE, STORE_FILE] {
            let path = self.path.join(name);
            match overwrite_and_remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::Unwritable { path, error });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Why a store was not replaced.
#[derive(Debug)]
pub(super) enum Refused {
    /// The disk would not.
    Disk(io::Error),
    /// A file there has no time of birth.
    NoBirthTime,
    /// Nothing could be enciphered.
    NoRandomBytes,
}

/// What a disk must do for a store to be replaced. A trait, so that a test can pull the plug between
/// any two steps.
pub(super) trait Disk {
    /// Makes a new, empty file beside the store; its identity.
    fn create(&mut self) -> io::Result<Option<Identity>>;
    /// Writes the new file.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes the new file's bytes durable.
    fn sync_file(&mut self) -> io::Result<()>;
    /// Gives the new file the store's name.
    fn rename(&mut self) -> io::Result<()>;
    /// Makes the names durable.
    fn sync_folder(&mut self) -> io::Result<()>;
    /// Overwrites what the old file held.
    fn erase_old(&mut self) -> io::Result<()>;
}

/// Replaces a store by what `sealed` makes of the new file's identity.
///
/// The order is the point. Bytes are durable before they have the store's name, so a crash leaves
/// one whole store. The name is durable before this returns, so what the new store counts is counted.
/// The old store is erased only then.
pub(super) fn replace(
    disk: &mut impl Disk,
    sealed: impl FnOnce(Option<Identity>) -> Result<Vec<u8>, Refused>,
) -> Result<(), Refused> {
    let identity = disk.create().map_err(Refused::Disk)?;
    let bytes = sealed(identity)?;
    disk.write(&bytes).map_err(Refused::Disk)?;
    disk.sync_file().map_err(Refused::Disk)?;
    disk.rename().map_err(Refused::Disk)?;
    disk.sync_folder().map_err(Refused::Disk)?;
    disk.erase_old().map_err(Refused::Disk)
}

/// The folder's own disk.
struct RealDisk<'a> {
    folder: &'a Folder,
    next: Option<File>,
    old: Option<File>,
}

impl RealDisk<'_> {
    fn next(&mut self) -> io::Result<&mut File> {
        self.next
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for RealDisk<'_> {
    fn create(&mut self) -> io::Result<Option<Identity>> {
        let path = self.folder.path.join(NEXT_FILE);
        // What a crash left. It never was a store.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let next = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        let identity = Identity::of(&next.metadata()?);
        self.next = Some(next);
        Ok(identity)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.next()?.write_all(bytes)
    }

    fn sync_file(&mut self) -> io::Result<()> {
        self.next()?.sync_all()
    }

    fn rename(&mut self) -> io::Result<()> {
        let store = self.folder.path.join(STORE_FILE);
        // Held open: once its name is gone, this is the only way to it.
        self.old = match OpenOptions::new().write(true).open(&store) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            opened => Some(opened?),
        };
        fs::rename(self.folder.path.join(NEXT_FILE), store)
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        self.folder.file.sync_all()
    }

    fn erase_old(&mut self) -> io::Result<()> {
        let Some(old) = &mut self.old else {
            return Ok(());
        };
        let len = usize::try_from(old.metadata()?.len()).unwrap_or(usize::MAX);
        old.write_all(&vec![0; len.min(MAX_STORE)])?;
        old.sync_data()
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let here = Path::new(".");
    File::open(if path.as_os_str().is_empty() {
        here
    } else {
        path
    })?
    .sync_all()
}
