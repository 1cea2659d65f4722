//! The records channel: one offer at a time, in parts, and probes in between.

use sealpoint_wire::api::PushAnswer;
use sealpoint_wire::record::MAX_BATCH;
use sealpoint_wire::{FromUplink, Record};

use super::answer::{self, Failure, Refusal};
use super::backoff::Backoff;
use super::link::PROBE_EVERY_MS;
use super::offer::Offer;
use super::{Channel, Exchange, Machine, Method, Moment, RequestId};

/// A push may carry a full batch over a slow line.
pub const PUSH_TIMEOUT_MS: u64 = 60_000;
/// The collector is not left alone for longer than this, whatever `Retry-After` it gives.
pub const MAX_REST_MS: u64 = 60_000;
/// A push of fewer bytes that got lost was not lost for its size.
const SMALL_PUSH: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Records {
    offer: Option<Offer>,
    in_flight: Option<(RequestId, Errand)>,
    backoff: Backoff,
    /// When to probe, or to repeat a push that was refused.
    due_ms: u64,
    /// No push before this: the collector asked for a rest.
    rest_ms: u64,
    /// When to ask how this till stands, while the link is up.
    pub(super) standing_ms: u64,
    /// The collector answered after an outage: how this till stands decides what the link is.
    pub(super) standing_is_due: bool,
    /// The collector answers, but refused the open offer: only a push that it takes proves
    /// that the link is good again, a probe does not.
    refused: bool,
    /// A push carries at most this many records: fewer after one that was too much for the line or
    /// the collector, more again with each that was not.
    at_most: usize,
}

impl Default for Records {
    fn default() -> Self {
        Self {
            offer: None,
            in_flight: None,
            backoff: Backoff::default(),
            due_ms: 0,
            rest_ms: 0,
            standing_ms: 0,
            standing_is_due: false,
            refused: false,
            at_most: MAX_BATCH,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Errand {
    Push { count: usize, bytes: usize },
    Probe,
    Standing,
}

impl Records {
    pub(super) fn is_in_flight(&self, request: RequestId) -> bool {
        self.in_flight.is_some_and(|(id, _)| id == request)
    }

    pub(super) fn asked(&mut self, id: RequestId, errand: Errand) {
        self.in_flight = Some((id, errand));
    }

    pub(super) fn due_now(&mut self, moment: Moment) {
        self.due_ms = self.due_ms.min(moment.now_ms);
    }

    pub(super) fn succeeded(&mut self, moment: Moment) {
        self.refused = false;
        self.backoff.succeeded();
        self.due_ms = moment.now_ms + PROBE_EVERY_MS;
    }

    pub(super) fn failed(&mut self, moment: Moment) {
        self.due_ms = moment.now_ms + self.backoff.failed(moment.jitter);
    }

    /// Leaves the collector alone for as long as it asks for, within reason, and never less than the
    /// back-off.
    pub(super) fn rest(&mut self, moment: Moment, retry_after_s: Option<u32>) {
        let asked_ms = u64::from(retry_after_s.unwrap_or(0)) * 1000;
        let wait = self.backoff.failed(moment.jitter);
        self.rest_ms = moment.now_ms + asked_ms.min(MAX_REST_MS) + wait;
        self.due_ms = self.rest_ms;
    }
}

impl Machine {
    /// Opens an offer. It is held while the link is down and pushed once it is up, so it ends
    /// with `Acked` unless it cannot be taken at all.
    pub(super) fn offer(&mut self, number: u64, records: &[Record]) {
        let why = match &self.records.offer {
            _ if !self.set_up => "No collector is configured. Enrol this till with one.",
            Some(open) if open.number == number => return,
            Some(_) => "Another offer is open. Offer these records when it has ended.",
            None if records.len() > MAX_BATCH => "The offer is larger than a batch. Split it.",
            None => {
                self.records.offer = Some(Offer::new(number, records));
                return;
            }
        };
        self.tell(FromUplink::NotAcked {
            offer: number,
            why: why.to_owned(),
        });
    }

    pub(super) fn next_on_records(&mut self, moment: Moment) {
        if self.records.in_flight.is_some() {
            return;
        }
        let linked = self.is_linked();
        let standing_is_due = linked && moment.now_ms >= self.records.standing_ms;
        if self.records.standing_is_due || standing_is_due {
            return self.ask_standing();
        }
        let due = moment.now_ms >= self.records.due_ms;
        let rested = moment.now_ms >= self.records.rest_ms;
        if (linked && rested) || (self.records.refused && due) {
            self.push();
        }
        if self.records.in_flight.is_none() && due {
            self.probe();
        }
    }

    /// Sends the next part of the open offer.
    fn push(&mut self) {
        self.end_answered_offer();
        let at_most = self.records.at_most;
        if let Some(part) = self.records.offer.as_mut().and_then(|o| o.part(at_most)) {
            let (count, bytes) = (part.count, part.body.len());
            let (post, path) = (Method::Post, "/v1/records");
            let id = self.request(Channel::Records, post, path, part.body, PUSH_TIMEOUT_MS);
            self.records.asked(id, Errand::Push { count, bytes });
        }
    }

    /// An offer with a word for each record ends at once, whatever else is due.
    fn end_answered_offer(&mut self) {
        if let Some(offer) = self.records.offer.take_if(|offer| offer.is_answered()) {
            let offered = offer.number;
            let (results, contiguous_seq) = offer.into_results();
            self.tell(FromUplink::Acked {
                offer: offered,
                results,
                contiguous_seq,
            });
        }
    }

    pub(super) fn records_wake_at_ms(&self) -> Option<u64> {
        let records = &self.records;
        if records.in_flight.is_some() {
            return None;
        }
        let standing = self.is_linked().then_some(records.standing_ms);
        standing.into_iter().chain([records.due_ms]).min()
    }

    pub(super) fn records_exchanged(&mut self, moment: Moment, exchange: Exchange) {
        match self.records.in_flight.take() {
            Some((_, Errand::Push { count, bytes })) => {
                self.pushed(moment, count, bytes, exchange);
            }
            Some((_, Errand::Probe)) => self.probed(moment, exchange),
            Some((_, Errand::Standing)) => self.stood(moment, exchange),
            None => {}
        }
    }

    fn pushed(&mut self, moment: Moment, count: usize, bytes: usize, exchange: Exchange) {
        let Some(offer) = self.records.offer.as_mut() else {
            return;
        };
        let taken = answer::success::<PushAnswer>(exchange).and_then(|answer| {
            let fits = offer.answered(count, answer);
            fits.then_some(()).ok_or_else(answer::not_understood)
        });
        match taken {
            Ok(()) => {
                self.records.at_most = (self.records.at_most * 2).min(MAX_BATCH);
                self.link_answered(moment);
                self.end_answered_offer();
            }
            Err(Failure::Refused(refusal)) => self.push_refused(moment, count, refusal),
            Err(failure) => {
                if bytes > SMALL_PUSH {
                    self.records.at_most = (count / 2).max(1);
                }
                self.link_down(moment, failure.why());
            }
        }
    }

    fn push_refused(&mut self, moment: Moment, count: usize, refusal: Refusal) {
        match refusal.code {
            _ if refusal.is_busy() => self.records.rest(moment, refusal.retry_after_s),
            // The next part, smaller, goes at once.
            408 | 413 if count > 1 => self.records.at_most = count / 2,
            413 => {
                if let Some(offer) = self.records.offer.as_mut() {
                    offer.refuse_next(refusal.why);
                }
            }
            _ => {
                self.records.refused = true;
                self.link_down(moment, refusal.why);
            }
        }
    }
}
