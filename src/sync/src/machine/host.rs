//! The host channel: who goes next.
//!
//! One request at a time. A customer who waits has the channel to himself: his authorisation, then
//! the inquiries about it. Otherwise reversals go first, then the till's inquiries, then the advice.

use sealpoint_wire::{FromUplink, InquiryRequest, LinkState};

use super::advices::Advices;
use super::asking::Asking;
use super::inquiries::Inquiries;
use super::reversals::Reversals;
use super::{Channel, Exchange, HOST_TIMEOUT_MS, Machine, Method, Moment, Output, RequestId};

#[derive(Debug, Default)]
pub(super) struct Host {
    in_flight: Option<(RequestId, Errand)>,
    /// The authorisation that a customer waits for.
    pub(super) asking: Option<Asking>,
    pub(super) reversals: Reversals,
    pub(super) inquiries: Inquiries,
    pub(super) advices: Advices,
}

/// What the request in flight is for. Its content is where it came from: at the front of its queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Errand {
    Authorise,
    /// About the authorisation that is being asked for.
    InquireOwn,
    Reverse,
    Inquire,
    Advise,
}

impl Host {
    pub(super) fn is_in_flight(&self, request: RequestId) -> bool {
        self.in_flight.is_some_and(|(id, _)| id == request)
    }

    pub(super) fn errand(&self) -> Option<Errand> {
        self.in_flight.map(|(_, errand)| errand)
    }

    /// The link is up again: what was put off is worth a try.
    pub(super) fn retry_now(&mut self, moment: Moment) {
        self.reversals.retry_now(moment);
        self.advices.retry_now(moment);
    }
}

impl Machine {
    pub(super) fn next_on_host(&mut self, moment: Moment) {
        if self.host.in_flight.is_some() {
            return;
        }
        if self.host.asking.is_some() {
            return self.inquire_own(moment);
        }
        if let Some(body) = self.host.reversals.next(moment) {
            return self.ask_host(Errand::Reverse, "/v1/reversals", body, HOST_TIMEOUT_MS);
        }
        if let Some(inquiry) = self.host.inquiries.next() {
            let body = inquiry_body(inquiry);
            return self.ask_host(Errand::Inquire, "/v1/inquiries", body, HOST_TIMEOUT_MS);
        }
        let free = self.link == LinkState::Up && !self.host.reversals.block();
        if let Some(body) = free.then(|| self.host.advices.next(moment)).flatten() {
            self.ask_host(Errand::Advise, "/v1/advices", body, HOST_TIMEOUT_MS);
        }
    }

    pub(super) fn host_wake_at_ms(&self) -> Option<u64> {
        let host = &self.host;
        if host.in_flight.is_some() {
            return None;
        }
        if let Some(asking) = &host.asking {
            return asking.wake_at_ms();
        }
        let advice = (self.link == LinkState::Up && !host.reversals.block())
            .then(|| host.advices.wake_at_ms())
            .flatten();
        host.reversals.wake_at_ms().into_iter().chain(advice).min()
    }

    pub(super) fn ask_host(
        &mut self,
        errand: Errand,
        path: &'static str,
        body: Vec<u8>,
        timeout_ms: u64,
    ) {
        let id = self.request(Channel::Host, Method::Post, path, body, timeout_ms);
        self.host.in_flight = Some((id, errand));
    }

    /// Gives the request in flight up. What it carried stays where it is and goes again later: each
    /// of them may be repeated, and the collector ends what it has begun.
    pub(super) fn give_way(&mut self) {
        if let Some((id, _)) = self.host.in_flight.take() {
            self.outputs.push_back(Output::Abandon(id));
        }
    }

    pub(super) fn host_exchanged(&mut self, moment: Moment, exchange: Exchange) {
        let Some(errand) = self.host.errand() else {
            return;
        };
        match &exchange {
            Exchange::NotSent { why } => self.link_down(moment, why.clone()),
            Exchange::Lost { .. } => self.records.due_now(moment),
            Exchange::Answered { code: 403, .. } => self.records.standing_is_due = true,
            Exchange::Answered { .. } if self.link != LinkState::Up => {
                self.records.due_now(moment);
            }
            Exchange::Answered { .. } => {}
        }
        self.host.in_flight = None;
        match errand {
            Errand::Authorise => self.authorisation_ended(moment, exchange),
            Errand::InquireOwn => self.own_inquiry_ended(moment, exchange),
            Errand::Reverse => self.reversal_ended(moment, exchange),
            Errand::Inquire => self.inquiry_ended(exchange),
            Errand::Advise => self.advice_ended(moment, exchange),
        }
    }

    /// The link is not what it was: whoever waits for a better one hears that it is none.
    pub(super) fn link_lost_on_host(&mut self, why: &str) {
        let in_flight = self.host.errand();
        let asked = usize::from(in_flight == Some(Errand::Inquire));
        for inquiry in self.host.inquiries.drop_after(asked) {
            self.tell(FromUplink::Inquired {
                attempt: inquiry.attempt,
                fate: None,
                committed: false,
            });
        }
        if in_flight != Some(Errand::Advise) {
            self.put_advice_back(why);
        }
    }
}

pub(super) fn inquiry_body(inquiry: &InquiryRequest) -> Vec<u8> {
    serde_json::to_vec(inquiry).expect("an inquiry holds only strings and numbers")
}
