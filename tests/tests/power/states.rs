//! Crash states: moments of a recording, several outcomes of each, opened and checked by as many
//! threads as the machine has.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use tempfile::TempDir;

use crate::calls::Call;
use crate::dice::Dice;
use crate::disk::{Deaf, Disk, Found};

/// At most this many failures are printed.
const PRINTED: usize = 5;
/// States that wait for a thread: each is some megabytes.
const WAITING: usize = 4;

/// A call, and what must be found if the power goes right after it.
pub struct Moment<E> {
    pub call: Call,
    pub expected: E,
}

/// How it went.
pub struct Report {
    states: usize,
    moments: usize,
    failed: Vec<String>,
}

/// A folder for one state: in memory if the system has such a place, for nothing here needs a disk.
pub fn folder() -> TempDir {
    let memory = TempDir::new_in("/dev/shm");
    memory
        .or_else(|_| TempDir::new())
        .expect("a temporary folder")
}

/// How many states a run is to open: `SEALPOINT_POWER` if it is set.
pub fn wanted(plain: usize) -> usize {
    let set = env::var("SEALPOINT_POWER").ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(plain)
}

/// One crash state to open.
struct State<E> {
    seed: u64,
    moment: usize,
    found: Found,
    expected: std::sync::Arc<E>,
}

/// Cuts the power `wanted` times, spread over all moments, and has `look` open what is left.
pub fn check<E: Send + Sync>(
    moments: impl ExactSizeIterator<Item = Moment<E>>,
    deaf: Deaf,
    wanted: usize,
    look: impl Fn(&Found, &E) -> Result<(), String> + Sync,
) -> Report {
    let count = moments.len();
    let threads = thread::available_parallelism().map_or(2, usize::from);
    let (give, take) = sync_channel::<State<E>>(WAITING);
    let take = Mutex::new(take);
    let failed = Mutex::new(Vec::new());
    let only: Option<u64> = env::var("SEALPOINT_POWER_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(state) = next(&take) {
                    // A thread that is gone would leave the others' states lying.
                    let looked =
                        catch_unwind(AssertUnwindSafe(|| look(&state.found, &state.expected)));
                    let looked = looked.unwrap_or_else(|_| Err("it panicked".to_owned()));
                    if let Err(why) = looked {
                        let line = format!(
                            "SEALPOINT_POWER_SEED={} after call {}: {why}",
                            state.seed, state.moment
                        );
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        failed.push(line);
                    }
                }
            });
        }
        // Dropped at the end of this even by a panic, so that the threads end.
        let give = give;
        let mut disk = Disk::new(deaf);
        let mut seed = 0;
        for (moment, Moment { call, expected }) in moments.enumerate() {
            disk.apply(&call);
            let expected = std::sync::Arc::new(expected);
            // Evenly over the moments, each at least as often as any other but one.
            while seed < (wanted * (moment + 1)).div_ceil(count) {
                seed += 1;
                let number = seed as u64;
                if only.is_some_and(|only| only != number) {
                    continue;
                }
                let state = State {
                    seed: number,
                    moment,
                    found: disk.cut(&mut Dice::new(number)),
                    expected: expected.clone(),
                };
                give.send(state).expect("a thread ends when this does");
            }
        }
    });
    Report {
        states: wanted,
        moments: count,
        failed: failed.into_inner().unwrap_or_else(PoisonError::into_inner),
    }
}

fn next<E>(take: &Mutex<Receiver<State<E>>>) -> Option<State<E>> {
    let take = take.lock().unwrap_or_else(PoisonError::into_inner);
    take.recv().ok()
}

impl Report {
    #[track_caller]
    pub fn assert_whole(&self, what: &str) {
        eprintln!(
            "{what}: {} crash states over {} calls, {} broken",
            self.states,
            self.moments,
            self.failed.len()
        );
        let shown = &self.failed[..self.failed.len().min(PRINTED)];
        assert!(
            self.failed.is_empty(),
            "{} of {} crash states are broken:\n{}",
            self.failed.len(),
            self.states,
            shown.join("\n")
        );
    }

    #[track_caller]
    pub fn assert_broken(&self, what: &str) {
        let one = self.failed.first().map_or("", |line| line);
        eprintln!(
            "{what}: {} of {} are broken, such as {one}",
            self.failed.len(),
            self.states
        );
        assert!(
            !self.failed.is_empty(),
            "{what} loses nothing in {} crash states, so the check sees nothing",
            self.states
        );
    }
}
