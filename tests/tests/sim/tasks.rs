//! The collector's steps, one at a time and always in the same order: no thread, no chance.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use crate::clock;

/// Steps under way; those of a collector that dies are dropped with it.
#[derive(Default)]
pub struct Tasks(Vec<Pin<Box<dyn Future<Output = ()>>>>);

impl Tasks {
    pub fn spawn(&mut self, task: impl Future<Output = ()> + 'static) {
        self.0.push(Box::pin(task));
    }

    pub fn are_done(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes on with each as far as it comes at this moment; whether any came further.
    pub fn run(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        let before = self.0.len();
        self.0
            .retain_mut(|task| task.as_mut().poll(&mut context).is_pending());
        clock::has_moved() || self.0.len() < before
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for what another thread does.
pub fn wait_for<T>(what: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut what = pin!(what);
    loop {
        match what.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}
