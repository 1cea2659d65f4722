//! The command line of the binary.

use std::process::{Command, Output, Stdio};

fn lane(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lane"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the lane runs")
}

#[test]
fn a_wrong_command_line_gets_one_sentence_and_exit_code_2() {
    let wrong = [
        (&[][..], "`--keys DIR` is missing."),
        (&["--keys", "."], "`--terminal ID` is missing."),
        (
            &["--keys", ".", "--terminal", "t1"],
            "\"t1\" is no terminal id.",
        ),
        (
            &["--keys", ".", "--terminal", "T1", "--reader", "usb"],
            "\"usb\" is not a reader.",
        ),
        (
            &["--keys", ".", "--terminal", "T1", "--reader", "virtual:"],
            "is not a reader.",
        ),
        (&["--colour"], "invalid option '--colour'"),
        (&["--keys"], "missing argument"),
    ];
    for (arguments, part) in wrong {
        let output = lane(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(part), "{said}");
        assert!(
            said.trim_end()
                .ends_with("Run `lane --help` to see how it is called."),
            "{said}"
        );
    }
}

#[test]
fn started_by_hand_it_says_who_starts_it() {
    let output = lane(&["--keys", ".", "--terminal", "T1"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("Start `till`; it starts its lane itself."),
        "{said}"
    );
}

#[test]
fn help_names_every_option() {
    let output = lane(&["--help"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    for option in [
        "--keys",
        "--terminal",
        "--reader",
        "--profile",
        "virtual:SOCKET",
    ] {
        assert!(said.contains(option), "{said}");
    }
}
