//! Opening the database, once per file.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::StoreError;

/// Version of the schema; `user_version` of the file.
const SCHEMA: i64 = 1;
/// Marks the file as a collector's store (`application_id`): "SPcl".
const APPLICATION: i64 = 0x5350_636c;
/// How long another program (a back-up) may hold the file.
const BUSY: Duration = Duration::from_secs(5);

/// The open database. All access goes through [`super::Store::run`].
#[derive(Debug)]
pub struct Database {
    pub(super) connection: Connection,
    /// Held as long as the database is open, so that a second collector is told off.
    _lock: File,
}

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process holds the lock.
    #[error("Another collector uses the store {}. Stop it, or give this one another --store.", .0.display())]
    InUse(PathBuf),
    /// The folder or the file cannot be written.
    #[error("The store {} cannot be written ({why}). Check that its folder exists and that this user may write there.", path.display())]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        why: String,
    },
    /// Not a collector's database.
    #[error("The file {} is not a collector's store. Give another --store, or move the file away.", .0.display())]
    NotAStore(PathBuf),
    /// Made by a later release.
    #[error("The store {} is of a newer release. Start that release of the collector.", .0.display())]
    Newer(PathBuf),
    /// Its own check failed.
    #[error("The store {} is damaged. Restore it from its back-up.", .0.display())]
    Damaged(PathBuf),
    /// The operating system gives no thread.
    #[error("The store's thread cannot be started ({0}). Raise the limits of this user.")]
    Thread(std::io::Error),
}

impl Database {
    /// Opens or makes the database at `path`. Attempts that were in flight become UNKNOWN.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file and what to do.
    pub fn open(path: &Path, now_ms: i64) -> Result<Self, OpenError> {
        let lock = lock(path)?;
        make_private(path)?;
        let explain = |error: rusqlite::Error| explain(path, &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(explain)?;
        let mut database = Self {
            connection,
            _lock: lock,
        };
        database.prepare().map_err(explain)?;
        database.migrate(path)?;
        database
            .lose_attempts_in_flight(now_ms)
            .map_err(|error| match error {
                StoreError::Sqlite(error) => explain(error),
                _ => OpenError::Damaged(path.to_owned()),
            })?;
        Ok(database)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`].
    pub fn check(&mut self) -> Result<(), StoreError> {
        Ok(self
            .connection
            .query_row("SELECT count(*) FROM terminal", [], |_| Ok(()))?)
    }

    fn prepare(&mut self) -> rusqlite::Result<()> {
        let connection = &self.connection;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.set_prepared_statement_cache_capacity(64);
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
            (0, 0) => self.create(path),
            (SCHEMA, APPLICATION) => {
                let whole: String = self
                    .connection
                    .pragma_query_value(None, "quick_check", |row| row.get(0))
                    .map_err(explain)?;
                if whole == "ok" {
                    Ok(())
                } else {
                    Err(OpenError::Damaged(path.to_owned()))
                }
            }
            (_, APPLICATION) => Err(OpenError::Newer(path.to_owned())),
            _ => Err(OpenError::NotAStore(path.to_owned())),
        }
    }

    fn create(&mut self, path: &Path) -> Result<(), OpenError> {
        let explain = |error: rusqlite::Error| explain(path, &error);
        let tables: i64 = self
            .connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(explain)?;
        if tables > 0 {
            return Err(OpenError::NotAStore(path.to_owned()));
        }
        let made = (|| {
            let transaction = self.connection.transaction()?;
            transaction.execute_batch(include_str!("schema.sql"))?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", SCHEMA)?;
            transaction.commit()
        })();
        made.map_err(explain)
    }
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
