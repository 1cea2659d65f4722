//! Combined DDA and application cryptogram generation: the card signs its cryptogram, and what it was
//! told and answered (EMV 4.4 Book 2 §6.6).

use sha1::{Digest, Sha1};

use super::{
    Round, chain,
    dynamic::{self, Dynamic},
    flaw::Flaw,
};
use crate::{dialogue::Dialogue, tag, tlv};

/// Bytes of the hash over the charge.
const HASH: usize = 20;

/// Recovers the card's key.
pub(super) fn prepare(dialogue: &mut Dialogue) -> Result<(), Flaw> {
    dialogue.oda.key = Some(chain::card(dialogue)?);
    Ok(())
}

/// Verifies the signature over a cryptogram, and gives the cryptogram.
pub(super) fn verify(
    dialogue: &mut Dialogue,
    round: Round,
    cid: u8,
    objects: &[u8],
) -> Result<[u8; 8], Flaw> {
    let (signature, others) = split(objects).ok_or(Flaw::Unsigned)?;
    let oda = &dialogue.oda;
    let key = oda.key.as_ref().ok_or(Flaw::Unsigned)?;
    let number_sent = dialogue.store.public(tag::UNPREDICTABLE).unwrap_or(&[]);
    let signed = Dynamic::verify(key, signature, &[dynamic::FORMAT], &[number_sent])?;
    let (number, rest) = signed.number()?;
    let ([decision], rest) = rest.split_first_chunk().ok_or(Flaw::DynamicData)?;
    let (cryptogram, rest) = rest.split_first_chunk().ok_or(Flaw::DynamicData)?;
    let (hash, _) = rest.split_first_chunk::<HASH>().ok_or(Flaw::DynamicData)?;
    if *decision != cid {
        return Err(Flaw::Decision);
    }
    // What the card heard in this charge, and what it answered now (§6.6.2 step 10).
    let last = match round {
        Round::First => None,
        Round::Second => oda.cdol2.as_ref(),
    };
    let heard = [oda.pdol.as_ref(), oda.cdol1.as_ref(), last];
    let mut charge = Sha1::new();
    for values in heard.into_iter().flatten() {
        charge.update(values.expose());
    }
    for object in others {
        charge.update(object);
    }
    if charge.finalize().as_slice() != hash {
        return Err(Flaw::Charge);
    }
    dynamic::keep(dialogue, tag::ICC_DYNAMIC_NUMBER, number)?;
    Ok(*cryptogram)
}

/// The one signature among a card's objects, and the others, tag and length included, as they came.
fn split(objects: &[u8]) -> Option<(&[u8], Vec<&[u8]>)> {
    let mut signature = None;
    let mut others = Vec::new();
    let mut reading = tlv::objects(objects);
    loop {
        let before = reading.unread();
        let Some(object) = reading.next() else { break };
        let object = object.ok()?;
        if object.tag == tag::SIGNED_DYNAMIC_DATA {
            if signature.replace(object.value).is_some() {
                return None;
            }
            continue;
        }
        let raw = &before[..before.len() - reading.unread().len()];
        // Zeros between objects are none of them (Book 3 Annex B1).
        let zeros = raw.iter().take_while(|byte| **byte == 0).count();
        others.push(&raw[zeros..]);
    }
    signature.map(|signature| (signature, others))
}
