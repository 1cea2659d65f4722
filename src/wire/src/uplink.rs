//! Messages between `till` and `uplink`.

use sealpoint_sale::AttemptId;
use serde::{Deserialize, Serialize};

use crate::api::RecordAck;
use crate::{
    AdviceRequest, AdviceResult, AuthoriseRequest, AuthoriseResult, Fate, InquiryRequest, Posture,
    Record, ReversalRequest, Standing,
};

/// To `uplink`. Everything that it holds can be lost: the journal offers it again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "to_uplink")]
pub enum ToUplink {
    /// Push these records, oldest first, at most [`crate::record::MAX_BATCH`]. One offer is open
    /// at a time; it ends with [`FromUplink::Acked`] or [`FromUplink::NotAcked`].
    Offer {
        /// Numbered by the till, so that a late answer is told apart.
        offer: u64,
        /// The records.
        records: Vec<Record>,
    },
    /// Ask the acquirer. SENT is durable before this is sent. Answered exactly once.
    Authorise(Box<AuthoriseRequest>),
    /// Undo an authorisation; goes before anything financial. Repeated until acknowledged.
    Reverse(ReversalRequest),
    /// Tell the acquirer of a charge that was taken without it. One is open at a time; it ends with
    /// [`FromUplink::Advised`].
    Advise(Box<AdviceRequest>),
    /// Ask the collector what became of an attempt. Answered with [`FromUplink::Inquired`].
    Inquire(InquiryRequest),
    /// This till is taken out of service: erase what makes it known to the collector, and end.
    Erase,
}

/// From `uplink`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from_uplink")]
pub enum FromUplink {
    /// First message.
    Hello {
        /// [`crate::WIRE_VERSION`] of the uplink.
        version: u16,
        /// How the uplink protects itself.
        #[serde(default)]
        posture: Option<Posture>,
    },
    /// The link changed.
    Link {
        /// How it stands now.
        state: LinkState,
    },
    /// The collector answered an offer.
    Acked {
        /// The offer.
        offer: u64,
        /// One answer for each record.
        results: Vec<RecordAck>,
        /// Highest sequence of this epoch below which the collector misses nothing.
        #[serde(default)]
        contiguous_seq: u64,
    },
    /// The offer did not get an answer; offer it again later.
    NotAcked {
        /// The offer.
        offer: u64,
        /// What happened, for the log.
        why: String,
    },
    /// What became of an authorisation.
    Authorised {
        /// The attempt.
        attempt: AttemptId,
        /// What became of it.
        result: AuthoriseResult,
    },
    /// The acquirer acknowledged a reversal.
    Reversed {
        /// The attempt that is undone.
        attempt: AttemptId,
    },
    /// A reversal was tried and not acknowledged; the uplink goes on trying.
    ReversalPending {
        /// The attempt.
        attempt: AttemptId,
        /// How often it was tried.
        tries: u32,
        /// What happened, for the log.
        why: String,
    },
    /// What became of an advice.
    Advised {
        /// The attempt.
        attempt: AttemptId,
        /// What became of it.
        result: AdviceResult,
    },
    /// What became of an attempt; `None` if the collector could not be asked.
    Inquired {
        /// The attempt.
        attempt: AttemptId,
        /// What became of it.
        fate: Option<Fate>,
        /// Whether the collector holds a committed sale that names it.
        committed: bool,
    },
    /// The collector says how this till stands with the retailer.
    Standing {
        /// How.
        standing: Standing,
    },
    /// The collector's time, signed by it and checked against this till's CA.
    Time {
        /// Milliseconds since the Unix epoch, when the answer arrived.
        at_ms: i64,
    },
}

/// How the link to the collector stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum LinkState {
    /// No collector is configured.
    NotSetUp,
    /// Not tried yet.
    Connecting,
    /// The collector answered its last request.
    Up,
    /// The collector takes records and keeps them apart, and no card can be charged: this till's
    /// certificate is no longer valid.
    Quarantined {
        /// What happened and what to do, one sentence each.
        why: String,
    },
    /// The collector cannot be reached or refuses this till.
    Down {
        /// What happened and what to do, one sentence each.
        why: String,
    },
}
