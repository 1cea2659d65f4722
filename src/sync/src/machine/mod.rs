//! The machine: inputs in, outputs out.
//!
//! Two channels, so that a customer never waits behind a batch of records, each with at most one
//! request in flight:
//!
//! - [`Channel::Records`] pushes the open offer (`records`, `offer`), probes the collector when there
//!   is none, and asks how this till stands; the state of the link follows it (`link`);
//! - [`Channel::Host`] carries authorisations and the inquiries about them (`asking`), reversals
//!   (`reversals`), the till's inquiries (`inquiries`) and advices (`advices`); `host` says who goes
//!   next. A reversal goes before any new authorisation; while one is due, an authorisation is
//!   answered `NotSent` at once.
//!
//! `docs/uplink.md` says what the collector's answers mean.

mod advices;
mod answer;
mod asking;
mod backoff;
mod host;
mod inquiries;
mod link;
mod offer;
mod port;
mod records;
mod reversals;

use std::collections::VecDeque;

use sealpoint_wire::{FromUplink, LinkState, Posture, Standing, ToUplink, WIRE_VERSION};

pub use asking::{ASK_WITHIN_MS, INQUIRY_EVERY_MS};
pub use backoff::{BACKOFF_FIRST_MS, BACKOFF_MAX_MS};
pub use inquiries::MAX_INQUIRIES;
pub use link::{PROBE_EVERY_MS, PROBE_TIMEOUT_MS, STANDING_EVERY_MS};
pub use offer::MAX_PUSH;
pub use port::{Channel, Exchange, Input, Method, Moment, Output, Request, RequestId};
pub use records::{MAX_REST_MS, PUSH_TIMEOUT_MS};
pub use reversals::{ASIDE_EVERY_MS, MAX_REVERSALS, REFUSALS_BEFORE_ASIDE};

use host::{Errand, Host};
use records::Records;

/// The collector waits 15 s for the acquirer; this is longer, so that its word is heard.
pub const HOST_TIMEOUT_MS: u64 = 20_000;

/// The whole state of the uplink.
#[derive(Debug)]
pub struct Machine {
    set_up: bool,
    /// Erase was asked for: nothing is done any more.
    erased: bool,
    link: LinkState,
    /// What the till was told last.
    standing: Option<Standing>,
    records: Records,
    host: Host,
    last_request: u64,
    outputs: VecDeque<Output>,
}

impl Machine {
    /// A machine at start. `set_up` says whether a collector is configured at all; without one,
    /// everything that the till asks is answered and nothing is sent.
    #[must_use]
    pub fn new(set_up: bool) -> Self {
        Self::protected(set_up, None)
    }

    /// The same, and the till is told with the first word how the process protects itself.
    #[must_use]
    pub fn protected(set_up: bool, posture: Option<Posture>) -> Self {
        let link = if set_up {
            LinkState::Connecting
        } else {
            LinkState::NotSetUp
        };
        let mut machine = Self {
            set_up,
            erased: false,
            link: link.clone(),
            standing: None,
            records: Records::default(),
            host: Host::default(),
            last_request: 0,
            outputs: VecDeque::new(),
        };
        machine.tell(FromUplink::Hello {
            version: WIRE_VERSION,
            posture,
        });
        machine.tell(FromUplink::Link { state: link });
        machine
    }

    /// Takes one input. Drain [`Machine::poll`] afterwards.
    pub fn input(&mut self, moment: Moment, input: Input) {
        if self.erased {
            return;
        }
        match input {
            Input::Till(message) => self.till_says(moment, message),
            Input::Exchanged { request, exchange } => self.exchanged(moment, request, exchange),
            Input::Stands => self.records.standing_is_due = true,
            Input::Tick => {}
        }
        if self.set_up && !self.erased {
            self.next_on_host(moment);
            self.next_on_records(moment);
        }
    }

    /// The next thing to do, if any.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When the machine wants an [`Input::Tick`], on the clock of [`Moment::now_ms`]; `None` while
    /// it waits for an answer or for the till.
    #[must_use]
    pub fn wake_at_ms(&self) -> Option<u64> {
        if !self.set_up || self.erased {
            return None;
        }
        [self.records_wake_at_ms(), self.host_wake_at_ms()]
            .into_iter()
            .flatten()
            .min()
    }

    fn till_says(&mut self, moment: Moment, message: ToUplink) {
        match message {
            ToUplink::Offer { offer, records } => self.offer(offer, &records),
            ToUplink::Authorise(request) => self.authorise(moment, &request),
            ToUplink::Reverse(request) => self.reverse(moment, request),
            ToUplink::Advise(request) => self.advise(request),
            ToUplink::Inquire(request) => self.inquire(request),
            ToUplink::Erase => {
                // What was to be done is not done any more: the till is not the retailer's.
                self.erased = true;
                self.outputs.clear();
                self.outputs.push_back(Output::Erase);
            }
        }
    }

    fn exchanged(&mut self, moment: Moment, request: RequestId, exchange: Exchange) {
        if self.records.is_in_flight(request) {
            self.records_exchanged(moment, exchange);
        } else if self.host.is_in_flight(request) {
            self.host_exchanged(moment, exchange);
        }
        // Anything else was abandoned: its answer is not honoured.
    }

    fn tell(&mut self, message: FromUplink) {
        self.outputs.push_back(Output::Till(message));
    }

    fn request(
        &mut self,
        channel: Channel,
        method: Method,
        path: &'static str,
        body: Vec<u8>,
        timeout_ms: u64,
    ) -> RequestId {
        self.last_request += 1;
        let id = RequestId(self.last_request);
        self.outputs.push_back(Output::Request(Request {
            id,
            channel,
            method,
            path,
            body,
            timeout_ms,
        }));
        id
    }
}
