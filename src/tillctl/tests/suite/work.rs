//! `tillctl work`: what a till left to a person, on journals that a till left behind.

use std::path::Path;

use sealpoint_journal::{DbKey, Intent, JOURNAL_FILE, Journal, KEY_FILE};
use sealpoint_sale::{AttemptId, Currency, SaleId};
use sealpoint_wire::CardSummary;
use tempfile::TempDir;
use uuid::Uuid;

use crate::bench::{Ran, folder, tillctl};

fn open(state: &Path) -> Journal {
    let path = state.join(JOURNAL_FILE);
    let key = DbKey::for_journal(&state.join(KEY_FILE), &path).expect("it is writable");
    Journal::open(&path, &key, &"T0000001".parse().expect("it is one")).expect("it is free")
}

/// A till that was stopped while it asked the acquirer.
fn asking() -> (TempDir, AttemptId) {
    let state = folder();
    let mut journal = open(state.path());
    let (sale, attempt) = (SaleId::new(Uuid::now_v7()), AttemptId::new(Uuid::now_v7()));
    journal.save_draft(sale, "{}").expect("none is open");
    let intent = Intent {
        attempt,
        sale,
        amount_minor: 1250,
        currency: Currency::Eur,
        local_time: "20261123120000".to_owned(),
        at_ms: 1_000,
    };
    let _no_card_is_read = journal.write_intent(&intent).expect("nothing else pays");
    let card = CardSummary {
        label: "VISA".to_owned(),
        aid: "A0000000031010".to_owned(),
        truncated_pan: "476173******0119".to_owned(),
        last4: "0119".to_owned(),
        token: None,
    };
    let _nobody_is_asked = journal.write_sent(attempt, &card).expect("it is INTENT");
    (state, attempt)
}

fn work(state: &Path, arguments: &[&str]) -> Ran {
    let till = ["--terminal", "T0000001", "--state"];
    let state = [state.to_str().expect("text"), "--json"];
    tillctl(&[&["work"][..], arguments, &till, &state].concat())
}

fn due(state: &Path) -> Vec<AttemptId> {
    let due = open(state).reversals_due().expect("they can be read");
    due.into_iter().map(|due| due.attempt).collect()
}

const SAID: [&str; 4] = ["--by", "Ana", "--note", "the acquirer has undone it"];

#[test]
fn a_reversal_that_nobody_takes_is_listed_and_ends_when_a_person_says_so() {
    let (state, attempt) = asking();
    let mut journal = open(state.path());
    journal
        .write_reversal_refused(attempt, "The collector refused (409).", 2_000)
        .expect("the start made it due");
    let running = work(state.path(), &["list"]);
    assert_eq!(running.code, 81, "the journal is its till's alone");
    drop(journal);

    let listed = work(state.path(), &["list"]);
    assert_eq!(listed.code, 0, "{}", listed.out);
    let item = &listed.json()["work"][0];
    assert_eq!(item["kind"], "reversal_refused");
    assert_eq!(item["attempt"], attempt.to_string());
    assert_eq!(
        (item["amount_minor"].as_i64(), item["currency"].as_str()),
        (Some(1250), Some("EUR"))
    );
    assert_eq!(item["card"], "VISA 0119");
    let number = item["number"].to_string();

    let unsaid = work(state.path(), &["close", &number]);
    assert_eq!(unsaid.code, 2, "who and how");
    let other = work(state.path(), &[&["reverse", &number][..], &SAID].concat());
    assert_eq!(other.code, 72, "it is no restored attempt");
    assert_eq!(due(state.path()), [attempt]);
    let closed = work(state.path(), &[&["close", &number][..], &SAID].concat());
    assert_eq!(closed.code, 0, "{}", closed.out);
    assert_eq!(due(state.path()), []);
    let again = work(state.path(), &[&["close", &number][..], &SAID].concat());
    assert_eq!(again.code, 72);
    assert_eq!(
        work(state.path(), &["list"]).json()["work"],
        serde_json::json!([])
    );
}

#[test]
fn the_charge_of_a_restored_attempt_is_undone_when_a_person_says_so() {
    let (state, attempt) = asking();
    let elsewhere = folder();
    let backup = elsewhere.path().join("backup");
    let (state, file) = (
        state.path().to_str().expect("text").to_owned(),
        backup.to_str().expect("text").to_owned(),
    );
    for arguments in [
        ["backup", "--out", &file, "--state", &state],
        ["restore", "--from", &file, "--state", &state],
    ] {
        assert_eq!(tillctl(&arguments).code, 0, "{arguments:?}");
    }
    let state = Path::new(&state);
    assert_eq!(due(state), [], "no machine undoes it");
    let item = work(state, &["list"]).json()["work"][0].clone();
    assert_eq!(item["kind"], "restored_attempt");
    let number = item["number"].to_string();
    let undone = work(state, &[&["reverse", &number][..], &SAID].concat());
    assert_eq!(undone.code, 0, "{}", undone.out);
    assert_eq!(due(state), [attempt]);
}

#[test]
fn a_folder_without_a_journal_is_left_without_one() {
    let state = folder();
    let (journaled, _) = asking();
    std::fs::copy(journaled.path().join(KEY_FILE), state.path().join(KEY_FILE)).expect("a key");
    assert_eq!(work(state.path(), &["list"]).code, 83);
    assert!(!state.path().join(JOURNAL_FILE).exists());
}
