//! Reversals: before any new authorisation, until each is acknowledged.
//!
//! A refusal is not an acknowledgement. But a collector that answers, and refuses one reversal each
//! time, will not take it in the next second either, and a till that waits for it never charges a
//! card again. So a reversal that was refused for good several times is put *aside*: it is kept, told, tried at long intervals and at each return of the link, and does not hold up the
//! charges of other attempts any more. A person settles it; the till and the collector alarm.

use std::collections::VecDeque;

use sealpoint_wire::{AttemptId, FromUplink, ReversalRequest};

use super::answer::{self, Failure};
use super::backoff::{Backoff, spread};
use super::{Errand, Exchange, Machine, Moment};

/// At most this many reversals wait here; further ones stay in the journal, which asks again.
pub const MAX_REVERSALS: usize = 256;
/// After this many lasting refusals a reversal is put aside.
pub const REFUSALS_BEFORE_ASIDE: u32 = 6;
/// A reversal that was put aside is tried at least this often while the collector is there.
pub const ASIDE_EVERY_MS: u64 = 300_000;

#[derive(Debug, Default)]
pub(super) struct Reversals {
    /// Oldest first; one that failed goes to the back, so that it cannot hold up the others.
    due: VecDeque<Due>,
    /// Put aside; the next to be tried at the front.
    aside: VecDeque<Due>,
    /// Whether the one in flight is the front of `aside`, not of `due`.
    trying_aside: bool,
    backoff: Backoff,
    retry_ms: u64,
    retry_aside_ms: u64,
}

#[derive(Debug)]
struct Due {
    request: ReversalRequest,
    tries: u32,
    /// Answers that no repetition changes.
    refusals: u32,
}

impl Reversals {
    /// Whether a reversal goes before a new authorisation.
    pub(super) fn block(&self) -> bool {
        !self.due.is_empty()
    }

    pub(super) fn has(&self, attempt: AttemptId) -> bool {
        let all = self.due.iter().chain(&self.aside);
        all.into_iter().any(|due| due.request.attempt == attempt)
    }

    pub(super) fn retry_now(&mut self, moment: Moment) {
        self.retry_ms = self.retry_ms.min(moment.now_ms);
        self.retry_aside_ms = self.retry_aside_ms.min(moment.now_ms);
    }

    pub(super) fn wake_at_ms(&self) -> Option<u64> {
        let due = (!self.due.is_empty()).then_some(self.retry_ms);
        let aside = (!self.aside.is_empty()).then_some(self.retry_aside_ms);
        due.into_iter().chain(aside).min()
    }

    /// The body of the one to try now.
    pub(super) fn next(&mut self, moment: Moment) -> Option<Vec<u8>> {
        let due = self.due.front().filter(|_| moment.now_ms >= self.retry_ms);
        self.trying_aside = due.is_none();
        let next = due.or_else(|| {
            let aside = self.aside.front();
            aside.filter(|_| moment.now_ms >= self.retry_aside_ms)
        })?;
        let body = serde_json::to_vec(&next.request);
        Some(body.expect("a reversal holds only strings and numbers"))
    }

    /// The one that [`Self::next`] gave: what is added since is behind it.
    fn take_tried(&mut self) -> Option<Due> {
        if self.trying_aside {
            self.aside.pop_front()
        } else {
            self.due.pop_front()
        }
    }

    fn acknowledged(&mut self, moment: Moment) {
        self.backoff.succeeded();
        self.retry_ms = moment.now_ms;
    }

    /// Keeps one that was not acknowledged; whether it stands aside now.
    fn put_back(&mut self, moment: Moment, due: Due) -> bool {
        let aside = due.refusals >= REFUSALS_BEFORE_ASIDE;
        if aside {
            self.aside.push_back(due);
            let wait = spread(ASIDE_EVERY_MS, moment.jitter);
            self.retry_aside_ms = moment.now_ms + wait / self.aside.len() as u64;
        } else {
            self.due.push_back(due);
        }
        if !self.trying_aside {
            self.retry_ms = moment.now_ms + self.backoff.failed(moment.jitter);
        }
        aside
    }
}

impl Machine {
    /// Queues a reversal. If its own authorisation is still being asked for, that is given up: its
    /// answer would not be honoured any more, and the reversal must not wait for it.
    pub(super) fn reverse(&mut self, moment: Moment, request: ReversalRequest) {
        let attempt = request.attempt;
        if self.host.reversals.has(attempt) {
            return;
        }
        let held = self.host.reversals.due.len() + self.host.reversals.aside.len();
        let refusal = if !self.set_up {
            Some("No collector is configured. Enrol this till with one.")
        } else if held >= MAX_REVERSALS {
            Some("Too many reversals wait already. Ask again when some are acknowledged.")
        } else {
            None
        };
        if let Some(why) = refusal {
            return self.tell(FromUplink::ReversalPending {
                attempt,
                tries: 0,
                why: why.to_owned(),
            });
        }
        self.stop_asking(attempt);
        if matches!(self.host.errand(), Some(Errand::Inquire | Errand::Advise)) {
            self.give_way();
        }
        self.host.reversals.due.push_back(Due {
            request,
            tries: 0,
            refusals: 0,
        });
        self.host.reversals.retry_ms = self.host.reversals.retry_ms.min(moment.now_ms);
    }

    pub(super) fn reversal_ended(&mut self, moment: Moment, exchange: Exchange) {
        let Some(mut due) = self.host.reversals.take_tried() else {
            return;
        };
        let attempt = due.request.attempt;
        match answer::reversal(exchange, attempt) {
            Ok(()) => {
                self.host.reversals.acknowledged(moment);
                self.tell(FromUplink::Reversed { attempt });
            }
            Err(failure) => {
                due.tries = due.tries.saturating_add(1);
                let lasting = matches!(&failure, Failure::Refused(r) if r.is_lasting());
                due.refusals = due.refusals.saturating_add(u32::from(lasting));
                let (tries, mut why) = (due.tries, failure.why());
                if self.host.reversals.put_back(moment, due) {
                    why.push_str(" It is kept and tried again now and then; a person settles it.");
                }
                self.tell(FromUplink::ReversalPending {
                    attempt,
                    tries,
                    why,
                });
            }
        }
    }
}
