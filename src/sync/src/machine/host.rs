//! The host channel: reversals first, then one authorisation at a time.

use std::collections::VecDeque;

use sealpoint_wire::{
    AttemptId, AuthoriseRequest, AuthoriseResult, FromUplink, LinkState, ReversalRequest,
};

use super::answer;
use super::backoff::Backoff;
use super::{Channel, Exchange, HOST_TIMEOUT_MS, Machine, Method, Moment, Output, RequestId};

/// At most this many reversals wait here; further ones stay in the journal, which asks again.
pub const MAX_REVERSALS: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Host {
    in_flight: Option<(RequestId, Errand)>,
    /// Oldest first; one that failed goes to the back, so that it cannot hold up the others.
    reversals: VecDeque<Due>,
    backoff: Backoff,
    retry_ms: u64,
}

#[derive(Clone, Copy, Debug)]
enum Errand {
    Authorise(AttemptId),
    Reverse,
}

#[derive(Debug)]
struct Due {
    request: ReversalRequest,
    tries: u32,
}

impl Host {
    pub(super) fn is_in_flight(&self, request: RequestId) -> bool {
        self.in_flight.is_some_and(|(id, _)| id == request)
    }

    pub(super) fn retry_now(&mut self, moment: Moment) {
        self.retry_ms = self.retry_ms.min(moment.now_ms);
    }
}

impl Machine {
    /// An authorisation is tried at once, even while the link is down: a customer waits, and a
    /// failed connection proves that nothing was sent.
    pub(super) fn authorise(&mut self, request: &AuthoriseRequest) {
        let why = match self.host.in_flight {
            _ if !self.set_up => "No collector is configured. Enrol this till with one.",
            // The same attempt again: it has one answer, and that is on its way.
            Some((_, Errand::Authorise(attempt))) if attempt == request.attempt => return,
            _ if !self.host.reversals.is_empty() => {
                "A reversal goes first. Try again when it is acknowledged."
            }
            Some(_) => "Another authorisation is under way. Try again when it has ended.",
            None => {
                let body = serde_json::to_vec(request)
                    .expect("an authorisation holds only strings and numbers");
                let path = "/v1/authorisations";
                let id = self.request(Channel::Host, Method::Post, path, body, HOST_TIMEOUT_MS);
                self.host.in_flight = Some((id, Errand::Authorise(request.attempt)));
                return;
            }
        };
        let result = AuthoriseResult::NotSent {
            why: why.to_owned(),
        };
        self.tell(FromUplink::Authorised {
            attempt: request.attempt,
            result,
        });
    }

    /// Queues a reversal. If its own authorisation is still in flight, that one is given up: its
    /// answer would not be honoured any more, and the reversal must not wait for it.
    pub(super) fn reverse(&mut self, moment: Moment, request: ReversalRequest) {
        let attempt = request.attempt;
        if self
            .host
            .reversals
            .iter()
            .any(|due| due.request.attempt == attempt)
        {
            return;
        }
        let refusal = if !self.set_up {
            Some("No collector is configured. Enrol this till with one.")
        } else if self.host.reversals.len() >= MAX_REVERSALS {
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
        if let Some((id, Errand::Authorise(asked))) = self.host.in_flight
            && asked == attempt
        {
            self.host.in_flight = None;
            self.outputs.push_back(Output::Abandon(id));
            let why = "The till reversed the attempt before an answer came.".to_owned();
            let result = AuthoriseResult::Unknown { why };
            self.tell(FromUplink::Authorised { attempt, result });
        }
        self.host.reversals.push_back(Due { request, tries: 0 });
        self.host.retry_now(moment);
    }

    pub(super) fn next_on_host(&mut self, moment: Moment) {
        if self.host.in_flight.is_some() || moment.now_ms < self.host.retry_ms {
            return;
        }
        let Some(due) = self.host.reversals.front() else {
            return;
        };
        let body =
            serde_json::to_vec(&due.request).expect("a reversal holds only strings and numbers");
        let path = "/v1/reversals";
        let id = self.request(Channel::Host, Method::Post, path, body, HOST_TIMEOUT_MS);
        self.host.in_flight = Some((id, Errand::Reverse));
    }

    pub(super) fn host_wake_at_ms(&self) -> Option<u64> {
        let waiting = self.host.in_flight.is_none() && !self.host.reversals.is_empty();
        waiting.then_some(self.host.retry_ms)
    }

    pub(super) fn host_exchanged(&mut self, moment: Moment, exchange: Exchange) {
        let Some((_, errand)) = self.host.in_flight.take() else {
            return;
        };
        match &exchange {
            Exchange::NotSent { why } => self.link_down(moment, why.clone()),
            Exchange::Lost { .. } => self.records.due_now(moment),
            Exchange::Answered { .. } if self.link != LinkState::Up => {
                self.records.due_now(moment);
            }
            Exchange::Answered { .. } => {}
        }
        match errand {
            Errand::Authorise(attempt) => {
                let result = answer::authorisation(exchange, attempt);
                self.tell(FromUplink::Authorised { attempt, result });
            }
            Errand::Reverse => self.reversal_exchanged(moment, exchange),
        }
    }

    fn reversal_exchanged(&mut self, moment: Moment, exchange: Exchange) {
        // The one in flight is the front: reversals are only ever added behind it.
        let Some(mut due) = self.host.reversals.pop_front() else {
            return;
        };
        let attempt = due.request.attempt;
        match answer::reversal(exchange, attempt) {
            Ok(()) => {
                self.host.backoff.succeeded();
                self.host.retry_ms = moment.now_ms;
                self.tell(FromUplink::Reversed { attempt });
            }
            Err(failure) => {
                due.tries = due.tries.saturating_add(1);
                let wait = self.host.backoff.failed(moment.jitter);
                self.host.retry_ms = moment.now_ms + wait;
                let (tries, why) = (due.tries, failure.why());
                self.tell(FromUplink::ReversalPending {
                    attempt,
                    tries,
                    why,
                });
                self.host.reversals.push_back(due);
            }
        }
    }
}
