//! The machine: inputs in, outputs out.
//!
//! Two channels, so that a customer never waits behind a batch of records, each with at most one
//! request in flight:
//!
//! - [`Channel::Records`] pushes the open offer, and probes the collector when there is none;
//! - [`Channel::Host`] carries reversals and authorisations. A reversal goes before any new
//!   authorisation; while one is due, an authorisation is answered `NotSent` at once.
//!
//! The link's state follows the records channel: `Up` means that the collector answered its last
//! request there. A host request that could not be sent takes the link down; one that got lost
//! makes a probe due, and the probe decides.

mod answer;
mod backoff;
mod host;
mod records;

use std::collections::VecDeque;

use sealpoint_wire::{AdviceResult, FromUplink, LinkState, Posture, ToUplink, WIRE_VERSION};

pub use backoff::{BACKOFF_FIRST_MS, BACKOFF_MAX_MS};
pub use host::MAX_REVERSALS;

use host::Host;
use records::Records;

/// A push may carry a full batch over a slow line.
pub const PUSH_TIMEOUT_MS: u64 = 60_000;
/// A probe is small; a collector that needs longer is as good as gone.
pub const PROBE_TIMEOUT_MS: u64 = 5_000;
/// The collector waits 15 s for the acquirer; this is longer, so that its word is heard.
pub const HOST_TIMEOUT_MS: u64 = 20_000;
/// While the link is up and idle, the collector is asked this long after its last answer.
pub const PROBE_EVERY_MS: u64 = 5_000;

/// When an input happens, and a random number to spread retries by. Both come from the driver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// Milliseconds on a clock that never goes back; where it starts does not matter.
    pub now_ms: u64,
    /// Any number, new for each input.
    pub jitter: u32,
}

/// Names one request, so that its answer finds it. Never used twice.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RequestId(u64);

/// Which connection carries a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Channel {
    /// Pushes and probes.
    Records,
    /// Authorisations and reversals.
    Host,
}

/// A request method of HTTP (RFC 9110 section 9.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Method {
    /// GET, without a body.
    Get,
    /// POST, with a JSON body.
    Post,
}

/// One HTTPS request for the driver to make.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Its name; [`Input::Exchanged`] carries it back.
    pub id: RequestId,
    /// The connection it goes over.
    pub channel: Channel,
    /// GET or POST.
    pub method: Method,
    /// Path below the collector's address.
    pub path: &'static str,
    /// JSON, empty for a GET.
    pub body: Vec<u8>,
    /// Milliseconds from now until the driver gives up.
    pub timeout_ms: u64,
}

/// How a request ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Exchange {
    /// Provably no byte of the request left this machine: connecting or the TLS handshake failed.
    NotSent {
        /// What happened and what to do.
        why: String,
    },
    /// The request or a part of it may have left, and no whole answer came.
    Lost {
        /// What happened.
        why: String,
    },
    /// A whole answer.
    Answered {
        /// HTTP code.
        code: u16,
        /// Its body, bounded by the driver.
        body: Vec<u8>,
    },
}

/// What happens to the machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// The till asks for something.
    Till(ToUplink),
    /// A request that was put out has ended.
    Exchanged {
        /// Which.
        request: RequestId,
        /// How.
        exchange: Exchange,
    },
    /// Time passed; due at [`Machine::wake_at_ms`].
    Tick,
}

/// What the driver shall do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Make this request and give its end back as [`Input::Exchanged`].
    Request(Request),
    /// Close the connection that carries this request; its end is of no interest any more.
    Abandon(RequestId),
    /// Tell the till.
    Till(FromUplink),
}

/// The whole state of the uplink.
#[derive(Debug)]
pub struct Machine {
    set_up: bool,
    link: LinkState,
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
            link: link.clone(),
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
        match input {
            Input::Till(ToUplink::Offer { offer, records }) => self.offer(offer, records),
            Input::Till(ToUplink::Authorise(request)) => self.authorise(&request),
            Input::Till(ToUplink::Reverse(request)) => self.reverse(moment, request),
            Input::Till(ToUplink::Advise(request)) => self.tell(FromUplink::Advised {
                attempt: request.attempt,
                result: AdviceResult::NotAnswered {
                    why: "This uplink cannot send advices.".to_owned(),
                },
            }),
            Input::Till(ToUplink::Inquire(request)) => self.tell(FromUplink::Inquired {
                attempt: request.attempt,
                fate: None,
                committed: false,
            }),
            Input::Till(ToUplink::Erase) => {}
            Input::Exchanged { request, exchange } => self.exchanged(moment, request, exchange),
            Input::Tick => {}
        }
        if self.set_up {
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
        if !self.set_up {
            return None;
        }
        [self.records_wake_at_ms(), self.host_wake_at_ms()]
            .into_iter()
            .flatten()
            .min()
    }

    fn exchanged(&mut self, moment: Moment, request: RequestId, exchange: Exchange) {
        if self.records.is_in_flight(request) {
            self.records_exchanged(moment, exchange);
        } else if self.host.is_in_flight(request) {
            self.host_exchanged(moment, exchange);
        }
        // Anything else was abandoned: its answer is not honoured.
    }

    fn set_link(&mut self, state: LinkState) {
        if self.link != state {
            self.link = state.clone();
            self.tell(FromUplink::Link { state });
        }
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
