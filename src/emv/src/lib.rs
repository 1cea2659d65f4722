//! The EMV kernel, with contacts and without: takes what a card answered, gives the next command or
//! the outcome.
//!
//! It does no I/O and has no clock and no random source: [`Kernel::step`] takes an [`Input`] and
//! returns an [`Output`]. Its modules are the phases of a charge, in their order (EMV 4.4 Book 3
//! §8.1 and figure 7), and each cites the book and section that it follows.
//!
//! | phase | module | source |
//! |---|---|---|
//! | answer to reset | `atr` | Book 1 §8 |
//! | application selection | `selection` | Book 1 §12 |
//! | initiate application processing | `gpo` | Book 3 §10.1 |
//! | read application data | `records` | Book 3 §10.2 |
//! | offline data authentication | `oda` | Book 3 §10.3, Book 2 §5 and §6 |
//! | processing restrictions | `restrictions` | Book 3 §10.4 |
//! | cardholder verification | `cvm`, `pin` | Book 3 §10.5 |
//! | terminal risk management | `lookup`, `risk` | Book 3 §10.6 |
//! | terminal action analysis | `action` | Book 3 §10.7 |
//! | card action analysis | `generate_ac`, `tc_hash` | Book 3 §10.8, §9.2.2 |
//! | online processing | `online`, `issuer` | Book 3 §10.9 |
//! | issuer-to-card scripts | `script` | Book 3 §10.10 |
//! | completion | `generate_ac`, `course` | Book 3 §10.11 |
//! | all of it without contacts | `contactless` | contactless Books A, B and C-3 |
//!
//! `kernel` says what may come when, `course` leads from phase to phase, `exchange` counts commands
//! and hides what the transport wants, `wait` bounds the waiting, and `dialogue` with `store` holds
//! what the phases share.
//!
//! Deliberately absent: PIN entry (a pad's affair; a PIN in clear never comes here), magnetic stripe,
//! elliptic curves (XDA, Book 2 §12), biometrics, offline-only terminals (types 23 and 26), contactless
//! kernels other than Visa's.

mod action;
mod aid;
mod apdu;
mod atr;
mod charge;
mod contactless;
mod course;
mod cvm;
mod dialogue;
mod dol;
mod exchange;
mod fault;
mod generate_ac;
mod gpo;
mod issuer;
mod kernel;
mod lookup;
mod oda;
mod online;
mod outcome;
pub mod pin;
mod profile;
mod records;
mod restrictions;
mod risk;
mod script;
mod selection;
mod store;
pub mod tag;
mod tc_hash;
mod terminal;
pub mod tlv;
mod verification;
mod wait;

#[cfg(test)]
mod tests;

pub use aid::{Aid, AidError};
pub use apdu::{CApdu, Command, MAX_R_APDU, Sw};
pub use atr::{Atr, AtrFault, Protocol};
pub use charge::{Charge, ChargeError, ChargeKind};
pub use dol::{DolError, MAX_DOL_VALUE};
pub use exchange::{Counts, MAX_APDUS, MAX_BYTES, MAX_FOLLOW_UPS};
pub use fault::Fault;
pub use generate_ac::{AcType, Cryptogram};
pub use issuer::{HostAnswer, HostAnswerError, HostDecision};
pub use kernel::{Input, Kernel, Output};
pub use lookup::{Known, LookUp};
pub use oda::{Capk, DataAuthentication, Flaw, OdaMethod, PinKey, Revoked};
pub use online::{OnlineRequest, SecretCard};
pub use outcome::{Decliner, Ending, Evidence, HostVerdict, Interface, Outcome, Refusal};
pub use pin::{OnlinePin, PinEntry, PinPad, PinRequest};
#[cfg(any(test, feature = "demo"))]
pub use profile::demo_profile;
pub use profile::{MAX_PROFILE, ProfileError};
pub use records::MAX_RECORDS;
pub use script::ScriptResult;
pub use selection::{Choice, MAX_DIRECTORY_RECORDS, MAX_OCCURRENCES, NO_CHOICE};
pub use tag::Tag;
pub use terminal::{
    ActionCodes, Application, Contactless, ContactlessKernel, RandomSelection, Sealing,
    SealingMethod, TerminalData, TerminalType, TokenPolicy,
};
pub use verification::{Aip, Tsi, Tvr};
pub use wait::{CARD_ANSWER_MS, CARD_TOTAL_MS, CHOICE_MS, HOST_MS, PIN_MS};
