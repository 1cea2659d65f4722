use proptest::prelude::*;

use super::{BENCH, error, refused, with};
use crate::{MAX_PROFILE, ProfileError, TerminalData};

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_keys_that_there_are() {
    for (from, to, key, hint) in [
        (
            "country = 276",
            "country = 276\npin_pad = true",
            "terminal.pin_pad",
            "type, country",
        ),
        (
            "partial = true",
            "partial = true\npartially = 1",
            "application[1].partially",
            "aid, name",
        ),
        (
            "kernel = 3",
            "kernel = 3\nspeed = 1",
            "application[1].contactless.speed",
            "ttq",
        ),
        (
            "target_percent = 0",
            "target_percent = 0, x = 1",
            "application[1].random.x",
            "threshold_minor",
        ),
        (
            "[terminal]",
            "colour = 1\n[terminal]",
            "colour",
            "application, capk, revoked",
        ),
        (
            "exponent = 3",
            "exponent = 3\nprivate = \"01\"",
            "capk[1].private",
            "modulus",
        ),
    ] {
        let wrong = refused(from, to);
        assert_eq!(
            (wrong.key.as_str(), wrong.reason.as_str()),
            (key, "is no key of a profile")
        );
        assert!(wrong.remedy.contains(hint), "{}", wrong.remedy);
    }
}

#[test]
fn a_missing_key_is_named_at_the_line_where_its_table_begins() {
    for (line, key, header) in [
        ("country = 276\n", "terminal.country", "[terminal]"),
        (
            "name = \"Visa\"\n",
            "application[1].name",
            "[[application]]",
        ),
        (
            "ttq = \"37204080\"\n",
            "application[1].contactless.ttq",
            "[application.contactless]",
        ),
        ("index = \"E1\"\n", "capk[1].index", "[[capk]]"),
    ] {
        let text = with(line, "");
        let ProfileError::Value {
            line,
            key: named,
            reason,
            ..
        } = error(&text)
        else {
            panic!("{key}: not about a value");
        };
        assert_eq!((named.as_str(), reason.as_str()), (key, "is missing"));
        assert_eq!(text.lines().nth(line - 1), Some(header), "{key}");
    }
}

#[test]
fn a_value_of_another_type_is_named_with_its_line() {
    for (from, to, key, reason) in [
        (
            "country = 276",
            "country = \"DE\"",
            "terminal.country",
            "is no whole number",
        ),
        (
            "country = 276",
            "country = 27.6",
            "terminal.country",
            "is no whole number",
        ),
        (
            "type = 22",
            "type = [22]",
            "terminal.type",
            "is no whole number",
        ),
        (
            "serial = \"SEALBNCH\"",
            "serial = 12345678",
            "terminal.serial",
            "is no text in quotation marks",
        ),
        (
            "partial = true",
            "partial = 1",
            "application[1].partial",
            "is not true or false",
        ),
        (
            "capabilities = \"20F8C8\"",
            "capabilities = 0x20F8C8",
            "terminal.capabilities",
            "is no text in quotation marks",
        ),
        (
            "random = {",
            "random = 5 #",
            "application[1].random",
            "is no table",
        ),
        (
            "expires = 2035-12-31",
            "expires = 2035",
            "capk[1].expires",
            "is no day",
        ),
    ] {
        let wrong = refused(from, to);
        assert_eq!(
            (wrong.key.as_str(), wrong.reason.as_str()),
            (key, reason),
            "{to}"
        );
    }
}

#[test]
fn a_missing_or_misshapen_table_is_named() {
    let cases = [
        ("", "terminal", 1),
        ("terminal = 3", "terminal", 1),
        ("[terminal]\n", "terminal.type", 1),
        ("\n[[terminal]]\n", "terminal", 2),
    ];
    for (text, key, line) in cases {
        let ProfileError::Value {
            line: at,
            key: named,
            ..
        } = error(text)
        else {
            panic!("{text}: not about a value");
        };
        assert_eq!((named.as_str(), at), (key, line), "{text}");
    }
    let only_terminal = BENCH.split("[[application]]").next().expect("a first part");
    for list in [
        "",
        "application = []\n",
        "application = 3\n",
        "application = [3]\n",
    ] {
        let ProfileError::Value { key, .. } = error(&format!("{list}{only_terminal}")) else {
            panic!("{list}: not about a value");
        };
        assert!(key.starts_with("application"), "{list}: {key}");
    }
}

#[test]
fn what_is_no_toml_is_refused_with_its_line() {
    let text = with("country = 276", "country 276");
    let broken = error(&text);
    assert!(matches!(broken, ProfileError::Toml { .. }), "{broken}");
    let line = broken.line().expect("it is in one line");
    assert_eq!(text.lines().nth(line - 1), Some("country 276"));
    let twice = error(&with("country = 276", "country = 276\ncountry = 277"));
    assert!(matches!(twice, ProfileError::Toml { .. }), "{twice}");
}

#[test]
fn a_profile_has_a_bound() {
    let room = MAX_PROFILE - BENCH.len();
    let full = format!("{BENCH}{}", "#".repeat(room));
    assert!(TerminalData::from_toml(&full).is_ok());
    assert_eq!(error(&format!("{full}#")), ProfileError::TooLong);
    let deep = format!("x = {}", "[".repeat(10_000));
    assert!(matches!(error(&deep), ProfileError::Toml { .. }));
}

#[test]
fn a_key_that_is_no_name_does_not_spoil_the_message() {
    let escape = error("\"a\\u001B[2J\\nb\" = 1\n").to_string();
    assert!(!escape.contains(char::is_control), "{escape:?}");
    let long = error(&format!("{} = 1\n", "k".repeat(50_000))).to_string();
    assert!(long.len() < 400, "{} characters", long.len());
}

#[test]
fn a_refusal_is_one_line_that_says_where_what_and_what_instead() {
    let text = error(&with("type = 22", "type = 99")).to_string();
    let line = 1 + BENCH
        .lines()
        .position(|line| line == "type = 22")
        .expect("it is there");
    assert_eq!(
        text,
        format!(
            "the terminal profile is wrong at line {line}: `terminal.type` is no terminal that this software can be; write 21, 22, 24 or 25: a merchant's terminal that can go online"
        )
    );
    let broken = error("a = [\n\nb").to_string();
    assert!(!broken.contains('\n'), "{broken}");
}

proptest! {
    /// Whatever is typed into a profile, it is taken or refused, and a refusal names a line that is
    /// there.
    #[test]
    fn a_slip_of_the_finger_is_taken_or_refused_with_a_line(
        at in 0..BENCH.len(),
        cut in 0..40_usize,
        typed in "[ -~\n\t]{0,8}",
    ) {
        let cut = (at + cut).min(BENCH.len());
        let text = format!("{}{typed}{}", &BENCH[..at], &BENCH[cut..]);
        if let Err(error) = TerminalData::from_toml(&text) {
            let line = error.line().expect("it is not too long");
            let lines = 1 + text.matches('\n').count();
            prop_assert!((1..=lines).contains(&line), "{error}");
            prop_assert!(!error.to_string().contains('\n'), "{error}");
        }
    }

    /// Nor does anything else that is not a profile end otherwise.
    #[test]
    fn any_text_is_refused(text in "\\PC{0,200}") {
        prop_assert!(TerminalData::from_toml(&text).is_err());
    }
}
