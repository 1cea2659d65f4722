//! The acquirer's key or the terminal profile is not right, and is put right.

use std::fs;

use sealpoint_cardsim::profile;
use sealpoint_wire::lane::{CardPrompt, OutcomeKind};
use tempfile::TempDir;

use crate::bench::Bench;
use crate::host::{Host, KEY_FILE, find};

/// The demo's terminal profile.
const GOOD_PROFILE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../emv/src/demo.toml"));

/// A lane in a folder that `prepare` has changed.
fn bench_with(prepare: impl FnOnce(&std::path::Path)) -> Bench {
    let folder = TempDir::new().expect("a folder");
    let host = Host::create(folder.path());
    prepare(folder.path());
    Bench::start(folder, host, &profile::shipped(), None)
}

fn refused(bench: &mut Bench) -> String {
    let attempt = bench.read();
    let outcome = bench.expect_outcome(attempt);
    assert_eq!(outcome.kind, OutcomeKind::CannotSeal);
    outcome.why.expect("a reason")
}

#[test]
fn without_the_key_no_card_is_read_until_it_is_put_there() {
    let mut bench = bench_with(|folder| {
        fs::rename(folder.join(KEY_FILE), folder.join("elsewhere")).expect("moved");
    });
    let folder = bench.folder.path().to_owned();
    let told = bench.hello().expect("it cannot charge");
    assert!(told.contains("is missing. Put the key file"), "{told}");
    bench.slot.insert("visa-approved").expect("inserted");
    assert_eq!(refused(&mut bench), told);

    fs::rename(folder.join("elsewhere"), folder.join(KEY_FILE)).expect("moved back");
    let attempt = bench.read();
    assert_eq!(bench.outcome_with_host(attempt).kind, OutcomeKind::Approved);
}

#[test]
fn a_key_past_its_last_day_seals_nothing() {
    let mut bench = bench_with(|folder| {
        let path = folder.join(KEY_FILE);
        let text = fs::read_to_string(&path).expect("read");
        fs::write(&path, text + "valid_until = \"2026-11-21\"\n").expect("written");
    });
    // By this machine's clock, whatever it says; a charge goes by the order's date.
    bench.hello();
    let why = refused(&mut bench);
    assert!(
        why.contains("was valid until 2026-11-21. Put the new key file"),
        "{why}"
    );
}

#[test]
fn a_profile_of_ones_own_is_used() {
    let mut bench = bench_with(|folder| {
        let swiss = GOOD_PROFILE.replace("country = 276", "country = 756");
        fs::write(folder.join("profile.toml"), swiss).expect("written");
    });
    assert_eq!(bench.hello(), None);
    bench.slot.insert("visa-approved").expect("inserted");
    let attempt = bench.read();
    bench.expect_prompt(attempt, CardPrompt::Reading);
    bench.expect_prompt(attempt, CardPrompt::Authorising);
    let online = bench.expect_online(attempt);
    let country = find(online.de55.as_slice(), 0x9F1A).expect("the country goes to the issuer");
    assert_eq!(country, [0x07, 0x56]);
}

#[test]
fn a_wrong_profile_is_named_with_its_key() {
    let offline = GOOD_PROFILE.replace("type = 21", "type = 22");
    let odd = GOOD_PROFILE.replace("type = 21", "type = 34");
    let signing = GOOD_PROFILE
        .replace("\"2098C8\"", "\"20B8C8\"")
        .replace("\"30204080\"", "\"32204080\"");
    let wrong = [
        ("colour = 1\n", "colour"),
        ("[terminal]\ntype = \"shop\"\n", "type"),
        (&odd, "terminal.type"),
        (
            &offline,
            "Write type 21, or 24 where nobody attends; or load a signed manifest",
        ),
        (
            &signing,
            "Clear 20 in byte 2 of `capabilities`, and 02 in byte 1",
        ),
    ];
    for (text, part) in wrong {
        let mut bench = bench_with(|folder| {
            fs::write(folder.join("profile.toml"), text).expect("written");
        });
        let told = bench.hello().expect("it cannot charge");
        assert!(told.starts_with("No card can be charged: "), "{told}");
        assert!(told.contains(part), "{told}");
        assert!(!told.contains('\n'), "{told}");
        assert_eq!(refused(&mut bench), told);
    }
}
