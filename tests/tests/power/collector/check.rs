//! Opening a collector's store after a power cut, with the code that a collector opens it with, and
//! holding it against what the till sold and knew to be stored.

use std::error::Error;
use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use sealpoint_collector::store::{Store, Target};

use super::shift::Records;
use crate::disk::Found;
use crate::states;

/// What the collector had acknowledged when the power went.
pub struct Expected {
    pub acknowledged: usize,
}

/// Shared memory beside the store: nothing of it may be believed after a start.
const SHARED: &str = "-shm";

/// What is wrong with the store.
pub fn check(
    store: &Path,
    sold: &Records,
    found: &Found,
    expected: &Expected,
) -> Result<(), String> {
    let folder = states::folder();
    for (path, bytes) in found {
        let name = path.file_name().map(Path::new).ok_or("a file has a name")?;
        let is_shared = name.to_string_lossy().ends_with(SHARED);
        let rubbish = vec![0xA5; bytes.len()];
        let bytes = if is_shared { &rubbish } else { bytes };
        fs::write(folder.path().join(name), bytes).map_err(|why| why.to_string())?;
    }
    let name = store.file_name().ok_or("a store has a name")?;
    let path = folder.path().join(name);
    let opened = Store::open(&Target::Sqlite(path.clone()));
    let _store = opened.map_err(|why| format!("it does not open: {why}"))?;
    look(&path, sold, expected).map_err(|why| why.to_string())
}

fn look(path: &Path, sold: &Records, expected: &Expected) -> Result<(), Box<dyn Error>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    let verdict: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(verdict.into());
    }
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
    let mut query = db.prepare("SELECT id, hash FROM record ORDER BY epoch, seq")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let stored: Records = rows.collect::<rusqlite::Result<_>>()?;
    if stored.len() < expected.acknowledged {
        let (found, told) = (stored.len(), expected.acknowledged);
        return Err(format!("{found} records are there and {told} were acknowledged").into());
    }
    if !sold.starts_with(&stored) {
        return Err("its records are not the till's first".into());
    }
    let contiguous = number("SELECT coalesce(max(contiguous), 0) FROM progress")?;
    if contiguous != i64::try_from(stored.len())? {
        return Err(format!("its mark is {contiguous} over {} records", stored.len()).into());
    }
    for figure in ["total_minor", "cash_minor", "card_minor"] {
        let summed = number(&format!(
            "SELECT coalesce(sum({figure}), 0) FROM record WHERE kind = 'sale'"
        ))?;
        let kept = number(&format!("SELECT coalesce(sum({figure}), 0) FROM terminal"))?;
        if summed != kept {
            return Err(format!("{figure} of the terminal is {kept} and not {summed}").into());
        }
    }
    // A sale that a card paid came after the answer about the card.
    let paid = number("SELECT count(*) FROM record WHERE card_minor > 0")?;
    let answered = number("SELECT count(*) FROM attempt WHERE state = 'ANSWERED'")?;
    if answered < paid {
        return Err(format!("{paid} sales by card and {answered} answers").into());
    }
    Ok(())
}
