//! The file that holds the acquirer's public key.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::{AcquirerKey, BadKey};

/// Name of the key file in the lane's folder.
pub const ACQUIRER_KEY_FILE: &str = "acquirer.pub.toml";
/// At most this many bytes in a key file; a real one has about 1,700.
pub const MAX_KEY_FILE: u64 = 16 * 1024;
/// Permission bit that lets every user of the machine replace the key.
const WRITABLE_BY_OTHERS: u32 = 0o002;

/// Why there is no key to seal with. The text is for the cashier's screen and the log.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// There is no such file.
    #[error(
        "No card can be charged: the acquirer's key {0:?} is missing. Put the key file that your \
         acquirer gave you there."
    )]
    Missing(PathBuf),
    /// The file is there and cannot be read.
    #[error(
        "No card can be charged: the acquirer's key {path:?} cannot be read ({error}). Make it \
         readable for the user that runs the lane."
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Something else stands where the file should be.
    #[error(
        "No card can be charged: {0:?} is not a file. Put the key file that your acquirer gave you \
         there."
    )]
    NotAFile(PathBuf),
    /// Anybody on the machine could replace the key and have every card sealed to himself.
    #[error(
        "No card can be charged: every user of this machine may change the acquirer's key {0:?}. \
         Check the key and run `chmod o-w` on it."
    )]
    WritableByOthers(PathBuf),
    /// The file is too large to be a key.
    #[error(
        "No card can be charged: the acquirer's key {0:?} is larger than {MAX_KEY_FILE} bytes. Put \
         the key file that your acquirer gave you there."
    )]
    TooLarge(PathBuf),
    /// The content is wrong.
    #[error(
        "No card can be charged: the acquirer's key {path:?} cannot be used because {bad}. Put the \
         key file that your acquirer gave you there again."
    )]
    Bad {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        bad: BadKey,
    },
}

impl AcquirerKey {
    /// Loads and checks a key file.
    ///
    /// # Errors
    /// [`KeyFileError`] says what is wrong and what to do.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => KeyFileError::Missing(path.to_owned()),
            _ => KeyFileError::Unreadable {
                path: path.to_owned(),
                error,
            },
        };
        // Asked before opening: to open a named pipe would wait for its other end.
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(KeyFileError::NotAFile(path.to_owned()));
        }
        let file = File::open(path).map_err(unreadable)?;
        let mode = file.metadata().map_err(unreadable)?.permissions().mode();
        if mode & WRITABLE_BY_OTHERS != 0 {
            return Err(KeyFileError::WritableByOthers(path.to_owned()));
        }
        let mut bytes = Vec::new();
        file.take(MAX_KEY_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() as u64 > MAX_KEY_FILE {
            return Err(KeyFileError::TooLarge(path.to_owned()));
        }
        let bad = |bad| KeyFileError::Bad {
            path: path.to_owned(),
            bad,
        };
        let text = str::from_utf8(&bytes).map_err(|_| bad(BadKey::NotText))?;
        Self::parse(text).map_err(bad)
    }
}
