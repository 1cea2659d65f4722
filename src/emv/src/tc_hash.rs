//! The TC hash value: what a card that cannot hash has the terminal hash for its certificate (EMV 4.4
//! Book 3 §9.2.2).

use sha1::{Digest, Sha1};

use crate::{
    dialogue::Dialogue,
    dol,
    fault::Fault,
    tag::{self, Tag},
    verification::Tvr,
};

/// Says in the TVR, before it is weighed, that the terminal's default is used: the card asks for a
/// hash and does not say of what. Without a default none is used.
pub(crate) fn announce(dialogue: &mut Dialogue, cdol: Tag) {
    let own = dialogue.store.public(tag::TDOL).is_some();
    if is_wanted(dialogue, cdol) && !own && !tdol(dialogue).is_empty() {
        dialogue.tvr |= Tvr::DEFAULT_TDOL;
    }
}

/// Fills the hash if that CDOL asks for it: over what the card's TDOL names, or the terminal's
/// default; over nothing if there is neither. Each GENERATE AC has its own, for its data changes.
pub(crate) fn fill(dialogue: &mut Dialogue, cdol: Tag) -> Result<(), Fault> {
    if !is_wanted(dialogue, cdol) {
        return Ok(());
    }
    let values = dol::build(&tdol(dialogue), &dialogue.store)
        .map_err(|error| Fault::Dol(tag::TDOL, error))?;
    let hash = Sha1::digest(values.expose());
    dialogue.store.set(tag::TC_HASH, &hash);
    Ok(())
}

/// The elements that go into the hash, if that CDOL asks for it.
pub(crate) fn ingredients(dialogue: &Dialogue, cdol: Tag) -> Vec<Tag> {
    if is_wanted(dialogue, cdol) {
        dol::wanted(&tdol(dialogue))
    } else {
        Vec::new()
    }
}

fn is_wanted(dialogue: &Dialogue, cdol: Tag) -> bool {
    let list = dialogue.store.public(cdol).unwrap_or(&[]);
    dol::wanted(list).contains(&tag::TC_HASH)
}

fn tdol(dialogue: &Dialogue) -> Vec<u8> {
    let default = dialogue
        .selected
        .as_ref()
        .map(|selected| selected.application.default_tdol.as_slice());
    let own = dialogue.store.public(tag::TDOL);
    own.or(default).unwrap_or(&[]).to_vec()
}
