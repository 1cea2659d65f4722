//! Before any card: the command line, the profile, the reader.

use std::fs;

use crate::bench::{folder, tillctl};

#[test]
fn without_a_command_it_says_how_it_is_called() {
    let ran = tillctl(&[]);
    assert_eq!(ran.code, 2);
    assert!(ran.out.is_empty());
    assert!(ran.err.contains("tillctl --help"), "{}", ran.err);
    let help = tillctl(&["--help"]);
    assert_eq!(help.code, 0);
    for option in [
        "--json",
        "--reader",
        "--amount",
        "--currency",
        "--kind",
        "--host",
        "--profile",
    ] {
        assert!(help.out.contains(option), "{option}");
    }
}

#[test]
fn wrong_arguments_are_named_and_touch_no_reader() {
    for (arguments, named) in [
        (&["card", "--amount", "0"][..], "1 to 999999999999"),
        (&["card", "--amount", "1.50"], "1.50"),
        (&["card", "--amount", "9999999999999"], "9999999999999"),
        (&["card", "--currency", "EUR"], "EUR"),
        (&["card", "--currency", "1000"], "1 to 999"),
        (&["card", "--kind", "gift"], "gift"),
        (&["card", "--host", "maybe"], "maybe"),
        (&["card", "--host", "http://127.0.0.1:1"], "https://"),
        (&["card", "--host", "https://127.0.0.1:1"], "--terminal"),
        (&["card", "--terminal", "T1"], "--host https"),
        (
            &[
                "card",
                "--host",
                "https://h:1",
                "--kind",
                "refund",
                "--keys",
                "k",
            ],
            "purchases alone",
        ),
        (&["card", "--choose", "0"], "1 to 255"),
        (&["card", "--wait", "99999"], "0 to 300"),
        (&["card", "--colour"], "--colour"),
        (&["card", "more"], "more"),
        (&["cards"], "cards"),
    ] {
        let ran = tillctl(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}");
        assert!(ran.err.contains(named), "{arguments:?}: {}", ran.err);
        assert!(ran.out.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_wrong_profile_is_refused_with_its_line_and_what_to_write() {
    let folder = folder();
    let path = folder.path().join("wrong.toml");
    let demo = include_str!("../../../emv/src/demo.toml");
    let line = 1 + demo
        .lines()
        .position(|line| line.starts_with("country = "))
        .expect("a country");
    let wrong = demo.replacen("country = 276", "country = 27600", 1);
    assert_ne!(wrong, demo);
    fs::write(&path, wrong).expect("a file");
    let path = path.to_str().expect("text");
    let ran = tillctl(&["card", "--json", "--profile", path]);
    assert_eq!(ran.code, 40);
    let error = &ran.json()["error"];
    let what = error["what"].as_str().expect("a sentence");
    assert!(what.contains(&format!("line {line}")), "{what}");
    assert!(what.contains("country"), "{what}");
    assert!(
        error["remedy"]
            .as_str()
            .is_some_and(|remedy| !remedy.is_empty())
    );
    // The same for people, on standard error.
    let ran = tillctl(&["card", "--profile", path]);
    assert_eq!((ran.code, ran.out.as_str()), (40, ""));
    assert!(ran.err.contains(&format!("line {line}")), "{}", ran.err);
}

#[test]
fn a_profile_that_is_not_there_or_no_file_is_said() {
    let folder = folder();
    let nothing = folder.path().join("nothing.toml");
    for path in [nothing.as_path(), folder.path()] {
        let ran = tillctl(&["card", "--json", "--profile", path.to_str().expect("text")]);
        assert_eq!(ran.code, 40);
        assert!(ran.text("error").contains("cannot be read"), "{}", ran.out);
    }
}

#[test]
fn a_scheme_key_with_a_wrong_check_value_is_refused() {
    let folder = folder();
    let path = folder.path().join("capk.toml");
    let demo = include_str!("../../../emv/src/demo.toml");
    let at = demo.find("check_value = \"").expect("a scheme key") + "check_value = \"".len();
    let mut wrong = demo.to_owned();
    let digit = if &demo[at..=at] == "0" { "1" } else { "0" };
    wrong.replace_range(at..=at, digit);
    fs::write(&path, wrong).expect("a file");
    let ran = tillctl(&["card", "--profile", path.to_str().expect("text")]);
    assert_eq!(ran.code, 40);
    assert!(ran.err.contains("check_value"), "{}", ran.err);
}
