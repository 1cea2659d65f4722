//! What the store does with what comes: clones, restores, two collectors at once, quarantine.

use sealpoint_collector::store::{Isolation, PushReport, Quarantine, Released, Shown, Store};
use sealpoint_wire::api::AckOutcome;
use sealpoint_wire::{Record, RecordId, RecordKind, TerminalId};
use uuid::Uuid;

use crate::process::Books;
use crate::shapes::{TILL, cash, record, record_of, sale};

const NOW: i64 = 1_795_413_287_000;

fn till() -> TerminalId {
    TILL.parse().expect("a terminal id")
}

async fn push_as(store: &Store, records: Vec<Record>, quarantine: Quarantine) -> PushReport {
    let terminal = records
        .first()
        .map_or_else(till, |first| first.terminal.clone());
    store
        .offer(Isolation::ReadCommitted, move |db| {
            db.push(&terminal, &records, NOW, quarantine)
        })
        .await
        .expect("stored")
}

async fn push(store: &Store, records: Vec<Record>) -> PushReport {
    push_as(store, records, Quarantine::No).await
}

async fn alarms(store: &Store) -> Vec<(String, String)> {
    let alarms = store.run(|db| db.last_alarms(100)).await.expect("read");
    alarms
        .into_iter()
        .map(|alarm| (alarm.subject, alarm.what))
        .collect()
}

/// The same sale in another epoch, under an id of its own.
fn of_epoch(epoch: u32, seq: u64) -> Record {
    let mut record = record(seq);
    record.epoch = epoch;
    record.id = RecordId::new(Uuid::from_u128(u128::from(epoch) << 64 | u128::from(seq)));
    record.hash = record.compute_hash();
    record
}

fn of_till(terminal: &str, seq: u64) -> Record {
    let sold = sale(seq, terminal, vec![cash(100)], 100);
    record_of(&sold, seq, RecordKind::Sale)
}

#[tokio::test]
async fn a_clone_is_refused_and_alarmed_whether_it_repeats_an_id_or_a_number() {
    let books = Books::new();
    let store = books.open();
    push(&store, vec![record(1)]).await;
    let mut other_body = record(1);
    other_body.at_ms += 1;
    other_body.hash = other_body.compute_hash();
    let mut other_id = record(1);
    other_id.id = RecordId::new(Uuid::from_u128(7));
    other_id.hash = other_id.compute_hash();
    // The same record again, under another terminal's name.
    let stolen_id = of_till("T0000002", 1);

    for (clone, why) in [
        (other_body, "The same id is stored with another content."),
        (other_id, "Another record has the same sequence number."),
        (stolen_id, "The same id is stored with another content."),
    ] {
        let id = clone.id;
        let report = push(&store, vec![clone]).await;
        assert_eq!(
            report.answer.results[0].outcome,
            AckOutcome::Refused,
            "{why}"
        );
        assert_eq!(report.answer.results[0].why.as_deref(), Some(why));
        assert!(
            alarms(&store)
                .await
                .contains(&(format!("record {id}"), why.to_owned())),
            "{why}"
        );
    }
    let summary = store.run(|db| db.summary()).await.expect("read");
    assert_eq!(summary.terminals.len(), 1);
    assert_eq!(summary.terminals[0].sales, 1);
}

#[tokio::test]
async fn a_batch_that_repeats_itself_is_judged_record_by_record() {
    let books = Books::new();
    let store = books.open();
    let mut twin = record(1);
    twin.id = RecordId::new(Uuid::from_u128(7));
    twin.hash = twin.compute_hash();
    let report = push(&store, vec![record(1), record(1), twin, record(2)]).await;
    let outcomes: Vec<_> = report
        .answer
        .results
        .iter()
        .map(|ack| ack.outcome)
        .collect();
    use AckOutcome::{Created, Exists, Refused};
    assert_eq!(outcomes, [Created, Exists, Refused, Created]);
    assert_eq!((report.created, report.existing, report.refused), (2, 1, 1));
    assert_eq!(report.answer.contiguous_seq, 2);
}

#[tokio::test]
async fn a_restore_goes_on_in_a_new_epoch_and_the_operator_is_told_once() {
    let books = Books::new();
    let store = books.open();
    push(&store, vec![of_epoch(1, 1), of_epoch(1, 2)]).await;
    assert_eq!(alarms(&store).await, []);
    let report = push(&store, vec![of_epoch(2, 1)]).await;
    assert_eq!(report.created, 1);
    assert_eq!(report.answer.contiguous_seq, 1, "of the newest epoch");
    push(&store, vec![of_epoch(2, 2)]).await;
    let told = alarms(&store).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, "epoch 2");
    assert!(told[0].1.contains("restored from a back-up"), "{told:?}");
    let views = store.run(|db| db.terminals()).await.expect("read");
    assert_eq!(views[0].epoch, 2);
    assert_eq!(
        views[0].summary.sales, 4,
        "nothing of the old epoch is lost"
    );
}

#[tokio::test]
async fn a_till_that_goes_on_in_an_older_epoch_is_stored_and_alarmed() {
    let books = Books::new();
    let store = books.open();
    push(&store, vec![of_epoch(1, 1), of_epoch(1, 2)]).await;
    push(&store, vec![of_epoch(2, 1)]).await;
    // What was there before is no news.
    push(&store, vec![of_epoch(1, 2)]).await;
    assert_eq!(alarms(&store).await.len(), 1);
    let report = push(&store, vec![of_epoch(1, 3)]).await;
    assert_eq!(report.created, 1, "money that was taken is in the books");
    let told = alarms(&store).await;
    assert!(
        told.iter()
            .any(|(about, what)| about == "epoch 1" && what.contains("Two tills may run")),
        "{told:?}"
    );
}

#[tokio::test]
async fn two_collectors_that_push_for_one_terminal_at_once_keep_the_mark_right() {
    let books = Books::new();
    let stores = books.open_two();
    // Odd numbers by one, even ones by the other, and every seventh by both.
    let pushes = (1..=60_u64).map(|seq| {
        let store = stores[usize::from(seq % 2 == 0)].clone();
        let other = stores[usize::from(seq % 2 == 1)].clone();
        async move {
            let again = async {
                if seq % 7 == 0 {
                    push(&other, vec![record(seq)]).await;
                }
            };
            tokio::join!(push(&store, vec![record(seq)]), again).0
        }
    });
    let tasks: Vec<_> = pushes.map(|push| tokio::spawn(push)).collect();
    for task in tasks {
        let report = task.await.expect("it ends");
        assert_eq!(report.refused, 0);
    }
    let summary = stores[0].run(|db| db.summary()).await.expect("read");
    let terminal = &summary.terminals[0];
    assert_eq!(terminal.contiguous_seq, 60);
    assert_eq!(terminal.sales, 60, "each once");
    assert_eq!(
        terminal.total_minor,
        (1..=60).map(|seq| seq * 100).sum::<i64>()
    );
    assert_eq!(alarms(&stores[0]).await, []);
}

#[tokio::test]
async fn one_id_from_two_terminals_at_once_is_stored_once() {
    let books = Books::new();
    let stores = books.open_two();
    for seq in 1..=20 {
        let (one, other) = tokio::join!(
            push(&stores[0], vec![record(seq)]),
            push(&stores[1], vec![of_till("T0000002", seq)])
        );
        assert_eq!(one.created + other.created, 1, "{seq}");
        assert_eq!(one.refused + other.refused, 1, "{seq}");
    }
}

#[tokio::test]
async fn what_comes_in_quarantine_is_kept_and_counts_only_once_it_is_released() {
    let books = Books::new();
    let store = books.open();
    push(&store, vec![record(1)]).await;
    let report = push_as(&store, vec![record(2), record(3)], Quarantine::Expired).await;
    assert_eq!(report.created, 2);
    assert_eq!(report.answer.contiguous_seq, 3, "it is durable");
    let sales = |store: &Store| {
        let store = store.clone();
        async move {
            let summary = store.run(|db| db.summary()).await.expect("read");
            (summary.terminals[0].sales, summary.terminals[0].total_minor)
        }
    };
    assert_eq!(sales(&store).await, (1, 100));
    let kept = store.run(|db| db.quarantined()).await.expect("read");
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].terminal.as_str(), kept[0].records), (TILL, 2));
    assert_eq!(
        (kept[0].why.as_str(), kept[0].total_minor),
        ("expired", 500)
    );

    let refused = store.run(|db| db.release(&till(), NOW)).await;
    assert_eq!(refused.expect("read"), Released::NotEnrolled);
    assert_eq!(sales(&store).await, (1, 100));
    let certificate = Shown {
        terminal: till(),
        serial: "0a".parse().expect("a serial number"),
        until_ms: NOW + 1,
    };
    store
        .run(move |db| db.keep_certificate(&certificate, NOW - 1))
        .await
        .expect("written");
    for released in [2, 0] {
        let done = store.run(|db| db.release(&till(), NOW)).await;
        assert_eq!(done.expect("written"), Released::Records(released));
        assert_eq!(sales(&store).await, (3, 600), "each counts once");
    }
}

#[tokio::test]
async fn steps_that_wait_together_are_each_done_or_undone_by_themselves() {
    let books = Books::new();
    let store = books.open();
    let steps = (1..=200_u64).map(|seq| {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .run(move |db| {
                    let pushed = db.push(&till(), &[record(seq)], NOW, Quarantine::No)?;
                    if seq % 10 == 0 {
                        // A step that fails after it has written.
                        return Err(sealpoint_collector::store::StoreError::Busy);
                    }
                    Ok(pushed)
                })
                .await
        })
    });
    for (seq, step) in (1..=200_u64).zip(steps.collect::<Vec<_>>()) {
        let done = step.await.expect("it ends");
        assert_eq!(done.is_ok(), seq % 10 != 0, "{seq}: {done:?}");
    }
    let summary = store.run(|db| db.summary()).await.expect("read");
    assert_eq!(summary.terminals[0].sales, 180);
    assert_eq!(summary.terminals[0].contiguous_seq, 9);
}
