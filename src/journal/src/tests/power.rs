//! The plug is pulled: what was acknowledged is there, whole, and nothing half done is.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use sealpoint_sale::AttemptId;
use sealpoint_wire::api::AckOutcome;
use tempfile::TempDir;

use super::{Folder, ack, attempt, card, card_sale, cash_sale, emv, intent, sale, voided_sale};
use crate::{Intent, Journal, JournalError, SaleCommit, attempt as attempts};

/// Where the child that is to be killed finds its state folder.
const FOLDER: &str = "SEALPOINT_TEST_JOURNAL_FOLDER";
/// How often the plug is pulled.
const KILLS: usize = 25;
/// At most this many commits before each.
const COMMITS: usize = 30;
/// At most this many turns of an idle loop between the last commit seen and the kill: a few commits.
const SPIN: u64 = 3_000_000;

#[test]
fn a_kill_at_any_moment_loses_nothing_that_was_acknowledged() {
    let folder = Folder::new();
    drop(folder.open());
    let mut acknowledged = 0;
    for round in 0..KILLS {
        let chance = getrandom::u64().expect("the system has random bytes");
        let commits = 1 + usize::from(chance as u8) % COMMITS;
        let seen = sell_and_kill(folder.dir.path(), commits, (chance >> 32) % SPIN);
        assert!(seen > acknowledged, "round {round} sold nothing");
        acknowledged = seen;
        let sold = assert_whole(&folder.open());
        // The last commit may have been on the disk before the child could say so.
        assert!(
            (acknowledged..=acknowledged + 1).contains(&sold),
            "round {round}, chance {chance}: {acknowledged} acknowledged, {sold} found"
        );
        acknowledged = sold;
    }
}

/// A till in another process is refused while the first lives, and welcome the moment it is dead.
#[test]
fn a_till_in_another_process_holds_the_journal_as_long_as_it_lives() {
    let folder = Folder::new();
    drop(folder.open());
    let (mut child, mut lines) = selling(folder.dir.path());
    let first = lines.find_map(|line| acknowledged(&line));
    assert_eq!(first, Some(1));
    assert!(matches!(folder.try_open(), Err(JournalError::InUse(_))));
    child.kill().expect("the child runs");
    child.wait().expect("the child was killed");
    assert_whole(&folder.open());
}

/// Lets a child sell, kills it after `commits` acknowledgements and `spin` idle turns; the last
/// receipt number that it acknowledged.
fn sell_and_kill(folder: &Path, commits: usize, spin: u64) -> u64 {
    let (mut child, mut lines) = selling(folder);
    let seen: Vec<u64> = lines
        .by_ref()
        .filter_map(|line| acknowledged(&line))
        .take(commits)
        .collect();
    assert_eq!(seen.len(), commits, "the child sells until it is killed");
    (0..spin).for_each(|_| std::hint::spin_loop());
    child.kill().expect("the child runs");
    child.wait().expect("the child was killed");
    // What it said before it died, while we were not looking.
    let unseen = lines.filter_map(|line| acknowledged(&line)).last();
    unseen.or(seen.last().copied()).unwrap_or_default()
}

/// Starts a child that sells, and what it says.
pub(super) fn selling(folder: &Path) -> (Child, impl Iterator<Item = String>) {
    let mut child = Command::new(env::current_exe().expect("the test runs from a file"))
        .args([
            "--exact",
            "tests::power::sells_until_it_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the test can be run again");
    let stdout = child.stdout.take().expect("it was asked for");
    (child, BufReader::new(stdout).lines().map_while(Result::ok))
}

/// The receipt number in a whole line of the child's.
pub(super) fn acknowledged(line: &str) -> Option<u64> {
    line.strip_prefix("committed ")?
        .strip_suffix('.')?
        .parse()
        .ok()
}

#[test]
#[ignore = "is killed by another test"]
fn sells_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let mut journal = open(Path::new(&folder));
    loop {
        let number = sell(&mut journal);
        let mut out = std::io::stdout().lock();
        writeln!(out, "committed {number}.")
            .and_then(|()| out.flush())
            .expect("somebody listens");
    }
}

fn open(folder: &Path) -> Journal {
    let (key, path) = (folder.join("db.key"), folder.join("till.db"));
    let key = crate::DbKey::for_journal(&key, &path).expect("the folder is writable");
    Journal::open(&path, &key, &super::terminal()).expect("the journal is whole and free")
}

/// Sells the next sale, going on where a kill left it: by card if even, voided if a multiple of
/// five. Bodies span pages, and now and then a record is acknowledged.
fn sell(journal: &mut Journal) -> u64 {
    let n = journal.next_receipt_no().expect("it can be read");
    journal
        .save_draft(sale(n), "[]")
        .expect("it is the open basket or the first");
    let mut paid = approved(journal, n);
    if n.is_multiple_of(2) && paid.is_empty() {
        paid.push(charge(journal, n));
    }
    let commit = match (n.is_multiple_of(5), paid.is_empty()) {
        (true, _) => voided_sale(n, paid),
        (false, true) => cash_sale(n),
        (false, false) => SaleCommit {
            attempts: paid,
            ..card_sale(n)
        },
    };
    let lines = "x".repeat(usize::try_from(n % 7).unwrap_or_default() * 2000);
    let commit = SaleCommit {
        body: format!("{{\"sale\":{n},\"lines\":\"{lines}\"}}"),
        ..commit
    };
    let journaled = journal.commit_sale(&commit).expect("it is paid");
    if n.is_multiple_of(3) {
        let oldest = journal.outbox(1).expect("it can be read").remove(0);
        journal
            .acked(&[ack(&oldest, AckOutcome::Created)])
            .expect("it is writable");
    }
    journaled.receipt_no()
}

fn approved(journal: &mut Journal, n: u64) -> Vec<AttemptId> {
    let found = journal.commit("look", |tx| attempts::approved(tx, sale(n)));
    found
        .expect("it can be read")
        .into_iter()
        .map(|paid| paid.attempt)
        .collect()
}

fn charge(journal: &mut Journal, n: u64) -> AttemptId {
    let tried: u64 = count(journal, "SELECT count(*) FROM attempt");
    let id = attempt(tried + 1);
    let written = journal
        .write_intent(&Intent {
            attempt: id,
            ..intent(0, n)
        })
        .expect("nothing else pays");
    let _sent = journal
        .write_sent(written.attempt(), &card())
        .expect("the intent is written");
    journal
        .write_approved(id, None, "A1B2C3", Some(&emv()), "[\"card\"]")
        .expect("it was sent");
    id
}

fn count(journal: &Journal, sql: &str) -> u64 {
    let number: i64 = journal
        .db
        .query_row(sql, [], |row| row.get(0))
        .expect("the tables are there");
    u64::try_from(number).expect("nothing here is negative")
}

/// Asserts that every page of the book tells the same; how many sales are in it.
pub(super) fn assert_whole(journal: &Journal) -> u64 {
    let sold = journal.next_receipt_no().expect("it can be read") - 1;
    for n in 1..=sold {
        let receipt = journal
            .receipt(n)
            .expect("it can be read")
            .expect("no number is missing");
        assert_eq!(receipt.text, format!("receipt {n}"));
        assert!(receipt.body.starts_with(&format!("{{\"sale\":{n},")));
    }
    let number = |sql| count(journal, sql);
    assert_eq!(number("SELECT count(*) FROM sale"), sold);
    assert_eq!(number("SELECT count(*) FROM record"), sold);
    assert_eq!(
        number("SELECT coalesce(max(seq), 0) FROM record"),
        sold,
        "no gap"
    );
    let waiting = "SELECT count(*) FROM record WHERE (acked IS NULL)
                   <> (number IN (SELECT record FROM outbox))";
    assert_eq!(
        number(waiting),
        0,
        "acknowledged or waiting, never both or neither"
    );
    assert!(
        journal
            .outbox(1000)
            .expect("it can be read")
            .iter()
            .all(|record| record.is_whole())
    );

    let totals = journal.totals().expect("they can be read");
    assert_eq!(
        totals.sales,
        number("SELECT count(*) FROM sale WHERE kind = 'sale'")
    );
    assert_eq!(
        totals.voided,
        number("SELECT count(*) FROM sale WHERE kind = 'voided_sale'")
    );
    let sum = |sql| i64::try_from(number(sql)).expect("tests sell little");
    let paid = "SELECT coalesce(sum(total_minor), 0) FROM sale WHERE kind = 'sale'";
    assert_eq!(totals.total_minor, sum(paid));
    let drawer = "SELECT coalesce(sum(amount_minor), 0) FROM cash_movement";
    assert_eq!(totals.cash_minor, sum(drawer));
    let charged = "SELECT coalesce(sum(amount_minor), 0) FROM attempt WHERE state = 'COMMITTED'";
    assert_eq!(totals.card_minor, sum(charged));

    let in_the_air = "SELECT count(*) FROM attempt WHERE state IN ('INTENT', 'SENT', 'UNKNOWN')";
    assert_eq!(number(in_the_air), 0, "a start settles them");
    let astray = "SELECT count(*) FROM attempt
                  WHERE state = 'APPROVED' AND sale NOT IN (SELECT sale FROM draft)";
    assert_eq!(number(astray), 0, "no charge without a basket");
    sold
}

/// What a loss of power leaves: the WAL reached the disk up to some byte, and what lies behind it
/// is missing or rubbish. Each such journal opens and holds the sales up to some commit.
#[test]
fn a_wal_torn_at_any_byte_is_a_whole_beginning_of_the_day() {
    const SALES: u64 = 10;
    let folder = Folder::new();
    let mut journal = folder.open();
    for _ in 0..SALES {
        sell(&mut journal);
    }
    let read = |name: &str| fs::read(folder.dir.path().join(name)).expect("the journal is open");
    let (base, wal, key) = (read("till.db"), read("till.db-wal"), read("db.key"));
    drop(journal);

    let mut before = 0;
    let cuts = (0..wal.len()).step_by(wal.len() / 120).chain([wal.len()]);
    for cut in cuts {
        let missing = wal[..cut].to_vec();
        let mut rubbish = missing.clone();
        rubbish.resize(wal.len(), 0xA5);
        let sold = [missing, rubbish].map(|wal| sold_in(&base, &wal, &key));
        assert_eq!(sold[0], sold[1], "cut at {cut}");
        assert!(
            sold[0] >= before,
            "cut at {cut}: a longer WAL holds no less"
        );
        before = sold[0];
    }
    assert_eq!(before, SALES);
}

/// Opens a journal of these bytes in a folder of its own; how many sales are in it.
fn sold_in(base: &[u8], wal: &[u8], key: &[u8]) -> u64 {
    let dir = TempDir::new().expect("the system has a temporary folder");
    let file = |name: &str| -> PathBuf { dir.path().join(name) };
    // Made by the code that makes keys, so that it has the right mode.
    drop(crate::DbKey::create(&file("db.key")).expect("the folder is writable"));
    for (name, bytes) in [("db.key", key), ("till.db", base), ("till.db-wal", wal)] {
        fs::write(file(name), bytes).expect("the folder is writable");
    }
    assert_whole(&open(dir.path()))
}
