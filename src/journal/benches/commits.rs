//! What durability costs: the commit of a sale against a bare append, acknowledgements in batches
//! against single ones, and a start with a long queue. Lines of `name<TAB>figure<TAB>unit`.
//!
//! Each figure is a ratio of times that were taken in turns, so that a disk that is busy with
//! something else slows both alike.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use sealpoint_journal::{DbKey, Journal, SaleCommit};
use sealpoint_sale::SaleId;
use sealpoint_wire::api::{AckOutcome, RecordAck};
use sealpoint_wire::{Record, RecordId, RecordKind, TerminalId};
use uuid::Uuid;

/// Bytes of an append, and of a sale's record.
const RECORD: usize = 1024;
/// Turns of each kind.
const ROUNDS: u64 = 60;
/// Commits in a turn.
const TURN: u64 = 25;
/// Records in a batch.
const BATCH: usize = 32;
/// Records that wait at a start.
const QUEUED: u64 = 10_000;

fn main() {
    // A whole till is to be started on it: nothing is measured here.
    if let Some(state) = std::env::var_os("SEALPOINT_BENCH_QUEUE") {
        Bench::new(Path::new(&state)).fill();
        return;
    }
    let folder = tempfile::Builder::new()
        .prefix("sealpoint-bench-")
        .tempdir_in(std::env::var_os("SEALPOINT_BENCH_DISK").unwrap_or_else(|| ".".into()))
        .expect("the folder can be written");
    let mut bench = Bench::new(folder.path());
    bench.sales();
    bench.acknowledgements();
    bench.start(folder.path());
}

struct Bench {
    raw: File,
    journal: Option<Journal>,
    sold: u64,
}

impl Bench {
    fn new(folder: &Path) -> Self {
        let raw = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(folder.join("raw"))
            .expect("the folder can be written");
        Self {
            raw,
            journal: Some(open(folder)),
            sold: 0,
        }
    }

    fn journal(&mut self) -> &mut Journal {
        self.journal.as_mut().expect("it is open until the end")
    }

    /// A sale's commit against an append of as many bytes.
    fn sales(&mut self) {
        let bytes = [b'x'; RECORD];
        let mut turns = Vec::new();
        for _ in 0..ROUNDS {
            let raw = timed(|| {
                for _ in 0..TURN {
                    self.raw.write_all(&bytes).expect("there is room");
                    self.raw.sync_data().expect("the disk works");
                }
            });
            let mut sales = Duration::ZERO;
            for _ in 0..TURN {
                let commit = self.next_sale();
                self.journal()
                    .save_draft(commit.sale, &commit.body)
                    .expect("no other basket is open");
                sales += timed(|| drop(self.journal().commit_sale(&commit).expect("it is paid")));
            }
            turns.push((raw, sales));
        }
        let raw: Duration = turns.iter().map(|(raw, _)| *raw).sum();
        let sales: Duration = turns.iter().map(|(_, sales)| *sales).sum();
        let commits = ROUNDS * TURN;
        say("appends of 1 KiB with fdatasync", rate(commits, raw), "/s");
        say("commits of a sale", rate(commits, sales), "/s");
        let mut ratios: Vec<f64> = turns
            .iter()
            .map(|(raw, sales)| raw.as_secs_f64() / sales.as_secs_f64())
            .collect();
        ratios.sort_by(f64::total_cmp);
        say(
            "sale / append, all",
            raw.as_secs_f64() / sales.as_secs_f64(),
            "",
        );
        say("sale / append, median turn", ratios[ratios.len() / 2], "");
    }

    /// A batch of acknowledgements in one commit against one each.
    fn acknowledgements(&mut self) {
        let (mut single, mut grouped) = (Duration::ZERO, Duration::ZERO);
        let mut count = 0;
        while count < 640 {
            let records = self.journal().outbox(2 * BATCH).expect("it can be read");
            let (one_each, together) = records.split_at(BATCH);
            for record in one_each {
                let acks = [ack(record)];
                single += timed(|| drop(self.journal().acked(&acks).expect("it is written")));
            }
            let acks: Vec<RecordAck> = together.iter().map(ack).collect();
            grouped += timed(|| drop(self.journal().acked(&acks).expect("it is written")));
            count += BATCH;
        }
        let ratio = single.as_secs_f64() / grouped.as_secs_f64();
        say("acknowledgements in batches of 32 / one each", ratio, "");
    }

    /// A start with a long queue.
    fn start(&mut self, folder: &Path) {
        self.fill();
        self.journal = None;
        let mut waiting = 0;
        let took = timed(|| {
            let journal = open(folder);
            waiting = journal.queue().expect("it can be read").count;
            drop(journal.restored().expect("it can be read"));
            self.journal = Some(journal);
        });
        say(
            "start with 10,000 queued records",
            took.as_secs_f64() * 1000.0,
            "ms",
        );
        assert_eq!(waiting, QUEUED);
    }

    /// Sells until the queue is as long as it is to be.
    fn fill(&mut self) {
        while self.journal().queue().expect("it can be read").count < QUEUED {
            let commit = self.next_sale();
            let _sold = self.journal().commit_sale(&commit).expect("it is paid");
        }
    }

    fn next_sale(&mut self) -> SaleCommit {
        self.sold += 1;
        let n = self.sold;
        let lines = "x".repeat(RECORD - 40);
        SaleCommit {
            record_id: RecordId::new(id(n, 3)),
            sale: SaleId::new(id(n, 1)),
            kind: RecordKind::Sale,
            at_ms: 1_790_000_000_000 + i64::try_from(n).expect("few are sold") * 30_000,
            body: format!("{{\"sale\":{n},\"lines\":\"{lines}\"}}"),
            receipt_no: n,
            receipt_text: "A receipt of the usual length.\n".repeat(20),
            total_minor: 999,
            cash_minor: 999,
            card_minor: 0,
            attempts: Vec::new(),
            cashier: "Ana".to_owned(),
        }
    }
}

/// Ids as the till mints them: in the order of time (RFC 9562 section 5.7), with as many random bits.
fn id(n: u64, kind: u64) -> Uuid {
    let mut random = [0; 10];
    getrandom::fill(&mut random).expect("the system has random bytes");
    let ms = 1_790_000_000_000 + n * 30_000 + kind;
    uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
}

fn open(folder: &Path) -> Journal {
    let path = folder.join("journal.db");
    let key = DbKey::for_journal(&folder.join("db.key"), &path).expect("the folder can be written");
    let terminal: TerminalId = "T0000001".parse().expect("it is one");
    Journal::open(&path, &key, &terminal).expect("it is whole and free")
}

fn ack(record: &Record) -> RecordAck {
    RecordAck {
        id: record.id,
        hash: record.hash,
        outcome: AckOutcome::Created,
        why: None,
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

fn say(name: &str, figure: f64, unit: &str) {
    println!("{name}\t{figure:.2}\t{unit}");
}
