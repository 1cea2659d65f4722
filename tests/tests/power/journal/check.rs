//! Opening a journal after a power cut, with the code that a till opens it with, and holding it
//! against the book; then, past that code, with SQL on the tables.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use sealpoint_journal::{JOURNAL_FILE, Journal, KEY_FILE, ShiftTotals};

use super::book::{Book, Books};
use super::life::DAY;
use super::writer::{self, BY_CARD_MINOR, IN_CASH_MINOR, body, is_voided};

/// What is wrong with the journal in this folder; `Ok` says whether the step that was under way was
/// found done.
pub fn check(folder: &Path, books: &Books) -> Result<bool, String> {
    let key = folder.join(KEY_FILE);
    if key.exists() {
        // The model of the disk has no modes; the till asks for this one.
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&key, private).map_err(|why| why.to_string())?;
    }
    let mut journal = writer::open(folder).map_err(|why| format!("it does not open: {why}"))?;
    let sold = journal.next_receipt_no().map_err(|why| why.to_string())? - 1;
    read_back(&journal, sold)?;
    journal
        .save_draft(writer::sale(sold + 1), "[]")
        .map_err(|why| format!("it cannot go on: {why}"))?;
    drop(journal);
    let found = Tables::read(folder, &key).map_err(|why| format!("its tables: {why}"))?;
    let done = found.differs(&books.done);
    match (&done, &books.begun) {
        (None, _) => Ok(false),
        (Some(why), None) => Err(why.clone()),
        (Some(why), Some(begun)) => match found.differs(begun) {
            None => Ok(true),
            Some(other) => Err(format!("{why}; were the step done: {other}")),
        },
    }
}

/// Through the till's own eyes: receipts, totals, and records that wait.
fn read_back(journal: &Journal, sold: u64) -> Result<(), String> {
    for n in 1..=sold {
        let receipt = journal.receipt(n).map_err(|why| why.to_string())?;
        let receipt = receipt.ok_or_else(|| format!("receipt {n} is missing"))?;
        let whole = body(n, bytes_of(n));
        if receipt.text != format!("receipt {n}") || receipt.body != whole {
            return Err(format!("receipt {n} is another"));
        }
    }
    let waiting = journal.outbox(1000).map_err(|why| why.to_string())?;
    match waiting.iter().find(|record| !record.is_whole()) {
        Some(record) => Err(format!("the hash of record {} is wrong", record.seq)),
        None => Ok(()),
    }
}

/// At least this many bytes of lines has the body of sale `n`.
fn bytes_of(n: u64) -> usize {
    let mut until = 0;
    let life = DAY.iter().find(|(sales, ..)| {
        until += sales;
        n <= until
    });
    life.map_or(0, |(.., bytes)| *bytes)
}

/// What the tables hold.
struct Tables {
    records: Vec<u64>,
    acked: Vec<u64>,
    waiting: Vec<u64>,
    sales: Vec<u64>,
    attempts: Vec<(u64, String)>,
    totals: ShiftTotals,
}

impl Tables {
    fn read(folder: &Path, key: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(folder.join(JOURNAL_FILE), flags)?;
        let hex: String = fs::read(key)?
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        db.execute_batch(&format!("PRAGMA key = \"x'{hex}'\""))?;
        let verdict: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(verdict.into());
        }
        let foreign = "SELECT count(*) FROM pragma_foreign_key_check";
        if db.query_row(foreign, [], |row| row.get::<_, i64>(0))? != 0 {
            return Err("a row names another that is not there".into());
        }
        let numbers = |sql: &str| -> rusqlite::Result<Vec<u64>> {
            let mut query = db.prepare(sql)?;
            let rows = query.query_map([], |row| row.get::<_, i64>(0))?;
            rows.map(|row| Ok(row?.unsigned_abs())).collect()
        };
        let mut attempts = db.prepare("SELECT id, state FROM attempt ORDER BY id")?;
        let attempts = attempts.query_map([], |row| {
            let id: [u8; 16] = row.get(0)?;
            let low: u64 = id[8..]
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            Ok((low, row.get(1)?))
        })?;
        let figure = |name: &str| -> rusqlite::Result<i64> {
            db.query_row(&format!("SELECT sum({name}) FROM shift"), [], |row| {
                row.get(0)
            })
        };
        Ok(Self {
            records: numbers("SELECT seq FROM record ORDER BY epoch, seq")?,
            acked: numbers("SELECT seq FROM record WHERE acked IS NOT NULL ORDER BY seq")?,
            waiting: numbers(
                "SELECT seq FROM outbox JOIN record ON record.number = outbox.record ORDER BY seq",
            )?,
            sales: numbers("SELECT receipt_no FROM sale ORDER BY receipt_no")?,
            attempts: attempts.collect::<rusqlite::Result<_>>()?,
            totals: ShiftTotals {
                sales: figure("sales")?.unsigned_abs(),
                voided: figure("voided")?.unsigned_abs(),
                total_minor: figure("total_minor")?,
                cash_minor: figure("cash_minor")?,
                card_minor: figure("card_minor")?,
            },
        })
    }

    /// How they differ from the book, if they do.
    fn differs(&self, book: &Book) -> Option<String> {
        let all: Vec<u64> = (1..=book.sold).collect();
        let acked: Vec<u64> = book.acked.iter().copied().collect();
        let waiting: Vec<u64> = all
            .iter()
            .copied()
            .filter(|seq| !book.acked.contains(seq))
            .collect();
        let totals = totals(book);
        let named = [
            ("sales", &self.sales, &all),
            ("records", &self.records, &all),
            ("acknowledged", &self.acked, &acked),
            ("waiting", &self.waiting, &waiting),
        ];
        for (name, found, right) in named {
            if found != right {
                return Some(format!("{name} are {found:?} and not {right:?}"));
            }
        }
        if self.totals != totals {
            return Some(format!("totals are {:?} and not {totals:?}", self.totals));
        }
        let same_attempts = self.attempts.len() == book.attempts.len()
            && self.attempts.iter().zip(&book.attempts).all(
                |((found, state), (written, as_written))| {
                    found == written && Book::may_be_found(as_written, state)
                },
            );
        (!same_attempts).then(|| {
            format!(
                "attempts are {:?} and not {:?}",
                self.attempts, book.attempts
            )
        })
    }
}

fn totals(book: &Book) -> ShiftTotals {
    let mut totals = ShiftTotals::default();
    for n in 1..=book.sold {
        if is_voided(n) {
            totals.voided += 1;
            continue;
        }
        totals.sales += 1;
        if book.by_card.contains(&n) {
            totals.card_minor += BY_CARD_MINOR;
            totals.total_minor += BY_CARD_MINOR;
        } else {
            totals.cash_minor += IN_CASH_MINOR;
            totals.total_minor += IN_CASH_MINOR;
        }
    }
    totals
}
