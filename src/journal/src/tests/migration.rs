//! A journal of each released schema opens, with every queued record as it was.
//!
//! `schemas/001.db` was made by the release of schema 001, through its own API: sales 1 to 6 (one
//! acknowledged, one held, one by card, two voided after a card), sale 7 parked and paid by card,
//! sale 8 open while its card's issuer was being asked. Its key is 32 times the letter K.

use std::fs;

use super::{Folder, attempt, cash_sale, sale};
use crate::{AttemptState, DbKey, Journal, JournalError, SaleCommit};

const SCHEMA_001: &[u8] = include_bytes!("schemas/001.db");

/// A folder with a journal of schema 001.
fn old() -> Folder {
    let folder = Folder::new();
    drop(DbKey::create(&folder.key_file()).expect("the folder is writable"));
    fs::write(folder.key_file(), [b'K'; 32]).expect("it is writable");
    fs::write(folder.journal(), SCHEMA_001).expect("the folder is writable");
    folder
}

/// Asserts that everything of the old journal is there.
fn assert_kept(journal: &Journal) {
    let waiting = journal.outbox(100).expect("it can be read");
    assert_eq!(
        waiting.iter().map(|record| record.seq).collect::<Vec<_>>(),
        [2, 3, 4, 5]
    );
    assert!(
        waiting
            .iter()
            .all(|record| record.is_whole() && record.epoch == 1)
    );
    assert_eq!(waiting[0].body, "{\"sale\":2}");
    let held = journal.held(10).expect("it can be read");
    assert_eq!(held.iter().map(|held| held.seq).collect::<Vec<_>>(), [6]);
    for n in 1..=6 {
        let receipt = journal
            .receipt(n)
            .expect("it can be read")
            .expect("it was printed");
        assert_eq!(receipt.text, format!("receipt {n}"));
    }
    assert_eq!(journal.next_receipt_no().expect("it can be read"), 7);
    let totals = journal.totals().expect("they can be read");
    assert_eq!((totals.sales, totals.voided), (4, 2));
    let restored = journal.restored().expect("it can be read");
    assert_eq!(restored.parked.len(), 1);
    assert_eq!(
        restored.draft.map(|draft| draft.body).as_deref(),
        Some("{\"lines\":[8]}")
    );
    let due = journal.reversals_due().expect("they can be read");
    assert_eq!(
        due.iter().map(|due| due.attempt).collect::<Vec<_>>(),
        [attempt(5), attempt(8)]
    );
}

#[test]
fn a_journal_of_schema_001_goes_on_where_it_stopped() {
    let folder = old();
    let mut journal = folder.open();
    assert_kept(&journal);
    let asked = journal.restored().expect("it can be read").unresolved.pop();
    let asked = asked.expect("it was open");
    assert_eq!(
        (asked.found, asked.state),
        (AttemptState::Sent, AttemptState::ReversalDue)
    );
    let found = journal
        .recent_charge(&crate::CardKey::of(&super::card()), 1250, 0)
        .expect("it can be read");
    assert_eq!(
        found.map(|charge| charge.attempt),
        Some(attempt(7)),
        "old charges are known"
    );
    journal.clear_draft().expect("its charge is being undone");
    let next = SaleCommit {
        sale: sale(70),
        ..cash_sale(7)
    };
    let sold = journal.commit_sale(&next).expect("a new sale");
    assert_eq!((sold.seq(), sold.receipt_no()), (7, 7), "no gap");
    journal.recall(sale(7)).expect("it was parked");
    drop(journal);
    let sold = folder.open().next_receipt_no().expect("it can be read");
    assert_eq!(sold, 8);
}

#[test]
fn an_attempt_in_any_state_of_schema_001_is_settled() {
    for (state, settled) in [
        ("INTENT", AttemptState::Declined),
        ("UNKNOWN", AttemptState::ReversalDue),
    ] {
        let folder = old();
        let db = rusqlite::Connection::open(folder.journal()).expect("it is there");
        crate::open::unlock(&db, &folder.key(), &folder.journal())
            .ok()
            .expect("the key fits");
        db.execute(
            "UPDATE attempt SET state = ?1 WHERE state = 'SENT'",
            [state],
        )
        .expect("it is writable");
        drop(db);
        let left = folder.open().restored().expect("it can be read").unresolved;
        assert_eq!(left.last().map(|left| left.state), Some(settled), "{state}");
    }
}

/// What a loss of power leaves of a migration: the log up to some byte.
#[test]
fn a_migration_that_was_cut_short_is_done_again() {
    let folder = old();
    let journal = folder.open();
    let path = |name: &str| folder.dir.path().join(name);
    drop(journal);
    // The log of a migration, before it was written back.
    let again = old();
    let mut db = rusqlite::Connection::open(again.journal()).expect("it is there");
    crate::open::unlock(&db, &again.key(), &again.journal())
        .ok()
        .expect("the key fits");
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
        .expect("it is one");
    db.execute_batch("PRAGMA wal_autocheckpoint = 0")
        .expect("it is one");
    crate::schema::migrate(&mut db, 1)
        .ok()
        .expect("it is of schema 001");
    let base = fs::read(again.journal()).expect("it is there");
    let log = fs::read(again.dir.path().join("till.db-wal")).expect("it is open");
    drop(db);
    let mut migrated = false;
    for cut in (0..log.len()).step_by(log.len() / 25).chain([log.len()]) {
        fs::write(path("till.db"), &base).expect("it is writable");
        fs::write(path("till.db-wal"), &log[..cut]).expect("it is writable");
        let mut journal = folder.open();
        assert_kept(&journal);
        let receipt = SaleCommit {
            sale: sale(70),
            ..cash_sale(7)
        };
        journal.clear_draft().expect("its charge is being undone");
        assert_eq!(
            journal.commit_sale(&receipt).expect("a new sale").seq(),
            7,
            "cut at {cut}"
        );
        migrated = cut == log.len();
    }
    assert!(migrated);
}

#[test]
fn a_journal_of_a_newer_schema_is_refused_and_not_touched() {
    let folder = old();
    drop(folder.open());
    let db = rusqlite::Connection::open(folder.journal()).expect("it is there");
    crate::open::unlock(&db, &folder.key(), &folder.journal())
        .ok()
        .expect("the key fits");
    db.pragma_update(None, "user_version", 3)
        .expect("it is writable");
    drop(db);
    let before = fs::read(folder.journal()).expect("it is there");
    let newer = folder.try_open();
    assert!(matches!(
        newer,
        Err(JournalError::Newer {
            found: 3,
            known: 2,
            ..
        })
    ));
    assert_eq!(fs::read(folder.journal()).expect("it is there"), before);
}
