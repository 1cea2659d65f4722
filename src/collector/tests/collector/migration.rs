//! A store of an earlier release is brought up with everything that is in it.

use rusqlite::{Connection, params};
use sealpoint_collector::store::{Isolation, OpenError, Quarantine, Store, Target};
use sealpoint_wire::api::AckOutcome;
use tempfile::TempDir;

use crate::shapes::{TILL, authorise, record};

/// The tables as the release before had them, to the letter.
const VERSION_1: &str = include_str!("../stores/version_1.sql");
const APPLICATION: i64 = 0x5350_636c;

/// A store of version 1 with a sale, an alarm and an attempt that was in flight.
fn version_1(folder: &TempDir) -> Target {
    let path = folder.path().join("store.db");
    let file = Connection::open(&path).expect("a new file");
    file.execute_batch(VERSION_1).expect("tables");
    file.pragma_update(None, "application_id", APPLICATION)
        .expect("marked");
    file.pragma_update(None, "user_version", 1).expect("marked");
    let record = record(1);
    file.execute(
        "INSERT INTO record (id, terminal, epoch, seq, kind, sale, at_ms, received_ms, body, hash,
                             receipt_no, currency, total_minor, cash_minor, card_minor)
         VALUES (?1, ?2, 1, 1, 'sale', ?3, ?4, ?4, ?5, ?6, 1, 'EUR', 100, 100, 0)",
        params![
            record.id.as_bytes(),
            TILL,
            record.sale.as_bytes(),
            record.at_ms,
            record.body,
            record.hash.as_bytes()
        ],
    )
    .expect("a record");
    file.execute_batch(
        "INSERT INTO terminal VALUES ('T0000001', 'EUR', 1, 0, 100, 100, 0);
         INSERT INTO progress VALUES ('T0000001', 1, 1);
         INSERT INTO alarm (terminal, subject, what, times, first_ms, last_ms)
             VALUES ('T0000001', 'record 1', 'Something.', 1, 1, 1);",
    )
    .expect("rows");
    let asked = authorise(1);
    file.execute(
        "INSERT INTO attempt (attempt, terminal, stan, local_time, amount_minor, currency, state,
                              begun_ms, changed_ms)
         VALUES (?1, ?2, 1, ?3, ?4, 'EUR', 'REVERSAL_DUE', 1, 1)",
        params![
            asked.attempt.as_bytes(),
            TILL,
            asked.local_time,
            asked.amount_minor
        ],
    )
    .expect("an attempt");
    Target::Sqlite(path)
}

#[tokio::test]
async fn a_store_of_version_1_keeps_its_records_marks_alarms_and_attempts() {
    let folder = TempDir::new().expect("a temporary folder");
    let store = Store::open(&version_1(&folder)).expect("it is brought up");
    let views = store.run(|db| db.terminals()).await.expect("read");
    assert_eq!(views.len(), 1);
    assert_eq!(views[0].epoch, 1, "known from the marks");
    assert_eq!(
        (views[0].summary.sales, views[0].summary.contiguous_seq),
        (1, 1)
    );
    assert_eq!(
        store.run(|db| db.last_alarms(9)).await.expect("read").len(),
        1
    );

    let report = store
        .offer(Isolation::ReadCommitted, |db| {
            let till = TILL
                .parse()
                .map_err(|_| sealpoint_collector::store::StoreError::Busy)?;
            db.push(&till, &[record(1), record(2)], 5, Quarantine::No)
        })
        .await
        .expect("stored");
    let outcomes: Vec<_> = report
        .answer
        .results
        .iter()
        .map(|ack| ack.outcome)
        .collect();
    assert_eq!(outcomes, [AckOutcome::Exists, AckOutcome::Created]);
    assert_eq!(report.answer.contiguous_seq, 2);
    // The restore that would be an alarm is none: the epoch is the one that was there.
    assert_eq!(
        store.run(|db| db.last_alarms(9)).await.expect("read").len(),
        1
    );
    let due = store
        .run(|db| Ok(db.attempts_between("2026", "2027", &[])?.0))
        .await
        .expect("read");
    assert_eq!(due[0].state, "REVERSAL_DUE");
}

#[test]
fn a_store_of_a_later_release_is_left_alone() {
    let folder = TempDir::new().expect("a temporary folder");
    let Target::Sqlite(path) = version_1(&folder) else {
        panic!("it is a file")
    };
    let file = Connection::open(&path).expect("it is there");
    file.pragma_update(None, "user_version", 99)
        .expect("marked");
    drop(file);
    let opened = Store::open(&Target::Sqlite(path));
    assert!(matches!(opened.err(), Some(OpenError::Newer(_))));
}
