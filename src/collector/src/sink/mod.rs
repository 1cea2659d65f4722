//! The sink: a JetStream stream that a chain's own systems read the records from.
//!
//! ```text
//! till --> push --> one commit: record + row of the outbox --> acknowledged to the till
//!                                   |
//!            claim (a lease) <------'
//!              '--> publish, Nats-Msg-Id = record id --> stored by a majority --> row goes
//! ```
//! The store comes first: a till never waits for the sink, and a sink that is down for days only
//! makes the outbox longer. Whatever breaks between publishing and the row's going makes the record
//! come again under the same id; the servers drop it within their duplicate window, and a consumer
//! that remembers ids drops it for ever.
//!
//! * [`address`]: where the servers are.
//! * [`stream`]: what the stream must be like.
//! * `args`: the command line.
//! * [`access`]: certificates and credentials.
//! * [`link`]: the connection, the stream's check, publishing a batch.
//! * [`feed`]: claim, publish, settle, again.
//! * [`pace`]: pauses after failures.

pub mod access;
pub mod address;
mod args;
mod feed;
pub mod link;
mod pace;
pub mod stream;

pub use access::Access;
pub use address::{NotASink, SinkAddress};
pub use args::SinkArguments;
pub use feed::{Bell, Feed};
pub use link::SinkError;
pub use stream::{StreamPlan, Unfit};

/// The sink as the command line gives it.
#[derive(Clone, Debug)]
pub struct SinkPlan {
    /// Where it is.
    pub address: SinkAddress,
    /// The stream.
    pub stream: StreamPlan,
    /// How to be let in.
    pub access: Access,
}
