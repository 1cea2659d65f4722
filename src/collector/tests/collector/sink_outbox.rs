//! The outbox of the sink: who may publish what, and when a row goes.

use sealpoint_collector::store::{Claim, Isolation, Quarantine, Shown, Store};
use sealpoint_wire::{RecordId, TerminalId};

use crate::process::Books;
use crate::shapes::{TILL, record};

const NOW: i64 = 1_795_413_287_000;
const LEASE: i64 = 20_000;

fn till() -> TerminalId {
    TILL.parse().expect("a terminal id")
}

async fn push(store: &Store, seqs: std::ops::RangeInclusive<u64>, quarantine: Quarantine) {
    let records: Vec<_> = seqs.map(record).collect();
    store
        .run(move |db| db.push(&till(), &records, NOW, quarantine))
        .await
        .expect("stored");
}

async fn claim(store: &Store, holder: &'static str, most: u32, now_ms: i64) -> Claim {
    store
        .run_with(Isolation::ReadCommitted, move |db| {
            db.claim_for_sink(holder, most, now_ms, now_ms + LEASE)
        })
        .await
        .expect("claimed")
}

async fn settle(store: &Store, holder: &'static str, later: Vec<(RecordId, i64)>) {
    store
        .run_with(Isolation::ReadCommitted, move |db| {
            db.settle_sink_claim(holder, &later)
        })
        .await
        .expect("settled");
}

async fn waiting(store: &Store) -> u64 {
    let lag = store.run(|db| db.sink_lag()).await;
    lag.expect("read").waiting
}

fn seqs(claim: &Claim) -> Vec<u64> {
    claim.records.iter().map(|record| record.seq).collect()
}

#[tokio::test]
async fn a_claim_gives_the_oldest_records_whole_and_nobody_else_gets_them() {
    let books = Books::new();
    let [first, second] = books.open_two();
    push(&first, 1..=5, Quarantine::No).await;
    let one = claim(&first, "a", 3, NOW).await;
    assert_eq!(one.records, [1, 2, 3].map(record));
    assert_eq!(seqs(&claim(&second, "b", 10, NOW).await), [4, 5]);
    assert_eq!(claim(&second, "c", 10, NOW).await, Claim::default());
    assert_eq!(waiting(&first).await, 5, "claimed is not acknowledged");
}

#[tokio::test]
async fn what_was_acknowledged_goes_and_the_rest_comes_again_in_its_time() {
    let books = Books::new();
    let store = books.open();
    push(&store, 1..=3, Quarantine::No).await;
    let claimed = claim(&store, "a", 10, NOW).await;
    assert_eq!(seqs(&claimed), [1, 2, 3]);
    settle(&store, "a", vec![(record(2).id, NOW + 100)]).await;
    assert_eq!(waiting(&store).await, 1);
    assert_eq!(claim(&store, "b", 10, NOW + 99).await, Claim::default());
    assert_eq!(seqs(&claim(&store, "c", 10, NOW + 100).await), [2]);
}

#[tokio::test]
async fn a_claim_that_ran_out_is_anothers_and_its_holder_settles_nothing_any_more() {
    let books = Books::new();
    let [first, second] = books.open_two();
    push(&first, 1..=2, Quarantine::No).await;
    claim(&first, "a", 10, NOW).await;
    assert_eq!(
        claim(&second, "b", 10, NOW + LEASE - 1).await,
        Claim::default()
    );
    assert_eq!(seqs(&claim(&second, "c", 10, NOW + LEASE).await), [1, 2]);
    settle(&first, "a", vec![]).await;
    assert_eq!(waiting(&first).await, 2, "the second one has not settled");
    settle(&second, "c", vec![]).await;
    assert_eq!(waiting(&first).await, 0);
}

#[tokio::test]
async fn a_record_that_is_pushed_again_is_queued_once() {
    let books = Books::new();
    let store = books.open();
    for _ in 0..3 {
        push(&store, 1..=4, Quarantine::No).await;
    }
    assert_eq!(waiting(&store).await, 4);
    claim(&store, "a", 10, NOW).await;
    settle(&store, "a", vec![]).await;
    push(&store, 1..=4, Quarantine::No).await;
    assert_eq!(waiting(&store).await, 0, "it exists, so it is not new");
}

#[tokio::test]
async fn what_is_in_quarantine_is_not_published_before_its_release() {
    let books = Books::new();
    let store = books.open();
    push(&store, 1..=2, Quarantine::Expired).await;
    assert_eq!(waiting(&store).await, 0);
    let certificate = Shown {
        terminal: till(),
        serial: "0a".parse().expect("a serial number"),
        until_ms: NOW + 1,
    };
    store
        .run(move |db| {
            db.keep_certificate(&certificate, NOW - 1)?;
            db.release(&till(), NOW)
        })
        .await
        .expect("released");
    assert_eq!(seqs(&claim(&store, "a", 10, NOW).await), [1, 2]);
}

#[tokio::test]
async fn a_collector_that_has_its_store_for_itself_takes_up_its_claims_at_once() {
    let books = Books::new();
    let store = books.open();
    push(&store, 1..=2, Quarantine::No).await;
    claim(&store, "a", 10, NOW).await;
    store
        .run(|db| db.release_sink_claims())
        .await
        .expect("released");
    assert_eq!(seqs(&claim(&store, "b", 10, NOW).await), [1, 2]);
}
