//! Opening the journal.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, OptionalExtension};
use sealpoint_wire::TerminalId;

use crate::backup::file;
use crate::commit::Log;
use crate::error::{Fault, JournalError};
use crate::key::DbKey;
use crate::pages::Pages;
use crate::restart::{self, AttemptRow};
use crate::schema;

/// How long an opener waits for another to let go: a till that is just stopping.
const BUSY_TIMEOUT: Duration = Duration::from_millis(1000);
/// Prepared statements that are kept: more than this room has. A statement that is prepared again
/// takes hundreds of allocations, each of them locked into memory and wiped.
const STATEMENTS: usize = 128;
/// SQLCipher's page, which every journal is a multiple of.
const PAGE_LEN: u64 = 4096;
/// How a database that is not encrypted begins (SQLite file format, section 1.3.1).
const PLAIN_HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Before the first read. The lock is exclusive, so a second till is refused at that read, and no
/// shared-memory file lies beside the journal.
const LOCK: &str = "PRAGMA locking_mode = EXCLUSIVE";

/// How every journal is used.
const SETTINGS: &str = "
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 16777216;
";

/// The terminal's database. One per till; whoever has it is the only writer.
pub struct Journal {
    pub(crate) db: Connection,
    pub(crate) path: PathBuf,
    pub(crate) terminal: TerminalId,
    /// Counts restores from backup.
    pub(crate) epoch: u32,
    /// What the start found and did.
    pub(crate) left_open: Vec<AttemptRow>,
    pub(crate) log: Log,
    /// Behind the connection, so that it is closed after it.
    pub(crate) pages: Pages,
}

impl Journal {
    /// Opens `terminal`'s journal, or makes it if there is none: checks the key and every page,
    /// migrates to this release's schema, and settles the attempts that a stop left open (see
    /// [`Journal::restored`]).
    ///
    /// # Errors
    /// [`JournalError`] for a wrong key, a file that is no journal, another terminal's, a newer
    /// schema, damage, a second opener, a folder that cannot be written, or a full disk.
    pub fn open(path: &Path, key: &DbKey, terminal: &TerminalId) -> Result<Self, JournalError> {
        JournalError::refuse_half_restored(path)?;
        create_empty(path)?;
        refuse_stump(path)?;
        let fault = |doing| move |fault: rusqlite::Error| Fault::from(fault).at(path, doing);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Connection::open_with_flags(path, flags).map_err(fault("open"))?;
        if db.is_readonly(MAIN_DB).map_err(fault("look at its mode"))? {
            return Err(JournalError::ReadOnly(path.to_owned()));
        }
        unlock(&db, key, path).map_err(|fault| fault.at(path, "read its first page"))?;
        // Again, with the lock: a restore that began meanwhile has seen it or has left its mark.
        JournalError::refuse_half_restored(path)?;
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        let epoch =
            prepare(&mut db, path, terminal).map_err(|f| f.at(path, "prepare its tables"))?;
        let pages = Pages::open(path, key);
        let mut journal = Self {
            db,
            path: path.to_owned(),
            terminal: terminal.clone(),
            epoch,
            left_open: Vec::new(),
            log: Log::default(),
            pages: pages.map_err(|_| JournalError::Unreachable(path.to_owned()))?,
        };
        // SQLite does so where it makes a log, and ignores whether it could.
        file::sync_folder(path).map_err(|error| JournalError::DiskFailed {
            path: path.to_owned(),
            what: error.to_string(),
        })?;
        // Clears the log too, of what was erased before the stop.
        journal.left_open = journal.erase("settle what a stop left open", restart::settle)?;
        Ok(journal)
    }
}

/// Makes an empty file that only its owner can read; SQLite gives the same mode to the WAL file.
/// One that is there is not touched: opening it here and closing it again would drop the lock of
/// another `Journal` in this process (POSIX advisory locks).
fn create_empty(path: &Path) -> Result<(), JournalError> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made.map_err(|why| why.kind()) {
        Ok(_) | Err(io::ErrorKind::AlreadyExists) => Ok(()),
        Err(io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
            Err(JournalError::ReadOnly(path.to_owned()))
        }
        Err(io::ErrorKind::StorageFull) => Err(JournalError::DiskFull(path.to_owned())),
        Err(_) => Err(JournalError::Unreachable(path.to_owned())),
    }
}

/// Refuses a file that is shorter than a page: SQLite would take it for an empty one and write over
/// it. Only a file that a first start left half made is as short, and then its log lies beside it.
pub(crate) fn refuse_stump(path: &Path) -> Result<(), JournalError> {
    let len = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    let beside = |suffix: &str| len(&file::beside(path, suffix));
    match len(path) {
        1..PAGE_LEN if beside("-journal") == 0 && beside("-wal") == 0 => {
            Err(JournalError::NotAJournal(path.to_owned()))
        }
        _ => Ok(()),
    }
}

/// Gives the key, takes the lock and reads the first page.
pub(crate) fn unlock(db: &Connection, key: &DbKey, path: &Path) -> Result<(), Fault> {
    db.busy_timeout(BUSY_TIMEOUT)?;
    // Without SQLCipher `PRAGMA key` does nothing and the journal would be written in clear.
    let cipher = db
        .query_row("PRAGMA cipher_version", [], |_| Ok(()))
        .optional()?;
    cipher.ok_or(JournalError::NoCipher)?;
    // It would write lines of its own to standard error; our errors say the same in words.
    db.execute_batch("PRAGMA cipher_log_level = NONE")?;
    // SQLite copies the statement while it prepares it. From here on whatever SQLite frees is wiped,
    // and what holds the key is locked into memory.
    db.execute_batch("PRAGMA cipher_memory_security = ON")?;
    db.execute_batch(&key.pragma())
        .map_err(|_| JournalError::NoCipher)?;
    db.execute_batch(LOCK)?;
    // Needs the first page and no other: damage behind it is no wrong key.
    match schema::found(db) {
        Err(Fault::Sqlite(error)) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            Err(stranger(path).into())
        }
        found => found.map(drop),
    }
}

/// What a file is whose first page the key does not open: another key's journal, unless it cannot
/// be a journal at all.
fn stranger(path: &Path) -> JournalError {
    let mut header = [0; PLAIN_HEADER.len()];
    let looked = File::open(path).and_then(|mut file| {
        let len = file.metadata()?.len();
        file.read_exact(&mut header)?;
        Ok(len)
    });
    match looked {
        Ok(len) if len % PAGE_LEN == 0 && &header != PLAIN_HEADER => {
            JournalError::WrongKey(path.to_owned())
        }
        _ => JournalError::NotAJournal(path.to_owned()),
    }
}

/// Brings the tables up to date and checks whose journal it is; the epoch.
fn prepare(db: &mut Connection, path: &Path, terminal: &TerminalId) -> Result<u32, Fault> {
    let found = schema::found(db)?;
    if found > schema::NEWEST {
        let known = schema::NEWEST;
        return Err(JournalError::Newer {
            path: path.to_owned(),
            found,
            known,
        }
        .into());
    }
    db.execute_batch(SETTINGS)?;
    // Reads every page, and with it checks every page's authentication code.
    let verdict: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(JournalError::Damaged {
            path: path.to_owned(),
            what: verdict,
        }
        .into());
    }
    let mode: String = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(JournalError::ReadOnly(path.to_owned()).into());
    }
    schema::migrate(db, found)?;
    db.execute(
        "INSERT INTO terminal VALUES (1, ?1, 1, 0, 0, 0) ON CONFLICT (one) DO NOTHING",
        [terminal.as_str()],
    )?;
    let (owner, epoch): (String, u32) =
        db.query_row("SELECT terminal, epoch FROM terminal", [], |row| {
            Ok((row.get("terminal")?, row.get("epoch")?))
        })?;
    if owner != terminal.as_str() {
        let (path, wanted) = (path.to_owned(), terminal.clone());
        return Err(JournalError::OtherTerminal {
            path,
            found: owner,
            wanted,
        }
        .into());
    }
    Ok(epoch)
}
