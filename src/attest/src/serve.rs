//! One request of the uplink, answered.

use std::io::{self, Read, Write};

use sealpoint_wire::attest::{FromAttester, MAX_FRAME, ToAttester};
use sealpoint_wire::frame;

use crate::tpm::{Tpm, TpmError};
use crate::{keys, quote};

/// Answers the one request of a connection. `open` gives the TPM, once there is a request for it.
///
/// # Errors
/// The connection broke, or what came is no request; what the TPM says is an answer.
pub fn answer_one(
    stream: &mut (impl Read + Write),
    open: impl FnOnce() -> Result<Tpm, TpmError>,
) -> io::Result<()> {
    let Some(asked) = frame::read_at_most(stream, MAX_FRAME)? else {
        return Ok(());
    };
    let answer = open().and_then(|mut tpm| answer(&mut tpm, &asked));
    let answer = answer.unwrap_or_else(|error| {
        let why = error.to_string();
        if error.is_absent() {
            tracing::info!(why, "there is no TPM");
            FromAttester::NoTpm { why }
        } else {
            tracing::warn!(why, "the TPM did not do it");
            FromAttester::Failed { why }
        }
    });
    frame::write(stream, &answer)
}

fn answer(tpm: &mut Tpm, asked: &ToAttester) -> Result<FromAttester, TpmError> {
    Ok(match asked {
        ToAttester::Identity => FromAttester::Identity {
            identity: keys::identity(tpm)?,
        },
        ToAttester::Quote { nonce } => FromAttester::Quote {
            quote: quote::quote(tpm, nonce.as_slice())?,
        },
        ToAttester::Activate { credential } => FromAttester::Activated {
            secret: keys::activate(tpm, credential)?,
        },
    })
}
