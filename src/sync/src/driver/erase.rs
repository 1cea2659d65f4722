//! The end of a till's identity: its key and its certificate are erased.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::Credentials;

/// A key is a few hundred bytes; no file that is called one is overwritten any further.
const MAX_KEY: u64 = 64 * 1024;

/// Erases the key, then the certificate; files that are gone already are well. The key is
/// overwritten first: where a file system writes in place that is worth something, elsewhere the
/// disk's encryption must do.
///
/// # Errors
/// The first file that could not be erased; asked again, the rest is done.
pub(super) fn identity(files: &Credentials) -> io::Result<()> {
    overwrite(&files.key)?;
    for file in [&files.key, &files.cert] {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => sync_folder(file)?,
        }
    }
    Ok(())
}

fn overwrite(key: &Path) -> io::Result<()> {
    let mut file = match OpenOptions::new().write(true).open(key) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let length = usize::try_from(file.metadata()?.len().min(MAX_KEY)).unwrap_or_default();
    file.write_all(&vec![0; length])?;
    file.sync_all()
}

fn sync_folder(file: &Path) -> io::Result<()> {
    match file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

#[cfg(test)]
#[path = "tests/erase.rs"]
mod tests;
