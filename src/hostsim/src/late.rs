//! Answers that are held back, each in its own thread, so that later messages on the line are not.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Answers held back at a time; one too many is lost.
const MAX_LATE: usize = 64;

/// Holds answers back; dropping it loses those that still wait.
#[derive(Default)]
pub(crate) struct Late(Arc<Waiting>);

#[derive(Default)]
struct Waiting {
    now: Mutex<Now>,
    stopped: Condvar,
}

#[derive(Default)]
struct Now {
    stopping: bool,
    held: usize,
}

impl Waiting {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Late {
    /// Calls `send` after `delay`, unless the host stops before.
    pub(crate) fn hold(&self, delay: Duration, send: impl FnOnce() + Send + 'static) {
        let mut now = self.0.now();
        if now.held >= MAX_LATE {
            tracing::warn!("a late answer too many was lost");
            return;
        }
        now.held += 1;
        drop(now);
        let waiting = self.0.clone();
        let thread = thread::Builder::new()
            .name("late".to_owned())
            .spawn(move || {
                let (mut now, waited) = waiting
                    .stopped
                    .wait_timeout_while(waiting.now(), delay, |now| !now.stopping)
                    .unwrap_or_else(PoisonError::into_inner);
                now.held -= 1;
                drop(now);
                if waited.timed_out() {
                    send();
                }
            });
        if let Err(error) = thread {
            self.0.now().held -= 1;
            tracing::warn!(%error, "no thread for a late answer; it was lost");
        }
    }
}

impl Drop for Late {
    fn drop(&mut self) {
        self.0.now().stopping = true;
        self.0.stopped.notify_all();
    }
}
