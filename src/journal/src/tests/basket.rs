//! The open basket and the parked ones: nothing is lost, nothing comes back.

use sealpoint_wire::record::MAX_BODY;

use super::{Folder, approve, attempt, cash_sale, sale, send};
use crate::{Journal, JournalError, MAX_PARKED, MAX_TITLE, Parked};

fn parked(n: u64) -> Parked {
    let at = i64::try_from(n).expect("tests number low");
    Parked {
        id: sale(n),
        parked_at_ms: at,
        title: format!("sale {n}"),
        body: format!("[{n}]"),
    }
}

fn open_basket(journal: &Journal) -> Option<String> {
    journal
        .restored()
        .expect("it can be read")
        .draft
        .map(|draft| draft.body)
}

#[test]
fn the_basket_is_there_as_it_was_saved_last() {
    let folder = Folder::new();
    let mut journal = folder.open();
    for body in ["[1]", "[1,2]", "[1,2,3]"] {
        journal
            .save_draft(sale(1), body)
            .expect("it is the open basket");
    }
    drop(journal);
    let draft = folder
        .open()
        .restored()
        .expect("it can be read")
        .draft
        .expect("it was saved");
    assert_eq!((draft.sale, draft.body.as_str()), (sale(1), "[1,2,3]"));
}

#[test]
fn a_cleared_basket_is_gone_and_clearing_nothing_is_fine() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal.clear_draft().expect("there is nothing to clear");
    journal
        .save_draft(sale(1), "[]")
        .expect("no basket is open");
    journal.clear_draft().expect("nothing was paid");
    drop(journal);
    assert_eq!(open_basket(&folder.open()), None);
}

#[test]
fn a_basket_does_not_overwrite_another_sales() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal
        .save_draft(sale(1), "[1]")
        .expect("no basket is open");
    let other = journal.save_draft(sale(2), "[2]");
    assert!(matches!(other, Err(JournalError::DraftOpen(open)) if open == sale(1)));
    assert_eq!(open_basket(&journal).as_deref(), Some("[1]"));
}

#[test]
fn a_basket_that_is_broken_or_too_large_is_refused_and_the_old_one_stays() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal
        .save_draft(sale(1), "[1]")
        .expect("no basket is open");
    assert!(matches!(
        journal.save_draft(sale(1), "[1"),
        Err(JournalError::NotJson(_))
    ));
    let huge = format!("\"{}\"", "x".repeat(MAX_BODY));
    let refused = journal.save_draft(sale(1), &huge);
    assert!(matches!(
        refused,
        Err(JournalError::TooLarge { max: MAX_BODY, .. })
    ));
    assert_eq!(open_basket(&journal).as_deref(), Some("[1]"));
}

#[test]
fn parking_closes_the_basket_and_recalling_opens_it() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal
        .save_draft(sale(1), "[1]")
        .expect("no basket is open");
    journal.park(&parked(1)).expect("there is room");
    assert_eq!(open_basket(&journal), None);
    drop(journal);

    let mut journal = folder.open();
    assert_eq!(
        journal.restored().expect("it can be read").parked,
        [parked(1)]
    );
    assert_eq!(journal.recall(sale(1)).expect("it is parked"), parked(1));
    let restored = journal.restored().expect("it can be read");
    assert_eq!(
        restored.draft.map(|draft| draft.body).as_deref(),
        Some("[1]")
    );
    assert!(restored.parked.is_empty());
}

#[test]
fn recalling_does_not_overwrite_the_open_basket() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal.park(&parked(1)).expect("there is room");
    journal
        .save_draft(sale(2), "[2]")
        .expect("no basket is open");
    assert!(matches!(
        journal.recall(sale(1)),
        Err(JournalError::DraftOpen(_))
    ));
    let restored = journal.restored().expect("it can be read");
    assert_eq!(restored.parked.len(), 1, "it is still parked");
    assert!(matches!(
        journal.recall(sale(9)),
        Err(JournalError::DraftOpen(_))
    ));
    journal.clear_draft().expect("nothing was paid");
    assert!(matches!(
        journal.recall(sale(9)),
        Err(JournalError::NotParked(_))
    ));
}

#[test]
fn a_parked_sale_is_discarded_once() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal.park(&parked(1)).expect("there is room");
    assert!(matches!(
        journal.park(&parked(1)),
        Err(JournalError::AlreadyParked(_))
    ));
    journal.discard(sale(1)).expect("nothing was paid");
    assert!(matches!(
        journal.discard(sale(1)),
        Err(JournalError::NotParked(_))
    ));
}

#[test]
fn parking_has_a_bound_and_the_basket_stays_open_beyond_it() {
    let folder = Folder::new();
    let mut journal = folder.open();
    for n in 1..=u64::from(MAX_PARKED) {
        journal.park(&parked(n)).expect("there is room");
    }
    journal
        .save_draft(sale(1000), "[]")
        .expect("no basket is open");
    assert!(matches!(
        journal.park(&parked(1000)),
        Err(JournalError::ParkedFull)
    ));
    assert_eq!(open_basket(&journal).as_deref(), Some("[]"));
    let titled = Parked {
        title: "t".repeat(MAX_TITLE + 1),
        ..parked(2000)
    };
    assert!(matches!(
        journal.park(&titled),
        Err(JournalError::TooLarge { .. })
    ));
}

#[test]
fn what_a_card_has_paid_cannot_be_cleared_or_discarded() {
    let folder = Folder::new();
    let mut journal = folder.open();
    approve(&mut journal, 1);
    assert!(matches!(
        journal.clear_draft(),
        Err(JournalError::CardHasPaid(_))
    ));
    journal
        .park(&parked(1))
        .expect("the parked basket holds the tender");
    assert!(matches!(
        journal.discard(sale(1)),
        Err(JournalError::CardHasPaid(_))
    ));
    drop(journal);
    let mut journal = folder.open();
    assert_eq!(
        journal.restored().expect("it can be read").unresolved,
        [],
        "it stays paid"
    );
    journal.recall(sale(1)).expect("it is parked");
}

#[test]
fn a_sale_that_waits_for_its_card_cannot_be_cleared_or_parked() {
    let folder = Folder::new();
    let mut journal = folder.open();
    send(&mut journal, 1);
    assert!(matches!(
        journal.clear_draft(),
        Err(JournalError::Unresolved { .. })
    ));
    assert!(matches!(
        journal.park(&parked(1)),
        Err(JournalError::Unresolved { .. })
    ));
    journal
        .write_declined(attempt(1), "05")
        .expect("it was sent");
    journal.park(&parked(1)).expect("it is resolved");
}

#[test]
fn a_finished_sale_does_not_come_back() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let _journaled = journal.commit_sale(&cash_sale(1)).expect("it is paid");
    assert!(matches!(
        journal.save_draft(sale(1), "[]"),
        Err(JournalError::AlreadyCommitted(_))
    ));
    assert!(matches!(
        journal.park(&parked(1)),
        Err(JournalError::AlreadyCommitted(_))
    ));
}
