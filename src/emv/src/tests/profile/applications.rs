use super::{BENCH, all_refused, error, with};
use crate::{ProfileError, RandomSelection, TerminalData};

#[test]
fn an_aid_has_five_to_sixteen_bytes_and_is_there_once() {
    all_refused(
        "application[1].aid",
        &[
            ("A0000000031010", "A0000003", "too short"),
            (
                "A0000000031010",
                "A000000003101000000000000000000000",
                "too long",
            ),
            ("A0000000031010", "A00000000310101", "hexadecimal"),
        ],
    );
    all_refused(
        "application[2].aid",
        &[("A0000000041010", "A0000000031010", "already")],
    );
}

#[test]
fn a_name_a_version_and_action_codes_have_their_lengths() {
    all_refused(
        "application[1].name",
        &[
            ("name = \"Visa\"", "name = \"\"", "too short"),
            (
                "name = \"Visa\"",
                "name = \"Visa Credit Debit\"",
                "too long",
            ),
        ],
    );
    all_refused(
        "application[1].version",
        &[("\"0096\"", "\"96\"", "too short")],
    );
    all_refused(
        "application[1].tac_denial",
        &[("1010000000", "10100000", "too short")],
    );
    all_refused(
        "application[1].tac_online",
        &[("DE4004F800", "DE4004F8000", "hexadecimal")],
    );
    all_refused(
        "application[1].tac_default",
        &[("DE4000A800", "DE4000A80000", "too long")],
    );
    all_refused(
        "application[1].floor_limit_minor",
        &[
            (
                "floor_limit_minor = 10000",
                "floor_limit_minor = -1",
                "out of range",
            ),
            (
                "floor_limit_minor = 10000",
                "floor_limit_minor = 4294967296",
                "out of range",
            ),
        ],
    );
}

#[test]
fn an_action_code_may_have_bits_that_no_tvr_has() {
    let text = with("DE4004F800", "FFFFFFFFFF");
    let terminal = TerminalData::from_toml(&text).expect("a profile");
    assert_eq!(
        terminal.applications[0].actions.online.to_bytes(),
        [0xFF; 5]
    );
}

/// Book 3 §10.6.2: a threshold below the floor limit, shares from 0 to 99, the higher one not lower.
#[test]
fn random_selection_is_checked_against_the_floor_limit() {
    let bench = TerminalData::from_toml(BENCH).expect("a profile");
    let random = RandomSelection {
        threshold_minor: 5_000,
        target_percent: 0,
        max_target_percent: 50,
    };
    assert_eq!(bench.applications[0].random, random);
    let threshold = "application[1].random.threshold_minor";
    all_refused(
        threshold,
        &[(
            "threshold_minor = 5000",
            "threshold_minor = 10000",
            "floor limit",
        )],
    );
    assert!(
        TerminalData::from_toml(&with("threshold_minor = 5000", "threshold_minor = 9999")).is_ok()
    );
    let most = "application[1].random.max_target_percent";
    all_refused(
        most,
        &[
            (
                "max_target_percent = 50",
                "max_target_percent = 100",
                "out of range",
            ),
            (
                "target_percent = 0, max_target_percent = 50",
                "target_percent = 51, max_target_percent = 50",
                "less than",
            ),
        ],
    );
    let none = with(
        "random = { threshold_minor = 5000, target_percent = 0, max_target_percent = 50 }\n",
        "",
    );
    let none = TerminalData::from_toml(&none).expect("a profile");
    assert_eq!(none.applications[0].random, RandomSelection::default());
}

/// Book 2 §6.5.1.
#[test]
fn a_default_ddol_asks_for_the_whole_unpredictable_number() {
    let from = "default_ddol = \"9F3704\"";
    for (to, words) in [
        ("", "too short"),
        ("9F02069A03", "unpredictable number"),
        ("9F3702", "unpredictable number"),
        ("9F37", "no data object list"),
        ("9F", "too short"),
        ("9F37049F", "no data object list"),
        ("9F3704 9F02FF", "no data object list"),
    ] {
        let to = format!("default_ddol = \"{to}\"");
        all_refused("application[1].default_ddol", &[(from, &to, words)]);
    }
    let more =
        TerminalData::from_toml(&with(from, "default_ddol = \"9A03 9F3704\"")).expect("a profile");
    assert_eq!(more.applications[0].default_ddol, [0x9A, 3, 0x9F, 0x37, 4]);
}

#[test]
fn a_default_tdol_is_a_list() {
    let from = "default_tdol = \"9F02065F2A029A039C0195059F3704\"";
    all_refused(
        "application[1].default_tdol",
        &[
            (from, "default_tdol = \"9F02\"", "no data object list"),
            (from, "default_tdol = \"\"", "too short"),
        ],
    );
    let none = TerminalData::from_toml(&with(&format!("{from}\n"), "")).expect("a profile");
    assert_eq!(none.applications[0].default_tdol, []);
}

#[test]
fn there_are_at_most_32() {
    let (head, rest) = BENCH.split_once("[[application]]").expect("an application");
    let (_, keys) = rest.split_once("[[capk]]").expect("a key");
    let many = |count: usize| {
        let tables: String = (0..count)
            .map(|place| {
                format!(
                    "[[application]]\naid = \"A0000000031010{place:02X}\"\nname = \"Visa\"\npartial = false\nversion = \"0096\"\nfloor_limit_minor = 0\ntac_denial = \"0000000000\"\ntac_online = \"0000000000\"\ntac_default = \"0000000000\"\n"
                )
            })
            .collect();
        format!(
            "{head}{tables}[[capk]]{}",
            keys.split("[[capk]]").next().unwrap_or_default()
        )
    };
    assert_eq!(
        TerminalData::from_toml(&many(32)).map(|one| one.applications.len()),
        Ok(32)
    );
    let ProfileError::Value { key, remedy, .. } = error(&many(33)) else {
        panic!("not about a value");
    };
    assert_eq!(key, "application");
    assert!(remedy.contains("1 to 32"), "{remedy}");
}
