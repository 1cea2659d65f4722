//! A look at a journal from outside finds what is wrong with it and leaves no trace.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::{Folder, cash_sale};
use crate::{Checked, DbKey, JournalError, check};

/// A journal with sales in it that was closed.
fn closed() -> Folder {
    let folder = Folder::new();
    let mut journal = folder.open();
    for n in 1..=20 {
        let _journaled = journal.commit_sale(&cash_sale(n)).expect("a sale");
    }
    drop(journal);
    folder
}

/// The same as a till leaves it that was killed: with its log beside it.
fn killed() -> Folder {
    let folder = Folder::new();
    let mut journal = folder.open();
    for n in 1..=20 {
        let _journaled = journal.commit_sale(&cash_sale(n)).expect("a sale");
    }
    let copy = Folder::new();
    for name in ["till.db", "till.db-wal", "db.key"] {
        let (from, to) = (folder.dir.path().join(name), copy.dir.path().join(name));
        fs::copy(from, to).expect("a copy");
    }
    copy
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    entries
        .map(|entry| {
            let bytes = fs::read(entry.path()).expect("a file");
            (entry.file_name().to_string_lossy().into_owned(), bytes)
        })
        .collect()
}

#[test]
fn a_whole_journal_is_sound_and_nothing_of_it_changes() {
    for folder in [closed(), killed()] {
        let before = files(folder.dir.path());
        let found = check(&folder.journal(), &folder.key()).expect("whole");
        assert_eq!(found, Checked::Sound);
        assert!(files(folder.dir.path()) == before, "something was written");
        drop(folder.open());
    }
}

#[test]
fn one_changed_byte_on_any_page_is_found() {
    let folder = closed();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(folder.journal())
        .expect("the journal");
    let pages = file.metadata().expect("a journal").len() / 4096;
    assert!(pages > 5, "{pages}");
    for page in 0..pages {
        let at = page * 4096 + 2000;
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).expect("a byte");
        file.write_all_at(&[byte[0] ^ 1], at).expect("a byte");
        let verdict = check(&folder.journal(), &folder.key());
        assert!(verdict.is_err(), "page {page} of {pages}: {verdict:?}");
        file.write_all_at(&byte, at).expect("a byte");
    }
    let mended = check(&folder.journal(), &folder.key());
    assert!(matches!(mended, Ok(Checked::Sound)), "{mended:?}");
}

#[test]
fn another_key_another_file_and_a_stump_are_told_apart() {
    let folder = closed();
    let other = folder.dir.path().join("other.key");
    let other = DbKey::create(&other).expect("a key");
    let wrong = check(&folder.journal(), &other);
    assert!(matches!(wrong, Err(JournalError::WrongKey(_))), "{wrong:?}");
    for (content, name) in [(vec![7; 5000], "odd"), (vec![7; 100], "stump")] {
        fs::write(folder.journal(), content).expect("a file");
        let wrong = check(&folder.journal(), &folder.key());
        assert!(
            matches!(wrong, Err(JournalError::NotAJournal(_))),
            "{name}: {wrong:?}"
        );
    }
    fs::remove_file(folder.journal()).expect("the file");
    let wrong = check(&folder.journal(), &folder.key());
    assert!(
        matches!(wrong, Err(JournalError::Unreachable(_))),
        "{wrong:?}"
    );
}

#[test]
fn a_journal_in_use_is_not_judged() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let _journaled = journal.commit_sale(&cash_sale(1)).expect("a sale");
    let found = check(&folder.journal(), &folder.key());
    assert!(matches!(found, Err(JournalError::InUse(_))), "{found:?}");
}
