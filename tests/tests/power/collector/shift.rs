//! A shift with a real till, during which the collector's calls are written down.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags};
use sealpoint_tests::built::program;

use crate::calls::{self, TRACED, Timed};
use crate::cashier::Cashier;
use crate::processes;
use crate::rig::{Reader, Shop, log};

/// A collector starts, and its tracer ends, within this.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sales in each life of the collector, and the signal that ends it. The second is long enough for
/// the log to be brought into the store while it serves (SQLite does so after 1000 pages).
const LIVES: [(u64, &str); 3] = [(4, "KILL"), (220, "KILL"), (6, "TERM")];
/// Every so many sales are paid by card.
const BY_CARD: u64 = 4;

/// Id and hash of a record, in the order of their sequence.
pub type Records = Vec<(Vec<u8>, Vec<u8>)>;

pub struct Shift {
    _shop: Shop,
    /// The store's file.
    pub store: PathBuf,
    pub calls: Vec<Timed>,
    /// When the till had heard that so many of its records are stored, in microseconds.
    heard: Vec<(u64, usize)>,
    /// What the till sold.
    pub records: Records,
}

impl Shift {
    pub fn record() -> Self {
        let mut shop = Shop::open(&Reader::Virtual);
        // The till knows its port; the one that is recorded takes its place.
        shop.kill_collector();
        let folder = shop.at("store");
        fs::create_dir(&folder).expect("a folder in a temporary folder");
        let store = folder.join("collector.db");
        let mut till = Cashier::start(&shop.at("till")).patient();
        let (mut heard, mut calls, mut sold) = (Vec::new(), Vec::new(), 0);
        for (life, (sales, signal)) in LIVES.into_iter().enumerate() {
            let strace = shop.at(&format!("life-{life}.strace"));
            let mut recorded = Recorded::start(&shop, &store, &strace);
            till.wait("link_up").expect("nobody kills the till");
            till.wait("reader").expect("nobody kills the till");
            for n in 0..sales {
                sell(&mut till, n);
                sold += 1;
                heard.push((now_us(), sold));
            }
            recorded.end(signal);
            calls::append(&mut calls, &strace, &folder);
        }
        till.close();
        let records = records(&shop);
        assert_eq!(records.len(), sold, "a record for each sale");
        let shift = Self {
            _shop: shop,
            store,
            calls,
            heard,
            records,
        };
        shift.assert_worth_it();
        shift
    }

    /// How many records the till knew to be stored at that time.
    pub fn acknowledged_at(&self, at_us: u64) -> usize {
        let before = self.heard.partition_point(|(heard, _)| *heard <= at_us);
        before.checked_sub(1).map_or(0, |last| self.heard[last].1)
    }

    /// The log was brought into the store, and there were syncs enough.
    fn assert_worth_it(&self) {
        let pages = |timed: &&Timed| matches!(&timed.call, calls::Call::Write { path, .. } if *path == self.store);
        let syncs = |timed: &&Timed| matches!(timed.call, calls::Call::Synced { .. });
        let (pages, syncs) = (
            self.calls.iter().filter(pages).count(),
            self.calls.iter().filter(syncs).count(),
        );
        assert!(
            pages > 20 && syncs > 150,
            "{pages} pages of the store, {syncs} syncs"
        );
    }
}

/// A collector and its tracer; both end when it is dropped.
struct Recorded {
    tracer: Child,
    /// The store's folder, by which it is found.
    folder: PathBuf,
}

impl Recorded {
    fn start(shop: &Shop, store: &Path, strace: &Path) -> Self {
        let port_file = shop.at("recorded.port");
        let _ = fs::remove_file(&port_file);
        let address = shop.collector_url();
        let host = fs::read_to_string(shop.at("host.port")).expect("the acquirer's port");
        let tracer = Command::new("strace")
            .args(["-f", "--seccomp-bpf", "-ttt", "-y", "-xx", "-s", "2000000"])
            .args(["-e", TRACED, "-o"])
            .arg(strace)
            .arg(program("collector"))
            .args(["--listen", address.trim_start_matches("https://")])
            .args(["--store", &format!("sqlite:{}", store.display()), "--tls"])
            .arg(shop.at("tls"))
            .args(["--acquirer", host.trim(), "--port-file"])
            .arg(&port_file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log(&shop.at("recorded.log")))
            .spawn()
            .expect("strace is there: `cargo xtask test` installs it");
        let recorded = Self {
            tracer,
            folder: shop.at("store"),
        };
        let end = Instant::now() + PATIENCE;
        while !port_file.exists() {
            assert!(
                Instant::now() < end,
                "the recorded collector does not start"
            );
            thread::sleep(Duration::from_millis(5));
        }
        recorded
    }

    /// Ends the collector; the tracer follows it.
    fn end(&mut self, signal: &str) {
        if let Some(pid) = processes::pid_of("collector", &self.folder) {
            let _ = Command::new("kill")
                .args([format!("-{signal}"), pid.to_string()])
                .status();
        }
        let _ = self.tracer.wait();
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        self.end("KILL");
    }
}

fn sell(till: &mut Cashier, n: u64) {
    let sold = till.scan(1 + n % 60).and_then(|()| {
        if n.is_multiple_of(BY_CARD) {
            till.card("visa-approved", None)
        } else {
            till.cash()
        }
    });
    let drained = sold.and_then(|()| till.wait("drained").cloned());
    let view = drained.expect("nobody kills the till");
    assert!(
        view["basket"]["sale"].is_null() && view["queue"]["count"] == 0,
        "sale {n} was not paid and stored: {}",
        view["notice"]
    );
}

/// What the till's journal holds, once it is closed.
fn records(shop: &Shop) -> Records {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(shop.at("till/journal.db"), flags).expect("a journal");
    let key = fs::read(shop.at("till/db.key")).expect("the demo's key");
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    db.execute_batch(&format!("PRAGMA key = \"x'{hex}'\""))
        .expect("it is the journal's key");
    let mut query = db
        .prepare("SELECT id, hash FROM record ORDER BY epoch, seq")
        .expect("there are records");
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.expect("they can be read")
        .map(|row| row.expect("a record has these"))
        .collect()
}

fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    })
}
