//! The same charges through a real `pcscd` ([`crate::pcscd`] says how).

use sealpoint_wire::lane::OutcomeKind;

use crate::{
    host::find,
    offline::{advice, cards, charge, folder},
    pcscd::{bench_in, beside_service},
    retailer::offline,
};

const PROFILE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../emv/profiles/demo-offline.toml"
));

#[test]
fn cards_approve_without_their_issuer_through_a_real_card_service() {
    beside_service("offline_pcscd::without_the_issuer");
}

#[test]
#[ignore = "runs inside with-pcscd, started by the test above"]
fn without_the_issuer() {
    let (folder, host) = folder(&offline("EUR", 5_000), PROFILE);
    let (mut bench, _client) = bench_in(folder, host, &cards(), "pcsc");
    for (number, (name, code)) in (1..).zip([
        ("approves-offline", b"Y1"),
        ("mchip-offline", b"Y1"),
        ("approves-unreachable", b"Y3"),
    ]) {
        let charged = charge(&mut bench, name, 5_000);
        let advice = advice(&bench, number, &charged.outcome);
        assert_eq!(charged.online.is_some(), code == b"Y3", "{name}");
        let said = find(advice.de55.as_slice(), 0x8A).expect("a response code");
        assert_eq!(said, code, "{name}");
        bench.host.open(&advice);
    }
    // One that declines when its issuer cannot be asked, and one for which nothing is allowed.
    for (name, up_to) in [("visa-approved", 5_000), ("approves-offline", 0)] {
        let charged = charge(&mut bench, name, up_to);
        assert!(charged.online.is_some(), "{name}");
        assert_eq!(charged.outcome.kind, OutcomeKind::UnableToGoOnline);
    }
}
