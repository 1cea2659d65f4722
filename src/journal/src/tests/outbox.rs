//! The outbox: a record leaves it on the collector's right word only.

use sealpoint_wire::api::{AckOutcome, RecordAck};
use sealpoint_wire::{Record, RecordHash};

use super::{Folder, ack, cash_sale, intent, record, sale};
use crate::outbox::{MAX_OFFER_BYTES, MAX_OUTBOX, MAX_OUTBOX_FOR_CARDS};
use crate::{AckEffect, Journal, JournalError, QueueFigures, SaleCommit};

fn with_sales(folder: &Folder, count: u64) -> Journal {
    let mut journal = folder.open();
    for n in 1..=count {
        let _journaled = journal.commit_sale(&cash_sale(n)).expect("it is paid");
    }
    journal
}

fn seqs(records: &[Record]) -> Vec<u64> {
    records.iter().map(|record| record.seq).collect()
}

#[test]
fn created_and_exists_both_let_a_record_go() {
    let folder = Folder::new();
    let mut journal = with_sales(&folder, 3);
    let offered = journal.outbox(100).expect("it can be read");
    let acks = [
        ack(&offered[0], AckOutcome::Created),
        ack(&offered[1], AckOutcome::Exists),
    ];
    let effects = journal.acked(&acks).expect("it is writable");
    assert_eq!(effects, [AckEffect::Removed, AckEffect::Removed]);
    drop(journal);

    let mut journal = folder.open();
    assert_eq!(seqs(&journal.outbox(100).expect("it can be read")), [3]);
    assert_eq!(
        journal.totals().expect("they can be read").sales,
        3,
        "the sales are kept"
    );
    assert!(journal.receipt(1).expect("it can be read").is_some());
    let again = journal.acked(&acks).expect("it is writable");
    assert_eq!(again, [AckEffect::NotWaiting, AckEffect::NotWaiting]);
    let kept: Vec<String> = journal
        .db
        .prepare("SELECT coalesce(acked, '') FROM record ORDER BY seq")
        .and_then(|mut query| query.query_map([], |row| row.get(0))?.collect())
        .expect("the table is there");
    assert_eq!(
        kept,
        ["created", "exists", ""],
        "the acknowledgement is durable"
    );
}

#[test]
fn another_hash_is_no_acknowledgement() {
    for outcome in [AckOutcome::Created, AckOutcome::Exists] {
        let folder = Folder::new();
        let mut journal = with_sales(&folder, 2);
        let offered = journal.outbox(100).expect("it can be read");
        let other = RecordAck {
            hash: RecordHash::new([9; 32]),
            ..ack(&offered[0], outcome)
        };
        assert_eq!(
            journal.acked(&[other]).expect("it is writable"),
            [AckEffect::Held]
        );
        assert_eq!(seqs(&journal.outbox(100).expect("it can be read")), [2]);
        let queue = journal.queue().expect("it can be read");
        assert_eq!(
            (queue.count, queue.held, queue.at_risk_minor),
            (2, 1, 1998),
            "still at risk"
        );
    }
}

#[test]
fn a_refused_record_is_held_seen_and_does_not_block_the_rest() {
    let folder = Folder::new();
    let mut journal = with_sales(&folder, 3);
    let offered = journal.outbox(100).expect("it can be read");
    let why = Some("seq 1 is taken".to_owned());
    let refused = RecordAck {
        why,
        ..ack(&offered[0], AckOutcome::Refused)
    };
    let effects = journal.acked(&[refused, ack(&offered[1], AckOutcome::Created)]);
    assert_eq!(
        effects.expect("it is writable"),
        [AckEffect::Held, AckEffect::Removed]
    );
    drop(journal);

    let mut journal = folder.open();
    assert_eq!(seqs(&journal.outbox(100).expect("it can be read")), [3]);
    let held = journal.held(100).expect("it can be read");
    assert_eq!(
        (held[0].id, held[0].seq, held[0].why.as_str()),
        (record(1), 1, "seq 1 is taken")
    );
    assert_eq!(journal.queue().expect("it can be read").held, 1);
    assert_eq!(journal.offer_held_again().expect("it is writable"), 1);
    assert_eq!(seqs(&journal.outbox(100).expect("it can be read")), [1, 3]);
}

#[test]
fn a_held_record_goes_when_the_collector_takes_it_after_all() {
    let folder = Folder::new();
    let mut journal = with_sales(&folder, 1);
    let offered = journal.outbox(1).expect("it can be read").remove(0);
    journal
        .acked(&[ack(&offered, AckOutcome::Refused)])
        .expect("it is writable");
    let taken = journal
        .acked(&[ack(&offered, AckOutcome::Exists)])
        .expect("it is writable");
    assert_eq!(taken, [AckEffect::Removed]);
    assert_eq!(
        journal.queue().expect("it can be read"),
        QueueFigures::default()
    );
}

#[test]
fn the_word_on_a_record_that_is_not_ours_changes_nothing() {
    let folder = Folder::new();
    let mut journal = with_sales(&folder, 1);
    let mut stranger = journal.outbox(1).expect("it can be read").remove(0);
    stranger.id = record(77);
    let acks = [
        ack(&stranger, AckOutcome::Created),
        ack(&stranger, AckOutcome::Refused),
    ];
    let effects = journal.acked(&acks).expect("it is writable");
    assert_eq!(effects, [AckEffect::NotWaiting, AckEffect::NotWaiting]);
    assert_eq!(journal.queue().expect("it can be read").count, 1);
}

#[test]
fn the_figures_tell_count_money_and_age() {
    let folder = Folder::new();
    let mut journal = with_sales(&folder, 4);
    let all = QueueFigures {
        count: 4,
        at_risk_minor: 3996,
        oldest_at_ms: Some(10_001),
        held: 0,
    };
    assert_eq!(journal.queue().expect("it can be read"), all);
    let first = journal.outbox(1).expect("it can be read").remove(0);
    journal
        .acked(&[ack(&first, AckOutcome::Created)])
        .expect("it is writable");
    let rest = QueueFigures {
        count: 3,
        at_risk_minor: 2997,
        oldest_at_ms: Some(10_002),
        held: 0,
    };
    assert_eq!(journal.queue().expect("it can be read"), rest);
}

#[test]
fn sequences_go_on_after_the_outbox_was_empty() {
    let folder = Folder::new();
    let mut journal = with_sales(&folder, 2);
    let acks: Vec<RecordAck> = journal
        .outbox(9)
        .expect("it can be read")
        .iter()
        .map(|record| ack(record, AckOutcome::Created))
        .collect();
    journal.acked(&acks).expect("it is writable");
    drop(journal);
    let journaled = folder
        .open()
        .commit_sale(&cash_sale(3))
        .expect("it is paid");
    assert_eq!(journaled.seq(), 3);
}

#[test]
fn an_offer_has_a_bound_in_rows_and_in_bytes_and_is_never_empty() {
    let folder = Folder::new();
    let mut journal = with_sales(&folder, 5);
    assert_eq!(seqs(&journal.outbox(3).expect("it can be read")), [1, 2, 3]);
    assert!(journal.outbox(0).expect("it can be read").is_empty());
    let body = format!("\"{}\"", "x".repeat(sealpoint_wire::record::MAX_BODY - 2));
    for n in 6..=30 {
        let _journaled = journal
            .commit_sale(&SaleCommit {
                body: body.clone(),
                ..cash_sale(n)
            })
            .expect("it just fits");
    }
    let offered = journal.outbox(100).expect("it can be read");
    let bytes: usize = offered.iter().map(|record| record.body.len()).sum();
    assert!(
        bytes <= MAX_OFFER_BYTES && offered.len() > 10,
        "{} records",
        offered.len()
    );
}

#[test]
fn a_full_outbox_stops_cards_first_and_then_everything() {
    let folder = Folder::new();
    let mut journal = with_sales(&folder, 1);
    journal
        .save_draft(sale(2), "[]")
        .expect("no basket is open");
    fill(&journal, MAX_OUTBOX_FOR_CARDS - 1);
    let refused = journal.write_intent(&intent(1, 2)).map(drop);
    assert!(matches!(
        refused,
        Err(JournalError::OutboxFull(MAX_OUTBOX_FOR_CARDS))
    ));
    let _journaled = journal.commit_sale(&cash_sale(2)).expect("cash goes on");

    fill(&journal, MAX_OUTBOX - MAX_OUTBOX_FOR_CARDS - 1);
    let refused = journal.commit_sale(&cash_sale(3)).map(drop);
    assert!(matches!(refused, Err(JournalError::OutboxFull(MAX_OUTBOX))));
    assert_eq!(
        journal.queue().expect("it can be read").count,
        u64::from(MAX_OUTBOX)
    );

    let first = journal.outbox(1).expect("it can be read").remove(0);
    journal
        .acked(&[ack(&first, AckOutcome::Created)])
        .expect("it is writable");
    let _journaled = journal
        .commit_sale(&cash_sale(3))
        .expect("there is room again");
}

/// Puts `count` more rows into the outbox, without a sale behind them.
fn fill(journal: &Journal, count: u32) {
    let sql = format!(
        "PRAGMA foreign_keys = OFF;
         INSERT INTO outbox (record, at_ms, at_risk_minor)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
         SELECT i + (SELECT max(record) FROM outbox) + 100000, 1, 1 FROM n;
         PRAGMA foreign_keys = ON;"
    );
    journal.db.execute_batch(&sql).expect("it is writable");
}
