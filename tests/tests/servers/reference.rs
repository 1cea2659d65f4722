//! What the store itself takes, in this process: no network, no TLS, no JSON. The load is compared
//! with it.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use sealpoint_collector::now_ms;
use sealpoint_collector::store::{Isolation, Quarantine, Store, Target};
use sealpoint_wire::Record;

use crate::process::processor_ticks;
use crate::till::records_of;

/// Batches of each terminal.
const BATCHES: usize = 40;

/// How fast the store inserted.
pub struct Inserted {
    pub records: u64,
    pub took: Duration,
    /// This process's time, in clock ticks.
    pub ticks: u64,
}

/// Inserts batches of so many terminals at once.
pub fn insert(store: &str, terminals: usize, batch: usize) -> Inserted {
    let target: Target = store.parse().expect("a store's address");
    let store = Store::open(&target).expect("the store opens");
    let all: Vec<Vec<Record>> = (1..=terminals)
        .map(|number| records_of(&format!("R{number:07}"), BATCHES * batch))
        .collect();
    let (began, before) = (Instant::now(), processor_ticks(std::process::id()));
    thread::scope(|scope| {
        for records in &all {
            let store = &store;
            scope.spawn(move || {
                for batch in records.chunks(batch) {
                    insert_one(store, batch.to_vec());
                }
            });
        }
    });
    Inserted {
        records: (terminals * BATCHES * batch) as u64,
        took: began.elapsed(),
        ticks: processor_ticks(std::process::id()) - before,
    }
}

fn insert_one(store: &Store, batch: Vec<Record>) {
    let created = batch.len() as u64;
    let terminal = batch.first().expect("a batch").terminal.clone();
    let pushed = wait(store.run_with(Isolation::ReadCommitted, move |db| {
        db.push(&terminal, &batch, now_ms(), Quarantine::No)
    }));
    assert_eq!(pushed.expect("stored").created, created);
}

/// Waits for a future on this thread: what the store gives needs no runtime.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(result) => return result,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
