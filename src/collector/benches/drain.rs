//! The drain after an outage: 10,000 records through an uplink, over TLS, into a collector on
//! SQLite, against the same records pushed into a store of the same kind without a network between.
//! Lines of `name<TAB>figure<TAB>unit`.
//!
//! Both write to the folder that `SEALPOINT_BENCH_DISK` names, or to this one.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use sealpoint_collector::now_ms;
use sealpoint_collector::store::{Quarantine, Store, Target};
use sealpoint_sale::{Currency, Line, Quantity, Sale, SaleId, Tender};
use sealpoint_sync::driver;
use sealpoint_tls::Groups;
use sealpoint_wire::record::MAX_BATCH;
use sealpoint_wire::{
    FromUplink, LinkState, Record, RecordHash, RecordId, RecordKind, TerminalId, ToUplink, frame,
};
use uuid::Uuid;

/// Records that an outage left behind.
const QUEUED: u64 = 10_000;
/// Lines of a basket: a record of about a kilobyte.
const LINES: u32 = 6;
/// The terminal that sold them.
const TERMINAL: &str = "T0000001";
/// A collector starts within this.
const START: Duration = Duration::from_secs(20);

fn main() {
    let folder = tempfile::Builder::new()
        .prefix("sealpoint-bench-")
        .tempdir_in(std::env::var_os("SEALPOINT_BENCH_DISK").unwrap_or_else(|| ".".into()))
        .expect("the folder can be written");
    let records: Vec<Record> = (1..=QUEUED).map(record).collect();
    let alone = alone(folder.path(), &records);
    let drained = drained(folder.path(), &records);
    let per_second = |took: Duration| QUEUED as f64 / took.as_secs_f64();
    let per_record = |cpu: Duration| cpu.as_secs_f64() * 1e6 / QUEUED as f64;
    say("drain of 10,000 records", per_second(drained.took), "/s");
    say(
        "the same pushed into the store alone",
        per_second(alone),
        "/s",
    );
    say(
        "drain / store alone",
        alone.as_secs_f64() / drained.took.as_secs_f64(),
        "",
    );
    say(
        "CPU of the uplink, a record",
        per_record(drained.uplink),
        "us",
    );
    say(
        "CPU of the collector, a record",
        per_record(drained.collector),
        "us",
    );
}

/// How long the store alone takes for these records.
fn alone(folder: &Path, records: &[Record]) -> Duration {
    let target: Target = format!("sqlite:{}", folder.join("alone.db").display())
        .parse()
        .expect("a store");
    let store = Store::open(&target).expect("it opens");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let began = Instant::now();
    for batch in records.chunks(MAX_BATCH) {
        let batch = batch.to_vec();
        let terminal = terminal();
        let pushed = store.run(move |db| db.push(&terminal, &batch, now_ms(), Quarantine::No));
        let report = runtime.block_on(pushed).expect("it is stored");
        assert_eq!(report.created, MAX_BATCH as u64);
    }
    began.elapsed()
}

struct Drained {
    took: Duration,
    uplink: Duration,
    collector: Duration,
}

/// How long the same takes from the first offer to the last acknowledgement.
fn drained(folder: &Path, records: &[Record]) -> Drained {
    let collector = Collector::start(folder);
    let (mut till, socket) = UnixStream::pair().expect("a socket pair");
    let (tell, told) = mpsc::channel();
    let config = collector.config(&folder.join(TERMINAL));
    let uplink = thread::spawn(move || {
        tell.send(fs::read_link("/proc/thread-self").expect("procfs"))
            .expect("somebody listens");
        run_uplink(config, socket);
    });
    let thread = Path::new("/proc").join(told.recv().expect("it runs"));
    until(&mut till, |message| match message {
        FromUplink::Link { state } => state == LinkState::Up,
        _ => false,
    });

    let before = (cpu_of_thread(&thread), cpu_of(collector.child.id()));
    let began = Instant::now();
    for (offer, batch) in (1..).zip(records.chunks(MAX_BATCH)) {
        let records = batch.to_vec();
        frame::write(&mut till, &ToUplink::Offer { offer, records }).expect("the uplink reads");
        until(
            &mut till,
            |message| matches!(message, FromUplink::Acked { offer: acked, .. } if acked == offer),
        );
    }
    let took = began.elapsed();
    let after = (cpu_of_thread(&thread), cpu_of(collector.child.id()));
    drop(till);
    uplink.join().expect("the uplink ends well");
    Drained {
        took,
        uplink: after.0 - before.0,
        collector: after.1 - before.1,
    }
}

fn until(till: &mut UnixStream, found: impl Fn(FromUplink) -> bool) {
    loop {
        let message = frame::read(till).expect("a whole frame");
        if found(message.expect("the uplink lives")) {
            return;
        }
    }
}

fn run_uplink(config: driver::Config, till: UnixStream) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        till.set_nonblocking(true).expect("a socket");
        let till = tokio::net::UnixStream::from_std(till).expect("a socket");
        let ended = driver::run(Some(config), None, till).await;
        ended.expect("a clean end");
    });
}

/// A collector as a process; killed when dropped.
struct Collector {
    child: Child,
    address: String,
}

impl Collector {
    fn start(folder: &Path) -> Self {
        let text = |name: &str| folder.join(name).display().to_string();
        let tls = text("tls");
        command(&["ca", "--tls", &tls]);
        let out = text(TERMINAL);
        command(&[
            "enrol",
            "--tls",
            &tls,
            "--terminal",
            TERMINAL,
            "--out",
            &out,
        ]);
        let port_file = folder.join("port");
        let child = Command::new(env!("CARGO_BIN_EXE_collector"))
            .args(["--listen", "127.0.0.1:0", "--tls", &tls, "--store"])
            .arg(format!("sqlite:{}", text("drained.db")))
            .arg("--port-file")
            .arg(&port_file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("collector.log")).expect("a log"))
            .spawn()
            .expect("the collector's binary runs");
        let mut collector = Self {
            child,
            address: String::new(),
        };
        collector.address = wait_for(&port_file);
        collector
    }

    fn config(&self, till: &Path) -> driver::Config {
        let file = |name: &str| -> PathBuf { till.join(name) };
        driver::Config {
            target: driver::Target::parse(&format!("https://{}", self.address)),
            credentials: driver::Credentials {
                ca: file("ca.pem"),
                cert: file("cert.pem"),
                key: file("key.pem"),
            },
            groups: Groups::Hybrid,
            clock: None,
            attest: None,
            updates: None,
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(arguments: &[&str]) {
    let made = Command::new(env!("CARGO_BIN_EXE_collector"))
        .args(arguments)
        .output()
        .expect("the collector's binary runs");
    assert!(made.status.success(), "{made:?}");
}

/// The address in a port file, which appears whole or not at all.
fn wait_for(port_file: &Path) -> String {
    let began = Instant::now();
    loop {
        if let Ok(text) = fs::read_to_string(port_file) {
            return text.trim().to_owned();
        }
        assert!(began.elapsed() < START, "the collector does not start");
        thread::sleep(Duration::from_millis(10));
    }
}

/// What a thread has used of the processor (proc(5), schedstat: nanoseconds first).
fn cpu_of_thread(thread: &Path) -> Duration {
    let text = fs::read_to_string(thread.join("schedstat")).expect("procfs");
    let spent = text.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(spent.expect("a number"))
}

/// What the threads of a process that live have used.
fn cpu_of(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("it runs");
    let threads = threads.filter_map(Result::ok).map(|thread| thread.path());
    threads.map(|thread| cpu_of_thread(&thread)).sum()
}

fn terminal() -> TerminalId {
    TERMINAL.parse().expect("a terminal id")
}

fn record(seq: u64) -> Record {
    let sale = sale(seq);
    let mut record = Record {
        id: RecordId::new(Uuid::now_v7()),
        terminal: terminal(),
        epoch: 1,
        seq,
        kind: RecordKind::Sale,
        sale: sale.id,
        at_ms: now_ms(),
        body: serde_json::to_string(&sale).expect("serialises"),
        hash: RecordHash::new([0; 32]),
        clock_behind_ms: None,
    };
    record.hash = record.compute_hash();
    record
}

/// A basket paid in cash. Its lines differ from those of others, so that they pack no better.
fn sale(seq: u64) -> Sale {
    let line = |no: u32| {
        let mixed = (seq * 31 + u64::from(no)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
        let minor = i64::try_from(1 + mixed % 9_999).expect("a small number");
        Line {
            no,
            sku: format!("{:06}", mixed % 999_983),
            name: format!("Item {:05}", mixed % 99_991),
            quantity: Quantity::Pieces(1),
            unit_price_minor: minor,
            total_minor: minor,
            tax_bp: 1900,
            min_age: 0,
            voided: false,
        }
    };
    let lines: Vec<Line> = (1..=LINES).map(line).collect();
    let total_minor = lines.iter().map(|line| line.total_minor).sum();
    Sale {
        id: SaleId::new(Uuid::now_v7()),
        receipt_no: seq,
        terminal: TERMINAL.to_owned(),
        cashier: "Ada".to_owned(),
        at: "2026-11-22T12:00:00+01:00".to_owned(),
        currency: Currency::Eur,
        lines,
        tax: vec![],
        total_minor,
        tenders: vec![Tender::Cash {
            given_minor: total_minor,
            change_minor: 0,
        }],
        age_confirmed: 0,
    }
}

fn say(name: &str, figure: f64, unit: &str) {
    println!("{name}\t{figure:.2}\t{unit}");
}
