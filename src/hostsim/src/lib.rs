//! An acquirer and issuer with test keys, for the demo and for tests.
//!
//! Never part of a production image: it holds private keys and says yes to test cards.
//!
//! * [`key_file`]: the key pair that opens sealed cards, made at first run.
//! * [`base_key`]: the base derivation keys behind cards that are sealed with DUKPT.
//! * [`cipher`] and [`dukpt`]: from there to the keys of one card (X9.24-3, X9.24-1).
//! * [`key_block`]: how a till gets its initial key (X9.143).
//! * [`request`]: what a message asks, read from the wire's layout on its own account.
//! * [`opening`]: opens a sealed card, with the `hpke` crate or by DUKPT. The vault seals with other
//!   code, so a card that opens here has been checked by two implementations.
//! * [`issuer`]: checks the card's cryptogram and decides.
//! * [`book`]: what became of each attempt; at most one authorisation for each.
//! * [`ledger`]: the same, line by line on disk, for tests and auditors.
//! * [`batch`]: what a settlement would pay, for reconciliation.
//! * [`host`]: one message in, one message out.
//! * [`answer_mode`]: how the host misbehaves when a test wants it to.
//! * [`server`] and [`control`]: TCP and the control socket.
//!
//! In a test: [`HostSim::start`], and the host stops when its [`Handle`] is dropped.

pub mod answer_mode;
pub mod base_key;
pub mod batch;
pub mod book;
pub mod cipher;
pub mod control;
pub mod dukpt;
pub mod host;
pub mod issuer;
pub mod key_block;
pub mod key_file;
mod late;
pub mod ledger;
mod lines;
pub mod opening;
pub mod request;
pub mod server;

pub use answer_mode::AnswerMode;
pub use host::Host;
pub use server::{Config, Handle, HostSim, StartError};
