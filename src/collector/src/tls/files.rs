//! Key and certificate files: readable by their owner alone, never overwritten.

use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A key or certificate file that is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not there.
    #[error("The file {} is missing. Make the certificates first: collector ca --tls {}", .0.display(), folder(.0))]
    Missing(PathBuf),
    /// It is there and must not be replaced.
    #[error("The file {} exists and is not overwritten, because tills may depend on it. Give another folder, or move it away.", .0.display())]
    Exists(PathBuf),
    /// It cannot be read.
    #[error("The file {} cannot be read ({error}). Check who may read it.", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// It, or its folder, cannot be written.
    #[error("The file {} cannot be written ({error}). Check its folder and who may write there.", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// It is not what its name says.
    #[error("The file {} is no usable PEM file. Restore it, or make new certificates in another folder.", .0.display())]
    NotPem(PathBuf),
    /// A name that no certificate can carry.
    #[error(
        "\"{0}\" is no DNS name and no IP address. Give the name that tills reach the collector by."
    )]
    BadName(String),
    /// The certificate could not be made.
    #[error("The certificate cannot be made ({0}). Check the CA's files.")]
    Certificate(#[from] rcgen::Error),
    /// The files do not fit each other, or TLS cannot be set up from them.
    #[error("The TLS files in {} do not belong together ({why}). Make new ones in another folder.", folder.display())]
    NoPair {
        /// The folder.
        folder: PathBuf,
        /// What TLS says.
        why: String,
    },
}

fn folder(file: &Path) -> impl fmt::Display {
    file.parent().unwrap_or(file).display()
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => FileError::Missing(path.to_owned()),
        _ => FileError::Unreadable {
            path: path.to_owned(),
            error,
        },
    })
}

pub(super) fn read_text(path: &Path) -> Result<String, FileError> {
    String::from_utf8(read(path)?).map_err(|_| FileError::NotPem(path.to_owned()))
}

/// Writes new files into a folder: all of them, or none if one exists.
pub(super) fn write_new(folder: &Path, files: &[(&str, &str)]) -> Result<(), FileError> {
    if let Some((name, _)) = files.iter().find(|(name, _)| folder.join(name).exists()) {
        return Err(FileError::Exists(folder.join(name)));
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| FileError::Unwritable {
            path: folder.to_owned(),
            error,
        })?;
    for (name, content) in files {
        let path = folder.join(name);
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| {
                file.write_all(content.as_bytes())?;
                file.sync_all()
            });
        written.map_err(|error| FileError::Unwritable { path, error })?;
    }
    Ok(())
}
