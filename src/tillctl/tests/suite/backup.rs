//! `tillctl backup` and `tillctl restore`, on a journal that a till left behind.

use std::{fs, path::Path};

use sealpoint_journal::{DbKey, JOURNAL_FILE, Journal, KEY_FILE, SaleCommit};
use sealpoint_sale::SaleId;
use sealpoint_wire::{RecordId, RecordKind};
use tempfile::TempDir;
use uuid::Uuid;

use crate::bench::{Ran, folder, tillctl};

fn open(state: &Path) -> Journal {
    let path = state.join(JOURNAL_FILE);
    let key = DbKey::for_journal(&state.join(KEY_FILE), &path).expect("it is writable");
    Journal::open(&path, &key, &"T0000001".parse().expect("it is one")).expect("it is free")
}

/// A state folder whose journal has three sales.
fn state() -> TempDir {
    let state = folder();
    let mut journal = open(state.path());
    for n in 1..=3 {
        let commit = SaleCommit {
            record_id: RecordId::new(Uuid::now_v7()),
            sale: SaleId::new(Uuid::now_v7()),
            kind: RecordKind::Sale,
            at_ms: 1_000,
            body: "{}".to_owned(),
            receipt_no: n,
            receipt_text: "receipt".to_owned(),
            total_minor: 999,
            cash_minor: 999,
            card_minor: 0,
            attempts: Vec::new(),
            cashier: "Ana".to_owned(),
        };
        let _sold = journal.commit_sale(&commit).expect("it is paid");
    }
    state
}

/// Runs a command on that state folder.
fn run(state: &Path, arguments: &[&str]) -> Ran {
    let state = ["--state", state.to_str().expect("text"), "--json"];
    tillctl(&[arguments, &state].concat())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

#[test]
fn a_backup_is_taken_proved_and_restored_in_a_new_epoch() {
    let state = state();
    let elsewhere = folder();
    let out = elsewhere.path().join("backup");
    let taken = run(state.path(), &["backup", "--out", text(&out)]);
    assert_eq!(taken.code, 0);
    let report = taken.json();
    assert_eq!(
        (report["done"].as_str(), report["records"].as_i64()),
        (Some("backup"), Some(3))
    );
    assert_eq!(
        (report["epoch"].as_i64(), report["highest_seq"].as_i64()),
        (Some(1), Some(3))
    );
    let again = run(state.path(), &["backup", "--out", text(&out)]);
    assert_eq!(again.code, 82, "a backup is not replaced");

    let before = fs::read(state.path().join(JOURNAL_FILE)).expect("it is there");
    let proved = run(state.path(), &["restore", "--verify", text(&out)]);
    assert_eq!(
        (proved.code, proved.json()["sha256"].clone()),
        (0, report["sha256"].clone())
    );
    assert_eq!(
        fs::read(state.path().join(JOURNAL_FILE)).expect("it is there"),
        before
    );

    let restored = run(
        state.path(),
        &["restore", "--from", text(&out), "--terminal", "T0000001"],
    );
    assert_eq!(restored.code, 0);
    let report = restored.json();
    assert_eq!(
        (report["done"].as_str(), report["new_epoch"].as_i64()),
        (Some("restored"), Some(2))
    );
    assert!(Path::new(report["kept"].as_str().expect("a path")).exists());
    assert_eq!(open(state.path()).queue().expect("it can be read").count, 3);
}

#[test]
fn what_cannot_be_restored_says_so_by_its_exit_code() {
    let state = state();
    let elsewhere = folder();
    let out = elsewhere.path().join("backup");
    assert_eq!(run(state.path(), &["backup", "--out", text(&out)]).code, 0);
    let other = run(
        state.path(),
        &["restore", "--from", text(&out), "--terminal", "T0000002"],
    );
    assert_eq!(other.code, 80);
    let running = open(state.path());
    let refused = run(state.path(), &["restore", "--from", text(&out)]);
    assert_eq!(refused.code, 81);
    assert!(
        refused.json()["error"]["what"]
            .as_str()
            .is_some_and(|what| what.contains("in use"))
    );
    let beside = run(
        state.path(),
        &["backup", "--out", text(&elsewhere.path().join("second"))],
    );
    assert_eq!(beside.code, 0, "a till that runs is in no backup's way");
    drop(running);

    let mut broken = fs::read(&out).expect("it is there");
    broken[5000] ^= 1;
    fs::write(&out, broken).expect("it is writable");
    assert_eq!(
        run(state.path(), &["restore", "--verify", text(&out)]).code,
        80
    );
    assert_eq!(
        run(state.path(), &["restore", "--from", text(&out)]).code,
        80
    );
    let nowhere = elsewhere.path().join("nowhere");
    assert_eq!(
        run(state.path(), &["restore", "--verify", text(&nowhere)]).code,
        82
    );
    assert_eq!(
        run(&nowhere, &["restore", "--verify", text(&out)]).code,
        83,
        "no key"
    );
    assert_eq!(run(state.path(), &["restore"]).code, 2);
    assert_eq!(run(state.path(), &["backup", "--verify", "x"]).code, 2);
}
