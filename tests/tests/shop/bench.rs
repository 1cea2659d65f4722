//! `tillctl card` with a real host: the acquirer is asked through the collector, and nothing stays
//! charged, for there is no sale behind it.

use std::process::Command;

use sealpoint_tests::built::program;
use serde_json::{Value, json};

use crate::rig::{Reader, Shop, ask};

/// Charges the card through the shop's collector; the exit code and the report.
fn charge(shop: &Shop, card: &str) -> (i32, Value) {
    ask(&shop.at("cards.sock"), &json!({ "insert": card }));
    let at = |name: &str| shop.at(name).into_os_string();
    let output = Command::new(program("tillctl"))
        .args([
            "card",
            "--json",
            "--amount",
            "249",
            "--terminal",
            "T0000001",
        ])
        .arg("--virtual")
        .arg(at("reader.sock"))
        .args(["--host", &shop.collector_url()])
        .arg("--keys")
        .arg(at("till/lane"))
        .arg("--ca")
        .arg(at("till/uplink/ca.pem"))
        .arg("--cert")
        .arg(at("till/uplink/cert.pem"))
        .arg("--key")
        .arg(at("till/uplink/key.pem"))
        .output()
        .expect("tillctl runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let report = serde_json::from_str(&said).unwrap_or_else(|error| {
        panic!(
            "{error}: {said}\n{}",
            String::from_utf8_lossy(&output.stderr)
        )
    });
    ask(&shop.at("cards.sock"), &json!({ "remove": true }));
    (output.status.code().expect("it ends by itself"), report)
}

#[test]
fn a_bench_charge_is_approved_by_the_issuer_and_undone_at_once() {
    let shop = Shop::open(&Reader::Virtual);
    let (code, report) = charge(&shop, "visa-approved");
    assert_eq!(
        (code, &report["outcome"]),
        (0, &json!("approved")),
        "{report}"
    );
    assert_eq!(report["ac_type"], "TC", "the card believed its issuer");
    assert_eq!(report["reversal"]["acknowledged"], true);
    assert_eq!(shop.captured(), 0, "nothing stays charged");
}

#[test]
fn a_bench_charge_that_the_issuer_declines_needs_no_reversal() {
    let shop = Shop::open(&Reader::Virtual);
    let (code, report) = charge(&shop, "visa-declined");
    assert_eq!(
        (code, &report["response_code"]),
        (10, &json!("51")),
        "{report}"
    );
    assert_eq!(report["reversal"], Value::Null);
    assert_eq!(shop.captured(), 0);
}

#[test]
fn a_bench_charge_whose_card_leaves_after_the_approval_is_undone() {
    let shop = Shop::open(&Reader::Virtual);
    let (code, report) = charge(&shop, "removed-too-soon");
    assert_eq!(
        (code, &report["outcome"]),
        (21, &json!("card_removed")),
        "{report}"
    );
    assert_eq!(report["reversal"]["acknowledged"], true);
    assert_eq!(shop.captured(), 0);
}

#[test]
fn without_the_collector_the_bench_says_so_and_charges_nothing() {
    let mut shop = Shop::open(&Reader::Virtual);
    shop.kill_collector();
    let (code, report) = charge(&shop, "visa-approved");
    assert_eq!(
        (code, &report["host"]),
        (12, &json!("unreachable")),
        "{report}"
    );
    assert_eq!(report["reversal"], Value::Null, "nothing left this machine");
    assert_eq!(shop.captured(), 0);
}
