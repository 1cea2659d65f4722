//! The database key and its file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Bytes of the database key, used by SQLCipher as it is, without a key derivation.
pub const KEY_LEN: usize = 32;

/// Name of the systemd credential that holds the key (systemd.exec(5), `LoadCredentialEncrypted=`).
pub const CREDENTIAL: &str = "db.key";

/// Permission bits that would let somebody else read the key.
const OTHERS: u32 = 0o077;
/// The same for a credential: the system gives a service's user an access control list, whose mask
/// shows as the group's right to read.
const OTHERS_OF_CREDENTIAL: u32 = 0o037;

/// The key of a journal; wiped on drop, and boxed so that moving it leaves no copy behind.
pub struct DbKey(Box<Zeroizing<[u8; KEY_LEN]>>);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// There is no key file.
    #[error(
        "There is no key file {0}. Run the till's set-up, or put the file back from the backup."
    )]
    Missing(PathBuf),
    /// There is a journal but no key for it.
    #[error(
        "The journal {journal} is there but its key file {key} is not. Put the key file back from the backup; without it nobody can open the journal, so none was made."
    )]
    Lost {
        /// Where the key should be.
        key: PathBuf,
        /// The journal that it opens.
        journal: PathBuf,
    },
    /// The file is there already.
    #[error(
        "The key file {0} exists and is not replaced. Use it, or move it away if no journal needs it."
    )]
    Exists(PathBuf),
    /// The file has not the key's length.
    #[error("The key file {0} does not hold exactly 32 bytes. Put it back from the backup.")]
    WrongLength(PathBuf),
    /// Others may read the file.
    #[error("The key file {path} can be read by others (mode {mode:03o}). Run: chmod 600 {path}")]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file cannot be read.
    #[error(
        "The key file {path} cannot be read ({why}). Check that it belongs to the till's user."
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// The file cannot be written.
    #[error(
        "The key file {path} cannot be written ({why}). Check that its folder exists, has room and belongs to the till's user."
    )]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// The system gave no random bytes.
    #[error(
        "The system gave no random bytes for a key. Restart the machine; if it happens again, have it repaired."
    )]
    NoRandom,
}

impl DbKey {
    /// Reads the key from `path`.
    ///
    /// # Errors
    /// [`KeyFileError`] if the file is missing, unreadable, readable by others, or not
    /// [`KEY_LEN`] bytes.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        Self::read(path, OTHERS)
    }

    /// Reads the key from the systemd credential [`CREDENTIAL`] in that folder, which the system
    /// names in `CREDENTIALS_DIRECTORY`.
    ///
    /// # Errors
    /// As [`DbKey::load`].
    pub fn from_credentials(folder: &Path) -> Result<Self, KeyFileError> {
        Self::read(&folder.join(CREDENTIAL), OTHERS_OF_CREDENTIAL)
    }

    fn read(path: &Path, others: u32) -> Result<Self, KeyFileError> {
        let unreadable = |why: io::Error| match why.kind() {
            io::ErrorKind::NotFound => KeyFileError::Missing(path.to_owned()),
            _ => KeyFileError::Unreadable {
                path: path.to_owned(),
                why,
            },
        };
        let mut file = File::open(path).map_err(unreadable)?;
        let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
        if mode & others != 0 {
            return Err(KeyFileError::TooOpen {
                path: path.to_owned(),
                mode,
            });
        }
        let mut key = Self::empty();
        let wrong = || KeyFileError::WrongLength(path.to_owned());
        file.read_exact(key.0.as_mut_slice())
            .map_err(|why| match why.kind() {
                io::ErrorKind::UnexpectedEof => wrong(),
                _ => unreadable(why),
            })?;
        // A longer file is not a key with something behind it.
        match file.read(&mut [0]).map_err(unreadable)? {
            0 => Ok(key),
            _ => Err(wrong()),
        }
    }

    /// Makes a random key and writes it to `path`, mode 0600, durable when this returns. The file
    /// appears whole or not at all, and never replaces another.
    ///
    /// # Errors
    /// [`KeyFileError`] if it exists, cannot be written, or there are no random bytes.
    pub fn create(path: &Path) -> Result<Self, KeyFileError> {
        let mut key = Self::empty();
        getrandom::fill(key.0.as_mut_slice()).map_err(|_| KeyFileError::NoRandom)?;
        let mut part = path.as_os_str().to_owned();
        part.push(format!(".{}.part", std::process::id()));
        let part = PathBuf::from(part);
        let written = key
            .write_new(&part)
            .and_then(|()| fs::hard_link(&part, path));
        let removed = fs::remove_file(&part);
        written
            .and(removed)
            .and_then(|()| sync_folder(path))
            .map_err(|why| match why.kind() {
                io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
                _ => KeyFileError::Unwritable {
                    path: path.to_owned(),
                    why,
                },
            })?;
        Ok(key)
    }

    /// Reads the key of `journal` from `path`, or makes it on the first run. A key is made only
    /// while there is no journal: a new key for an old journal would look like a repair and be none.
    ///
    /// # Errors
    /// As [`DbKey::load`] and [`DbKey::create`]; [`KeyFileError::Lost`] if only the journal is there.
    pub fn for_journal(path: &Path, journal: &Path) -> Result<Self, KeyFileError> {
        match Self::load(path) {
            Err(KeyFileError::Missing(_)) if has_content(journal) => Err(KeyFileError::Lost {
                key: path.to_owned(),
                journal: journal.to_owned(),
            }),
            Err(KeyFileError::Missing(_)) => match Self::create(path) {
                // Another till was quicker; it will hold the journal, but the key is good.
                Err(KeyFileError::Exists(_)) => Self::load(path),
                made => made,
            },
            loaded => loaded,
        }
    }

    /// The statement that gives the key to SQLCipher: `PRAGMA key = "x'<64 hexadecimal digits>'"`.
    pub(crate) fn pragma(&self) -> Zeroizing<String> {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        const HEAD: &str = "PRAGMA key = \"x'";
        const TAIL: &str = "'\";";
        // All of the room at once: growing would leave an unwiped copy.
        let room = HEAD.len() + 2 * KEY_LEN + TAIL.len();
        let mut sql = Zeroizing::new(String::with_capacity(room));
        sql.push_str(HEAD);
        for byte in self.0.iter() {
            sql.push(char::from(HEX[usize::from(byte >> 4)]));
            sql.push(char::from(HEX[usize::from(byte & 0x0f)]));
        }
        sql.push_str(TAIL);
        sql
    }

    /// The key itself, for pages that are read past SQLCipher.
    pub(crate) fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    fn empty() -> Self {
        Self(Box::new(Zeroizing::new([0; KEY_LEN])))
    }

    fn write_new(&self, path: &Path) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(self.0.as_slice())?;
        file.sync_all()
    }
}

fn has_content(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.len() > 0)
}

/// Makes a new name in `path`'s folder durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
