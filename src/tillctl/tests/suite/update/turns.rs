//! The service, turn by turn: it takes what arrived, waits for the till, and restarts the machine
//! only when the till's last word is a good one.

use std::fs;

use serde_json::json;

use super::system::{NEXT, System, Wanted, now_ms, word};

const STOP: &str = "systemctl --quiet stop sealpoint-till.service";
const START: &str = "systemctl --quiet start --no-block sealpoint-till.service";
const REBOOT: &str =
    "systemctl --quiet start --no-block --job-mode=replace-irreversibly reboot.target";

/// A till whose last word is that, once it is stopped.
fn ends_with(system: &System, but: serde_json::Value) {
    system.write("last", &word(but).to_string());
    let (last, status) = (
        system.text("last"),
        system.text("var/lib/sealpoint/till/status.json"),
    );
    let then = format!("if [ \"$2\" = stop ]; then /bin/cp {last} {status}; fi");
    system.stands_in("usr/bin/systemctl", &then);
}

#[test]
fn a_release_that_arrived_is_installed_and_the_machine_started_again() {
    let system = System::new();
    ends_with(&system, json!({ "ended": true }));
    let ran = system.turn();
    assert_eq!((ran.code, ran.text("state")), (0, "current".to_owned()));
    assert_eq!(system.called(), [] as [&str; 0]);

    system.arrives(&NEXT);
    let ran = system.turn();
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(
        (ran.text("state"), ran.text("release")),
        ("restarting".into(), "1.1.0".into())
    );
    let installed = "1.1.0 is in the other slot and waits for a restart.";
    assert!(ran.err.contains(installed), "{}", ran.err);
    let called = system.called();
    assert!(called[0].starts_with("systemd-sysupdate "), "{called:?}");
    assert_eq!(called[1..], [STOP, REBOOT]);
}

#[test]
fn a_download_that_is_not_whole_yet_is_not_looked_at() {
    let system = System::new();
    system.arrives(&NEXT);
    fs::remove_file(system.at("var/lib/sealpoint/update/incoming/ready")).expect("it was made");
    let ran = system.turn();
    assert_eq!((ran.code, ran.text("state")), (0, "current".to_owned()));
    assert_eq!(system.called(), [] as [&str; 0]);
}

#[test]
fn somebody_at_the_till_holds_up_the_restart_and_not_the_installation() {
    let system = System::new();
    system.arrives(&NEXT);
    ends_with(&system, json!({ "ended": true }));
    for (word, says) in [
        (
            json!({ "at_rest_since_ms": null }),
            "somebody uses the till",
        ),
        (
            json!({ "at_rest_since_ms": now_ms() - 590_000 }),
            "a short while ago",
        ),
    ] {
        system.says(word);
        let ran = system.turn();
        assert_eq!(
            (ran.code, ran.text("state")),
            (0, "waits".to_owned()),
            "{}",
            ran.out
        );
        assert!(ran.text("told").contains(says), "{}", ran.out);
        let called = system.called();
        assert!(
            called.iter().all(|it| it.starts_with("systemd-sysupdate ")),
            "{called:?}"
        );
    }
    assert_eq!(system.remembers()["installed"]["version"], "1.1.0");
    system.says(json!({ "at_rest_since_ms": now_ms() - 601_000 }));
    assert_eq!(system.turn().text("state"), "restarting");
    assert_eq!(system.called(), [STOP, REBOOT], "it was installed before");
}

#[test]
fn a_charge_that_came_between_holds_up_the_restart() {
    let system = System::new();
    system.arrives(&NEXT);
    system.says(json!({ "at_rest_since_ms": null }));
    assert_eq!(system.turn().text("state"), "waits");
    let _installed = system.called();
    for (word, says) in [
        (
            json!({ "open_charges": { "unknown": 1 } }),
            "may or may not",
        ),
        (
            json!({ "open_charges": { "reversing": 1 } }),
            "to be undone",
        ),
        (
            json!({ "written_at_ms": now_ms() - 600_000 }),
            "has not said",
        ),
    ] {
        system.says(word);
        let ran = system.turn();
        assert_eq!(ran.text("state"), "waits");
        assert!(ran.text("told").contains(says), "{}", ran.out);
        assert_eq!(system.called(), [] as [&str; 0], "the till was not stopped");
    }
}

#[test]
fn a_till_whose_last_word_is_not_a_good_one_starts_again_and_the_machine_does_not() {
    for (last, says) in [
        (json!({}), "did not end as it was asked to"),
        (
            json!({ "ended": true, "at_rest_since_ms": null }),
            "began to use the till",
        ),
        (
            json!({ "ended": true, "open_charges": { "unknown": 1 } }),
            "may or may not",
        ),
        (
            json!({ "ended": true, "open_charges": { "reversing": 1 } }),
            "to be undone",
        ),
        (
            json!({ "ended": true, "journal": { "schema": 4 } }),
            "schema 4",
        ),
    ] {
        let system = System::new();
        system.arrives(&NEXT);
        ends_with(&system, last.clone());
        let ran = system.turn();
        assert!(ran.out.contains(says), "{last}: {}", ran.out);
        assert_eq!(system.called()[1..], [STOP, START], "{last}");
    }
}

#[test]
fn a_machine_that_cannot_be_started_again_sells_on() {
    let system = System::new();
    system.arrives(&NEXT);
    system.write("last", &word(json!({ "ended": true })).to_string());
    let (last, status) = (
        system.text("last"),
        system.text("var/lib/sealpoint/till/status.json"),
    );
    let then = format!("case \"$*\" in *stop*) /bin/cp {last} {status};; *reboot*) exit 1;; esac");
    system.stands_in("usr/bin/systemctl", &then);
    let ran = system.turn();
    assert_eq!(ran.text("state"), "waits", "{}", ran.out);
    assert_eq!(system.called()[1..], [STOP, REBOOT, START]);
}

#[test]
fn a_release_that_is_refused_is_an_error_of_the_unit() {
    let system = System::new();
    system.arrives(&Wanted {
        version: "0.9.0",
        from: "0.1",
        ..NEXT
    });
    let ran = system.turn();
    assert_eq!(ran.code, 122, "{}", ran.out);
    assert!(
        system.remembers()["told"]
            .to_string()
            .contains("1.0.0 runs already")
    );
    // One that fits and was installed before is not held up by it.
    let system = System::new();
    system.arrives(&NEXT);
    system.says(json!({ "at_rest_since_ms": null }));
    assert_eq!(system.turn().text("state"), "waits");
    system.write("var/lib/sealpoint/update/incoming/release.txt", "anything");
    system.says(json!({}));
    ends_with(&system, json!({ "ended": true }));
    assert_eq!(system.turn().text("state"), "restarting");
}

#[test]
fn an_image_that_did_not_come_up_is_said_and_not_tried_again() {
    let system = System::new();
    system.arrives(&NEXT);
    ends_with(&system, json!({ "ended": true }));
    assert_eq!(system.turn().text("state"), "restarting");
    let _installed = system.called();
    // Three tries later the old image runs again.
    system.boots("boot-5");
    system.says(json!({}));
    let ran = system.turn();
    assert_eq!(ran.code, 122, "{}", ran.out);
    assert!(
        ran.err
            .contains("1.1.0 was installed before, did not come up"),
        "{}",
        ran.err
    );
    assert_eq!(system.remembers()["failed"], json!(["1.1.0"]));
    assert_eq!(system.turn().code, 122, "nor in the next turn");
    assert_eq!(system.called(), [] as [&str; 0]);
    let shown = system.update(&["show"]);
    assert!(
        shown.text("told").contains("1.1.0 did not come up"),
        "{}",
        shown.out
    );

    system.arrives(&Wanted {
        version: "1.1.1",
        ..NEXT
    });
    assert_eq!(system.turn().text("state"), "restarting");
}

#[test]
fn an_image_that_came_up_is_what_runs() {
    let system = System::new();
    system.arrives(&NEXT);
    ends_with(&system, json!({ "ended": true }));
    assert_eq!(system.turn().text("state"), "restarting");
    system.runs("1.1.0");
    system.boots("boot-2");
    system.says(json!({}));
    let _installed = system.called();
    let ran = system.turn();
    assert_eq!(
        (ran.code, ran.text("state")),
        (0, "current".to_owned()),
        "{}",
        ran.out
    );
    assert_eq!(system.remembers()["running"], "1.1.0");
    assert_eq!(system.called(), [] as [&str; 0]);
}
