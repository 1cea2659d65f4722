//! The till's TPM: evidence for the collector (RFC 9334: the attester), and the counter that keeps an
//! older image from coming back.
//!
//! * [`tpm`]: the few commands of TPM 2.0 that are needed, spoken over a device.
//! * [`keys`]: the endorsement key and the attestation key, made again from their templates each time.
//! * [`quote`]: the registers, and the TPM's signature over them.
//! * [`serve`]: one request of the uplink, answered.
//! * [`rollback`]: the counter, and what an image must not be older than.
//!
//! What is deliberately absent: a library in C between this program and the TPM. The kernel's resource
//! manager takes commands as the standard writes them; a dozen of them are all that is said here.

pub mod keys;
pub mod quote;
pub mod rollback;
pub mod serve;
#[cfg(feature = "simulator")]
pub mod simulator;
pub mod tpm;
