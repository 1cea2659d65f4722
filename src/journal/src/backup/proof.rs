//! That a backup opens and is whole.

use std::fs::File;
use std::io;
use std::path::Path;

use data_encoding::HEXLOWER;
use rusqlite::Connection;
use sealpoint_wire::TerminalId;
use sha2::{Digest, Sha256};

use super::{BackupError, Proved, file, unreadable};
use crate::check;
use crate::error::{Fault, JournalError};
use crate::key::DbKey;
use crate::{open, row, schema};

/// Proves that the backup at `path` restores a till: every page has its authentication code and its
/// place, every record its hash, and every epoch its sequence without a gap. Nothing is written and no
/// till is touched.
///
/// # Errors
/// [`BackupError`] if it cannot be read, the key is another's, a newer release made it, or it is not
/// whole.
pub fn verify(path: &Path, key: &DbKey) -> Result<Proved, BackupError> {
    let sha256 = hash(path).map_err(unreadable(path))?;
    open::refuse_stump(path)?;
    let looked = || -> Result<Result<Proved, String>, Fault> {
        let db = check::immutable(path)?;
        open::unlock(&db, key, path)?;
        let found = schema::found(&db)?;
        if found > schema::NEWEST {
            let (path, known) = (path.to_owned(), schema::NEWEST);
            return Err(JournalError::Newer { path, found, known }.into());
        }
        let what = match found {
            0 => Some("it holds no journal".to_owned()),
            _ => pages(&db)?,
        };
        if let Some(what) = what {
            return Ok(Err(what));
        }
        let mut proved = figures(&db, found)?;
        Ok(records(&db, found, &mut proved)?.map_or(Ok(proved), Err))
    };
    match looked() {
        Ok(Ok(proved)) => Ok(Proved { sha256, ..proved }),
        Ok(Err(what)) => Err(not_whole(path, what)),
        Err(fault) => Err(match fault.at(path, "prove the backup") {
            JournalError::Damaged { what, .. } => not_whole(path, what),
            other => other.into(),
        }),
    }
}

impl Proved {
    /// Refuses the backup of another terminal than `wanted`, where that is known.
    ///
    /// # Errors
    /// [`BackupError::OtherTerminal`].
    pub fn refuse_other(
        self,
        path: &Path,
        wanted: Option<&TerminalId>,
    ) -> Result<Self, BackupError> {
        match wanted {
            Some(wanted) if wanted.as_str() != self.terminal => Err(BackupError::OtherTerminal {
                path: path.to_owned(),
                found: self.terminal,
                wanted: wanted.to_string(),
            }),
            _ => Ok(self),
        }
    }
}

fn not_whole(path: &Path, what: String) -> BackupError {
    let path = path.to_owned();
    BackupError::NotWhole { path, what }
}

/// What is wrong with a page or a table, if anything.
fn pages(db: &Connection) -> Result<Option<String>, Fault> {
    // Each page's code, that of a page which no table uses as well; a row for each fault.
    let mut codes = db.prepare("PRAGMA cipher_integrity_check")?;
    if let Some(fault) = codes.query([])?.next()? {
        return Ok(Some(fault.get(0)?));
    }
    let tables: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if tables != "ok" {
        return Ok(Some(tables));
    }
    let astray = db.prepare("PRAGMA foreign_key_check")?.exists([])?;
    Ok(astray.then(|| "a row names another that is not there".to_owned()))
}

fn figures(db: &Connection, schema: u32) -> Result<Proved, Fault> {
    let sql = "SELECT terminal, epoch,
            (SELECT count(*) FROM outbox) AS waiting,
            (SELECT count(*) FROM attempt
             WHERE state IN ('INTENT', 'SENT', 'UNKNOWN', 'APPROVED', 'REVERSAL_DUE')) AS open,
            (SELECT page_count * page_size FROM pragma_page_count, pragma_page_size) AS bytes
        FROM terminal";
    Ok(db.query_row(sql, [], |row| {
        Ok(Proved {
            terminal: row.get("terminal")?,
            epoch: row.get("epoch")?,
            schema,
            records: 0,
            highest_seq: 0,
            waiting: row::count(row, "waiting")?,
            open_attempts: row::count(row, "open")?,
            bytes: row::count(row, "bytes")?,
            sha256: String::new(),
        })
    })?)
}

/// Counts the records; what is wrong with one, if anything.
fn records(db: &Connection, schema: u32, proved: &mut Proved) -> Result<Option<String>, Fault> {
    let behind = match schema {
        1 => "NULL AS clock_behind_ms",
        _ => "clock_behind_ms",
    };
    let Ok(terminal) = proved.terminal.parse::<TerminalId>() else {
        return Ok(Some("it names no terminal".to_owned()));
    };
    let sql = format!(
        "SELECT id, epoch, seq, kind, sale, at_ms, body, hash, {behind} FROM record
         ORDER BY epoch, seq"
    );
    let mut query = db.prepare(&sql)?;
    let mut rows = query.query([])?;
    let mut last = (0, 0);
    while let Some(row) = rows.next()? {
        let record = row::record(row, &terminal)?;
        let (epoch, seq) = (record.epoch, record.seq);
        let follows = match epoch == last.0 {
            true => seq == last.1 + 1,
            false => seq == 1,
        };
        if !follows {
            return Ok(Some(format!(
                "before sequence {seq} of epoch {epoch} is a gap"
            )));
        }
        if !record.is_whole() {
            return Ok(Some(format!(
                "the record with sequence {seq} of epoch {epoch} has not the hash of its content"
            )));
        }
        last = (epoch, seq);
        proved.records += 1;
        if epoch == proved.epoch {
            proved.highest_seq = seq;
        }
    }
    Ok(None)
}

/// SHA-256 of a file, hexadecimal.
fn hash(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    file::copy(&mut File::open(path)?, &mut Into(&mut hash))?;
    Ok(HEXLOWER.encode(&hash.finalize()))
}

/// A hash that takes what is written to it.
struct Into<'a>(&'a mut Sha256);

impl io::Write for Into<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
