//! Application cryptograms: EMV 4.4 Book 2, section 8 and Annex A1.
//!
//! The path of a key is a path of types, so that no step can be skipped:
//! [`IssuerMasterKey`] gives an [`IccMasterKey`] (A1.4), which gives a
//! [`SessionKey`] for one ATC (A1.3.1), which makes and checks cryptograms
//! (8.1, A1.2) and their answers (8.2). [`CryptogramVersion`] says which data
//! go in, in which order; the version travels in the Issuer Application Data.

mod data;
mod keys;
mod mac;
mod version;

pub use data::{AcElements, MissingElement};
pub use keys::{Derivation, IccMasterKey, IssuerMasterKey, PanError, SessionKey};
pub use mac::mac_algorithm_3;
pub use version::{CardStatusUpdate, CryptogramVersion, UnknownVersion};
