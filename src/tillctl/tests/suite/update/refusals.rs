//! Each thing that keeps an update out: its sentence, its exit code, and that nothing was touched.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use super::system::{NEXT, System, Wanted, now_ms, parts};
use crate::bench::{Ran, tillctl};

/// A system with a release that may be installed.
fn ready() -> System {
    let system = System::new();
    system.release("release", &NEXT);
    system
}

fn assert_refused(system: &System, ran: &Ran, code: i32, says: &str) {
    assert_eq!(ran.code, code, "{says}: {}{}", ran.out, ran.err);
    let error = &ran.json()["error"];
    let what = error["what"].as_str().unwrap_or_default();
    assert!(what.contains(says), "{what}");
    assert!(error["remedy"].as_str().is_some_and(|it| !it.is_empty()));
    assert_eq!(system.called(), [] as [&str; 0], "nothing was started");
    assert!(!system.spool());
}

#[test]
fn what_the_retailer_signed_for_this_till_fits() {
    let system = ready();
    let ran = system.check();
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(ran.text("state"), "fits");
    assert_eq!(
        (ran.text("running"), ran.text("release")),
        ("1.0.0".into(), "1.1.0".into())
    );
    assert!(!system.spool());
    assert_eq!(system.called(), [] as [&str; 0]);
}

#[test]
fn a_release_that_the_retailer_did_not_sign_is_refused() {
    let system = ready();
    let path = system.at("release/release.txt");
    let text = fs::read_to_string(&path).expect("it was made");
    for (find, put) in [
        ("version 1.1.0", "version 1.2.0"),
        ("rollback_index 3", "rollback_index 9"),
        ("signed by root-1", "signed by root-2"),
        ("-- release ", "-- manifest "),
    ] {
        fs::write(&path, text.replacen(find, put, 1)).expect("written");
        assert_refused(
            &system,
            &system.check(),
            120,
            "not one that the retailer signed",
        );
    }
    // Another retailer's, whose root has the same name.
    fs::write(&path, &text).expect("written");
    fs::create_dir(system.at("other")).expect("a folder");
    let other = [
        "keys",
        "root",
        "--id",
        "root-1",
        "--out",
        system.text("other"),
    ];
    assert_eq!(tillctl(&other).code, 0);
    fs::copy(
        system.at("other/retailer.pub.toml"),
        system.at("etc/sealpoint/retailer.pub.toml"),
    )
    .expect("copied");
    assert_refused(
        &system,
        &system.check(),
        120,
        "not one that the retailer signed",
    );
}

#[test]
fn a_file_that_is_not_the_one_that_was_signed_for_is_refused() {
    for (name, content) in parts("1.1.0") {
        let system = ready();
        let path = system.at(&format!("release/{name}"));
        let flipped = content.replacen('1', "2", 1);
        for damaged in [&flipped, &content[1..], &format!("{content}x"), ""] {
            fs::write(&path, damaged).expect("written");
            assert_refused(&system, &system.check(), 121, &name);
        }
        fs::remove_file(&path).expect("it was there");
        assert_refused(&system, &system.check(), 121, &name);
        // A link to the right file is none: what it leads to may change.
        system.write("elsewhere", &content);
        symlink(system.at("elsewhere"), &path).expect("linked");
        assert_refused(&system, &system.check(), 121, &name);
    }
}

#[test]
fn an_image_that_is_not_newer_is_refused() {
    let system = System::new();
    for (version, from) in [("1.0.0", "0.9"), ("0.9.9", "0.1"), ("1.0", "0.9")] {
        let folder = format!("release-{version}");
        system.release(
            &folder,
            &Wanted {
                version,
                from,
                ..NEXT
            },
        );
        let ran = system.update(&["check", system.text(&folder)]);
        assert_refused(&system, &ran, 122, "1.0.0 runs already");
    }
}

#[test]
fn an_image_with_a_hole_that_was_closed_is_refused() {
    let system = System::new();
    system.release("release", &Wanted { index: "2", ..NEXT });
    assert_refused(&system, &system.check(), 122, "roll-back index 2");
}

#[test]
fn an_image_that_needs_a_step_between_is_refused() {
    let system = System::new();
    system.release(
        "release",
        &Wanted {
            from: "1.0.1",
            ..NEXT
        },
    );
    assert_refused(&system, &system.check(), 122, "for images from 1.0.1 on");
}

#[test]
fn while_a_charge_is_open_nothing_is_installed() {
    let system = ready();
    for (open, says) in [
        (json!({ "open_charges": { "in_flight": 1 } }), "in flight"),
        (
            json!({ "open_charges": { "unknown": 1 } }),
            "may or may not",
        ),
        (
            json!({ "open_charges": { "approved": 1 } }),
            "not yet written",
        ),
        (
            json!({ "open_charges": { "reversing": 2 } }),
            "2 charges waits to be undone",
        ),
        (json!({ "reversals_due": 1 }), "to be undone"),
        (
            json!({ "open_charges": null }),
            "does not say which charges",
        ),
    ] {
        system.says(open);
        for what in ["check", "apply"] {
            let ran = system.update(&[what, system.text("release")]);
            assert_refused(&system, &ran, 123, says);
        }
    }
}

#[test]
fn a_till_that_does_not_say_how_it_stands_is_waited_for() {
    let system = ready();
    let old = now_ms() - 151_000;
    system.says(json!({ "written_at_ms": old }));
    assert_refused(
        &system,
        &system.check(),
        123,
        "has not said how it stands for 2 minutes",
    );
    system.says(json!({ "written_at_ms": now_ms() + 60_000 }));
    assert_refused(&system, &system.check(), 123, "has not said how it stands");
    system.says(json!({ "version": 2 }));
    assert_refused(&system, &system.check(), 123, "in version 2");
    system.write("var/lib/sealpoint/till/status.json", "{");
    assert_refused(&system, &system.check(), 123, "line 1");
    fs::remove_file(system.at("var/lib/sealpoint/till/status.json")).expect("it was there");
    assert_refused(&system, &system.check(), 123, "does not say how it stands");
}

#[test]
fn a_till_whose_journal_is_damaged_or_unknown_is_left_alone() {
    let system = ready();
    system.says(json!({ "journal": { "integrity": "page 7" } }));
    assert_refused(&system, &system.check(), 123, "damaged (page 7)");
    system.says(json!({ "journal": { "schema": 0 } }));
    assert_refused(&system, &system.check(), 123, "its journal's schema");
}

#[test]
fn an_image_whose_till_cannot_read_the_queue_is_refused() {
    let system = ready();
    system.says(json!({ "journal": { "schema": 3 } }));
    assert_refused(&system, &system.check(), 124, "schema 3");
    let old = System::new();
    old.release(
        "release",
        &Wanted {
            reads: "1",
            writes: "1",
            ..NEXT
        },
    );
    assert_refused(
        &old,
        &old.check(),
        124,
        "schema 2, which the till of the release cannot read",
    );
}

#[test]
fn an_image_that_could_not_be_returned_from_is_refused() {
    let system = System::new();
    system.release(
        "release",
        &Wanted {
            reads: "1,2,3",
            writes: "3",
            ..NEXT
        },
    );
    assert_refused(&system, &system.check(), 124, "to schema 3");
    // The step before it: it reads the next schema, and does not write it.
    let step = System::new();
    step.release(
        "release",
        &Wanted {
            reads: "1,2,3",
            writes: "2",
            ..NEXT
        },
    );
    assert_eq!(step.check().code, 0);
}

#[test]
fn an_image_that_does_not_say_which_one_it_is_is_not_updated() {
    let system = ready();
    system.write("etc/os-release", "IMAGE_VERSION=1.0.1\n");
    assert_refused(
        &system,
        &system.check(),
        73,
        "IMAGE_VERSION is \"1.0.1\" and not 1.0.0",
    );
}

#[test]
fn a_release_is_signed_over_exactly_its_four_files_and_never_written_over() {
    let system = ready();
    let again = |folder: &str| {
        let root = system.text("etc/sealpoint/retailer.key.toml");
        let reads = [
            "--journal-reads",
            "2",
            "--rollback-index",
            "3",
            "--from",
            "1",
        ];
        let make = [
            "update",
            "make",
            system.text(folder),
            "--root",
            root,
            "--version",
            "1.1.0",
        ];
        tillctl(&[&make[..], &reads].concat())
    };
    let ran = again("release");
    assert_eq!(ran.code, 73, "{}", ran.err);
    assert!(
        ran.err.contains("nothing is ever written over it"),
        "{}",
        ran.err
    );
    fs::remove_file(system.at("release/release.txt")).expect("it was there");
    assert_eq!(again("release").code, 0);

    let twice = parts("1.1.0")[1].0.replace("11111111", "22222222");
    fs::remove_file(system.at("release/release.txt")).expect("it was there");
    system.write(&format!("release/{twice}"), "another root");
    let ran = again("release");
    assert_eq!(ran.code, 72, "{}", ran.err);
    assert!(
        ran.err.contains("not exactly one file for the Root"),
        "{}",
        ran.err
    );
}
