//! Firmware that lets nothing run but what the builder signed.

use std::fs;
use std::path::{Path, PathBuf};

use sealpoint_tests::built::target;

/// OVMF with Secure Boot. It wants system management mode, which is what keeps the running system
/// from writing the firmware's variables by itself.
pub const CODE: &str = "usr/share/OVMF/OVMF_CODE_4M.secboot.fd";

/// Where the builder's keys lie.
pub fn keys() -> PathBuf {
    target()
        .parent()
        .expect("the target folder lies in the repository")
        .join("image-keys")
}

/// Gives a machine its variables: the builder's keys enrolled, no others, and Secure Boot on.
pub fn enrol(vars: &Path) {
    let enrolled = keys().join("vars.fd");
    fs::copy(&enrolled, vars).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; run `cargo xtask image` first",
            enrolled.display()
        )
    });
}
