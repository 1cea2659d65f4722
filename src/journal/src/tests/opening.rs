//! Opening: each thing that can be wrong has its own error, and no error changes the file.

use std::fs;

use rusqlite::Connection;
use tempfile::tempdir;

use super::{Folder, card_sale, cash_sale, send, terminal};
use crate::{DbKey, Journal, JournalError, schema};

#[test]
fn a_new_journal_is_empty_and_opens_again() {
    let folder = Folder::new();
    for _ in 0..2 {
        let restored = folder.open().restored().expect("it can be read");
        assert_eq!(restored.draft, None);
        assert!(restored.parked.is_empty() && restored.unresolved.is_empty());
        assert_eq!(restored.next_receipt_no, 1);
    }
}

#[test]
fn the_settings_that_keep_money_are_in_force() {
    let folder = Folder::new();
    let journal = folder.open();
    let pragma = |name: &str| -> String {
        let sql = format!("SELECT CAST(\"{name}\" AS TEXT) FROM pragma_{name}");
        journal
            .db
            .query_row(&sql, [], |row| row.get(0))
            .expect("the pragma exists")
    };
    assert_eq!(pragma("journal_mode"), "wal");
    assert_eq!(pragma("synchronous"), "2", "FULL");
    assert_eq!(pragma("foreign_keys"), "1");
    assert_eq!(pragma("secure_delete"), "1");
    assert_eq!(pragma("locking_mode"), "exclusive");
}

#[test]
fn another_key_is_refused_and_changes_nothing() {
    let folder = Folder::new();
    drop(folder.open());
    let before = fs::read(folder.journal()).expect("the journal is there");
    let elsewhere = tempdir().expect("the system has a temporary folder");
    let other = DbKey::create(&elsewhere.path().join("db.key")).expect("the folder is writable");
    let opened = Journal::open(&folder.journal(), &other, &terminal());
    assert!(matches!(opened, Err(JournalError::WrongKey(_))));
    assert_eq!(
        fs::read(folder.journal()).expect("the journal is there"),
        before
    );
    drop(folder.open());
}

#[test]
fn a_text_file_is_no_journal() {
    let folder = Folder::new();
    let key = folder.key();
    fs::write(folder.journal(), "the shopping list\n".repeat(500)).expect("it is writable");
    let opened = Journal::open(&folder.journal(), &key, &terminal());
    assert!(matches!(opened, Err(JournalError::NotAJournal(_))));
}

#[test]
fn a_database_that_is_not_encrypted_is_no_journal() {
    let folder = Folder::new();
    let key = folder.key();
    let plain = Connection::open(folder.journal()).expect("it is writable");
    plain
        .execute_batch("CREATE TABLE t (x)")
        .expect("it is an ordinary database");
    drop(plain);
    let opened = Journal::open(&folder.journal(), &key, &terminal());
    assert!(matches!(opened, Err(JournalError::NotAJournal(_))));
}

#[test]
fn another_terminals_journal_is_refused_by_name() {
    let folder = Folder::new();
    drop(folder.open());
    let other = "T0000002".parse().expect("the name is fit for a terminal");
    let opened = Journal::open(&folder.journal(), &folder.key(), &other);
    let text = opened.err().map(|why| why.to_string()).unwrap_or_default();
    assert!(
        text.contains("T0000001") && text.contains("T0000002"),
        "{text}"
    );
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let folder = Folder::new();
    let journal = folder.open();
    let newer = schema::NEWEST + 1;
    journal
        .db
        .pragma_update(None, "user_version", newer)
        .expect("it is writable");
    drop(journal);
    for _ in 0..2 {
        let opened = folder.try_open();
        assert!(matches!(opened, Err(JournalError::Newer { found, .. }) if found == newer));
    }
}

#[test]
fn a_second_till_is_refused_while_the_first_runs_and_welcome_after() {
    let folder = Folder::new();
    let mut first = folder.open();
    assert!(matches!(folder.try_open(), Err(JournalError::InUse(_))));
    let journaled = first
        .commit_sale(&cash_sale(1))
        .expect("the first still writes");
    assert_eq!(journaled.seq(), 1);
    drop(first);
    assert_eq!(folder.open().totals().expect("it can be read").sales, 1);
}

#[test]
fn a_byte_changed_in_any_page_is_found() {
    let folder = Folder::new();
    let mut journal = folder.open();
    for n in 1..=20 {
        send(&mut journal, n);
        journal
            .write_approved(super::attempt(n), None, "", None, "{}")
            .expect("it was sent");
        let _journaled = journal.commit_sale(&card_sale(n)).expect("it is paid");
    }
    drop(journal);
    let key = folder.key();
    let whole = fs::read(folder.journal()).expect("the journal is there");
    let pages = whole.len() / 4096;
    assert!(pages > 10, "every table has a page");
    for page in 0..pages {
        let mut broken = whole.clone();
        broken[page * 4096 + 100] ^= 1;
        fs::write(folder.journal(), &broken).expect("it is writable");
        let opened = Journal::open(&folder.journal(), &key, &terminal());
        // The first page decides whether the key fits, so there damage and a wrong key look alike.
        let named = match page {
            0 => matches!(opened, Err(JournalError::WrongKey(_))),
            _ => matches!(opened, Err(JournalError::Damaged { .. })),
        };
        assert!(named, "page {page}: {:?}", opened.err());
    }
}

#[test]
fn a_journal_cut_short_is_refused() {
    let folder = Folder::new();
    drop(folder.open());
    let whole = fs::read(folder.journal()).expect("the journal is there");
    for len in [1, 100, 4096, whole.len() - 4096, whole.len() - 1] {
        fs::write(folder.journal(), &whole[..len]).expect("it is writable");
        let opened = Journal::open(&folder.journal(), &folder.key(), &terminal());
        let named = matches!(
            opened,
            Err(JournalError::Damaged { .. } | JournalError::NotAJournal(_))
        );
        assert!(named, "{len} bytes: {:?}", opened.err());
    }
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = Folder::new();
    let path = folder.dir.path().join("nowhere").join("till.db");
    let opened = Journal::open(&path, &folder.key(), &terminal());
    let text = opened.err().map(|why| why.to_string()).unwrap_or_default();
    assert!(text.contains("nowhere"), "{text}");
}

#[test]
fn a_folder_in_the_journals_place_is_refused() {
    let folder = Folder::new();
    let key = folder.key();
    fs::create_dir(folder.journal()).expect("it is writable");
    let opened = Journal::open(&folder.journal(), &key, &terminal());
    assert!(
        matches!(opened, Err(JournalError::Unreachable(_))),
        "{:?}",
        opened.err()
    );
}
