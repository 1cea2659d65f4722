//! From a scheme's key to the card's keys (EMV 4.4 Book 2 §5.2, §5.3, §6.2 to §6.4 and §7.1).

use sealpoint_secret::Pan;

use super::{certificate, flaw::Flaw, rsa::PublicKey};
use crate::{
    dialogue::Dialogue,
    store::Store,
    tag::{self, Tag},
};

/// What every chain needs on the card (tables 4 and 12). A remainder is needed where a key is longer
/// than its certificate has room.
const ISSUER: [Tag; 3] = [
    tag::CAPK_INDEX_CARD,
    tag::ISSUER_CERTIFICATE,
    tag::ISSUER_EXPONENT,
];
/// What SDA needs besides (table 4).
pub(super) const SDA: [Tag; 1] = [tag::SIGNED_STATIC_DATA];
/// What the card's key needs besides (table 12).
pub(super) const CARD: [Tag; 2] = [tag::ICC_CERTIFICATE, tag::ICC_EXPONENT];
/// What the card's key for a PIN needs besides (table 25).
const PIN: [Tag; 2] = [tag::PIN_CERTIFICATE, tag::PIN_EXPONENT];

/// The issuer's key, once all is there that it and `besides` need.
pub(super) fn issuer(dialogue: &Dialogue, besides: &[Tag]) -> Result<PublicKey, Flaw> {
    let store = &dialogue.store;
    for needed in ISSUER.iter().chain(besides) {
        certificate::given(store, *needed)?;
    }
    let selected = dialogue.selected.as_ref().ok_or(Flaw::UnknownKey)?;
    let index = certificate::given(store, tag::CAPK_INDEX_CARD)?;
    let today = dialogue.charge.date;
    // The scheme is that of the application that was selected, whatever else the card names.
    let scheme = dialogue
        .terminal
        .keys
        .iter()
        .find(|key| key.is_for(&selected.df_name) && index == [key.index])
        .ok_or(Flaw::UnknownKey)?;
    if scheme.has_expired(today) {
        return Err(Flaw::ExpiredKey);
    }
    let key = scheme.key().ok_or(Flaw::UnknownKey)?;
    let issuer = certificate::issuer(store, &key, &account(store)?, today)?;
    let revoked = dialogue.terminal.revoked.iter().any(|revoked| {
        revoked.rid == scheme.rid && index == [revoked.index] && revoked.serial == issuer.serial
    });
    if revoked {
        return Err(Flaw::Revoked);
    }
    Ok(issuer.key)
}

/// The card's key.
pub(super) fn card(dialogue: &Dialogue) -> Result<PublicKey, Flaw> {
    let issuer = issuer(dialogue, &CARD)?;
    let store = &dialogue.store;
    let parts = dialogue.oda.static_data.parts(store)?;
    certificate::card(
        store,
        &issuer,
        &account(store)?,
        dialogue.charge.date,
        &parts,
    )
}

/// The card's key for a PIN: one of its own if the card has one, and then no other (§7.1).
pub(super) fn pin(dialogue: &Dialogue) -> Result<PublicKey, Flaw> {
    let store = &dialogue.store;
    if PIN.iter().any(|needed| store.public(*needed).is_none()) {
        return card(dialogue);
    }
    let issuer = issuer(dialogue, &PIN)?;
    certificate::pin(store, &issuer, &account(store)?, dialogue.charge.date)
}

/// The PAN; without contacts a card may name it in track 2 alone.
fn account(store: &Store) -> Result<Pan, Flaw> {
    let in_track = || store.track2().ok().flatten()?.pan().ok();
    store
        .pan()
        .ok()
        .or_else(in_track)
        .ok_or(Flaw::Missing(tag::PAN))
}
