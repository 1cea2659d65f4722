//! `tillctl enrol`: makes this till's key here and gets its certificate for a code.
//!
//! | file | what |
//! |---|---|
//! | `args` | the command line |
//! | `https` | one request to a collector that is known by the code alone |
//! | `report` | what is told |

mod args;
mod https;
mod report;

use std::{
    ffi::OsString,
    fs::{self, DirBuilder},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use sealpoint_tls::{
    certificate::KeyHash,
    code::EnrolmentCode,
    identity::{Files, IdentityError, NextKey},
};
use sealpoint_wire::{
    Bytes, WIRE_VERSION,
    api::ApiError,
    enrol::{CertificateAnswer, EnrolRequest},
};

use crate::{exit::Exit, fault::Fault, tell};
use args::{Asked, Wanted};

/// Runs the command with the arguments behind its name.
pub fn run(arguments: &[OsString]) -> Result<Exit, Fault> {
    let wanted = match Asked::parse(arguments)? {
        Asked::Help => return Ok(tell(args::USAGE, Exit::Approved)),
        Asked::Enrol(wanted) => wanted,
    };
    Ok(match enrol(&wanted) {
        Ok(answer) => tell(&report::done(&answer, &wanted), Exit::Approved),
        Err(fault) => fault.tell(wanted.json.then_some(report::VERSION)),
    })
}

fn enrol(wanted: &Wanted) -> Result<CertificateAnswer, Fault> {
    let files = Files::in_folder(&wanted.out);
    if files.key.exists() && !wanted.replace {
        return Err(Fault::files(
            format!("This till has a key already, {}.", files.key.display()),
            "Say --replace to put a new one in its place, or give another folder.",
        ));
    }
    let code: EnrolmentCode = wanted
        .code
        .parse()
        .map_err(|_| Fault::misused("This is no enrolment code: it has eight groups of five."))?;
    make(&wanted.out)?;
    // An answer that got lost is asked for again with the same key: the code is good for it alone.
    let mut next = NextKey::take_up(&files).map_err(files_fault)?;
    let request = EnrolRequest {
        version: WIRE_VERSION,
        code: code.text().to_string(),
        request: next
            .request()
            .ok()
            .and_then(|request| Bytes::try_from(request).ok())
            .ok_or_else(|| {
                Fault::files(
                    "No certification request can be made.",
                    "Check this machine's random numbers.",
                )
            })?,
    };
    let body = serde_json::to_vec(&request).unwrap_or_default();
    let answer = https::post(
        &wanted.collector,
        "/v1/enrolments",
        &body,
        &code.pin(),
        wanted.groups,
    )?;
    if answer.code != 200 {
        return Err(refusal(&answer));
    }
    let given: CertificateAnswer = serde_json::from_slice(&answer.body).map_err(|_| strange())?;
    let ca = CertificateDer::from_pem_slice(given.ca.as_bytes()).map_err(|_| strange())?;
    let is_pinned = KeyHash::of_certificate(&ca).is_ok_and(|hash| code.pin().is_of(&hash));
    if !is_pinned {
        return Err(strange());
    }
    next.accept(&given.certificate).map_err(files_fault)?;
    files.trust(&given.ca).map_err(files_fault)?;
    next.adopt().map_err(files_fault)?;
    Ok(given)
}

/// Makes the folder. One that is there and that everybody may write to could hold a key that
/// somebody else knows, and is not taken.
fn make(folder: &Path) -> Result<(), Fault> {
    /// Everybody may write.
    const OTHERS_WRITE: u32 = 0o002;
    let mode = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .and_then(|()| fs::metadata(folder))
        .map_err(|error| {
            Fault::files(
                format!("The folder {} cannot be made ({error}).", folder.display()),
                "Give another folder, or run this as a user who may write there.",
            )
        })?
        .permissions()
        .mode();
    if mode & OTHERS_WRITE == 0 {
        return Ok(());
    }
    Err(Fault::files(
        format!("Everybody may write into the folder {}.", folder.display()),
        "Give a folder that is this till's alone.",
    ))
}

fn refusal(answer: &https::Answer) -> Fault {
    let said = serde_json::from_slice::<ApiError>(&answer.body)
        .map_or_else(|_| "It does not say why.".to_owned(), |error| error.message);
    Fault {
        exit: Exit::NotEnrolled,
        what: format!("The collector does not enrol this till ({}).", answer.code),
        remedy: said.chars().take(MAX_SAID).collect(),
    }
}

/// At most this many characters of the collector's own words.
const MAX_SAID: usize = 400;

fn strange() -> Fault {
    Fault {
        exit: Exit::NotEnrolled,
        what: "The collector's answer is no certificate of the CA that the code names.".to_owned(),
        remedy: "Check that --collector is the collector that printed the code.".to_owned(),
    }
}

fn files_fault(error: IdentityError) -> Fault {
    match error {
        IdentityError::NotOurs => strange(),
        other => Fault {
            exit: Exit::Files,
            what: other.to_string(),
            remedy: "Nothing that worked before was changed.".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_everybody_may_write_to_gets_no_key() {
        let scratch = tempfile::tempdir().expect("a folder");
        let folder = scratch.path().join("uplink");
        make(&folder).expect("a new one is for its owner alone");
        let mode = fs::metadata(&folder).expect("it is there").permissions();
        assert_eq!(mode.mode() & 0o777, 0o700);
        for (mode, taken) in [(0o750, true), (0o777, false), (0o1777, false)] {
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).expect("its own");
            assert_eq!(make(&folder).is_ok(), taken, "{mode:o}");
        }
    }
}
