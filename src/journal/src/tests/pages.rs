//! Damage on the disk is found while the till runs.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use super::{Folder, cash_sale};
use crate::{Journal, JournalError};

/// A journal with some sales, and how many pages it has on the disk.
fn sold(folder: &Folder) -> (Journal, u64) {
    let mut journal = folder.open();
    for n in 1..=70 {
        let _sold = journal.commit_sale(&cash_sale(n)).expect("it is paid");
    }
    let pages = std::fs::metadata(folder.journal())
        .expect("it is there")
        .len()
        / 4096;
    assert!(pages > 10, "the log was written back");
    (journal, pages)
}

/// Looks at every page, three at a time.
fn round(journal: &mut Journal) -> Result<u64, JournalError> {
    for slice in 1.. {
        if journal.check_some(3)? {
            return Ok(slice);
        }
    }
    Ok(0)
}

#[test]
fn a_whole_journal_is_found_whole_in_as_many_slices_as_it_takes() {
    let folder = Folder::new();
    let (mut journal, pages) = sold(&folder);
    for _ in 0..2 {
        assert_eq!(round(&mut journal).expect("it is whole"), pages / 3 + 1);
        let _sold = journal.commit_sale(&cash_sale(71)).map(drop);
    }
    drop(journal);
    assert!(folder.try_open().is_ok(), "the look is in nobody's way");
}

#[test]
fn a_page_that_changes_under_a_running_till_stops_it() {
    let folder = Folder::new();
    let (journal, pages) = sold(&folder);
    drop(journal);
    for page in 1..pages {
        let mut journal = folder.open();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(folder.journal())
            .expect("it is there");
        let mut byte = [0];
        let at = page * 4096 + 40 + page * 7 % 4000;
        file.read_exact_at(&mut byte, at).expect("it is there");
        file.write_all_at(&[byte[0] ^ 4], at)
            .expect("it is writable");
        let found = round(&mut journal);
        let named = matches!(&found, Err(JournalError::Damaged { what, .. })
            if what.contains(&format!("page {} ", page + 1)));
        assert!(named, "page {page}: {found:?}");
        let sale = journal.commit_sale(&cash_sale(71)).map(drop);
        assert!(matches!(sale, Err(JournalError::Stopped(_))), "{sale:?}");
        drop(journal);
        file.write_all_at(&byte, at).expect("it is writable");
    }
    let _journal = folder.open();
}
