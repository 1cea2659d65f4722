//! SQLite: one file, one collector, one thread that writes.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, params_from_iter};

use super::schema::{STEPS, VERSION};
use super::sql::{Cell, Row, Value};
use super::{OpenError, StoreError};

/// Marks the file as a collector's store (`application_id`): "SPcl".
const APPLICATION: i64 = 0x5350_636c;
/// How long another program (a back-up, a command) may hold the file.
const BUSY: Duration = Duration::from_secs(5);
/// Statements that are kept compiled.
const KEPT_STATEMENTS: usize = 128;

/// The open file.
#[derive(Debug)]
pub(crate) struct Link {
    connection: Connection,
    /// Held as long as a collector serves from the file, so that a second one is told off.
    lock: Option<File>,
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

impl Link {
    /// Opens or makes the file, and brings it to this release's version. With `alone`, takes the
    /// lock that a serving collector holds; without, works beside one of the same release.
    pub(super) fn open(path: &Path, alone: bool) -> Result<Self, OpenError> {
        let lock = match lock(path) {
            Err(OpenError::InUse(_)) if !alone => None,
            lock => Some(lock?),
        };
        make_private(path)?;
        let explain = |error: rusqlite::Error| explain(path, &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(explain)?;
        let mut link = Self { connection, lock };
        link.prepare().map_err(explain)?;
        link.migrate(path)?;
        Ok(link)
    }

    fn prepare(&mut self) -> rusqlite::Result<()> {
        let connection = &self.connection;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.set_prepared_statement_cache_capacity(KEPT_STATEMENTS);
        Ok(())
    }

    fn migrate(&mut self, path: &Path) -> Result<(), OpenError> {
        let explain = |error: rusqlite::Error| explain(path, &error);
        let read = |name| {
            self.connection
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
        };
        let version = read("user_version").map_err(explain)?;
        let application = read("application_id").map_err(explain)?;
        match (version, application) {
            (0, 0) => {
                let tables: i64 = self
                    .connection
                    .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
                    .map_err(explain)?;
                if tables > 0 {
                    return Err(OpenError::NotAStore(path.to_owned()));
                }
            }
            (1..=VERSION, APPLICATION) => self.check_whole(path)?,
            (_, APPLICATION) => return Err(OpenError::Newer(path.display().to_string())),
            _ => return Err(OpenError::NotAStore(path.to_owned())),
        }
        if version == VERSION {
            return Ok(());
        }
        if version > 0 && self.lock.is_none() {
            return Err(OpenError::OlderInUse(path.to_owned()));
        }
        self.step_up(version).map_err(explain)
    }

    fn check_whole(&self, path: &Path) -> Result<(), OpenError> {
        let whole: String = self
            .connection
            .pragma_query_value(None, "quick_check", |row| row.get(0))
            .map_err(|error| explain(path, &error))?;
        if whole == "ok" {
            Ok(())
        } else {
            Err(OpenError::Damaged(path.to_owned()))
        }
    }

    /// All steps in one commit: a kill leaves the old version or the new.
    fn step_up(&mut self, from: i64) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for (before, step) in (0..).zip(STEPS) {
            if before < from {
                continue;
            }
            for sql in step.sqlite.iter().chain(step.both) {
                transaction.execute_batch(sql)?;
            }
        }
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let changed = self
            .connection
            .prepare_cached(sql)?
            .execute(params_from_iter(values))?;
        Ok(changed as u64)
    }

    pub(super) fn rows(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(values))?;
        let mut read = Vec::new();
        while let Some(row) = rows.next()? {
            let cells = (0..columns).map(|column| cell(row.get_ref(column)?));
            read.push(Row(cells.collect::<Result<_, StoreError>>()?));
        }
        Ok(read)
    }

    /// Runs a statement without parameters that is no query: `BEGIN`, `SAVEPOINT`.
    pub(super) fn command(&mut self, sql: &str) -> Result<(), StoreError> {
        Ok(self.connection.prepare_cached(sql)?.execute([]).map(drop)?)
    }

    /// Whether SQLite has given a step up by itself: full disk, failed write.
    pub(super) fn has_given_up(&self) -> bool {
        self.connection.is_autocommit()
    }
}

fn cell(value: ValueRef<'_>) -> Result<Cell, StoreError> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(value) => Cell::Int(value),
        ValueRef::Real(_) => return Err(StoreError::Damaged("a number with a point")),
        ValueRef::Text(text) => Cell::Text(
            String::from_utf8(text.to_vec())
                .map_err(|_| StoreError::Damaged("a text that is none"))?,
        ),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
    })
}

/// Makes the file, if it is not there, for this user alone. SQLite gives its side files the same.
fn make_private(path: &Path) -> Result<(), OpenError> {
    let made = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path);
    made.map(drop).map_err(|error| OpenError::NotWritable {
        path: path.to_owned(),
        why: error.to_string(),
    })
}

/// Takes the lock file beside the database. The database itself stays readable for others.
fn lock(path: &Path) -> Result<File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let not_writable = |error: std::io::Error| OpenError::NotWritable {
        path: path.to_owned(),
        why: error.to_string(),
    };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(PathBuf::from(name))
        .map_err(not_writable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(not_writable(error)),
    }
}

fn explain(path: &Path, error: &rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotAStore(path),
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged(path),
        _ => OpenError::NotWritable {
            path,
            why: error.to_string(),
        },
    }
}
