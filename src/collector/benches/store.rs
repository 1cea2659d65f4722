//! What the store takes: batches pushed by several tills at once, as a ratio to the same rows put in
//! by multi-row inserts in commits of the same size, and nothing else. Lines of
//! `name<TAB>figure<TAB>unit`.
//!
//! Both write to the folder that `SEALPOINT_BENCH_DISK` names, or to this one.

#[path = "../tests/collector/postgres.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod postgres;

/// What the server's harness takes from the tests.
mod process {
    use std::time::Duration;

    pub const PATIENCE: Duration = Duration::from_secs(60);
}

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use rusqlite::Connection;
use sealpoint_collector::now_ms;
use sealpoint_collector::store::{Isolation, Quarantine, Store, Target};
use sealpoint_sale::{Currency, Sale, Tender};
use sealpoint_wire::record::MAX_BATCH;
use sealpoint_wire::{Record, RecordHash, RecordId, RecordKind, SaleId, TerminalId};
use uuid::Uuid;

/// Tills that push at the same time.
const TILLS: u64 = 8;
/// Records of each.
const RECORDS: u64 = 4_000;
/// Bytes of a record's body, about what a basket of ten lines makes.
const BODY: usize = 1024;

fn main() {
    let disk = std::env::var_os("SEALPOINT_BENCH_DISK").unwrap_or_else(|| ".".into());
    let folder = tempfile::Builder::new()
        .prefix("sealpoint-bench-")
        .tempdir_in(disk)
        .expect("the folder can be written");
    let tills: Vec<Vec<Record>> = (1..=TILLS).map(records).collect();

    let alone = into_sqlite(folder.path(), &tills);
    let file = Target::Sqlite(folder.path().join("store.db"));
    tell("sqlite", alone, pushed(&file, &tills));

    let server = postgres::Postgres::start();
    let url = server.database("alone");
    let alone = into_postgres(&url, &tills);
    let url: Target = server.database("store").parse().expect("a store");
    tell("postgres", alone, pushed(&url, &tills));
}

fn tell(name: &str, alone: f64, pushed: f64) {
    println!("store_{name}_batched_insert\t{alone:.0}\trecords/s");
    println!("store_{name}_push\t{pushed:.0}\trecords/s");
    println!(
        "store_{name}_ratio\t{:.2}\tpush to batched insert",
        pushed / alone
    );
}

fn records(till: u64) -> Vec<Record> {
    let terminal: TerminalId = format!("T{till:07}").parse().expect("a terminal id");
    (1..=RECORDS)
        .map(|seq| {
            let id = Uuid::from_u128(u128::from(till) << 64 | u128::from(seq));
            let mut record = Record {
                id: RecordId::new(id),
                terminal: terminal.clone(),
                epoch: 1,
                seq,
                kind: RecordKind::Sale,
                sale: SaleId::new(id),
                at_ms: 1_795_000_000_000,
                clock_behind_ms: None,
                body: serde_json::to_string(&sale(id, seq, &terminal)).expect("it serialises"),
                hash: RecordHash::new([0; 32]),
            };
            record.hash = record.compute_hash();
            record
        })
        .collect()
}

fn sale(id: Uuid, receipt_no: u64, terminal: &TerminalId) -> Sale {
    Sale {
        id: SaleId::new(id),
        receipt_no,
        terminal: terminal.to_string(),
        cashier: "x".repeat(BODY),
        at: "2026-11-22T12:00:00+01:00".to_owned(),
        currency: Currency::Eur,
        lines: vec![],
        tax: vec![],
        total_minor: 100,
        tenders: vec![Tender::Cash {
            given_minor: 100,
            change_minor: 0,
        }],
        age_confirmed: 0,
    }
}

/// Records per second through the store, from all tills at once.
fn pushed(target: &Target, tills: &[Vec<Record>]) -> f64 {
    let store = Store::open(target).expect("it opens");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("threads");
    let began = Instant::now();
    runtime.block_on(async {
        let tasks: Vec<_> = tills
            .iter()
            .cloned()
            .map(|records| tokio::spawn(push_all(store.clone(), records)))
            .collect();
        for task in tasks {
            task.await.expect("it ends");
        }
    });
    rate(began)
}

async fn push_all(store: Store, records: Vec<Record>) {
    for batch in records.chunks(MAX_BATCH) {
        let batch = batch.to_vec();
        let report = store
            .offer(Isolation::ReadCommitted, move |db| {
                let terminal = &batch[0].terminal;
                db.push(terminal, &batch, now_ms(), Quarantine::No)
            })
            .await
            .expect("stored");
        assert_eq!(
            report.created, MAX_BATCH as u64,
            "{:?}",
            report.answer.results[0]
        );
    }
}

fn rate(began: Instant) -> f64 {
    (TILLS * RECORDS) as f64 / began.elapsed().as_secs_f64()
}

const TABLE: &str = "CREATE TABLE record (id BYTES PRIMARY KEY, terminal TEXT NOT NULL,
    epoch BIGINT NOT NULL, seq BIGINT NOT NULL, body TEXT NOT NULL, hash BYTES NOT NULL,
    received_ms BIGINT NOT NULL, UNIQUE (terminal, epoch, seq))";

/// `INSERT` of a whole batch in one statement, its parameters after `sign`.
fn insert(sign: char) -> String {
    let mut sql = "INSERT INTO record VALUES ".to_owned();
    for row in 0..MAX_BATCH {
        let start = row * 7;
        let comma = if row == 0 { "" } else { ", " };
        let list: Vec<String> = (1..=7).map(|n| format!("{sign}{}", start + n)).collect();
        write!(sql, "{comma}({})", list.join(", ")).expect("a String takes everything");
    }
    sql
}

fn into_sqlite(folder: &Path, tills: &[Vec<Record>]) -> f64 {
    let mut file = Connection::open(folder.join("alone.db")).expect("a new file");
    file.pragma_update(None, "journal_mode", "wal")
        .expect("set");
    file.pragma_update(None, "synchronous", "full")
        .expect("set");
    file.execute_batch(&TABLE.replace("BYTES", "BLOB"))
        .expect("a table");
    let sql = insert('?');
    let began = Instant::now();
    for batch in tills.iter().flat_map(|records| records.chunks(MAX_BATCH)) {
        let step = file.transaction().expect("begun");
        {
            let mut statement = step.prepare_cached(&sql).expect("good");
            let mut at = 0;
            let mut bind = |value: &dyn rusqlite::ToSql| {
                at += 1;
                statement.raw_bind_parameter(at, value).expect("bound");
            };
            for record in batch {
                bind(record.id.as_bytes());
                bind(&record.terminal.as_str());
                bind(&i64::from(record.epoch));
                bind(&i64::try_from(record.seq).expect("small"));
                bind(&record.body);
                bind(record.hash.as_bytes());
                bind(&record.at_ms);
            }
            statement.raw_execute().expect("inserted");
        }
        step.commit().expect("durable");
    }
    rate(began)
}

fn into_postgres(url: &str, tills: &[Vec<Record>]) -> f64 {
    let mut client = ::postgres::Client::connect(url, ::postgres::NoTls).expect("it answers");
    client
        .batch_execute(&TABLE.replace("BYTES", "BYTEA"))
        .expect("a table");
    let statement = client.prepare(&insert('$')).expect("good");
    let began = Instant::now();
    for batch in tills.iter().flat_map(|records| records.chunks(MAX_BATCH)) {
        let rows: Vec<_> = batch
            .iter()
            .map(|record| {
                (
                    &record.id.as_bytes()[..],
                    record.terminal.as_str(),
                    i64::from(record.epoch),
                    i64::try_from(record.seq).expect("small"),
                    record.body.as_str(),
                    &record.hash.as_bytes()[..],
                    record.at_ms,
                )
            })
            .collect();
        let mut values: Vec<&(dyn ::postgres::types::ToSql + Sync)> = Vec::new();
        for row in &rows {
            values.extend([
                &row.0 as &(dyn ::postgres::types::ToSql + Sync),
                &row.1,
                &row.2,
                &row.3,
                &row.4,
                &row.5,
                &row.6,
            ]);
        }
        client.execute(&statement, &values).expect("durable");
    }
    rate(began)
}
