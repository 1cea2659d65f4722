//! What the files on the disk give away: nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{Folder, approve, card_sale, cash_sale};
use crate::{JournalError, Parked, SaleCommit};

const PRODUCT: &str = "Alpine Meadow Butter";

#[test]
fn no_product_cashier_or_card_is_on_the_disk_in_clear() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let body = format!("{{\"lines\":[\"{PRODUCT}\"]}}");
    approve(&mut journal, 1);
    let commit = SaleCommit {
        body: body.clone(),
        receipt_text: PRODUCT.to_owned(),
        cashier: "Philippa".to_owned(),
        ..card_sale(1)
    };
    let _journaled = journal.commit_sale(&commit).expect("it is paid");
    let parked = Parked {
        id: super::sale(2),
        parked_at_ms: 1,
        title: PRODUCT.to_owned(),
        body: body.clone(),
    };
    journal.park(&parked).expect("there is room");
    journal
        .save_draft(super::sale(3), &body)
        .expect("no basket is open");

    // While it runs the rows are in the WAL, after it has stopped in the journal itself.
    let mut seen = scan(&folder);
    drop(journal);
    seen.extend(scan(&folder));
    assert!(
        seen.contains("till.db-wal") && seen.contains("till.db"),
        "{seen:?}"
    );
    assert!(!seen.contains("till.db-shm"), "the lock is exclusive");
}

/// The names of the folder's files, none of which holds what it should not.
fn scan(folder: &Folder) -> std::collections::BTreeSet<String> {
    let clear = [
        PRODUCT,
        "Philippa",
        "476173",
        "A0000000031010",
        "T0000001",
        "CREATE TABLE",
    ];
    fs::read_dir(folder.dir.path())
        .expect("the folder is there")
        .map(|entry| {
            let entry = entry.expect("the folder can be read");
            let bytes = fs::read(entry.path()).expect("the file is ours");
            let text = String::from_utf8_lossy(&bytes);
            let name = entry.file_name().to_string_lossy().into_owned();
            for word in clear {
                assert!(!text.contains(word), "{name} holds {word:?} in clear");
            }
            let mode = entry
                .metadata()
                .expect("the file is ours")
                .permissions()
                .mode()
                & 0o777;
            assert_eq!(mode, 0o600, "{name}");
            name
        })
        .collect()
}

#[test]
fn a_whole_card_number_is_refused_at_the_last_gate() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal
        .save_draft(super::sale(1), "{}")
        .expect("no basket is open");
    let _written = journal
        .write_intent(&super::intent(1, 1))
        .expect("nothing else pays for it");
    let whole = "4761739001010010";
    let mut pan = super::card();
    pan.truncated_pan = whole.to_owned();
    let mut last4 = super::card();
    last4.last4 = whole.to_owned();
    let mut label = super::card();
    label.label = whole.to_owned();
    for leaky in [pan, last4, label] {
        let sent = journal.write_sent(super::attempt(1), &leaky);
        let text = sent.err().map(|why| why.to_string()).unwrap_or_default();
        assert!(
            text.contains("card number") && !text.contains(whole),
            "{text}"
        );
    }
}

#[test]
fn errors_do_not_repeat_what_was_in_the_row() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let commit = SaleCommit {
        body: PRODUCT.to_owned(),
        ..cash_sale(1)
    };
    let refused = journal.commit_sale(&commit).expect_err("it is not JSON");
    assert!(matches!(refused, JournalError::NotJson(_)));
    assert!(!format!("{refused} {refused:?}").contains(PRODUCT));
}
