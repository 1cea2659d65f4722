//! A copy of one moment, past the till that has the journal.
//!
//! A till locks its journal for itself alone, so SQLite cannot read it beside the till. But what its
//! files hold can be read, and the format says what a copy is worth (SQLite, section 4 of the file
//! format: the write-ahead log). The journal is written only when the log is written back, and what
//! is written back stays in the log until the log begins anew, with a new salt in its header. So:
//!
//! * If the log had the same header before the journal was copied and after the log was, then each page
//!   that was written back meanwhile is in the copy of the log too, and takes the place of whatever
//!   the copy of the journal has there, a page torn in two as well. Frames that were being added
//!   meanwhile have no commit behind them, or a check sum that does not hold, and do not count.
//! * If there was no log, then the journal has to read the same twice: each page that is written
//!   gets a new initialisation vector, so a page that was written between the two readings cannot
//!   read the same. What reads the same was so at the moment between them.
//!
//! Otherwise the copy is made again. The till notices nothing, and nothing of it is written to.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::{BackupError, Proved, file, unreadable, unwritable, verify};
use crate::error::Fault;
use crate::key::DbKey;
use crate::open;

/// Copies until one is of one moment. A log begins anew after 64 commits at the earliest.
const TRIES: u32 = 20;
/// Bytes of the log's header: format, page size, count, salts, check sum.
const LOG_HEADER: usize = 32;

/// The log's header; `None` where there is no log, or an empty one.
type Header = Option<[u8; LOG_HEADER]>;

/// Writes a backup of the journal at `path` to the new file `out`: one moment of it, under the same
/// key, proved by [`verify`] before it gets its name, durable when this returns. A till may have the
/// journal open. Only `out`'s folder is written to.
///
/// # Errors
/// [`BackupError`] if a file cannot be read or written, if `out` exists, if the journal is damaged or
/// the key is another's, or if no copy was of one moment.
pub fn backup(path: &Path, key: &DbKey, out: &Path) -> Result<Proved, BackupError> {
    if fs::symlink_metadata(out).is_ok() {
        return Err(BackupError::Exists(out.to_owned()));
    }
    let part = Part(file::beside(out, &format!(".{}.part", std::process::id())));
    copy(path, &part.0)?;
    fold(&part.0, key)?;
    file::sync(&part.0).map_err(unwritable(&part.0))?;
    let proved = verify(&part.0, key)?;
    // A link, not a rename: a file that got that name meanwhile is not replaced.
    fs::hard_link(&part.0, out).map_err(|why| match why.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(out.to_owned()),
        _ => unwritable(out)(why),
    })?;
    drop(part);
    file::sync_folder(out).map_err(unwritable(out))?;
    Ok(proved)
}

/// A file that is not yet what it is to be, and its log; gone with this value.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        for path in [&self.0, &file::log_of(&self.0)] {
            // What stays behind is a copy under the same key; the next backup of this name takes its
            // place.
            let _left = file::remove(path);
        }
    }
}

/// Copies journal and log, of one moment.
fn copy(path: &Path, to: &Path) -> Result<(), BackupError> {
    let log = file::log_of(path);
    for _ in 0..TRIES {
        let before = header(&log).map_err(unreadable(&log))?;
        let mut source = File::open(path).map_err(unreadable(path))?;
        let mut target = file::make(to).map_err(unwritable(to))?;
        file::copy(&mut source, &mut target).map_err(unwritable(to))?;
        let copied = copy_log(&log, &file::log_of(to))?;
        let after = header(&log).map_err(unreadable(&log))?;
        let still = before == copied && copied == after;
        if still
            && (before.is_some() || same(&mut source, &mut target).map_err(unreadable(path))?)
        {
            return Ok(());
        }
    }
    Err(BackupError::NeverStill(TRIES))
}

/// Copies the log, if there is one; the header of the copy.
fn copy_log(log: &Path, to: &Path) -> Result<Header, BackupError> {
    let mut target = file::make(to).map_err(unwritable(to))?;
    match File::open(log) {
        Ok(mut source) => file::copy(&mut source, &mut target).map_err(unwritable(to))?,
        Err(why) if why.kind() == io::ErrorKind::NotFound => 0,
        Err(why) => return Err(unreadable(log)(why)),
    };
    header(to).map_err(unreadable(to))
}

fn header(log: &Path) -> io::Result<Header> {
    let mut header = [0; LOG_HEADER];
    let read = File::open(log).and_then(|mut log| log.read_exact(&mut header));
    match read.map_err(|why| (why.kind(), why)) {
        Ok(()) => Ok(Some(header)),
        Err((io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof, _)) => Ok(None),
        Err((_, why)) => Err(why),
    }
}

/// Whether two files read the same.
fn same(one: &mut File, other: &mut File) -> io::Result<bool> {
    let mut rooms = [vec![0; 64 * 1024], vec![0; 64 * 1024]];
    one.seek(SeekFrom::Start(0))?;
    other.seek(SeekFrom::Start(0))?;
    loop {
        let [a, b] = &mut rooms;
        let read = fill(one, a)?;
        if read != fill(other, b)? || a[..read] != b[..read] {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

/// Fills the room as far as the file goes.
fn fill(file: &mut File, room: &mut [u8]) -> io::Result<usize> {
    let mut full = 0;
    while full < room.len() {
        match file.read(&mut room[full..])? {
            0 => break,
            got => full += got,
        }
    }
    Ok(full)
}

/// Brings the log of a copy into it: one file, that needs nothing beside it.
fn fold(copy: &Path, key: &DbKey) -> Result<(), BackupError> {
    let folded = || -> Result<(), Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(copy, flags)?;
        open::unlock(&db, key, copy)?;
        db.query_row("PRAGMA journal_mode = DELETE", [], |row| {
            row.get::<_, String>(0)
        })?;
        Ok(())
    };
    open::refuse_stump(copy)?;
    Ok(folded().map_err(|fault| fault.at(copy, "bring the log into the backup"))?)
}
