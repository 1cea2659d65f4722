//! Load: tills that push as fast as they are acknowledged, against one collector on each store.
//!
//! A plain run is seconds; `SEALPOINT_LOAD=30` lets it run 30 minutes for each store. With
//! `--nocapture` it prints its figures: `cargo xtask bench load` does.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::collector::{Collector, Shop};
use crate::inside::alone;
use crate::nats::Cluster;
use crate::oracle::assert_stored;
use crate::postgres::Postgres;
use crate::process::{processor_ticks, until};
use crate::reference;
use crate::till::Till;

/// Tills that push at once.
const TILLS: usize = 16;
/// Records in a push: what an uplink sends when it catches up is 100, one after a sale is 1.
const BATCH: usize = 25;
/// What one till may ask for is not what is measured.
const UNLIMITED: &[&str] = &["--till-rate", "1000000"];
/// A plain run pushes for this long to each store.
const PLAIN: Duration = Duration::from_secs(5);
/// Before the first look at the memory: pools are full then, caches are not.
const WARM: Duration = Duration::from_secs(1);
/// Ticks of the processor's time in a second (sysconf(3), always 100 on Linux for programs).
const TICKS: u64 = 100;
/// Growth that is not a leak: caches of the store, TLS buffers, the allocator's reserve.
const SLACK_KIB: u64 = 24 * 1024;

#[test]
fn a_collector_on_sqlite_stays_flat_under_load() {
    alone("load::a_collector_on_sqlite_stays_flat_under_load", || {
        let shop = Shop::new();
        let collector = shop.collector(7001, &shop.sqlite(), UNLIMITED);
        let own = format!("sqlite:{}", shop.at("own.db").display());
        press("sqlite", &shop, &collector, &own, Vec::new);
    });
}

#[test]
fn a_collector_on_postgresql_stays_flat_under_load() {
    alone(
        "load::a_collector_on_postgresql_stays_flat_under_load",
        || {
            let shop = Shop::new();
            let postgres = Postgres::start(&shop.at("postgres"));
            let collector = shop.collector(7001, &postgres.url(), UNLIMITED);
            press("postgres", &shop, &collector, &postgres.url(), || {
                postgres.pids()
            });
        },
    );
}

#[test]
fn a_collector_that_feeds_a_sink_stays_flat_under_load() {
    alone(
        "load::a_collector_that_feeds_a_sink_stays_flat_under_load",
        || {
            let shop = Shop::new();
            let cluster = Cluster::start(&shop.at("nats"), 3);
            let sink = cluster.url();
            let collector = shop.collector(
                7001,
                &shop.sqlite(),
                &[UNLIMITED, &["--sink", &sink]].concat(),
            );
            let own = format!("sqlite:{}", shop.at("own.db").display());
            let stored = press("sqlite + sink", &shop, &collector, &own, Vec::new);
            let began = Instant::now();
            until("the sink has everything", || {
                (cluster.held() >= stored).then_some(())
            });
            println!(
                "| sqlite + sink: records behind the last push caught up in | {} ms |",
                began.elapsed().as_millis()
            );
        },
    );
}

/// What the tills saw of it.
struct Seen {
    pushed: u64,
    took: Duration,
    /// Of each push, in order of size.
    answers: Vec<Duration>,
    /// At the start, in the middle, at the end.
    memory_kib: [u64; 3],
    collector: u64,
    store: u64,
}

/// Presses a collector, prints the figures and holds what must hold; gives the records stored.
fn press(
    name: &str,
    shop: &Shop,
    collector: &Collector,
    own: &str,
    store_pids: impl Fn() -> Vec<u32>,
) -> u64 {
    let mut tills = shop.tills(TILLS);
    let seen = push_for(length(), &mut tills, collector, store_pids);
    let per_second = seen.pushed as f64 / seen.took.as_secs_f64();
    let micros = |ticks: u64| ticks as f64 * 1e6 / TICKS as f64 / seen.pushed as f64;
    let millis = |per_cent: usize| {
        let rank = (seen.answers.len() * per_cent).div_ceil(100).max(1) - 1;
        seen.answers
            .get(rank)
            .copied()
            .unwrap_or_default()
            .as_secs_f64()
            * 1e3
    };
    let [start, middle, end] = seen.memory_kib.map(|kib| kib as f64 / 1024.0);
    let what = format!("{name}, {TILLS} tills, batches of {BATCH}");
    println!("\n| {what} | |\n|---|---:|");
    println!(
        "| records | {} in {:.1} s |",
        seen.pushed,
        seen.took.as_secs_f64()
    );
    println!("| records per second | {per_second:.0} |");
    println!("| acknowledgement of a push, p50 | {:.2} ms |", millis(50));
    println!("| acknowledgement of a push, p99 | {:.2} ms |", millis(99));
    println!(
        "| processor's time of the collector for a record | {:.0} us |",
        micros(seen.collector)
    );
    println!(
        "| records per second and core of the collector | {:.0} |",
        1e6 / micros(seen.collector).max(1e-3)
    );
    if seen.store > 0 {
        println!(
            "| processor's time of the store for a record | {:.0} us |",
            micros(seen.store)
        );
    }
    println!(
        "| memory of the collector, start, middle, end | {start:.1}, {middle:.1}, {end:.1} MiB |"
    );
    assert!(
        seen.memory_kib[2] < seen.memory_kib[0] + SLACK_KIB,
        "it grows: {:?} KiB",
        seen.memory_kib
    );
    assert_stored(&tills, collector.address);
    compare(per_second, micros(seen.collector), own);
    seen.pushed
}

/// Compares with what the store itself takes in this process, in the same batches.
fn compare(per_second: f64, collector_us: f64, own: &str) {
    let inserted = reference::insert(own, TILLS, BATCH);
    let records = inserted.records as f64;
    let own_per_second = records / inserted.took.as_secs_f64();
    let own_us = (inserted.ticks as f64 * 1e6 / TICKS as f64 / records).max(1e-3);
    println!("| the store's own batched insert, records per second | {own_per_second:.0} |");
    println!(
        "| of that through the collector | {:.2} |",
        per_second / own_per_second
    );
    println!(
        "| of that per core, by the processor's time of either | {:.2} |",
        own_us / collector_us.max(1e-3)
    );
}

fn push_for(
    length: Duration,
    tills: &mut [Till],
    collector: &Collector,
    store_pids: impl Fn() -> Vec<u32>,
) -> Seen {
    let (over, pushed) = (AtomicBool::new(false), AtomicU64::new(0));
    let address = collector.address;
    thread::scope(|scope| {
        let workers: Vec<_> = tills
            .iter_mut()
            .map(|till| {
                let (over, pushed) = (&over, &pushed);
                scope.spawn(move || push_until(over, pushed, till, address))
            })
            .collect();
        thread::sleep(WARM);
        let memory = || memory_kib(collector.pid());
        let ticks = |pids: &[u32]| pids.iter().map(|pid| processor_ticks(*pid)).sum::<u64>();
        let first = memory();
        let pids = store_pids();
        let before = (processor_ticks(collector.pid()), ticks(&pids));
        let (began, counted) = (Instant::now(), pushed.load(Ordering::Relaxed));
        thread::sleep(length / 2);
        let middle = memory();
        thread::sleep(length / 2);
        let (took, pushed) = (began.elapsed(), pushed.load(Ordering::Relaxed) - counted);
        let collector_ticks = processor_ticks(collector.pid()) - before.0;
        let store = ticks(&pids).saturating_sub(before.1);
        let memory_kib = [first, middle, memory()];
        over.store(true, Ordering::Relaxed);
        let answers = workers.into_iter().map(|one| one.join().expect("a till"));
        let mut answers: Vec<Duration> = answers.flatten().collect();
        answers.sort_unstable();
        Seen {
            pushed,
            took,
            answers,
            memory_kib,
            collector: collector_ticks,
            store,
        }
    })
}

/// Pushes batch after batch over one connection; gives how long each answer took.
fn push_until(
    over: &AtomicBool,
    pushed: &AtomicU64,
    till: &mut Till,
    address: SocketAddr,
) -> Vec<Duration> {
    let mut connection = till.connect(address).expect("the collector listens");
    let mut took = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let records = till.next_records(BATCH);
        let began = Instant::now();
        let answer = connection.push(&records).expect("an answer");
        took.push(began.elapsed());
        till.note(records, &answer);
        till.forget();
        pushed.fetch_add(BATCH as u64, Ordering::Relaxed);
    }
    took
}

fn length() -> Duration {
    let minutes = std::env::var("SEALPOINT_LOAD").ok();
    minutes
        .and_then(|minutes| minutes.parse::<u64>().ok())
        .map_or(PLAIN, |minutes| Duration::from_secs(minutes * 60))
}

/// Resident memory (proc(5), VmRSS).
fn memory_kib(pid: u32) -> u64 {
    let about = fs::read_to_string(about(pid, "status")).expect("it runs");
    let line = about.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.expect("Linux says how much memory a process has")
}

fn about(pid: u32, what: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/{what}"))
}
