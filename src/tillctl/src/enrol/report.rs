//! What `tillctl enrol` tells.

use std::path::Path;

use sealpoint_wire::enrol::CertificateAnswer;
use serde::Serialize;

use super::args::Wanted;

/// Version of the JSON object.
pub const VERSION: u8 = 1;
/// A TPM that the kernel shares among its users (tpm(4)).
const TPM: &str = "/dev/tpmrm0";

#[derive(Serialize)]
struct Report<'a> {
    version: u8,
    exit_code: u8,
    terminal: &'a str,
    serial: &'a str,
    expires_ms: i64,
    folder: String,
    tpm: bool,
}

/// A till that is enrolled.
pub fn done(answer: &CertificateAnswer, wanted: &Wanted) -> String {
    let tpm = Path::new(TPM).exists();
    if wanted.json {
        let report = Report {
            version: VERSION,
            exit_code: 0,
            terminal: answer.terminal.as_str(),
            serial: &answer.serial,
            expires_ms: answer.expires_ms,
            folder: wanted.out.display().to_string(),
            tpm,
        };
        return serde_json::to_string_pretty(&report).unwrap_or_default();
    }
    let mut text = format!(
        "This till is {}. Its key and its certificate are in {}; the uplink renews them by itself.",
        answer.terminal,
        wanted.out.display()
    );
    if tpm {
        text.push_str(
            "\nThis machine has a TPM. Keep the folder on a volume whose key the TPM holds, so that \
             a disk that was taken out tells nothing (see the page on enrolment).",
        );
    }
    text
}
