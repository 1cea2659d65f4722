//! What crosses a process or the network: ids, records, sealed cards, lane and uplink messages.
//!
//! Every message is one JSON value. Between the till's processes it travels in a [`frame`] over a
//! Unix socket pair; to the collector it is the body of an HTTPS request ([`api`]). Each family has
//! a version, so that a collector can serve tills of two releases.
//!
//! No type here can hold a clear card number: a card crosses as a [`SealedCard`], and what a
//! cashier may see of it as a [`CardSummary`].

pub mod api;
pub mod attest;
pub mod bytes;
pub mod clock;
pub mod enrol;
pub mod frame;
pub mod host;
pub mod id;
pub mod lane;
pub mod offline;
pub mod posture;
pub mod record;
pub mod release;
pub mod seal;
pub mod standing;
pub mod status;
pub mod updates;
pub mod uplink;

pub use bytes::Bytes;
pub use host::{AuthoriseRequest, AuthoriseResult, HostAnswer, HostDecision, ReversalRequest};
pub use id::{KeyId, RecordId, TerminalId};
pub use lane::{CardOutcome, CardSummary, FromLane, ReaderState, ToLane};
pub use offline::{AdviceKind, AdviceRequest, AdviceResult, Fate, InquiryRequest, OfflinePolicy};
pub use posture::Posture;
pub use record::{Record, RecordHash, RecordKind};
pub use seal::{CardToken, DukptSealed, HpkeSealed, SealContext, SealedCard};
pub use sealpoint_sale::{AttemptId, Currency, SaleId};
pub use standing::Standing;
pub use uplink::{FromUplink, LinkState, ToUplink};

/// Version of every message in this room. A reader refuses a version that it does not know.
pub const WIRE_VERSION: u16 = 1;
