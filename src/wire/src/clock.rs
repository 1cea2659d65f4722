//! What the uplink and the process that sets the clock say to each other, in frames: the clock's own
//! question, the collector's answer to it, and what became of it.
//!
//! The uplink carries both ways and can change nothing: the nonce is the clock's, the answer is signed
//! by the collector over that nonce, and the certificate is checked again by who sets the clock.

use serde::{Deserialize, Serialize};

use crate::Bytes;

/// At most this many bytes in a frame of either side.
pub const MAX_CLOCK_FRAME: usize = 32 * 1024;

/// What the clock wants signed: the first word on a connection.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockQuestion {
    /// 32 hexadecimal digits, new for each connection.
    pub nonce: String,
}

/// The collector's answer, as it came.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockAnswer {
    /// Milliseconds since the Unix epoch, when the collector answered.
    pub at_ms: i64,
    /// Its signature over nonce and time ([`TimeAnswer`](crate::enrol::TimeAnswer)).
    pub signature: Bytes,
    /// Its certificate, DER.
    pub certificate: Bytes,
    /// Milliseconds that the answer took once the connection to the collector stood, as the uplink
    /// measured; believed as far as it is less than the clock's own measure.
    pub took_ms: u32,
}

/// What became of it, for the uplink's log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClockWord {
    /// The clock was right.
    Kept {
        /// Milliseconds that it was behind; negative if ahead.
        offset_ms: i64,
    },
    /// It runs faster or slower for a while.
    Slewed {
        /// Milliseconds that it was behind; negative if ahead.
        offset_ms: i64,
    },
    /// It was set.
    Stepped {
        /// Milliseconds that it was behind; negative if ahead.
        offset_ms: i64,
    },
    /// It was left as it is.
    Refused {
        /// Why, a sentence.
        why: String,
    },
}
