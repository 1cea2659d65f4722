//! After a stop the journal says what happened; nobody is asked.

use super::{Folder, approve, attempt, card, cash_sale, intent, sale, send};
use crate::{AttemptState, JournalError, Parked};

#[test]
fn an_intent_that_was_never_sent_is_declined() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal
        .save_draft(sale(1), "[1]")
        .expect("no basket is open");
    let _written = journal
        .write_intent(&intent(1, 1))
        .expect("nothing else pays for it");
    drop(journal);

    let journal = folder.open();
    let restored = journal.restored().expect("it can be read");
    let left = &restored.unresolved[0];
    assert_eq!(
        (left.found, left.state),
        (AttemptState::Intent, AttemptState::Declined)
    );
    assert_eq!((left.amount_minor, &left.card), (1250, &None));
    assert!(left.why.contains("nothing was charged"));
    assert_eq!(journal.reversals_due().expect("they can be read"), []);
    assert_eq!(
        restored.draft.map(|draft| draft.sale),
        Some(sale(1)),
        "the basket is there"
    );
}

#[test]
fn an_attempt_whose_fate_is_unknown_is_reversed() {
    for unknown in [false, true] {
        let folder = Folder::new();
        let mut journal = folder.open();
        send(&mut journal, 1);
        if unknown {
            journal
                .write_unknown(attempt(1), "no answer")
                .expect("it was sent");
        }
        drop(journal);

        let journal = folder.open();
        let left = &journal.restored().expect("it can be read").unresolved[0];
        let found = if unknown {
            AttemptState::Unknown
        } else {
            AttemptState::Sent
        };
        assert_eq!((left.found, left.state), (found, AttemptState::ReversalDue));
        assert_eq!(left.card, Some(card()));
        let due = journal.reversals_due().expect("they can be read");
        assert_eq!(
            due.iter().map(|r| r.attempt).collect::<Vec<_>>(),
            [attempt(1)]
        );
    }
}

#[test]
fn a_card_that_has_paid_for_the_open_basket_still_has() {
    let folder = Folder::new();
    let mut journal = folder.open();
    approve(&mut journal, 1);
    drop(journal);

    let mut journal = folder.open();
    let restored = journal.restored().expect("it can be read");
    assert_eq!(restored.unresolved, []);
    assert_eq!(
        restored.draft.map(|d| d.body).as_deref(),
        Some("{\"tender\":\"card\"}")
    );
    let journaled = journal
        .commit_sale(&super::card_sale(1))
        .expect("it is paid");
    assert_eq!(journaled.sale(), sale(1));
}

#[test]
fn a_card_that_has_paid_for_nothing_gets_its_money_back() {
    let folder = Folder::new();
    let mut journal = folder.open();
    approve(&mut journal, 1);
    // No call of the journal does this; a basket lost in any other way must not cost money.
    journal
        .db
        .execute("DELETE FROM draft", [])
        .expect("it is writable");
    drop(journal);

    let left = folder.open().restored().expect("it can be read").unresolved;
    let states = (left[0].found, left[0].state);
    assert_eq!(states, (AttemptState::Approved, AttemptState::ReversalDue));
}

#[test]
fn a_reversal_is_reported_at_every_start_until_it_is_acknowledged() {
    let folder = Folder::new();
    let mut journal = folder.open();
    send(&mut journal, 1);
    journal
        .write_reversal_due(attempt(1), "no answer", Some("[]"))
        .expect("it was sent");
    drop(journal);
    for _ in 0..2 {
        let left = folder.open().restored().expect("it can be read").unresolved;
        let due = AttemptState::ReversalDue;
        assert_eq!(
            (left[0].found, left[0].state, left[0].why.as_str()),
            (due, due, "no answer")
        );
    }
    folder.open().write_reversed(attempt(1)).expect("it is due");
    assert_eq!(
        folder.open().restored().expect("it can be read").unresolved,
        []
    );
}

#[test]
fn everything_else_is_where_it_was() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let _journaled = journal.commit_sale(&cash_sale(1)).expect("it is paid");
    let parked = Parked {
        id: sale(5),
        parked_at_ms: 7,
        title: "blue hat".to_owned(),
        body: "[5]".to_owned(),
    };
    journal.park(&parked).expect("there is room");
    journal
        .save_draft(sale(2), "[2]")
        .expect("no basket is open");
    drop(journal);

    let journal = folder.open();
    let restored = journal.restored().expect("it can be read");
    assert_eq!(
        restored.draft.map(|d| (d.sale, d.body)),
        Some((sale(2), "[2]".to_owned()))
    );
    assert_eq!(restored.parked, [parked]);
    assert_eq!(
        (restored.totals.sales, restored.totals.cash_minor),
        (1, 999)
    );
    assert_eq!(restored.next_receipt_no, 2);
    assert_eq!(journal.queue().expect("it can be read").count, 1);
}

#[test]
fn a_failed_disk_ends_all_writing_until_a_new_start() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal
        .save_draft(sale(1), "[1]")
        .expect("no basket is open");
    let failed = journal.commit("fail", |_| -> Result<(), _> {
        let io = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC);
        Err(rusqlite::Error::SqliteFailure(io, None).into())
    });
    assert!(matches!(failed, Err(JournalError::DiskFailed { .. })));
    assert!(matches!(
        journal.save_draft(sale(1), "[2]"),
        Err(JournalError::Stopped(_))
    ));
    drop(journal);
    folder
        .open()
        .save_draft(sale(1), "[3]")
        .expect("a new start writes again");
}
