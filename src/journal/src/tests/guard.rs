//! The same charge again, partial approvals, tries that a restart does not forget, and the clock.

use super::{Folder, approve, attempt, card, card_sale, cash_sale, intent, sale, send};
use crate::{AttemptState, CardKey, Journal, JournalError, SaleCommit, WorkKind};

fn recent(journal: &Journal, amount_minor: i64, since_ms: i64) -> Option<AttemptState> {
    let found = journal.recent_charge(&CardKey::of(&card()), amount_minor, since_ms);
    found.expect("it can be read").map(|charge| charge.state)
}

#[test]
fn the_same_card_and_amount_is_found_until_it_is_undone() {
    let folder = Folder::new();
    let mut journal = folder.open();
    send(&mut journal, 1);
    assert_eq!(recent(&journal, 1250, 1_000), Some(AttemptState::Sent));
    assert_eq!(recent(&journal, 1251, 1_000), None, "another amount");
    assert_eq!(recent(&journal, 1250, 1_001), None, "too long ago");
    let other = sealpoint_wire::CardSummary {
        last4: "0028".to_owned(),
        truncated_pan: "476173******0028".to_owned(),
        ..card()
    };
    let found = journal
        .recent_charge(&CardKey::of(&other), 1250, 0)
        .expect("it can be read");
    assert_eq!(found, None, "another card");
    journal
        .write_reversal_due(attempt(1), "no answer", None)
        .expect("it was sent");
    assert_eq!(recent(&journal, 1250, 0), None, "it is being undone");
}

#[test]
fn a_sale_needs_what_was_approved_and_not_what_was_asked_for() {
    let folder = Folder::new();
    let mut journal = folder.open();
    send(&mut journal, 1);
    for wrong in [0, -1, 1251] {
        let refused = journal.write_approved(attempt(1), Some(wrong), "A1B2C3", None, "{}");
        assert!(
            matches!(refused, Err(JournalError::AmountOutOfRange(_))),
            "{wrong}"
        );
    }
    journal
        .write_approved(attempt(1), Some(1000), "A1B2C3", None, "{}")
        .expect("it was sent");
    let whole = journal.commit_sale(&card_sale(1)).map(drop);
    assert!(
        matches!(whole, Err(JournalError::OtherAmounts(_))),
        "{whole:?}"
    );
    let rest = SaleCommit {
        card_minor: 1000,
        cash_minor: 250,
        ..card_sale(1)
    };
    let _sold = journal
        .commit_sale(&rest)
        .expect("the rest is paid in cash");
}

#[test]
fn an_unknown_fate_may_become_known() {
    for declined in [false, true] {
        let folder = Folder::new();
        let mut journal = folder.open();
        send(&mut journal, 1);
        journal
            .write_unknown(attempt(1), "no answer")
            .expect("it was sent");
        match declined {
            true => journal
                .write_declined(attempt(1), "never seen")
                .expect("nobody was asked"),
            false => {
                journal
                    .write_approved(attempt(1), None, "A1B2C3", None, "{}")
                    .expect("it is late but good");
                let _sold = journal.commit_sale(&card_sale(1)).expect("it is paid");
            }
        }
        assert_eq!(journal.reversals_due().expect("they can be read"), []);
    }
    let folder = Folder::new();
    let mut journal = folder.open();
    send(&mut journal, 1);
    journal
        .write_reversal_due(attempt(1), "no answer", None)
        .expect("it was sent");
    let late = journal.write_approved(attempt(1), None, "A1B2C3", None, "{}");
    assert!(
        matches!(late, Err(JournalError::IllegalStep { .. })),
        "the reversal is queued"
    );
}

#[test]
fn tries_of_a_reversal_are_counted_over_restarts() {
    let folder = Folder::new();
    let mut journal = folder.open();
    approve(&mut journal, 1);
    assert_eq!(
        journal
            .count_reversal_try(attempt(1))
            .expect("it is writable"),
        0,
        "none is due"
    );
    journal
        .write_reversal_due(attempt(1), "pulled", None)
        .expect("it is approved");
    for tries in 1..=7 {
        assert_eq!(
            journal
                .count_reversal_try(attempt(1))
                .expect("it is writable"),
            tries
        );
        drop(journal);
        journal = folder.open();
    }
}

#[test]
fn a_refused_reversal_stays_due_until_it_is_acknowledged_or_a_person_settled_it() {
    for person in [false, true] {
        let folder = Folder::new();
        let mut journal = folder.open();
        approve(&mut journal, 1);
        journal
            .write_reversal_due(attempt(1), "pulled", None)
            .expect("it is approved");
        for _ in 0..2 {
            journal
                .write_reversal_refused(attempt(1), "not ours", 5)
                .expect("it is due");
        }
        let items = journal.work_items(10).expect("they can be read");
        assert_eq!(items.len(), 1, "said once");
        assert_eq!(items[0].kind, WorkKind::ReversalRefused);
        assert_eq!(
            journal.reversals_due().expect("they can be read").len(),
            1,
            "never dropped"
        );
        match person {
            true => journal
                .close_work_item(items[0].number, "Ana", "acquirer called", 9)
                .expect("it is open"),
            false => journal.write_reversed(attempt(1)).expect("it is due"),
        }
        assert_eq!(journal.work_count().expect("it can be read"), 0);
        assert_eq!(journal.reversals_due().expect("they can be read"), []);
    }
}

/// The mark of the record of a cash sale at this time.
fn sold_at(journal: &mut Journal, n: u64, at_ms: i64) -> Option<u64> {
    let _sold = journal
        .commit_sale(&SaleCommit {
            at_ms,
            ..cash_sale(n)
        })
        .expect("it is paid");
    let record = journal
        .outbox(100)
        .expect("it can be read")
        .pop()
        .expect("it waits");
    assert!(record.is_whole(), "the mark is under the hash");
    record.clock_behind_ms
}

#[test]
fn a_clock_that_was_set_back_marks_its_records() {
    const DAY: i64 = 86_400_000;
    let folder = Folder::new();
    let mut journal = folder.open();
    assert_eq!(sold_at(&mut journal, 1, 100 * DAY), None);
    assert_eq!(
        sold_at(&mut journal, 2, 100 * DAY - 60_000),
        None,
        "a minute is drift"
    );
    drop(journal);
    let mut journal = folder.open();
    assert_eq!(
        sold_at(&mut journal, 3, 99 * DAY),
        Some(86_400_000),
        "after a restart too"
    );
    journal.observe_time(101 * DAY).expect("it is writable");
    assert_eq!(
        sold_at(&mut journal, 4, 100 * DAY),
        Some(86_400_000),
        "the collector knows better"
    );
}

#[test]
fn a_clock_gone_wild_is_forgiven_when_the_collector_tells_the_time() {
    const DAY: i64 = 86_400_000;
    let folder = Folder::new();
    let mut journal = folder.open();
    assert_eq!(sold_at(&mut journal, 1, 100 * DAY), None);
    assert_eq!(
        sold_at(&mut journal, 2, 30_000 * DAY),
        None,
        "eighty years ahead"
    );
    assert_eq!(
        sold_at(&mut journal, 3, 100 * DAY),
        None,
        "and no mark from it"
    );
    assert_eq!(sold_at(&mut journal, 4, 300 * DAY), None, "less wild");
    assert_eq!(
        sold_at(&mut journal, 5, 101 * DAY),
        Some(199 * 86_400_000),
        "marked"
    );
    journal.observe_time(101 * DAY).expect("it is writable");
    assert_eq!(sold_at(&mut journal, 6, 101 * DAY), None, "and well again");
    journal
        .save_draft(sale(7), "{}")
        .expect("no basket is open");
    let _intent = journal
        .write_intent(&intent(7, 7))
        .expect("nothing else pays");
}
