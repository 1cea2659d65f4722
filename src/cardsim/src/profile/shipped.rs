//! The named cards that we ship: those of a panel in its order, and those of a bench.

use super::Profile;

const TEXTS: [&str; 14] = [
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
    include_str!("../../profiles/qvsdc.toml"),
    include_str!("../../profiles/two-applications.toml"),
];

/// The cards of the test bench: what a shop's panel has no room for.
const BENCH: [&str; 44] = [
    include_str!("../../profiles/sda.toml"),
    include_str!("../../profiles/dda.toml"),
    include_str!("../../profiles/cda.toml"),
    include_str!("../../profiles/cda-pin.toml"),
    include_str!("../../profiles/pin-plaintext.toml"),
    include_str!("../../profiles/pin-blocked.toml"),
    include_str!("../../profiles/pin-wedge.toml"),
    include_str!("../../profiles/pin-above-amount.toml"),
    include_str!("../../profiles/no-cvm.toml"),
    include_str!("../../profiles/signature.toml"),
    include_str!("../../profiles/online-pin.toml"),
    include_str!("../../profiles/force-online.toml"),
    include_str!("../../profiles/demands-issuer-authentication.toml"),
    include_str!("../../profiles/approves-offline.toml"),
    include_str!("../../profiles/approves-unreachable.toml"),
    include_str!("../../profiles/mchip-offline.toml"),
    include_str!("../../profiles/declines-offline.toml"),
    include_str!("../../profiles/new-card.toml"),
    include_str!("../../profiles/velocity-exceeded.toml"),
    include_str!("../../profiles/application-blocked.toml"),
    include_str!("../../profiles/needs-confirmation.toml"),
    include_str!("../../profiles/t0.toml"),
    include_str!("../../profiles/mchip-17.toml"),
    include_str!("../../profiles/scripts.toml"),
    include_str!("../../profiles/gets-blocked.toml"),
    include_str!("../../profiles/bad-static-signature.toml"),
    include_str!("../../profiles/bad-dda-signature.toml"),
    include_str!("../../profiles/bad-cda-signature.toml"),
    include_str!("../../profiles/other-amount-signed.toml"),
    include_str!("../../profiles/bad-issuer-certificate.toml"),
    include_str!("../../profiles/bad-card-certificate.toml"),
    include_str!("../../profiles/endless-directory.toml"),
    include_str!("../../profiles/repeated-tag.toml"),
    include_str!("../../profiles/stray-data.toml"),
    include_str!("../../profiles/garbage.toml"),
    include_str!("../../profiles/qvsdc-cvm.toml"),
    include_str!("../../profiles/qvsdc-device.toml"),
    include_str!("../../profiles/qvsdc-offline.toml"),
    include_str!("../../profiles/qvsdc-bad-signature.toml"),
    include_str!("../../profiles/qvsdc-insert.toml"),
    include_str!("../../profiles/qvsdc-see-phone.toml"),
    include_str!("../../profiles/qvsdc-next.toml"),
    include_str!("../../profiles/qvsdc-declines.toml"),
    include_str!("../../profiles/contactless-mastercard.toml"),
];

/// The cards of a shop's panel.
#[must_use]
pub fn shipped() -> Vec<Profile> {
    read(&TEXTS)
}

/// The cards of a shop's panel, then those of the test bench.
#[must_use]
pub fn all() -> Vec<Profile> {
    let mut all = shipped();
    all.extend(read(&BENCH));
    all
}

fn read(texts: &[&str]) -> Vec<Profile> {
    let parse = |text: &&str| Profile::parse(text).expect("a test reads every profile");
    texts.iter().map(parse).collect()
}

/// PAN and scripts of the cards that the issuer sends some.
pub(crate) fn sent_by_issuer() -> Vec<(String, String)> {
    let sent = all().into_iter().flat_map(|card| {
        let pan = card.holder.pan;
        card.issuer_sends
            .into_iter()
            .map(move |script| (pan.clone(), script))
    });
    sent.collect()
}

/// PAN and response code of the cards that the issuer declines.
pub(crate) fn declined_by_issuer() -> Vec<(String, String)> {
    all()
        .into_iter()
        .filter_map(|card| Some((card.holder.pan, card.issuer_declines?)))
        .collect()
}
