//! The lane's folder, as `tillctl` reads and writes it.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use sealpoint_secret::SecretBytes;
use sealpoint_vault::is_erased;

use crate::{
    fault::Fault,
    plain_file::{self, Links},
};

/// Held while `tillctl` changes something, so that two of them do not change it at once.
const LOCK_FILE: &str = ".tillctl.lock";

/// The lane's folder.
pub struct KeysFolder {
    path: PathBuf,
    /// Held until the end, where something is changed.
    _lock: Option<File>,
}

impl KeysFolder {
    /// The folder, to look at: by its owner, so that what is seen is what the lane can read.
    pub fn to_read(path: &Path) -> Result<Self, Fault> {
        let owner = about(path)?.uid();
        let user = rustix::process::geteuid().as_raw();
        if owner != user {
            return Err(Fault::files(
                format!(
                    "The folder {path:?} belongs to the user {owner}, and this is the user {user}: \
                     what is written here now, the lane could not read."
                ),
                format!(
                    "Run it as the folder's owner: `setpriv --reuid={owner} --clear-groups tillctl \
                     keys ...`."
                ),
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: None,
        })
    }

    /// The folder, to change something in it: one `tillctl` at a time.
    pub fn to_write(path: &Path) -> Result<Self, Fault> {
        let folder = Self::to_read(path)?;
        let lock = path.join(LOCK_FILE);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&lock)
            .map_err(|error| unwritable(&lock, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Fault::files(
                    "Another `tillctl keys` is changing this folder.",
                    "Wait until it is done.",
                ));
            }
            Err(TryLockError::Error(error)) => return Err(unwritable(&lock, &error)),
        }
        Ok(Self {
            _lock: Some(file),
            ..folder
        })
    }

    /// The folder, to put something into it: not that of a till which was taken out of service, whose
    /// lane would destroy it again.
    pub fn to_fill(path: &Path) -> Result<Self, Fault> {
        let folder = Self::to_write(path)?;
        if is_erased(path) {
            return Err(Fault::refused(
                "The retailer took this till out of service, and its keys were erased.",
                "If it is to sell again, run `tillctl keys destroy --all`, then set it up like a new \
                 one.",
            ));
        }
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A text in the folder, if it is there.
    pub fn text(&self, name: &str, bound: usize) -> Result<Option<String>, Fault> {
        let path = self.path.join(name);
        match plain_file::read(&path, bound as u64, Links::Refused) {
            Ok(bytes) => Ok(Some(as_text(&bytes, &path)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&path, &error)),
        }
    }

    /// Puts a file into the folder, or replaces it: whole or not at all, whenever the power goes.
    pub fn replace(&self, name: &str, content: &[u8]) -> Result<(), Fault> {
        let path = self.path.join(name);
        plain_file::replace(&path, 0o600, content).map_err(|error| unwritable(&path, &error))
    }
}

/// The text of a file that somebody named.
pub fn text_of(path: &Path, bound: usize) -> Result<String, Fault> {
    let bytes = plain_file::read(path, bound as u64, Links::Followed)
        .map_err(|error| unreadable(path, &error))?;
    as_text(&bytes, path)
}

/// What a file that somebody named holds, where it may be secret.
pub fn secret_of(path: &Path, bound: usize) -> Result<SecretBytes, Fault> {
    let read = || -> io::Result<SecretBytes> {
        let mut bytes = SecretBytes::with_bound(bound + 1);
        bytes.fill_from(plain_file::open(path, Links::Followed)?)?;
        if bytes.len() > bound {
            return Err(plain_file::too_long(bound as u64));
        }
        Ok(bytes)
    };
    read().map_err(|error| unreadable(path, &error))
}

/// What standard input holds.
pub fn text_of_input(bound: usize) -> Result<String, Fault> {
    let input = Path::new("standard input");
    let bytes = plain_file::bounded(io::stdin().lock(), bound as u64)
        .map_err(|error| unreadable(input, &error))?;
    as_text(&bytes, input)
}

/// Makes a file that was not there, for its owner alone; durable when this returns.
pub fn make(path: &Path, content: &[u8]) -> Result<(), Fault> {
    let made = || -> io::Result<()> {
        let mut file = create_new(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    made().map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Fault::files(
            format!("{path:?} is there already, and nothing is ever written over it."),
            "Name another place, or move the file away.",
        ),
        _ => unwritable(path, &error),
    })
}

fn about(path: &Path) -> Result<fs::Metadata, Fault> {
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => Ok(about),
        Ok(_) => Err(Fault::files(
            format!("{path:?} is no folder."),
            "Name the lane's folder with `--keys DIR`.",
        )),
        Err(error) => Err(Fault::files(
            format!("The lane's folder {path:?} cannot be looked at ({error})."),
            "Name the right one with `--keys DIR`, or make it for the user that runs the lane.",
        )),
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

fn as_text(bytes: &[u8], path: &Path) -> Result<String, Fault> {
    let text = str::from_utf8(bytes).map_err(|_| {
        Fault::refused(
            format!("{path:?} is not a text."),
            "Ask for the file again, and copy it unchanged.",
        )
    })?;
    Ok(text.to_owned())
}

fn unreadable(path: &Path, error: &io::Error) -> Fault {
    Fault::files(
        format!("{path:?} cannot be read ({error})."),
        "See that it is there, that it is a file, and that you may read it.",
    )
}

fn unwritable(path: &Path, error: &io::Error) -> Fault {
    Fault::files(
        format!("{path:?} cannot be written ({error})."),
        "See that its folder is there, has room, and is yours.",
    )
}
