//! What must be true at rest: each record that a till had acknowledged is stored once and was
//! published, and nothing else is there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use sealpoint_wire::{Record, RecordId};

use crate::nats::Cluster;
use crate::process::until;
use crate::till::Till;

/// Between a till's pushes, so that what is to be compared at the end stays small.
const PACE: Duration = Duration::from_millis(25);

/// Lets every till push batches one after the other, each to the address that it is given, while
/// `meanwhile` happens; ends when that has ended and each till has an answer to its last push.
pub fn while_tills_push(
    tills: &mut [Till],
    address: SocketAddr,
    batch: usize,
    meanwhile: impl FnOnce(),
) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for till in tills {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    till.push(address, batch);
                    thread::sleep(PACE);
                }
            });
        }
        // The tills are told to end even if this fails, for the scope waits for them.
        let tell = Tell(&over);
        meanwhile();
        drop(tell);
    });
}

struct Tell<'a>(&'a AtomicBool);

impl Drop for Tell<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The collector holds exactly what was acknowledged to each till, each record once.
pub fn assert_stored(tills: &[Till], address: SocketAddr) {
    for till in tills {
        let summary = until("the collector sums up", || till.summary(address).ok());
        let sums = summary
            .terminals
            .first()
            .map(|one| (one.sales, one.contiguous_seq));
        let all = till.count();
        assert_eq!(sums, Some((all, all)), "stored and without a gap");
    }
}

/// Messages of the stream for each record.
pub type Heard = BTreeMap<RecordId, usize>;

/// The stream holds every acknowledged record, whole and under its id, and no other. Gives how
/// often each is there: a consumer that drops ids which it has seen gets each exactly once.
pub fn assert_published(tills: &[Till], cluster: &Cluster) -> Heard {
    let expected: BTreeMap<RecordId, &Record> = tills
        .iter()
        .flat_map(|till| till.acknowledged.iter().map(|(id, record)| (*id, record)))
        .collect();
    let mut heard = Heard::new();
    let mut next = 1;
    until("every record is published", || {
        let messages = cluster.client().messages(next).ok()?;
        next += messages.len() as u64;
        for message in messages {
            let id = message.record.id;
            assert_eq!(
                message.id,
                id.to_string(),
                "the message's id is the record's"
            );
            assert_eq!(
                message.subject,
                format!("sealpoint.records.{}", message.record.terminal)
            );
            let known = expected
                .get(&id)
                .expect("only what a till pushed is published");
            assert_eq!(*known, &message.record);
            assert!(message.record.is_whole());
            *heard.entry(id).or_default() += 1;
        }
        (heard.len() == expected.len()).then_some(())
    });
    heard
}

/// Messages beyond the first of each record.
pub fn repeats(heard: &Heard) -> usize {
    heard.values().map(|times| times - 1).sum()
}
