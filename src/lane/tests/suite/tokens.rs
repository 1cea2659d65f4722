//! What stands for a card: its token by the profile's policy, and the hot list.

use std::{fs, path::Path};

use sealpoint_cardsim::profile;
use sealpoint_lane::SetUp;
use sealpoint_secret::{Pan, SecretBytes};
use sealpoint_vault::TokenKey;
use sealpoint_wire::{CardSummary, lane::OutcomeKind};
use tempfile::TempDir;

use crate::{
    bench::Bench,
    host::Host,
    retailer::{LONG, Retailer, key, load_token, public},
};

const DEMO_PROFILE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../emv/src/demo.toml"));
/// The account of the demo's card `visa-approved`.
const PAN: &[u8] = b"4761739001010119";

/// The token of that account under the key that the lane has.
fn token() -> String {
    let key = TokenKey::from_bytes(&SecretBytes::from_slice(&[9; 32])).expect("32 bytes");
    key.token(&Pan::from_digits(PAN).expect("a PAN"))
        .to_string()
}

/// A folder with a manifest of the keys that are needed, and a retailer for more.
fn folder(profile: &str) -> (TempDir, Host, Retailer) {
    let folder = TempDir::new().expect("a folder");
    let host = Host::create(folder.path());
    fs::write(folder.path().join("profile.toml"), profile).expect("written");
    let retailer = Retailer::of(folder.path());
    let keys = [
        public(folder.path(), "acq-1", LONG, ""),
        key("token-1", "token", LONG, "check_value = \"0102030405\""),
    ];
    retailer.manifest(folder.path(), 1, &keys);
    load_token(folder.path(), "token-1", 9);
    (folder, host, retailer)
}

fn with_policy(tokens: &str) -> String {
    format!("{DEMO_PROFILE}\n[sealing]\ntokens = \"{tokens}\"\n")
}

/// What is told of a card that is charged: when the host is to be asked, and in the end.
fn told(tokens: &str) -> [CardSummary; 2] {
    let (folder, host, _) = folder(&with_policy(tokens));
    let mut bench = Bench::start(folder, host, &profile::shipped(), None);
    assert_eq!(bench.hello(), None);
    bench.slot.insert("visa-approved").expect("inserted");
    let attempt = bench.read();
    bench.expect_prompt(attempt, sealpoint_wire::lane::CardPrompt::Reading);
    bench.expect_prompt(attempt, sealpoint_wire::lane::CardPrompt::Authorising);
    let online = bench.expect_online(attempt);
    let answer = bench.host.answer(&online);
    bench.tell(&sealpoint_wire::ToLane::Host { attempt, answer });
    let outcome = bench.expect_outcome(attempt);
    assert_eq!(outcome.kind, OutcomeKind::Approved);
    [online.card, outcome.card.expect("a card")]
}

#[test]
fn no_token_leaves_the_lane_unless_the_profile_says_so() {
    for card in told("off") {
        assert_eq!(card.token, None);
        assert_eq!(card.truncated_pan, "476173******0119");
    }
}

#[test]
fn a_token_that_stands_apart_has_no_more_than_four_digits_beside_it() {
    for card in told("apart") {
        assert_eq!(card.token.expect("a token").to_string(), token());
        assert_eq!(card.truncated_pan, "************0119");
        assert_eq!(card.last4, "0119");
    }
}

#[test]
fn a_token_stands_beside_the_truncated_number_where_that_is_allowed() {
    for card in told("beside_truncated_pan") {
        assert_eq!(card.token.expect("a token").to_string(), token());
        assert_eq!(card.truncated_pan, "476173******0119");
    }
}

#[test]
fn a_card_on_the_hot_list_is_declined_and_another_is_not() {
    let (folder, host, retailer) = folder(DEMO_PROFILE);
    retailer.hot_list(folder.path(), 1, "2026-11-23", &[token()]);
    let path = folder.path().to_owned();
    let mut bench = Bench::start(folder, host, &profile::shipped(), None);
    assert_eq!(bench.hello(), None);
    bench.slot.insert("visa-approved").expect("inserted");
    let attempt = bench.read();
    let outcome = bench.outcome_with_host(attempt);
    assert_eq!(outcome.kind, OutcomeKind::DeclinedByCard);
    let tvr = outcome.emv.expect("EMV results").tvr;
    assert!(
        tvr.starts_with('1') || tvr.starts_with('9'),
        "exception file: {tvr}"
    );
    bench.take_card_out();

    // The next list has another card.
    let other = "0".repeat(32);
    retailer.hot_list(&path, 2, "2026-11-23", &[other]);
    bench.slot.insert("visa-approved").expect("inserted");
    let attempt = bench.read();
    assert_eq!(bench.outcome_with_host(attempt).kind, OutcomeKind::Approved);
}

/// The warning of hot cards in that folder, if there is one.
fn warned(folder: &Path) -> Option<String> {
    let outlook = SetUp::new(folder, Some(folder.join("profile.toml"))).outlook();
    assert_eq!(outlook.cannot_charge, None, "cards go on");
    let of_hot = |warning: &&String| warning.to_lowercase().contains("hot ");
    outlook.warnings.iter().find(of_hot).cloned()
}

#[test]
fn a_hot_list_that_is_missing_old_forged_or_put_back_is_warned_of_and_sales_go_on() {
    let (folder, _host, retailer) = folder(DEMO_PROFILE);
    let folder = folder.path();
    let missing = warned(folder).expect("a warning");
    assert!(missing.contains("there is no hot list. Load"), "{missing}");

    retailer.hot_list(folder, 5, "2020-01-01", &[token()]);
    let old = warned(folder).expect("a warning");
    assert!(old.contains("days old"), "{old}");

    retailer.hot_list(folder, 4, "2099-01-01", &[token()]);
    let back = warned(folder).expect("a warning");
    assert!(
        back.contains("the hot list has version 4, but version 5 was accepted before"),
        "{back}"
    );
    Retailer::stranger().hot_list(folder, 6, "2099-01-01", &[token()]);
    let forged = warned(folder).expect("a warning");
    assert!(forged.contains("does not count: the signature"), "{forged}");

    retailer.hot_list(folder, 6, "2099-01-01", &[token()]);
    assert_eq!(warned(folder), None);
}

#[test]
fn a_token_that_the_profile_asks_for_and_nobody_can_make_is_warned_of() {
    let folder = TempDir::new().expect("a folder");
    Host::create(folder.path());
    let profile = folder.path().join("profile.toml");
    fs::write(&profile, with_policy("apart")).expect("written");
    let outlook = SetUp::new(folder.path(), Some(profile)).outlook();
    assert_eq!(outlook.cannot_charge, None);
    assert!(
        outlook
            .warnings
            .iter()
            .any(|warning| warning.starts_with("Cards get no token")),
        "{:?}",
        outlook.warnings
    );
}
