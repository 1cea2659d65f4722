//! What goes into the machine and what comes out of it.

use sealpoint_wire::{FromUplink, ToUplink};

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
pub struct RequestId(pub(super) u64);

/// Which connection carries a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Channel {
    /// Pushes, probes, how this till stands.
    Records,
    /// Authorisations, inquiries, reversals, advices.
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
        /// `Retry-After` in seconds (RFC 9110 section 10.2.3), if the answer has one.
        retry_after_s: Option<u32>,
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
    /// How this till stands may have changed: it is asked now rather than later.
    Stands,
    /// Time passed; due at [`super::Machine::wake_at_ms`].
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
    /// Erase what makes this till known to the collector, and end. Nothing comes after it.
    Erase,
}
