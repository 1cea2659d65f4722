//! Application cryptograms and secure messaging: EMV 4.4 Book 2, sections 8
//! and 9 and Annex A1.
//!
//! The path of a key is a path of types, so that no step can be skipped: an
//! [`IssuerMasterKey`] gives an [`IccMasterKey`] (A1.4), three of which are a
//! card's [`CardKeys`]; those and an ATC are the [`ChargeKeys`] of one use,
//! which give each [`SessionKey`] (A1.3.1) that makes and checks cryptograms
//! (8.1, A1.2), their answers (8.2) and scripts (9). [`CryptogramVersion`] says
//! which data go in, in which order; the version travels in the Issuer
//! Application Data.

mod card_keys;
mod data;
mod keys;
mod mac;
mod messaging;
mod version;

pub use card_keys::{CardKeys, ChargeKeys};
pub use data::{AcElements, MissingElement};
pub use keys::{Derivation, IccMasterKey, IssuerMasterKey, PanError, SessionKey};
pub use mac::mac_algorithm_3;
pub use messaging::{MAC_BYTES, Messaging};
pub use version::{CardStatusUpdate, CryptogramVersion, UnknownVersion, approves};
