//! Small files, whole or not at all, on the disk before anybody relies on them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::IdentityError;

/// At most this many bytes of a key or certificate file.
const MAX_FILE: u64 = 64 * 1024;

pub(super) fn read(what: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
    let unreadable = |why: String| IdentityError::Unreadable {
        what,
        path: path.to_owned(),
        why,
    };
    // Room for the whole at once: a buffer that grows leaves copies of a key behind.
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE as usize + 1));
    File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut text))
        .map_err(|error| unreadable(error.kind().to_string()))?;
    if text.len() as u64 > MAX_FILE {
        return Err(unreadable(
            "it is longer than a key or a certificate".to_owned(),
        ));
    }
    Ok(text)
}

/// Puts a file of mode 0600 in the place of what is there.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<(), IdentityError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let draft = Path::new(&name);
    let written = || {
        // What an earlier try left behind may be anything.
        gone(fs::remove_file(draft))?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        rename(draft, path)
    };
    written().map_err(|error| unwritable(path, &error))
}

/// Renames, and has the folder's new content on the disk.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder(to)
}

/// Removes a file that may not be there.
pub(super) fn remove(path: &Path) -> Result<(), IdentityError> {
    gone(fs::remove_file(path))
        .and_then(|()| sync_folder(path))
        .map_err(|error| unwritable(path, &error))
}

pub(super) fn unwritable(path: &Path, error: &io::Error) -> IdentityError {
    IdentityError::Unwritable {
        path: path.to_owned(),
        why: error.to_string(),
    }
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn sync_folder(of: &Path) -> io::Result<()> {
    match of.parent() {
        Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(folder) => gone(File::open(folder).and_then(|folder| folder.sync_all())),
        None => Ok(()),
    }
}
