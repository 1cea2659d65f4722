//! Remote attestation (RFC 9334): the collector as the verifier of what its tills' TPMs say.
//!
//! * [`public`]: the two keys of a till's TPM, which must be exactly what ours are.
//! * [`quoted`]: what a TPM signed, read strictly.
//! * [`appraise`]: whether a till's evidence shows an image that the retailer knows.
//! * [`reference`]: the values that an image's build said that its registers will have.
//! * [`credential`]: a secret that one TPM alone can open, for one key in it alone.
//! * [`args`]: `collector attest`, and what `--attest` may be.
//!
//! What comes from a till is bytes of at most 8 KiB, read from left to right by what Part 2 of the TPM
//! 2.0 Library says, each part to its end; nothing that is read decides how much is allocated. The
//! checks that need keys come before those that read what was signed.
//!
//! What is deliberately absent: a TPM's library, and an opinion on the event log, which a till could
//! tell us anything in. References are compared with registers.

pub mod appraise;
pub mod args;
mod bytes;
pub mod credential;
pub mod public;
pub mod quoted;
pub mod reference;

pub use appraise::{Appraisal, Known, Reason, appraise};
pub use args::Policy;

/// How long a challenge's nonce is good, milliseconds.
pub const NONCE_LIFE_MS: i64 = 2 * 60 * 1000;
/// How long a verdict is believed, milliseconds: three times as long as tills take between two.
pub const VERDICT_LIFE_MS: i64 = 12 * 60 * 60 * 1000;
/// Bytes of a register in the bank of SHA-256.
pub const DIGEST: usize = 32;

#[cfg(test)]
mod tests;
