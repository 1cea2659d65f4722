//! What the fuzzers call: one function for each thing that strangers send to a terminal. Each takes any
//! bytes, and panics if something that must hold does not.
//!
//! | target | whose bytes |
//! |---|---|
//! | `tlv` | anybody's |
//! | `atr` | the card's answer to reset |
//! | `profile` | whoever writes a terminal's profile |
//! | `dol` | the card's lists: PDOL, CDOL1, CDOL2, DDOL, TDOL |
//! | `records` | AFL and records |
//! | `selection` | directory, its records, FCI |
//! | `certificates` | whoever has a certified key: what certificates and signatures hold |
//! | `issuer` | the host's answer: issuer authentication data and scripts |
//! | `kernel` | everybody's at once, in any order |

mod bytes;
mod card;
mod certificates;
mod charge;
mod kernel;
mod readers;

pub use certificates::certificates;
pub use kernel::kernel;
pub use readers::{atr, dol, issuer, profile, records, selection, tlv};

/// What takes a fuzzer's bytes.
pub type Target = fn(&[u8]);

/// All of them by name.
pub const TARGETS: [(&str, Target); 9] = [
    ("tlv", tlv),
    ("atr", atr),
    ("profile", profile),
    ("dol", dol),
    ("records", records),
    ("selection", selection),
    ("certificates", certificates),
    ("issuer", issuer),
    ("kernel", kernel),
];
