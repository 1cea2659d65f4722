//! Profiles: the shipped ones are sound, a wrong one says where.

use std::collections::BTreeSet;

use sealpoint_cardsim::{Profile, profile};

const PLAIN: &str = include_str!("../../profiles/visa-approved.toml");

fn refusal(text: &str) -> String {
    Profile::parse(text).err().expect("a refusal").to_string()
}

#[test]
fn all_shipped_profiles_are_read_and_have_names_and_pans_of_their_own() {
    let all = profile::all();
    assert_eq!(profile::shipped().len(), 14);
    let names: BTreeSet<_> = all.iter().map(|card| &card.name).collect();
    let pans: BTreeSet<_> = all.iter().map(|card| &card.holder.pan).collect();
    assert_eq!((names.len(), pans.len()), (58, 58));
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/profiles"));
    let files = files.expect("the profiles").filter_map(Result::ok);
    let cards = files.filter(|file| file.path().extension().is_some_and(|end| end == "toml"));
    assert_eq!(cards.count(), 58);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let text = PLAIN.replace("answer_format = 1", "answer_format = 1\nanswr = 2");
    let refusal = refusal(&text);
    assert!(
        refusal.starts_with("card profile, line 12: unknown field `answr`"),
        "{refusal}"
    );
}

#[test]
fn a_missing_key_is_named() {
    let text = PLAIN.replace("aid = \"A0000000031010\"\n", "");
    assert!(
        refusal(&text).contains("missing field `aid`"),
        "{}",
        refusal(&text)
    );
}

#[test]
fn a_wrong_type_names_the_line_but_not_the_value() {
    let text = PLAIN.replace("pan = \"4761739001010119\"", "pan = 4761739001010119");
    let refusal = refusal(&text);
    assert!(
        refusal.contains("line 20: the value isn't a string"),
        "{refusal}"
    );
    assert!(!refusal.contains("4761"), "{refusal}");
}

#[test]
fn a_value_that_makes_no_card_names_its_key_and_the_rule() {
    let cases = [
        (
            "pan = \"4761739001010119\"",
            "pan = \"4761739001010118\"",
            "holder.pan",
        ),
        ("\"A0000000031010\"", "\"A0\"", "application.aid"),
        (
            "answer_format = 1",
            "answer_format = 3",
            "application.answer_format",
        ),
        ("\"9F33039F3501\"", "\"9F33\"", "application.pdol"),
        ("\"41035E031F03\"", "\"41\"", "application.cvm_rules"),
        ("pin = \"1234\"", "pin = \"123\"", "holder.pin"),
        ("name = \"visa-approved\"", "name = \"../x\"", "name"),
        (
            "pin = \"1234\"",
            "[behaviour]\ndelay_ms = 10001",
            "behaviour.delay_ms",
        ),
    ];
    for (old, new, key) in cases {
        assert!(PLAIN.contains(old), "{old}");
        let refusal = refusal(&PLAIN.replace(old, new));
        assert!(refusal.contains(key), "{key}: {refusal}");
        assert!(!refusal.contains("4761"), "{refusal}");
    }
}

#[test]
fn dates_hex_and_removal_points_are_explained() {
    let cases = [
        ("expiry = 2030-12-31", "expiry = 1999-12-31", "2000 to 2099"),
        ("\"A0000000031010\"", "\"A000000003101\"", "hexadecimal"),
        (
            "pin = \"1234\"",
            "[behaviour]\nremove_at = \"never\"",
            "after-first-ac",
        ),
        (
            "pin = \"1234\"",
            "[behaviour]\nremove_at = 0",
            "number of a command",
        ),
    ];
    for (old, new, hint) in cases {
        let refusal = refusal(&PLAIN.replace(old, new));
        assert!(refusal.contains(hint), "{refusal}");
    }
}

#[test]
fn a_huge_profile_is_refused() {
    assert!(refusal(&"#".repeat(20_000)).contains("too large"));
}

#[test]
fn the_example_in_the_documentation_is_a_card_and_every_misbehaviour_is_listed() {
    let page = include_str!("../../profiles/README.md");
    let example = page.split("```card").nth(1).expect("an example");
    let example = example.split("```").next().expect("its end");
    assert_eq!(Profile::parse(example).expect("a card").name, "my-card");
    let listed = page.split("`misbehaves` is one of").nth(1).expect("a list");
    let listed = listed.split('.').next().expect("its end");
    for word in listed.split('`').skip(1).step_by(2) {
        let text = format!("{PLAIN}\n[behaviour]\nmisbehaves = \"{word}\"\n");
        assert!(Profile::parse(&text).is_ok(), "{word}");
    }
}
