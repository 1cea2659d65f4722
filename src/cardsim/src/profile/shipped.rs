//! The named cards that we ship, in the order in which a panel shows them.

use super::Profile;

const TEXTS: [&str; 12] = [
    include_str!("../../profiles/visa-approved.toml"),
    include_str!("../../profiles/mastercard-approved.toml"),
    include_str!("../../profiles/maestro-approved.toml"),
    include_str!("../../profiles/visa-declined.toml"),
    include_str!("../../profiles/mastercard-declined.toml"),
    include_str!("../../profiles/removed-too-soon.toml"),
    include_str!("../../profiles/removed-while-online.toml"),
    include_str!("../../profiles/offline-declined.toml"),
    include_str!("../../profiles/expired.toml"),
    include_str!("../../profiles/unknown-aid.toml"),
    include_str!("../../profiles/blocked.toml"),
    include_str!("../../profiles/slow.toml"),
];

/// All shipped cards.
#[must_use]
pub fn shipped() -> Vec<Profile> {
    TEXTS
        .iter()
        .map(|text| Profile::parse(text).expect("a test reads every shipped profile"))
        .collect()
}

/// PAN and response code of the shipped cards that the issuer declines.
pub(crate) fn declined_by_issuer() -> Vec<(String, String)> {
    shipped()
        .into_iter()
        .filter_map(|card| Some((card.holder.pan, card.issuer_declines?)))
        .collect()
}
