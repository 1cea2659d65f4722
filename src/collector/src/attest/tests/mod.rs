//! The verifier against quotes that a key of the tests signed: each defect by itself. A TPM would sign
//! most of them never; the tests in `tests/collector/attestation` use one.

mod defects;
mod hostile;
mod judgement;
mod references;
mod signer;
