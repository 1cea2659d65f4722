//! The order to erase a till, from the retailer's office to a till that is set up again.

use std::fs;

use sealpoint_vault::{Erasure, erase_keys, mark_erased, signed::RootPublicKey};

use super::office::{Office, acquirer, assert_refused, dukpt, protection, text, today};

const TERMINAL: &str = "T0000001";

fn root(office: &Office) -> RootPublicKey {
    let file = fs::read_to_string(office.file("retailer.pub.toml")).expect("a root key");
    RootPublicKey::parse(&file).expect("a root key")
}

/// An order to that terminal, written to a file of the office.
fn ordered(office: &Office, terminal: &str) -> String {
    let (root, out) = (office.file("retailer.key.toml"), office.file("order.txt"));
    let _gone = fs::remove_file(&out);
    let arguments = [
        "erase-order",
        "--terminal",
        terminal,
        "--root",
        text(&root),
        "--out",
        text(&out),
    ];
    let ran = office.ran(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains(terminal) && ran.out.contains("root-1"),
        "{}",
        ran.out
    );
    fs::read_to_string(out).expect("written")
}

#[test]
fn an_order_is_signed_for_one_terminal_and_for_today() {
    let office = Office::new();
    let order = ordered(&office, TERMINAL);
    let terminal = TERMINAL.parse().expect("a terminal id");
    let read = Erasure::verify(&order, &root(&office), &terminal).expect("an order");
    assert_eq!(read.issued(), today());
    let other = "T0000002".parse().expect("a terminal id");
    assert!(Erasure::verify(&order, &root(&office), &other).is_err());
    assert_ne!(
        ordered(&office, TERMINAL),
        order,
        "each has an id of its own"
    );

    let key = office.file("retailer.key.toml");
    let piped = office.ran(&["erase-order", "--terminal", TERMINAL, "--root", text(&key)]);
    assert!(Erasure::verify(&piped.out, &root(&office), &terminal).is_ok());
}

#[test]
fn what_makes_no_order_is_named() {
    let office = Office::new();
    let public = office.file("retailer.pub.toml");
    let key = office.file("retailer.key.toml");
    for (arguments, code, part) in [
        (&["--root", text(&key)][..], 2, "`--terminal ID` is missing"),
        (&["--terminal", TERMINAL], 2, "`--root FILE` is missing"),
        (&["--terminal", "T 1", "--root", text(&key)], 2, "terminal"),
        (
            &["--terminal", TERMINAL, "--root", text(&public)],
            72,
            "no private root key",
        ),
        (&["--terminal", TERMINAL, "--root", "none"], 73, "none"),
    ] {
        let ran = office.ran(&[&["erase-order"], arguments].concat());
        assert_refused(&ran, code, part);
    }
    let ran = office.ran(&["rotate", "--terminal", TERMINAL]);
    assert_refused(&ran, 2, "does not go with");
}

#[test]
fn a_till_that_was_erased_takes_no_key_until_a_person_sets_it_up_again() {
    let keys = [acquirer("acq-1", -10, 100, ""), protection(), dukpt()];
    let office = Office::with_protection_key(&keys);
    let order = ordered(&office, TERMINAL);
    assert_refused(&office.load("order.txt"), 72, "nothing to load");

    mark_erased(&office.keys, &order).expect("as the lane does");
    erase_keys(&office.keys).expect("as the lane does");
    let ran = office.ran(&["show"]);
    assert_eq!(ran.code, 71, "{}", ran.out);
    assert!(ran.out.contains("took this till out of"), "{}", ran.out);
    let block = office.initial("dukpt-1", "1234567890123456");
    assert_refused(&office.load_file(&block), 72, "out of service");
    let next = office.manifest(2, "", &keys);
    assert_refused(&office.load_file(&next), 72, "out of service");
    let ceremony = office.fed(&["ceremony", "--id", "kbpk-1"], "");
    assert_refused(&ceremony, 72, "out of service");
    assert!(!office.keys.join("keys.store").exists());

    let ran = office.ran(&["destroy", "--all", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("can be set up again"), "{}", ran.out);
    assert_eq!(office.load_file(&next).code, 0);
    assert_eq!(office.shown()["cannot_charge"], serde_json::Value::Null);
}
