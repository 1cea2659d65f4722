//! The key that the key store is enciphered under.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use ring::rand::{SecureRandom, SystemRandom};
use sealpoint_secret::SecretBytes;
use sealpoint_wire::status::KeySource;

use super::{STORE_FILE, disk::sync_folder};
use crate::signed::Purpose;

/// Name of the systemd credential with the storage key (systemd.exec(5), `LoadCredentialEncrypted=`).
pub const STORAGE_CREDENTIAL: &str = "lane.key";
/// Name of the storage key's file in the lane's folder, in a demo.
pub const STORAGE_KEY_FILE: &str = "storage.key";
/// Bytes of a storage key.
pub const STORAGE_KEY_LEN: usize = 32;
/// How the name of a storage key ends while it is being made.
const PART: &str = ".part";
/// Entries of the lane's folder that are looked at; it has a dozen.
const MAX_ENTRIES: usize = 1_000;
/// Bytes that are written over at most: as many as a hot list has, the longest file of the folder.
const MAX_OVERWRITTEN: u64 = Purpose::HotList.max_len() as u64;
/// Permission bits that let somebody else read the key's file.
const OTHERS: u32 = 0o077;
/// The same for a credential, which the system may give to its user by an access control list: its
/// mask shows as the right of the group to read.
const OTHERS_OF_CREDENTIAL: u32 = 0o037;

/// The key that the key store is enciphered under; wiped on drop.
pub struct StorageKey {
    key: SecretBytes,
    source: KeySource,
}

/// Why there is no storage key. Begins in lower case, to stand behind what it prevents.
#[derive(Debug, thiserror::Error)]
pub enum StorageKeyError {
    /// Production takes it from the system alone.
    #[error(
        "the system gave no credential \"{STORAGE_CREDENTIAL}\", and production takes the storage \
         key from nowhere else; add it to the service (LoadCredentialEncrypted={STORAGE_CREDENTIAL})"
    )]
    NoCredential,
    /// There is a key store, but no key for it.
    #[error(
        "the key store is there but its storage key {0:?} is not; put the file back, or destroy the \
         key store and load the keys again"
    )]
    Lost(PathBuf),
    /// There is none.
    #[error("there is no storage key {0:?} yet; it is made when the first key is loaded")]
    Missing(PathBuf),
    /// Others may read or write it.
    #[error("the storage key {path:?} is open to others (mode {mode:03o}); run `chmod 600` on it")]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It has another length.
    #[error("the storage key {0:?} does not hold exactly 32 bytes; put the right one back")]
    WrongLength(PathBuf),
    /// It is no file or cannot be read.
    #[error(
        "the storage key {path:?} cannot be read ({error}); see that it is a file of the user that \
         runs the lane"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It cannot be made.
    #[error(
        "the storage key {path:?} cannot be written ({error}); see that its folder has room and \
         belongs to the user that runs the lane"
    )]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The operating system gave no random bytes.
    #[error("this machine gave no random bytes for a storage key; restart it")]
    NoRandomBytes,
}

impl StorageKey {
    /// The storage key of the folder `keys`: the credential in `credentials` (what the system names
    /// in `CREDENTIALS_DIRECTORY`), or else, where it is no production, the folder's own file.
    ///
    /// # Errors
    /// [`StorageKeyError::Missing`] if there is none yet; else what is wrong with the one that is
    /// there.
    pub fn find(
        keys: &Path,
        credentials: Option<&Path>,
        production: bool,
    ) -> Result<Self, StorageKeyError> {
        let credential = credentials.map(|folder| folder.join(STORAGE_CREDENTIAL));
        match credential {
            Some(path) if path.exists() => {
                return Self::load(&path, OTHERS_OF_CREDENTIAL, KeySource::Credential);
            }
            _ if production => return Err(StorageKeyError::NoCredential),
            _ => {}
        }
        let path = keys.join(STORAGE_KEY_FILE);
        match Self::load(&path, OTHERS, KeySource::File) {
            Err(StorageKeyError::Missing(_)) if has_content(&keys.join(STORE_FILE)) => {
                Err(StorageKeyError::Lost(path))
            }
            found => found,
        }
    }

    /// As [`StorageKey::find`], and makes the folder's own file where there is neither key nor store
    /// and it is no production. The file has mode 0600 and is durable when this returns.
    ///
    /// # Errors
    /// As [`StorageKey::find`], or why it cannot be made.
    pub fn find_or_make(
        keys: &Path,
        credentials: Option<&Path>,
        production: bool,
    ) -> Result<Self, StorageKeyError> {
        match Self::find(keys, credentials, production) {
            Err(StorageKeyError::Missing(path)) => match Self::make(&path) {
                // Another program was quicker; its key is as good.
                Err(StorageKeyError::Unwritable { error, .. })
                    if error.kind() == io::ErrorKind::AlreadyExists =>
                {
                    Self::find(keys, credentials, production)
                }
                made => made,
            },
            found => found,
        }
    }

    /// A storage key of those bytes: for who delivers it in another way.
    ///
    /// # Errors
    /// [`StorageKeyError::WrongLength`] unless there are [`STORAGE_KEY_LEN`].
    pub fn from_bytes(key: SecretBytes, source: KeySource) -> Result<Self, StorageKeyError> {
        if key.len() == STORAGE_KEY_LEN {
            Ok(Self { key, source })
        } else {
            Err(StorageKeyError::WrongLength(PathBuf::new()))
        }
    }

    /// Where it came from.
    #[must_use]
    pub const fn source(&self) -> KeySource {
        self.source
    }

    /// Overwrites and removes the folder's own file, if there is one, and what a crash left of making
    /// it; whether there was one.
    ///
    /// # Errors
    /// [`StorageKeyError::Unwritable`] if it cannot be removed.
    pub fn destroy_file(keys: &Path) -> Result<bool, StorageKeyError> {
        for path in parts(keys) {
            overwrite_and_remove(&path)
                .map_err(|error| StorageKeyError::Unwritable { path, error })?;
        }
        let path = keys.join(STORAGE_KEY_FILE);
        match overwrite_and_remove(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(StorageKeyError::Unwritable { path, error }),
        }
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.key.expose()
    }

    fn load(path: &Path, others: u32, source: KeySource) -> Result<Self, StorageKeyError> {
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => StorageKeyError::Missing(path.to_owned()),
            _ => StorageKeyError::Unreadable {
                path: path.to_owned(),
                error,
            },
        };
        // Asked before opening: to open a named pipe would wait for its other end.
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(unreadable(io::Error::other("not a file")));
        }
        let file = File::open(path).map_err(unreadable)?;
        let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
        if mode & others != 0 {
            return Err(StorageKeyError::TooOpen {
                path: path.to_owned(),
                mode,
            });
        }
        // One byte more than there may be, so that a longer file is seen to be one.
        let mut key = SecretBytes::with_bound(STORAGE_KEY_LEN + 1);
        key.fill_from(file).map_err(unreadable)?;
        if key.len() != STORAGE_KEY_LEN {
            return Err(StorageKeyError::WrongLength(path.to_owned()));
        }
        Ok(Self { key, source })
    }

    /// Makes the file, whole or not at all; it never replaces another.
    fn make(path: &Path) -> Result<Self, StorageKeyError> {
        let mut key = SecretBytes::with_bound(STORAGE_KEY_LEN);
        key.fill(|room| SystemRandom::new().fill(room).map(|()| STORAGE_KEY_LEN))
            .map_err(|_| StorageKeyError::NoRandomBytes)?;
        let part = path.with_extension(format!("{}{PART}", std::process::id()));
        let written = write_new(&part, key.expose()).and_then(|()| fs::hard_link(&part, path));
        let removed = fs::remove_file(&part);
        written
            .and(removed)
            .and_then(|()| sync_folder(path.parent().unwrap_or(Path::new("."))))
            .map_err(|error| StorageKeyError::Unwritable {
                path: path.to_owned(),
                error,
            })?;
        Ok(Self {
            key,
            source: KeySource::File,
        })
    }
}

/// Storage keys that were being made when the power went.
fn parts(keys: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(keys) else {
        return Vec::new();
    };
    let stem = STORAGE_KEY_FILE.split('.').next().unwrap_or_default();
    let is_part = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        let rest = name.and_then(|name| name.strip_prefix(stem));
        rest.is_some_and(|rest| rest.starts_with('.') && rest.ends_with(PART))
    };
    let paths = entries
        .take(MAX_ENTRIES)
        .flatten()
        .map(|entry| entry.path());
    paths.filter(is_part).collect()
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Writes zeros over a file and takes its name away, both durable when this returns.
pub(super) fn overwrite_and_remove(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let len = file.metadata()?.len().min(MAX_OVERWRITTEN);
    io::copy(&mut io::repeat(0).take(len), &mut file)?;
    file.sync_all()?;
    fs::remove_file(path)?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

fn has_content(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.len() > 0)
}
