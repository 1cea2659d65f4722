//! Store-and-forward: how a till's records and authorisations reach the collector.
//!
//! [`machine`] decides: which request goes next, what the till is told, how the link stands. It
//! has no clock, no random source and no socket; time and chance are arguments, requests are
//! outputs. [`driver`] does what it says, over TLS 1.3, and is the process `uplink`.
//!
//! What is deliberately absent: storage. The till's journal keeps every record and every attempt;
//! whatever is held here can be lost, and the journal offers it again.

pub mod driver;
pub mod machine;
