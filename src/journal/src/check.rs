//! Looking at a journal that no till has open, without changing anything of it.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, InterruptHandle, MAIN_DB, OpenFlags};

use crate::backup::file::log_of;
use crate::error::{Fault, JournalError};
use crate::key::DbKey;
use crate::open;
use crate::schema;

/// How long a look may hold a journal that was not closed: a till that starts meanwhile waits for
/// no longer than a second.
const PATIENCE: Duration = Duration::from_millis(700);

/// What a look at every page found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checked {
    /// Every page is as it was written.
    Sound,
    /// It could not be told now; why.
    NotNow(&'static str),
}

/// Reads every page of the journal at `path` and checks its authentication code and its place in
/// the tables. Nothing is written, no file is made, and nothing is settled as a start would.
///
/// A journal that was closed is read without a lock, so that it is in nobody's way; a till that
/// opened it meanwhile makes the verdict worthless, which is then said. One that was not closed has
/// a log beside it that belongs to it, and is locked while it is read, for less than a second.
///
/// # Errors
/// [`JournalError`] for a wrong key, a file that is no journal, a newer schema, damage, or a
/// journal that is in use.
pub fn check(path: &Path, key: &DbKey) -> Result<Checked, JournalError> {
    open::refuse_stump(path)?;
    let closed = length(&log_of(path)) == 0;
    let before = written(path);
    let verdict = if closed {
        look(path, key, true)
    } else {
        look(path, key, false)
    };
    if closed && (written(path) != before || length(&log_of(path)) > 0) {
        return Ok(Checked::NotNow("a till began to use it meanwhile"));
    }
    verdict
}

fn look(path: &Path, key: &DbKey, closed: bool) -> Result<Checked, JournalError> {
    let fault = |doing| move |fault: rusqlite::Error| Fault::from(fault).at(path, doing);
    let db = if closed {
        immutable(path)
    } else {
        // To lock it, it must be opened for writing.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(path, flags)
    };
    let db = db.map_err(fault("open"))?;
    if !closed {
        if db.is_readonly(MAIN_DB).map_err(fault("look at its mode"))? {
            return Ok(Checked::NotNow(
                "it was not closed and this user may not lock it",
            ));
        }
        // Without it the log would be written into the journal at the end.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(fault("keep its log"))?;
    }
    open::unlock(&db, key, path).map_err(|fault| fault.at(path, "read its first page"))?;
    let found = schema::found(&db).map_err(|fault| fault.at(path, "read its schema"))?;
    if found > schema::NEWEST {
        return Err(JournalError::Newer {
            path: path.to_owned(),
            found,
            known: schema::NEWEST,
        });
    }
    let pages = || db.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    let verdict = if closed {
        pages()
    } else {
        within(PATIENCE, db.get_interrupt_handle(), pages)
    };
    match verdict {
        Ok(verdict) if verdict == "ok" => Ok(Checked::Sound),
        Ok(what) => Err(JournalError::Damaged {
            path: path.to_owned(),
            what,
        }),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Ok(
            Checked::NotNow("it was not closed and is too large to be read in passing"),
        ),
        Err(error) => Err(fault("read every page")(error)),
    }
}

/// Opens a journal that nobody writes, without a lock, and without its log.
pub(crate) fn immutable(path: &Path) -> rusqlite::Result<Connection> {
    let uri = format!("file:{}?immutable=1", escaped(path));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Runs `work`, and interrupts it when its time is over.
fn within<T>(time: Duration, interrupt: InterruptHandle, work: impl FnOnce() -> T) -> T {
    let (done, over) = channel::<()>();
    let watch = move || {
        if over.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
            interrupt.interrupt();
        }
    };
    thread::scope(|scope| {
        scope.spawn(watch);
        let value = work();
        drop(done);
        value
    })
}

/// A path as part of a URI (RFC 3986 section 2.1).
fn escaped(path: &Path) -> String {
    let byte = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
            char::from(*byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .map(byte)
        .collect()
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

/// When the file was last written, and how long it is.
fn written(path: &Path) -> Option<(std::time::SystemTime, u64)> {
    let found = fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}
