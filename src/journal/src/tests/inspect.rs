//! What a search past the tables sees: every page and every value, also of what is no more.

use std::fs;
use std::path::Path;

use super::{Folder, sale};
use crate::inspect::{self, InspectError, Inspected, Page};
use crate::{DbKey, Parked};

const MARK: &str = "looked-for-mark";

fn park(body: &str) -> Parked {
    Parked {
        id: sale(2),
        parked_at_ms: 1,
        title: "a basket".to_owned(),
        body: body.to_owned(),
    }
}

/// How often the mark stands on a page of the journal, and of its log.
fn marks(folder: &Folder) -> (usize, usize, Inspected) {
    let (mut pages, mut log) = (0, 0);
    let seen = inspect::pages(&folder.journal(), &folder.key(), &mut |page: Page<'_>| {
        let count = String::from_utf8_lossy(page.bytes).matches(MARK).count();
        if page.file == folder.journal() {
            pages += count;
        } else {
            log += count;
        }
    });
    (pages, log, seen.expect("the files are ours"))
}

#[test]
fn a_running_journal_shows_its_pages_and_those_of_its_log() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal
        .park(&park(&format!("\"{MARK}\"")))
        .expect("there is room");
    let (_, in_log, seen) = marks(&folder);
    assert!(in_log > 0, "{seen:?}");
    assert!(seen.pages > 0 && seen.log_pages > 0, "{seen:?}");
    // It still can be written: no lock was taken and none was lost.
    journal
        .save_draft(sale(3), "\"another\"")
        .expect("the journal is still the till's");
    drop(journal);
    let (in_pages, in_log, seen) = marks(&folder);
    assert!(in_pages > 0 && in_log == 0, "{seen:?}");
}

#[test]
fn a_value_that_lies_on_several_pages_comes_whole() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let long = format!("\"{}\"", MARK.repeat(2_000));
    journal.park(&park(&long)).expect("there is room");
    // Copied while the journal is open: what is in the log alone counts.
    let copy = copied(&folder, "copy.db");
    drop(journal);
    let mut whole = 0;
    let count = inspect::values(&copy, &folder.key(), &mut |table, value| {
        whole += usize::from(table == "parked" && value == long.as_bytes());
    });
    assert_eq!(whole, 1, "of {count:?} values");
}

#[test]
fn another_key_shows_nothing() {
    let folder = Folder::new();
    drop(folder.open());
    let other = DbKey::create(&folder.dir.path().join("other.key")).expect("a key");
    let refused = inspect::pages(&folder.journal(), &other, &mut |_| panic!("a page"));
    assert!(matches!(refused, Err(InspectError::WrongKey(_))));
    let missing = inspect::pages(Path::new("/nowhere/till.db"), &other, &mut |_| {});
    assert!(matches!(missing, Err(InspectError::Unreadable { .. })));
}

fn copied(folder: &Folder, name: &str) -> std::path::PathBuf {
    let copy = folder.dir.path().join(name);
    for suffix in ["", "-wal"] {
        let from = format!("{}{suffix}", folder.journal().display());
        fs::copy(from, format!("{}{suffix}", copy.display())).expect("a copy");
    }
    copy
}
