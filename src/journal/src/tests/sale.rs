//! The one commit of a sale: all of it or none of it, and only what was really paid.

use sealpoint_sale::MAX_MINOR;
use sealpoint_wire::record::MAX_BODY;
use sealpoint_wire::{RecordHash, RecordKind};

use super::{
    Folder, approve, attempt, card_sale, cash_sale, intent, record, sale, send, terminal,
    voided_sale,
};
use crate::{Journal, JournalError, MAX_CASHIER, MAX_RECEIPT_TEXT, SaleCommit, ShiftTotals};

fn count(journal: &Journal, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    journal
        .db
        .query_row(&sql, [], |row| row.get(0))
        .expect("the table is there")
}

/// Asserts that `commit` is refused and leaves no trace.
fn refused(journal: &mut Journal, commit: &SaleCommit) -> JournalError {
    let before = journal.restored().expect("it can be read");
    let rows =
        |j: &Journal| ["sale", "record", "outbox", "cash_movement"].map(|table| count(j, table));
    let rows_before = rows(journal);
    let error = journal
        .commit_sale(commit)
        .expect_err("the commit is not what was paid");
    assert_eq!(journal.restored().expect("it can be read"), before);
    assert_eq!(rows(journal), rows_before);
    error
}

#[test]
fn a_cash_sale_is_on_every_page_of_the_book() {
    let folder = Folder::new();
    let mut journal = folder.open();
    journal
        .save_draft(sale(1), "[1]")
        .expect("no basket is open");
    let journaled = journal.commit_sale(&cash_sale(1)).expect("it is paid");
    assert_eq!((journaled.record(), journaled.sale()), (record(1), sale(1)));
    assert_eq!((journaled.receipt_no(), journaled.seq()), (1, 1));
    drop(journal);

    let journal = folder.open();
    let restored = journal.restored().expect("it can be read");
    assert_eq!(restored.draft, None, "the basket is closed");
    let totals = ShiftTotals {
        sales: 1,
        voided: 0,
        total_minor: 999,
        cash_minor: 999,
        card_minor: 0,
    };
    assert_eq!(restored.totals, totals);
    assert_eq!(count(&journal, "cash_movement"), 1);
    let offered = journal.outbox(10).expect("it can be read");
    assert_eq!(offered.len(), 1);
    assert!(offered[0].is_whole());
    assert_eq!(
        (&offered[0].terminal, offered[0].epoch, offered[0].seq),
        (&terminal(), 1, 1)
    );
    assert_eq!(
        (offered[0].kind, offered[0].body.as_str()),
        (RecordKind::Sale, "{\"sale\":1}")
    );
    let receipt = journal
        .last_receipt()
        .expect("it can be read")
        .expect("one was printed");
    assert_eq!(
        (receipt.receipt_no, receipt.text.as_str()),
        (1, "receipt 1")
    );
    assert_eq!(
        (receipt.at_ms, receipt.body.as_str()),
        (10_001, "{\"sale\":1}")
    );
}

#[test]
fn a_card_sale_takes_its_attempt_and_moves_no_cash() {
    let folder = Folder::new();
    let mut journal = folder.open();
    approve(&mut journal, 1);
    let _journaled = journal.commit_sale(&card_sale(1)).expect("it is paid");
    let totals = journal.totals().expect("they can be read");
    assert_eq!(
        (totals.total_minor, totals.cash_minor, totals.card_minor),
        (1250, 0, 1250)
    );
    assert_eq!(count(&journal, "cash_movement"), 0);
    assert_eq!(count(&journal, "attempt WHERE state = 'COMMITTED'"), 1);
}

#[test]
fn a_sale_split_between_cash_and_card_counts_in_both() {
    let folder = Folder::new();
    let mut journal = folder.open();
    approve(&mut journal, 1);
    let split = SaleCommit {
        total_minor: 2000,
        cash_minor: 750,
        ..card_sale(1)
    };
    let _journaled = journal.commit_sale(&split).expect("it is paid");
    let totals = journal.totals().expect("they can be read");
    assert_eq!(
        (totals.total_minor, totals.cash_minor, totals.card_minor),
        (2000, 750, 1250)
    );
}

#[test]
fn voiding_a_sale_gives_the_card_its_money_back() {
    let folder = Folder::new();
    let mut journal = folder.open();
    approve(&mut journal, 1);
    let _journaled = journal
        .commit_sale(&voided_sale(1, vec![attempt(1)]))
        .expect("it holds nothing back");
    let due = journal.reversals_due().expect("they can be read");
    assert_eq!(
        due.iter().map(|r| r.attempt).collect::<Vec<_>>(),
        [attempt(1)]
    );
    let totals = ShiftTotals {
        voided: 1,
        ..ShiftTotals::default()
    };
    assert_eq!(journal.totals().expect("they can be read"), totals);
    let queue = journal.queue().expect("it can be read");
    assert_eq!(
        (queue.count, queue.at_risk_minor),
        (1, 0),
        "a voided sale risks no money"
    );
    assert_eq!(
        journal.outbox(1).expect("it can be read")[0].kind,
        RecordKind::VoidedSale
    );
}

#[test]
fn a_parked_sale_that_is_voided_is_parked_no_more() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let parked = crate::Parked {
        id: sale(1),
        parked_at_ms: 1,
        title: "blue hat".to_owned(),
        body: "[]".to_owned(),
    };
    journal.park(&parked).expect("there is room");
    journal
        .save_draft(sale(2), "[2]")
        .expect("no basket is open");
    let _journaled = journal
        .commit_sale(&voided_sale(1, Vec::new()))
        .expect("nothing was paid");
    let restored = journal.restored().expect("it can be read");
    assert!(restored.parked.is_empty());
    assert_eq!(
        restored.draft.map(|d| d.sale),
        Some(sale(2)),
        "the other basket stays open"
    );
}

#[test]
fn a_sale_is_committed_once() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let _journaled = journal.commit_sale(&cash_sale(1)).expect("it is paid");
    let again = SaleCommit {
        record_id: record(2),
        receipt_no: 2,
        ..cash_sale(1)
    };
    let error = refused(&mut journal, &again);
    assert!(matches!(error, JournalError::AlreadyCommitted(id) if id == sale(1)));
    let same_record = SaleCommit {
        record_id: record(1),
        ..cash_sale(2)
    };
    assert!(matches!(
        refused(&mut journal, &same_record),
        JournalError::RecordExists(_)
    ));
}

#[test]
fn attempts_that_do_not_match_the_commit_stop_it() {
    let folder = Folder::new();
    let mut journal = folder.open();
    approve(&mut journal, 1);
    let forgotten = cash_sale(1);
    assert!(matches!(
        refused(&mut journal, &forgotten),
        JournalError::OtherAttempts(_)
    ));
    let invented = SaleCommit {
        attempts: vec![attempt(1), attempt(9)],
        ..card_sale(1)
    };
    assert!(matches!(
        refused(&mut journal, &invented),
        JournalError::OtherAttempts(_)
    ));
    let twice = SaleCommit {
        attempts: vec![attempt(1), attempt(1)],
        ..card_sale(1)
    };
    assert!(matches!(
        refused(&mut journal, &twice),
        JournalError::OtherAttempts(_)
    ));
    let cheaper = SaleCommit {
        card_minor: 1249,
        ..card_sale(1)
    };
    assert!(matches!(
        refused(&mut journal, &cheaper),
        JournalError::OtherAmounts(_)
    ));
    let kept = SaleCommit {
        cash_minor: 1,
        ..voided_sale(1, vec![attempt(1)])
    };
    assert!(matches!(
        refused(&mut journal, &kept),
        JournalError::OtherAmounts(_)
    ));
    let _journaled = journal.commit_sale(&card_sale(1)).expect("it is paid");
}

#[test]
fn a_sale_that_waits_for_its_card_cannot_be_committed() {
    let folder = Folder::new();
    let mut journal = folder.open();
    send(&mut journal, 1);
    let error = refused(&mut journal, &cash_sale(1));
    assert!(matches!(error, JournalError::Unresolved { attempt: a, .. } if a == attempt(1)));
    journal
        .write_declined(attempt(1), "05")
        .expect("it was sent");
    let _journaled = journal.commit_sale(&cash_sale(1)).expect("cash goes on");
}

#[test]
fn two_cards_can_pay_for_one_sale() {
    let folder = Folder::new();
    let mut journal = folder.open();
    approve(&mut journal, 1);
    let _written = journal
        .write_intent(&intent(2, 1))
        .expect("the first is resolved");
    let _sent = journal
        .write_sent(attempt(2), &super::card())
        .expect("the intent is written");
    journal
        .write_approved(attempt(2), None, "Z", None, "[1,2]")
        .expect("it was sent");
    let both = SaleCommit {
        total_minor: 2500,
        card_minor: 2500,
        attempts: vec![attempt(2), attempt(1)],
        ..card_sale(1)
    };
    let _journaled = journal.commit_sale(&both).expect("it is paid");
}

#[test]
fn receipt_numbers_have_no_gap_and_no_double() {
    let folder = Folder::new();
    let mut journal = folder.open();
    for given in [0, 2, u64::MAX] {
        let error = refused(
            &mut journal,
            &SaleCommit {
                receipt_no: given,
                ..cash_sale(1)
            },
        );
        let told = matches!(error, JournalError::ReceiptNumber { given: g, next: 1 } if g == given);
        assert!(told, "{error}");
    }
    assert_eq!(journal.last_receipt().expect("it can be read"), None);
    let _journaled = journal.commit_sale(&cash_sale(1)).expect("it is paid");
    assert_eq!(journal.next_receipt_no().expect("it can be read"), 2);
    assert_eq!(journal.receipt(u64::MAX).expect("it can be read"), None);
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let too_large = [
        SaleCommit {
            body: format!("\"{}\"", "x".repeat(MAX_BODY)),
            ..cash_sale(1)
        },
        SaleCommit {
            receipt_text: "x".repeat(MAX_RECEIPT_TEXT + 1),
            ..cash_sale(1)
        },
        SaleCommit {
            cashier: "x".repeat(MAX_CASHIER + 1),
            ..cash_sale(1)
        },
    ];
    for commit in &too_large {
        assert!(matches!(
            refused(&mut journal, commit),
            JournalError::TooLarge { .. }
        ));
    }
    for minor in [MAX_MINOR + 1, -MAX_MINOR - 1, i64::MIN, i64::MAX] {
        for commit in [
            SaleCommit {
                total_minor: minor,
                ..cash_sale(1)
            },
            SaleCommit {
                cash_minor: minor,
                ..cash_sale(1)
            },
            SaleCommit {
                card_minor: minor,
                ..cash_sale(1)
            },
        ] {
            assert!(matches!(
                refused(&mut journal, &commit),
                JournalError::AmountOutOfRange(_)
            ));
        }
    }
}

#[test]
fn a_shift_total_does_not_wrap() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let near = i64::MAX - 100;
    journal
        .db
        .execute("UPDATE shift SET total_minor = ?1", [near])
        .expect("it is in range");
    assert!(matches!(
        refused(&mut journal, &cash_sale(1)),
        JournalError::AmountOutOfRange(_)
    ));
}

#[test]
fn sequences_have_no_gap_whatever_was_refused_between() {
    let folder = Folder::new();
    let mut journal = folder.open();
    for n in 1..=10 {
        refused(
            &mut journal,
            &SaleCommit {
                receipt_no: 99,
                ..cash_sale(n)
            },
        );
        let journaled = journal.commit_sale(&cash_sale(n)).expect("it is paid");
        assert_eq!(journaled.seq(), n);
    }
    let seqs: Vec<u64> = journal
        .outbox(99)
        .expect("it can be read")
        .iter()
        .map(|r| r.seq)
        .collect();
    assert_eq!(seqs, (1..=10).collect::<Vec<_>>());
}

#[test]
fn the_hash_covers_what_the_collector_gets() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let _journaled = journal.commit_sale(&cash_sale(1)).expect("it is paid");
    let mut record = journal.outbox(1).expect("it can be read").remove(0);
    assert!(record.is_whole());
    record.hash = RecordHash::new([0; 32]);
    assert!(!record.is_whole());
}
