//! A backup in a journal's place, in an epoch of its own.
//!
//! A backup is older than the till that it replaces, and what happened since is nowhere but at the
//! collector and the acquirer. So nothing that the lost journal may have used is used again:
//!
//! * **Epoch.** One more than the backup's, than that of the journal in its place, than any that was
//!   restored here before, and than the one named: sequences start anew in it, and the collector sees
//!   it. What waited in the backup is offered again; the collector has it or takes it.
//! * **Receipt numbers** go on behind the next whole million, **trace numbers** half a cycle on.
//! * **Attempts** that were open in the backup pay for nothing and are undone by nobody: their sale may
//!   have been committed since. See [`crate::restored`]. A reversal that was due stays due.
//! * **The open basket** is gone, and so are parked ones that a card had paid for: sold again they
//!   would be a second sale.
//!
//! The journal is replaced under a mark beside it, which no till passes: a stop at any moment leaves
//! the old journal, the new one, or the mark, and then the restore is run again.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use sealpoint_sale::AttemptId;
use sealpoint_wire::TerminalId;

use super::{BackupError, Proved, file, unreadable, unwritable, verify};
use crate::attempt::{self, AttemptState, Learnt, Way};
use crate::error::{Fault, JournalError};
use crate::key::DbKey;
use crate::work::{self, WorkKind};
use crate::{check, open, row, schema};

/// Receipt numbers go on behind the next multiple of this: more receipts than a till prints.
const RECEIPTS: i64 = 1_000_000;
/// Trace numbers go on by half of their cycle.
const STANS: i64 = 500_000;
/// Numbers of a cycle of trace numbers, 0 being the one before the first.
const STAN_CYCLE: i64 = 1_000_000;
/// The last epoch.
const LAST_EPOCH: u32 = i32::MAX.unsigned_abs();
/// Journals that are kept aside under one name.
const MAX_ASIDE: u32 = 10_000;

/// What a restore did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replaced {
    /// What the backup held.
    pub backup: Proved,
    /// The epoch from here on.
    pub epoch: u32,
    /// Where the journal is kept that was here before, if there was one.
    pub aside: Option<PathBuf>,
    /// Attempts that the collector is asked about, or a person.
    pub open_attempts: u64,
}

/// Puts the backup `from` in the place of the journal at `path`, in an epoch of at least `epoch`. What
/// was there is kept beside it. `terminal`, where it is known, has to be the backup's.
///
/// # Errors
/// [`BackupError`] if the backup is not whole or another's, if a till runs, or if a file cannot be read
/// or written. Then the old journal is where it was, unless the error is about moving it: then a
/// till refuses to start until the restore is run again.
pub fn restore(
    from: &Path,
    path: &Path,
    key: &DbKey,
    terminal: Option<&TerminalId>,
    epoch: Option<u32>,
    now_ms: i64,
) -> Result<Replaced, BackupError> {
    let backup = verify(from, key)?.refuse_other(from, terminal)?;
    refuse_in_use(path)?;
    let epoch = next_epoch(path, key, backup.epoch, epoch.unwrap_or(1))?;
    let part = file::beside(path, "-restoring.part");
    let open_attempts = make(from, &part, key, epoch, now_ms)?;
    let mark = file::restoring(path);
    fs::rename(&part, &mark)
        .and_then(|()| file::sync_folder(path))
        .map_err(unwritable(&mark))?;
    // A till that began before the mark was there holds its lock; one that begins later sees the mark.
    if let Err(error) = refuse_in_use(path) {
        file::remove(&mark).map_err(unwritable(&mark))?;
        return Err(error);
    }
    let aside = put_aside(path).map_err(unwritable(path))?;
    fs::rename(&mark, path)
        .and_then(|()| file::sync_folder(path))
        .map_err(unwritable(path))?;
    Ok(Replaced {
        backup,
        epoch,
        aside,
        open_attempts,
    })
}

fn refuse_in_use(path: &Path) -> Result<(), BackupError> {
    match file::in_use(path).map_err(unreadable(path))? {
        true => Err(BackupError::InUse(path.to_owned())),
        false => Ok(()),
    }
}

/// The next epoch, which is used up from here on even if the restore comes to nothing.
fn next_epoch(path: &Path, key: &DbKey, backup: u32, least: u32) -> Result<u32, BackupError> {
    let floor = file::beside(path, "-epoch");
    let used = match fs::File::open(&floor) {
        Ok(file) => {
            let mut text = String::new();
            file.take(32)
                .read_to_string(&mut text)
                .map_err(unreadable(&floor))?;
            text.trim().parse().unwrap_or(0)
        }
        Err(why) if why.kind() == io::ErrorKind::NotFound => 0,
        Err(why) => return Err(unreadable(&floor)(why)),
    };
    let last = backup.max(used).max(epoch_of(path, key));
    let next = last.checked_add(1).map(|next| next.max(least));
    let next = next
        .filter(|next| *next <= LAST_EPOCH)
        .ok_or(BackupError::NoEpoch(last))?;
    let part = file::beside(&floor, ".part");
    file::make_for_owner(&part)
        .and_then(|mut file| {
            writeln!(file, "{next}")?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&part, &floor))
        .and_then(|()| file::sync_folder(&floor))
        .map_err(unwritable(&floor))?;
    Ok(next)
}

/// The epoch of the journal that is to be replaced; 0 if there is none, or none that can be read. No
/// till changes it, so it is not in its log.
fn epoch_of(path: &Path, key: &DbKey) -> u32 {
    let read = || -> Result<u32, Fault> {
        open::refuse_stump(path)?;
        let db = check::immutable(path)?;
        open::unlock(&db, key, path)?;
        Ok(db.query_row("SELECT epoch FROM terminal", [], |row| row.get(0))?)
    };
    read().unwrap_or(0)
}

/// Makes the journal that takes the place, complete and durable; how many attempts were open in it.
fn make(
    from: &Path,
    part: &Path,
    key: &DbKey,
    epoch: u32,
    now_ms: i64,
) -> Result<u64, BackupError> {
    file::remove(&file::log_of(part)).map_err(unwritable(part))?;
    let mut source = fs::File::open(from).map_err(unreadable(from))?;
    let mut target = file::make_for_owner(part).map_err(unwritable(part))?;
    file::copy(&mut source, &mut target).map_err(unwritable(part))?;
    drop(target);
    let changed = || -> Result<u64, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Connection::open_with_flags(part, flags)?;
        open::unlock(&db, key, part)?;
        db.execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY",
        )?;
        let found = schema::found(&db)?;
        schema::migrate(&mut db, found)?;
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let open = begin_anew(&tx, epoch, now_ms)?;
        tx.commit()?;
        db.close().map_err(|(_, error)| error)?;
        Ok(open)
    };
    let open = changed().map_err(|fault| fault.at(part, "begin a new epoch"))?;
    file::sync(part).map_err(unwritable(part))?;
    let proved = verify(part, key)?;
    if proved.epoch != epoch || proved.highest_seq != 0 {
        let what = "its epoch is in use".to_owned();
        return Err(BackupError::NotWhole {
            path: from.to_owned(),
            what,
        });
    }
    Ok(open)
}

/// Leaves behind what the lost journal may have used, and what it may have finished.
fn begin_anew(tx: &Transaction<'_>, epoch: u32, now_ms: i64) -> Result<u64, Fault> {
    tx.execute(
        "UPDATE terminal SET epoch = ?1, last_stan = (last_stan + ?2) % ?3,
             receipts_before = (max(receipts_before, coalesce((SELECT max(receipt_no) FROM sale), 0))
                                / ?4 + 1) * ?4",
        (epoch, STANS, STAN_CYCLE, RECEIPTS),
    )?;
    let open: Vec<(AttemptId, String)> = tx
        .prepare(
            "SELECT id, state FROM attempt WHERE state IN ('INTENT', 'SENT', 'UNKNOWN', 'APPROVED')
                 AND NOT (state = 'UNKNOWN' AND way = 'restored') ORDER BY number",
        )?
        .query_map([], |row| {
            Ok((AttemptId::new(row::uuid(row, "id")?), row.get("state")?))
        })?
        .collect::<Result<_, _>>()?;
    for (attempt, state) in &open {
        let why = format!(
            "It was {state} when the backup was taken that this till was restored from. If the customer \
             has the goods, leave the charge; if not, have it undone."
        );
        let learnt = Learnt {
            way: Some(Way::Restored),
            ..Learnt::why(&why)
        };
        let number = attempt::step(tx, *attempt, AttemptState::Unknown, &learnt)?.number;
        work::open(tx, number, WorkKind::RestoredAttempt, &why, now_ms)?;
    }
    tx.execute("DELETE FROM draft", [])?;
    tx.execute(
        "DELETE FROM parked WHERE sale IN
             (SELECT sale FROM attempt WHERE state = 'UNKNOWN' AND way = 'restored')",
        [],
    )?;
    Ok(open.len() as u64)
}

/// Moves the journal and what lies beside it out of the way; where to.
fn put_aside(path: &Path) -> io::Result<Option<PathBuf>> {
    let free = |n: &u32| {
        let name = file::beside(path, &format!(".replaced-{n}"));
        let taken = |path: &Path| fs::symlink_metadata(path).is_ok();
        !taken(&name) && !taken(&file::log_of(&name))
    };
    // One that is half put aside keeps its number: its log went before it.
    let half = |n: &u32| {
        let name = file::beside(path, &format!(".replaced-{n}"));
        file::log_of(&name).exists() && !name.exists()
    };
    let number = (1..=MAX_ASIDE).find(|n| half(n) || free(n));
    let number = number.ok_or_else(|| io::Error::other("there are too many replaced journals"))?;
    let name = file::beside(path, &format!(".replaced-{number}"));
    for suffix in ["-wal", "-journal", "-shm"] {
        move_away(&file::beside(path, suffix), &file::beside(&name, suffix))?;
    }
    let moved = move_away(path, &name)?;
    file::sync_folder(path)?;
    Ok(moved.then_some(name))
}

/// Renames a file if it is there; whether it was.
fn move_away(from: &Path, to: &Path) -> io::Result<bool> {
    match fs::rename(from, to) {
        Ok(()) => Ok(true),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(why) => Err(why),
    }
}

impl JournalError {
    /// For a journal that a restore has half replaced.
    pub(crate) fn refuse_half_restored(path: &Path) -> Result<(), Self> {
        match fs::symlink_metadata(file::restoring(path)).is_ok() {
            true => Err(Self::HalfRestored(path.to_owned())),
            false => Ok(()),
        }
    }
}
