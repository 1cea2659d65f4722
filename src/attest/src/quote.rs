//! Quotes: what the registers hold, signed by the TPM together with the verifier's nonce.

use sealpoint_wire::attest::{NONCE_BYTES, PCRS, PcrValue, Quote};

use crate::keys::{bytes, with_attestation_key};
use crate::tpm::{Broken, Tpm, TpmError};

/// How often it is tried to get values and quote of one moment: a boot that is still going on extends
/// a register between the two, once for each of its phases.
const TRIES: u32 = 3;

/// A quote for this nonce.
///
/// # Errors
/// [`TpmError`]; [`TpmError::Request`] for a nonce of another length.
pub fn quote(tpm: &mut Tpm, nonce: &[u8]) -> Result<Quote, TpmError> {
    if nonce.len() != NONCE_BYTES {
        return Err(TpmError::Request(Broken));
    }
    with_attestation_key(tpm, |tpm, key| {
        let mut values = tpm.pcr_read(&PCRS)?;
        let mut tries = 1;
        loop {
            let (attest, signature) = tpm.quote(key.handle, nonce, &PCRS)?;
            let after = tpm.pcr_read(&PCRS)?;
            // After the last try the verifier says that they are not of one moment.
            if after == values || tries == TRIES {
                let pcrs = PCRS.iter().zip(after);
                let pcrs = pcrs
                    .map(|(pcr, value)| {
                        let sha256 = bytes(value.to_vec())?;
                        Ok(PcrValue { pcr: *pcr, sha256 })
                    })
                    .collect::<Result<_, TpmError>>()?;
                return Ok(Quote {
                    attest: bytes(attest)?,
                    signature: bytes(signature)?,
                    pcrs,
                });
            }
            values = after;
            tries += 1;
        }
    })
}
