//! The same till with a real `pcscd` and vpcd's virtual PC/SC reader.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::rig::{Reader, Shop, assert_says};

/// Set for the inner test, which runs in namespaces of its own with a `pcscd` of its own.
const INSIDE: &str = "SEALPOINT_PCSCD";

/// Runs the ignored test of that name, with its module, inside `with-pcscd`.
pub fn inside_private_namespaces(name: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcsc/with-pcscd");
    let status = Command::new(script)
        .arg(std::env::current_exe().expect("a running test has a path"))
        .args(["--exact", name, "--ignored", "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .expect("tests/pcsc/with-pcscd starts");
    assert!(
        status.success(),
        "{name} failed inside with-pcscd: {status}"
    );
}

#[test]
fn a_shift_of_cards_goes_through_a_real_card_service() {
    inside_private_namespaces("pcscd::inner_shift");
}

#[test]
#[ignore = "runs inside with-pcscd, started by the test above"]
fn inner_shift() {
    assert!(
        std::env::var_os(INSIDE).is_some(),
        "start it through the test above"
    );
    let shop = Shop::open(&Reader::Pcsc);
    let mut till = shop.till();
    till.wait_for_cards();
    for card in ["visa-approved", "mastercard-approved", "maestro-approved"] {
        till.scan("2900000011014");
        let paid = till.pay_by_card(card);
        assert_eq!(paid["pane"], "paid", "{card}: {}", paid["notice"]);
    }
    till.scan("2900000011014");
    assert_says(&till.pay_by_card("visa-declined"), "card_declined_by_host");
    assert_says(
        &till.pay_by_card("removed-too-soon"),
        "card_removed_reversing",
    );
    assert_says(
        &till.pay_by_card("offline-declined"),
        "card_declined_by_card",
    );
    assert_eq!(till.act(json!({ "do": "cash_exact" }))["pane"], "paid");
    let view = till.wait("drained");
    assert_eq!(shop.captured(), 3);
    assert_eq!(shop.summary()["card_minor"], view["totals"]["card_minor"]);
    till.close();
}
