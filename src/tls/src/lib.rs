//! What both ends of the link between a till and its collector share.
//!
//! * [`provider`]: TLS 1.3 with [`X25519MLKEM768`] and nothing weaker, unless the configuration says
//!   so.
//! * [`certificate`]: what a certificate says, and the pin of a CA's key.
//! * [`code`]: the single-use code by which a till gets its first certificate and knows the collector.
//! * [`PinnedCa`]: by which a till that has nothing yet knows its collector.
//! * [`identity`]: a till's key and certificate in files, and their replacement in a way that a
//!   crash at any step leaves one pair that works.
//! * [`signed_time`]: the collector's time, signed.
//!
//! No sockets and no clock: the two ends have those.

pub mod certificate;
pub mod code;
mod hybrid;
pub mod identity;
mod pinned;
mod provider;
pub mod signed_time;

#[cfg(test)]
mod tests;

pub use hybrid::X25519MLKEM768;
pub use pinned::PinnedCa;
pub use provider::{Groups, is_hybrid, provider};
