//! Advices: one at a time, after every reversal, never before a customer.

use sealpoint_wire::{AdviceRequest, AdviceResult, FromUplink, LinkState};

use super::backoff::Backoff;
use super::{Exchange, Machine, Moment, answer};

/// The till keeps them in order and gives one at a time; this one is held until it was tried.
#[derive(Debug, Default)]
pub(super) struct Advices {
    open: Option<Box<AdviceRequest>>,
    backoff: Backoff,
    retry_ms: u64,
}

impl Advices {
    pub(super) fn retry_now(&mut self, moment: Moment) {
        self.retry_ms = self.retry_ms.min(moment.now_ms);
    }

    pub(super) fn next(&self, moment: Moment) -> Option<Vec<u8>> {
        let open = self.open.as_ref()?;
        let body = serde_json::to_vec(open).expect("an advice holds only strings and numbers");
        (moment.now_ms >= self.retry_ms).then_some(body)
    }

    pub(super) fn wake_at_ms(&self) -> Option<u64> {
        self.open.as_ref().map(|_| self.retry_ms)
    }
}

impl Machine {
    /// Takes an advice, to be tried once: when no reversal is due, no customer waits and the
    /// back-off of the last failure is over. While the link is down it goes back to the till, which
    /// knows how long it may live.
    pub(super) fn advise(&mut self, request: Box<AdviceRequest>) {
        let why = match (&self.host.advices.open, &self.link) {
            (Some(open), _) if open.attempt == request.attempt => return,
            (Some(_), _) => "Another advice is open. Give this one when it has ended.".to_owned(),
            (None, LinkState::Up) => {
                self.host.advices.open = Some(request);
                return;
            }
            (None, LinkState::NotSetUp) => {
                "No collector is configured. Enrol this till with one.".to_owned()
            }
            (None, LinkState::Connecting) => "The link is not up yet.".to_owned(),
            (None, LinkState::Quarantined { why } | LinkState::Down { why }) => why.clone(),
        };
        self.tell(FromUplink::Advised {
            attempt: request.attempt,
            result: AdviceResult::NotAnswered { why },
        });
    }

    /// Gives the open advice back to the till.
    pub(super) fn put_advice_back(&mut self, why: &str) {
        if let Some(request) = self.host.advices.open.take() {
            self.tell(FromUplink::Advised {
                attempt: request.attempt,
                result: AdviceResult::NotAnswered {
                    why: why.to_owned(),
                },
            });
        }
    }

    pub(super) fn advice_ended(&mut self, moment: Moment, exchange: Exchange) {
        let Some(request) = self.host.advices.open.take() else {
            return;
        };
        let attempt = request.attempt;
        let result = answer::advice(exchange, attempt);
        let advices = &mut self.host.advices;
        if matches!(result, AdviceResult::NotAnswered { .. }) {
            advices.retry_ms = moment.now_ms + advices.backoff.failed(moment.jitter);
        } else {
            advices.backoff.succeeded();
            advices.retry_ms = moment.now_ms;
        }
        self.tell(FromUplink::Advised { attempt, result });
    }
}
