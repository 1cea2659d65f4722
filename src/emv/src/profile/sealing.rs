//! The table `[sealing]`: how card data leaves the lane. No EMV book asks for it.

use super::{error::ProfileError, section::Section};
use crate::terminal::{Sealing, SealingMethod, TokenPolicy};

pub(super) const KEYS: [&str; 3] = ["method", "legacy", "tokens"];

const TABLE: &str = "write a table [sealing]";
const METHOD: &str = "write \"hpke\", \"aes_dukpt\" or \"tdes_dukpt\"";
const LEGACY: &str = "write true or false";
const TOKENS: &str = "write \"off\", \"apart\" or \"beside_truncated_pan\"";
/// Longest word that is looked at.
const MAX_WORD: usize = 40;

/// How card data is sealed; as by default where the profile does not say.
pub(super) fn read(top: &Section<'_>) -> Result<Sealing, ProfileError> {
    let Some(table) = top.optional("sealing", TABLE) else {
        return Ok(Sealing::default());
    };
    let table = table.table(&KEYS)?;
    let legacy = match table.optional("legacy", LEGACY) {
        Some(legacy) => legacy.flag()?,
        None => false,
    };
    let mut sealing = Sealing::default();
    if let Some(method) = table.optional("method", METHOD) {
        sealing.method = match method.printable(1..=MAX_WORD)? {
            "hpke" => SealingMethod::Hpke,
            "aes_dukpt" => SealingMethod::AesDukpt,
            "tdes_dukpt" if legacy => SealingMethod::TdesDukpt,
            "tdes_dukpt" => {
                return Err(method.wrong(
                    "is for acquirers that take nothing newer",
                    "write \"aes_dukpt\", or `legacy = true` beside it if yours is one",
                ));
            }
            _ => return Err(method.wrong("is no way to seal", METHOD)),
        };
    }
    if let Some(tokens) = table.optional("tokens", TOKENS) {
        sealing.tokens = match tokens.printable(1..=MAX_WORD)? {
            "off" => TokenPolicy::Off,
            "apart" => TokenPolicy::Apart,
            "beside_truncated_pan" => TokenPolicy::BesideTruncatedPan,
            _ => return Err(tokens.wrong("is no policy for tokens", TOKENS)),
        };
    }
    Ok(sealing)
}
