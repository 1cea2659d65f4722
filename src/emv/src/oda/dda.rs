//! Dynamic data authentication: the card signs a number of the terminal's (EMV 4.4 Book 2 §6.5).

use sealpoint_secret::SecretBytes;

use super::{
    chain,
    dynamic::{self, Dynamic},
    flaw::Flaw,
};
use crate::{dialogue::Dialogue, dol, tag};

/// Bytes of the unpredictable number, which a DDOL must ask for whole (§6.5.1).
const UNPREDICTABLE: usize = 4;

/// What INTERNAL AUTHENTICATE tells the card, once its key is known.
pub(super) fn prepare(dialogue: &mut Dialogue) -> Result<SecretBytes, Flaw> {
    dialogue.oda.key = Some(chain::card(dialogue)?);
    let selected = dialogue.selected.as_ref().ok_or(Flaw::Ddol)?;
    let default = &selected.application.default_ddol;
    let ddol = dialogue.store.public(tag::DDOL).unwrap_or(default);
    if !dol::asks_for_all_of(ddol, tag::UNPREDICTABLE, UNPREDICTABLE) {
        return Err(Flaw::Ddol);
    }
    dol::build(ddol, &dialogue.store).map_err(|_| Flaw::Ddol)
}

/// Verifies what the card signed over what it was told.
pub(super) fn verify(dialogue: &mut Dialogue, signature: &[u8]) -> Result<(), Flaw> {
    let oda = &dialogue.oda;
    let (key, told) = oda.key.as_ref().zip(oda.ddol.as_ref()).ok_or(Flaw::Ddol)?;
    let signed = Dynamic::verify(key, signature, &[dynamic::FORMAT], &[told.expose()])?;
    let (number, _) = signed.number()?;
    dynamic::keep(dialogue, tag::ICC_DYNAMIC_NUMBER, number)
}
