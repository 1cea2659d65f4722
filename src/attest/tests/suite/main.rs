//! The program `attest` against a TPM in software (swtpm), which is started anew for each test.

mod counter;
mod keys;
mod rig;
