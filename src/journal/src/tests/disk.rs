//! A disk that is full or read-only: refused in words, nothing lost, and selling goes on after.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sealpoint_wire::AdviceResult;
use sealpoint_wire::api::AckOutcome;

use super::offline::charge;
use super::{Folder, ack, attempt, card, card_sale, cash_sale, intent, sale, terminal};
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
fn each_kind_of_write_is_refused_whole_on_a_full_disk_and_taken_when_there_is_room() {
    on_a_disk_of_its_own("tests::disk::writes_everything_to_a_full_disk");
}

#[test]
#[ignore = "runs on a disk of its own, started by another test"]
fn writes_everything_to_a_full_disk() {
    type Write = fn(&mut Journal) -> Result<(), JournalError>;
    let Some(disk) = env::var_os(DISK) else {
        return;
    };
    let disk = Path::new(&disk);
    let mut journal = open(disk).expect("the disk has room");
    let writes: [(&str, Write); 16] = [
        ("save", |j| j.save_draft(sale(1), "{}")),
        ("intent", |j| j.write_intent(&intent(1, 1)).map(drop)),
        ("sent", |j| j.write_sent(attempt(1), &card()).map(drop)),
        ("unknown", |j| j.write_unknown(attempt(1), "no answer")),
        ("approved", |j| {
            j.write_approved(attempt(1), None, "A1B2C3", None, "{\"card\":1}")
        }),
        ("reversal", |j| {
            j.write_reversal_due(attempt(1), "pulled", Some("{}"))
        }),
        ("try", |j| j.count_reversal_try(attempt(1)).map(drop)),
        ("refused", |j| {
            j.write_reversal_refused(attempt(1), "not ours", 5)
        }),
        ("reversed", |j| j.write_reversed(attempt(1))),
        ("second intent", |j| j.write_intent(&intent(2, 1)).map(drop)),
        ("offline", |j| {
            j.write_offline_approved(attempt(2), &charge(), "{\"card\":2}")
        }),
        ("sale", |j| {
            let commit = SaleCommit {
                attempts: vec![attempt(2)],
                ..card_sale(1)
            };
            j.commit_sale(&commit).map(drop)
        }),
        ("advised", |j| {
            let refused = AdviceResult::Refused {
                why: "no".to_owned(),
            };
            j.write_advised(attempt(2), &refused, 5)
        }),
        ("work", |j| {
            let item = j.work_items(1)?.remove(0);
            j.close_work_item(item.number, "Ana", "paid", 6)
        }),
        ("acknowledged", |j| {
            let record = j.outbox(1)?.remove(0);
            j.acked(&[ack(&record, AckOutcome::Created)]).map(drop)
        }),
        ("time", |j| j.observe_time(i64::MAX / 2)),
    ];
    for (name, write) in writes {
        let ballast = fill(disk);
        let full = write(&mut journal);
        assert!(
            matches!(full, Err(JournalError::DiskFull(_))),
            "{name}: {full:?}"
        );
        fs::remove_file(&ballast).expect("it was written");
        // Nothing of it was written: else it could not be written again.
        write(&mut journal).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    drop(journal);
    let journal = open(disk).expect("the journal is whole");
    assert_eq!(journal.totals().expect("they can be read").sales, 1);
    assert_eq!(journal.queue().expect("it can be read").count, 0);
    assert_eq!(journal.work_count().expect("it can be read"), 0);
}

/// Fills the disk to its last page.
fn fill(disk: &Path) -> PathBuf {
    let ballast = disk.join("ballast");
    let mut file = fs::File::create(&ballast).expect("the disk has room");
    while file.write_all(&[0; 4096]).is_ok() {}
    ballast
}

/// How a child that meets a failing disk finds its folder.
const FAILING: &str = "SEALPOINT_TEST_FAILING_DISK";

/// A disk that fails once to make something durable, and then claims success. On each such call of a
/// day, the writing back of the log among them, nothing more is acknowledged, and nothing is lost.
#[test]
fn a_disk_that_fails_to_make_something_durable_ends_the_writing() {
    if Command::new("strace").arg("--version").output().is_err() {
        eprintln!("NOT RUN: there is no strace on this machine.");
        return;
    }
    for call in [5, 30].into_iter().chain(66..=74) {
        let folder = Folder::new();
        drop(folder.open());
        let ran = Command::new("strace")
            .args([
                "-f",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                "trace=fsync,fdatasync",
            ])
            .args([
                "-e",
                &format!("inject=fsync,fdatasync:error=EIO:when={call}"),
            ])
            .arg(env::current_exe().expect("the test runs from a file"))
            .args([
                "--exact",
                "tests::disk::sells_on_a_failing_disk",
                "--ignored",
                "--nocapture",
            ])
            .env(FAILING, folder.dir.path())
            .output()
            .expect("strace is there");
        let said = String::from_utf8_lossy(&ran.stdout);
        if !said.contains("began") {
            eprintln!("NOT RUN: this machine lets no test trace another.");
            return;
        }
        let lines: Vec<&str> = said.lines().filter(|line| line.ends_with('.')).collect();
        let sold = lines.iter().filter(|line| line.starts_with("sold")).count() as u64;
        let first = lines.iter().position(|line| !line.starts_with("sold"));
        let after = first.map(|at| &lines[at..]).unwrap_or_default();
        assert!(
            after.len() >= 3
                && after
                    .iter()
                    .all(|line| *line == "failed." || *line == "stopped."),
            "call {call}: {said}"
        );
        let journal = folder.open();
        let found = journal.totals().expect("they can be read").sales;
        // The sale whose commit failed may be on the disk.
        assert!(
            (sold..=sold + 1).contains(&found),
            "call {call}: {sold} said, {found} found"
        );
        let records = journal.outbox(1000).expect("it can be read");
        assert!(records.iter().all(|record| record.is_whole()));
        assert_eq!(records.len() as u64, found);
    }
}

#[test]
#[ignore = "runs on a failing disk, started by another test"]
fn sells_on_a_failing_disk() {
    let Some(folder) = env::var_os(FAILING) else {
        return;
    };
    println!("\nbegan");
    let mut journal = match open(Path::new(&folder)) {
        Ok(journal) => journal,
        // The start met it: it opens nothing.
        Err(JournalError::DiskFailed { .. }) => return println!("failed.\nfailed.\nfailed."),
        Err(error) => panic!("a failed disk was called: {error}"),
    };
    for n in 1..=75 {
        match journal.commit_sale(&cash_sale(n)).map(drop) {
            Ok(()) => println!("sold {n}."),
            Err(JournalError::DiskFailed { .. }) => println!("failed."),
            Err(JournalError::Stopped(_)) => println!("stopped."),
            Err(other) => panic!("a failed disk was called: {other}"),
        }
    }
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
