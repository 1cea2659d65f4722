//! Names beside a journal, copies that are durable, and who has a journal.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::process::{Flock, FlockOffsetType, FlockType, fcntl_getlk};

/// Where SQLite's locks of a file lie (SQLite file locking, `PENDING_BYTE`), and how many bytes.
const LOCKS: u64 = 0x4000_0000;
const LOCKS_LEN: u64 = 512;
/// Bytes that are copied at a time.
const CHUNK: usize = 256 * 1024;

/// `path` with something behind its name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The log of a journal.
pub(crate) fn log_of(journal: &Path) -> PathBuf {
    beside(journal, "-wal")
}

/// What a restore leaves beside a journal while it takes its place. Whoever finds it knows that the
/// journal is half replaced.
pub(crate) fn restoring(journal: &Path) -> PathBuf {
    beside(journal, "-restoring")
}

/// Whether another process has the journal: a till, or somebody who looks at it.
pub(super) fn in_use(journal: &Path) -> io::Result<bool> {
    let file = match File::open(journal) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    let wanted = Flock {
        start: LOCKS,
        length: LOCKS_LEN,
        pid: None,
        typ: FlockType::WriteLock,
        offset_type: FlockOffsetType::Set,
    };
    Ok(fcntl_getlk(&file, &wanted)?.is_some())
}

/// Makes an empty file of mode 0600, over one that an earlier try left.
pub(super) fn make(path: &Path) -> io::Result<File> {
    remove(path)?;
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Makes an empty file for whoever has its folder: a till's, though root restores.
pub(super) fn make_for_owner(path: &Path) -> io::Result<File> {
    let file = make(path)?;
    let (owner, ours) = (fs::metadata(folder(path))?, file.metadata()?);
    if (owner.uid(), owner.gid()) != (ours.uid(), ours.gid()) {
        fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(file)
}

/// Copies what is left to read of a file; how many bytes.
pub(super) fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<u64> {
    let mut room = vec![0; CHUNK];
    let mut copied = 0;
    loop {
        match from.read(&mut room)? {
            0 => return Ok(copied),
            got => {
                to.write_all(&room[..got])?;
                copied += got as u64;
            }
        }
    }
}

/// Removes a file if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Makes the content of a file durable.
pub(super) fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Makes the names in `path`'s folder durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

/// The folder that a file is in.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != OsStr::new("") => folder,
        _ => Path::new("."),
    }
}
