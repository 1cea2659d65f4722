//! Static data authentication: the issuer signed the card's data (EMV 4.4 Book 2 §5.4).

use super::{
    chain,
    flaw::Flaw,
    signature::{Message, SHA_1},
};
use crate::{dialogue::Dialogue, tag};

/// Signed data format (table 7).
const FORMAT: u8 = 0x03;

/// Verifies the signed static data, and gives its data authentication code (tag 9F45).
pub(super) fn verify(dialogue: &Dialogue) -> Result<[u8; 2], Flaw> {
    let issuer = chain::issuer(dialogue, &chain::SDA)?;
    let store = &dialogue.store;
    let parts = dialogue.oda.static_data.parts(store)?;
    let signed = tag::SIGNED_STATIC_DATA;
    let signature = store.public(signed).ok_or(Flaw::Missing(signed))?;
    let message = Message::recover(signed, signature, &issuer, &[FORMAT])?;
    let ([algorithm, code @ ..], _) = message.fields::<3>()?;
    if *algorithm != SHA_1 {
        return Err(Flaw::Algorithm(signed));
    }
    message.check(parts)?;
    Ok(*code)
}
