//! Card numbers, track data, PIN blocks and keys as types that cannot speak.
//!
//! * [`Pan`], [`Track2`], [`PinBlock`], [`Key`] and [`SecretBytes`] live on the heap, are filled in
//!   place and are wiped when dropped, so that a move copies a pointer and never the secret.
//! * None of them has `Debug`, `Display`, `Clone`, `PartialEq` or `Serialize`. The only way out is a
//!   method named `expose`, so one search for that word is the audit.
//! * What may be shown of a card is [`TruncatedPan`] (PCI DSS 3.4.1).
//! * What may reach a log is declared, type by type, with [`LogSafe`].
//!
//! ```compile_fail,E0277
//! fn speaks<T: core::fmt::Debug>() {}
//! speaks::<sealpoint_secret::Pan>();
//! ```
//! ```compile_fail,E0277
//! fn copies<T: Clone>() {}
//! copies::<sealpoint_secret::Track2>();
//! ```
//! ```compile_fail,E0277
//! fn prints<T: core::fmt::Display>() {}
//! prints::<sealpoint_secret::SecretBytes>();
//! ```
//! ```compile_fail,E0277
//! fn compares<T: PartialEq>() {}
//! compares::<sealpoint_secret::Key<16>>();
//! ```
//! ```compile_fail,E0277
//! let key = sealpoint_secret::Key::<16>::filled(|_| {});
//! let _ = sealpoint_secret::log_safe(&key);
//! ```

mod hidden;
mod key;
mod log_safe;
mod pan;
mod pin_block;
mod secret_bytes;
mod track2;
mod truncated;

#[cfg(test)]
mod tests;

pub use key::{Key, KeyLengthError};
pub use log_safe::{LogSafe, Shown, log_safe};
pub use pan::{MAX_PAN_DIGITS, MIN_PAN_DIGITS, Pan, PanError};
pub use pin_block::{MAX_PIN_BLOCK_LEN, PinBlock, PinBlockError};
pub use secret_bytes::{Full, SecretBytes};
pub use track2::{MAX_TRACK2_DIGITS, Track2, Track2Error};
pub use truncated::{Scheme, TruncatedPan};
