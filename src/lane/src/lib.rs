//! The card process: one card at a time, from insertion to outcome.
//!
//! | module | what |
//! |---|---|
//! | [`args`] | the command line of the binary `lane` |
//! | [`till`] | the socket to the till: messages in through a thread, messages out |
//! | [`lane`] | the loop: watches the reader, takes orders, runs one charge after the other |
//! | `charge`, `turns` | one charge: insertion; then kernel, card, seal and host, turn by turn |
//! | [`set_up`] | the acquirer's key and the terminal profile, read again for each charge |
//! | `answers` | the kernel's words in the till's words |
//! | [`reader`] | the reader trait and its drivers: PC/SC, and the demo's virtual reader |
//! | [`logging`] | what may be logged, and what a panic may say |
//!
//! A clear card number exists here only from READ RECORD to the seal. Deliberately absent: a
//! network, the journal, a screen, and any way to ask the lane for a card number.

mod answers;
pub mod args;
mod charge;
pub mod lane;
pub mod logging;
pub mod reader;
pub mod set_up;
pub mod till;
mod turns;

pub use args::{Args, ReaderChoice};
pub use lane::{Lane, LaneError};
pub use set_up::SetUp;
