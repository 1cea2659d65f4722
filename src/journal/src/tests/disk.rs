//! A disk that is full or read-only: refused in words, nothing lost, and selling goes on after.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::{Folder, cash_sale, terminal};
use crate::{DbKey, Journal, JournalError, SaleCommit};

/// Where a test that runs on a disk of its own finds that disk.
const DISK: &str = "SEALPOINT_TEST_SMALL_DISK";

fn big_sale(n: u64) -> SaleCommit {
    SaleCommit {
        body: format!("\"{}\"", "x".repeat(50_000)),
        ..cash_sale(n)
    }
}

/// Sells until the disk is full; how many sales were acknowledged.
fn sell_until_full(journal: &mut Journal) -> u64 {
    for n in 1..1000 {
        match journal.commit_sale(&big_sale(n)).map(drop) {
            Ok(()) => {}
            Err(JournalError::DiskFull(_)) => return n - 1,
            Err(other) => panic!("a full disk was called: {other}"),
        }
    }
    panic!("the disk was never full");
}

#[test]
fn a_full_database_refuses_the_sale_whole_and_sells_on_when_there_is_room() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let limit = |journal: &Journal, pages: u32| {
        // The pragma answers with the limit that it set.
        let set: u32 = journal
            .db
            .pragma_query_value(None, "page_count", |row| row.get(0))
            .expect("the pragma exists");
        let sql = format!("PRAGMA max_page_count = {}", set + pages);
        journal
            .db
            .query_row(&sql, [], |_| Ok(()))
            .expect("the pragma exists");
    };
    limit(&journal, 60);
    let sold = sell_until_full(&mut journal);
    assert!(sold > 0);
    assert_eq!(journal.totals().expect("it can be read").sales, sold);
    assert_eq!(journal.next_receipt_no().expect("it can be read"), sold + 1);

    limit(&journal, 60);
    let journaled = journal
        .commit_sale(&big_sale(sold + 1))
        .expect("there is room again");
    assert_eq!(journaled.seq(), sold + 1, "no number was used up");
    drop(journal);
    assert_eq!(
        folder.open().queue().expect("it can be read").count,
        sold + 1
    );
}

#[test]
fn a_full_disk_loses_nothing() {
    on_a_disk_of_its_own("tests::disk::fills_the_disk");
}

#[test]
#[ignore = "runs on a disk of its own, started by another test"]
fn fills_the_disk() {
    let Some(disk) = env::var_os(DISK) else {
        return;
    };
    let disk = Path::new(&disk);
    let ballast = disk.join("ballast");
    fs::write(&ballast, vec![0; 600_000]).expect("the disk has room");
    let mut journal = open(disk).expect("the disk has room");
    let sold = sell_until_full(&mut journal);
    assert!(sold > 0);
    let again = journal.commit_sale(&big_sale(sold + 1)).map(drop);
    assert!(matches!(again, Err(JournalError::DiskFull(_))));
    assert_eq!(
        journal.queue().expect("it can be read").count,
        sold,
        "reading goes on"
    );
    fs::remove_file(&ballast).expect("it was written");
    let journaled = journal
        .commit_sale(&big_sale(sold + 1))
        .expect("there is room again");
    assert_eq!(journaled.seq(), sold + 1);
    drop(journal);
    let journal = open(disk).expect("the journal is whole");
    assert_eq!(journal.queue().expect("it can be read").count, sold + 1);
    assert!(
        journal
            .outbox(100)
            .expect("it can be read")
            .iter()
            .all(|record| record.is_whole())
    );
}

#[test]
fn a_disk_that_cannot_be_written_is_named_at_the_start() {
    on_a_disk_of_its_own("tests::disk::opens_on_a_read_only_disk");
}

#[test]
#[ignore = "runs on a disk of its own, started by another test"]
fn opens_on_a_read_only_disk() {
    let Some(disk) = env::var_os(DISK) else {
        return;
    };
    let disk = Path::new(&disk);
    drop(open(disk).expect("the disk has room"));
    let remounted = Command::new("mount")
        .args(["-o", "remount,ro"])
        .arg(disk)
        .status();
    assert!(remounted.is_ok_and(|status| status.success()));
    assert!(matches!(open(disk), Err(JournalError::ReadOnly(_))));
    let key = DbKey::load(&disk.join("db.key")).expect("it can be read");
    let new = Journal::open(&disk.join("new.db"), &key, &terminal());
    assert!(matches!(new, Err(JournalError::ReadOnly(_))));
}

fn open(disk: &Path) -> Result<Journal, JournalError> {
    let journal = disk.join("till.db");
    let key = DbKey::for_journal(&disk.join("db.key"), &journal).expect("the key fits the disk");
    Journal::open(&journal, &key, &terminal())
}

/// Runs an ignored test of this file on a disk of 2 MiB that only it can see. A machine that lets
/// nobody mount says so; the limit on pages above is tested everywhere.
fn on_a_disk_of_its_own(test: &str) {
    let folder = Folder::new();
    let mount = "mount -t tmpfs -o size=2m,mode=700 tmpfs \"$0\"";
    let can_mount = |way: &&&str| {
        in_private(way, folder.dir.path(), mount, &[])
            .status
            .success()
    };
    let Some(way) = ["--map-root-user", "--mount"].iter().find(can_mount) else {
        eprintln!("NOT RUN: this machine lets no test mount a disk of its own.");
        return;
    };
    let exe = env::current_exe().expect("the test runs from a file");
    let run = format!("{mount} && exec \"$1\" --exact \"$2\" --ignored --nocapture");
    let ran = in_private(
        way,
        folder.dir.path(),
        &run,
        &[&exe.to_string_lossy(), test],
    );
    let said = String::from_utf8_lossy(&ran.stdout);
    let erred = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}{erred}");
    assert!(
        said.contains("1 passed"),
        "the test was not found: {said}{erred}"
    );
}

/// Runs a shell script where its mounts are its own: as a user who is root there alone
/// (`--map-root-user`), or as root (`--mount` again changes nothing).
fn in_private(way: &str, disk: &Path, script: &str, args: &[&str]) -> Output {
    Command::new("unshare")
        .args(["--mount", way, "sh", "-c", script])
        .arg(disk)
        .args(args)
        .env(DISK, disk)
        .output()
        .expect("util-linux is installed, so unshare is there")
}
