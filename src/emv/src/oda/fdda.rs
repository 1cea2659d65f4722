//! Fast DDA: without contacts the card signs in its answer to GET PROCESSING OPTIONS (EMV contactless
//! Book C-3 Annex C).

use super::{
    chain,
    dynamic::{self, Dynamic},
    flaw::Flaw,
};
use crate::{dialogue::Dialogue, tag};

/// Format of a signature that is for an online charge alone.
const ONLINE_FORMAT: u8 = 0x95;
/// The version of fast DDA that there is: the first byte of the card's data (tag 9F69).
const VERSION: u8 = 0x01;
/// Bytes of that data.
const RELATED: core::ops::RangeInclusive<usize> = 5..=16;
/// Terminal transaction qualifiers, byte 1: offline data authentication for online charges.
const FOR_ONLINE: u8 = 0x01;
/// CID bits that say which cryptogram it is, and those of a TC.
const CID_KIND: u8 = 0xC0;
const CID_TC: u8 = 0x40;

/// Verifies the signature over the number, amount and currency sent, and the card's own data (table
/// C-1).
pub(super) fn verify(dialogue: &mut Dialogue, signature: &[u8]) -> Result<(), Flaw> {
    let key = chain::card(dialogue)?;
    let store = &dialogue.store;
    let related = store.public(tag::CARD_AUTHENTICATION).unwrap_or(&[]);
    if !RELATED.contains(&related.len()) || related.first() != Some(&VERSION) {
        return Err(Flaw::Version);
    }
    let sent = |wanted| store.public(wanted).unwrap_or(&[]);
    let over = [
        sent(tag::UNPREDICTABLE),
        sent(tag::AMOUNT),
        sent(tag::CURRENCY),
        related,
    ];
    let formats = [dynamic::FORMAT, ONLINE_FORMAT];
    let signed = Dynamic::verify(&key, signature, &formats, &over)?;
    if signed.format() == ONLINE_FORMAT {
        let asked = sent(tag::TTQ).first().is_some_and(|b| b & FOR_ONLINE != 0);
        let approved = sent(tag::CID)
            .first()
            .is_some_and(|cid| cid & CID_KIND == CID_TC);
        if !asked || approved {
            return Err(Flaw::Recovered(tag::SIGNED_DYNAMIC_DATA));
        }
    }
    let (number, _) = signed.number()?;
    dynamic::keep(dialogue, tag::ICC_DYNAMIC_NUMBER, number)
}
