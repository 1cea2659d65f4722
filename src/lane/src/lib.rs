//! The card process: one card at a time, from insertion to outcome.
//!
//! | module | what |
//! |---|---|
//! | [`args`] | the command line of the binary `lane` |
//! | [`till`] | the socket to the till: messages in through a thread, messages out |
//! | [`lane`] | the loop: watches the reader, takes orders, runs one charge after the other |
//! | `charge`, `turns` | one charge: presenting a card; then kernel, card, seal and host, turn by turn |
//! | `counterpart` | who wants the charge, as it sees them: the till (`at_till`) or a bench ([`mod@bench`]) |
//! | `watch` | which card lies where, and which of them has been charged |
//! | `random`, `memory` | what a charge draws; which cards paid here lately |
//! | [`set_up`], [`keys`] | the terminal profile; which key seals today; both looked at again for each charge |
//! | `answers` | the kernel's words in the till's words |
//! | [`reader`] | the reader trait and its drivers: PC/SC with PIN pads, and the demo's virtual reader |
//! | [`transcript`], [`measure`] | for a bench: what was said, redacted; what it cost |
//! | [`last_act`] | a defect ends the process, and everything is wiped before |
//! | [`logging`] | what may be logged, and what a panic may say |
//!
//! A clear card number exists here only from READ RECORD to the seal. Deliberately absent: a
//! network, the journal, a screen, and any way to ask the lane for a card number.

mod answers;
pub mod args;
mod at_till;
pub mod bench;
mod charge;
mod counterpart;
pub mod keys;
pub mod lane;
pub mod last_act;
pub mod logging;
pub mod measure;
mod memory;
mod random;
pub mod reader;
pub mod set_up;
pub mod till;
pub mod transcript;
mod turns;
mod watch;

pub use args::{Args, ReaderChoice};
pub use lane::{Lane, LaneError};
pub use set_up::SetUp;
