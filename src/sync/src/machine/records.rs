//! The records channel: one offer at a time, probes in between, and the state of the link.

use sealpoint_wire::api::PushRequest;
use sealpoint_wire::record::MAX_BATCH;
use sealpoint_wire::{FromUplink, LinkState, Record, WIRE_VERSION};

use super::answer::{self, Failure};
use super::backoff::Backoff;
use super::{
    Channel, Exchange, Machine, Method, Moment, PROBE_EVERY_MS, PROBE_TIMEOUT_MS, PUSH_TIMEOUT_MS,
    RequestId,
};

#[derive(Debug, Default)]
pub(super) struct Records {
    offer: Option<Offer>,
    in_flight: Option<(RequestId, Errand)>,
    backoff: Backoff,
    /// When to probe, or to repeat a push that was refused.
    due_ms: u64,
    /// The collector answers, but refused the open offer: only a push that it takes proves
    /// that the link is good again, a probe does not.
    refused: bool,
}

#[derive(Debug)]
struct Offer {
    number: u64,
    records: Vec<Record>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Errand {
    Push,
    Probe,
}

impl Records {
    pub(super) fn is_in_flight(&self, request: RequestId) -> bool {
        self.in_flight.is_some_and(|(id, _)| id == request)
    }

    pub(super) fn due_now(&mut self, moment: Moment) {
        self.due_ms = self.due_ms.min(moment.now_ms);
    }
}

impl Machine {
    /// Opens an offer. It is held while the link is down and pushed once it is up, so it ends
    /// with `Acked` unless it cannot be taken at all.
    pub(super) fn offer(&mut self, number: u64, records: Vec<Record>) {
        let why = match &self.records.offer {
            _ if !self.set_up => "No collector is configured. Enrol this till with one.",
            Some(open) if open.number == number => return,
            Some(_) => "Another offer is open. Offer these records when it has ended.",
            None if records.len() > MAX_BATCH => "The offer is larger than a batch. Split it.",
            None if records.is_empty() => {
                return self.tell(FromUplink::Acked {
                    offer: number,
                    results: Vec::new(),
                    contiguous_seq: 0,
                });
            }
            None => {
                self.records.offer = Some(Offer { number, records });
                return;
            }
        };
        self.tell(FromUplink::NotAcked {
            offer: number,
            why: why.to_owned(),
        });
    }

    pub(super) fn next_on_records(&mut self, moment: Moment) {
        let records = &self.records;
        if records.in_flight.is_some() {
            return;
        }
        let due = moment.now_ms >= records.due_ms;
        let up = self.link == LinkState::Up;
        match &records.offer {
            Some(offer) if up || (records.refused && due) => {
                let body = push_body(offer);
                let path = "/v1/records";
                let id = self.request(Channel::Records, Method::Post, path, body, PUSH_TIMEOUT_MS);
                self.records.in_flight = Some((id, Errand::Push));
            }
            _ if due => {
                let id = self.request(
                    Channel::Records,
                    Method::Get,
                    "/v1/health",
                    Vec::new(),
                    PROBE_TIMEOUT_MS,
                );
                self.records.in_flight = Some((id, Errand::Probe));
            }
            _ => {}
        }
    }

    pub(super) fn records_wake_at_ms(&self) -> Option<u64> {
        self.records
            .in_flight
            .is_none()
            .then_some(self.records.due_ms)
    }

    pub(super) fn records_exchanged(&mut self, moment: Moment, exchange: Exchange) {
        match self.records.in_flight.take() {
            Some((_, Errand::Push)) => self.pushed(moment, exchange),
            Some((_, Errand::Probe)) => match answer::probe(exchange) {
                Ok(()) => self.link_up(moment),
                Err(failure) => self.link_down(moment, failure.why()),
            },
            None => {}
        }
    }

    fn pushed(&mut self, moment: Moment, exchange: Exchange) {
        let Some(offer) = self.records.offer.take() else {
            return;
        };
        match answer::push(exchange, &offer.records) {
            Ok(results) => {
                self.tell(FromUplink::Acked {
                    offer: offer.number,
                    results,
                    contiguous_seq: 0,
                });
                self.link_up(moment);
            }
            Err(failure) => {
                self.records.offer = Some(offer);
                self.records.refused = matches!(failure, Failure::Refused(_));
                self.link_down(moment, failure.why());
            }
        }
    }

    fn link_up(&mut self, moment: Moment) {
        self.records.refused = false;
        self.records.backoff.succeeded();
        self.records.due_ms = moment.now_ms + PROBE_EVERY_MS;
        if self.link != LinkState::Up {
            self.set_link(LinkState::Up);
            self.host.retry_now(moment);
        }
    }

    pub(super) fn link_down(&mut self, moment: Moment, why: String) {
        let wait = self.records.backoff.failed(moment.jitter);
        self.records.due_ms = moment.now_ms + wait;
        self.set_link(LinkState::Down { why });
    }
}

fn push_body(offer: &Offer) -> Vec<u8> {
    let push = PushRequest {
        version: WIRE_VERSION,
        records: offer.records.clone(),
    };
    serde_json::to_vec(&push)
        .expect("a push holds only strings and numbers, which always serialise")
}
