//! What is installed is what was signed, from a copy that only the updater can change.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::system::{NEXT, System, Wanted, parts};

/// A stand-in that keeps what it was given.
fn keeping(system: &System) {
    let kept = system.text("kept");
    system.stands_in(
        "usr/lib/systemd/systemd-sysupdate",
        &format!("/bin/cp -rp \"$4\" {kept}"),
    );
}

#[test]
fn what_is_installed_is_a_copy_of_what_was_signed_and_is_gone_afterwards() {
    let system = System::new();
    system.release("release", &NEXT);
    system.write("release/more.raw", "not in the release");
    keeping(&system);
    let ran = system.update(&["apply", system.text("release")]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(ran.text("state"), "installed");
    let (definitions, spool) = (
        system.text("usr/lib/sysupdate.d"),
        system.text("var/lib/sealpoint/update/spool"),
    );
    assert_eq!(
        system.called(),
        [format!(
            "systemd-sysupdate --definitions {definitions} --transfer-source {spool} update 1.1.0"
        )]
    );
    let mut names: Vec<String> = fs::read_dir(system.at("kept"))
        .expect("it was kept")
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    let mut wanted = vec!["release.txt".to_owned()];
    for (name, content) in parts("1.1.0") {
        let file = system.at(&format!("kept/{name}"));
        assert_eq!(
            fs::read_to_string(&file).expect("copied"),
            content,
            "{name}"
        );
        let mode = fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        wanted.push(name);
    }
    wanted.sort();
    assert_eq!(names, wanted);
    let folder = fs::metadata(system.at("kept")).expect("there");
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    assert!(!system.spool(), "the copy is gone");
    let memory = system.remembers();
    assert_eq!(memory["installed"]["version"], "1.1.0");
    assert_eq!(memory["installed"]["boot"], "boot-1");
}

#[test]
fn a_copy_that_was_left_by_a_power_cut_is_not_installed() {
    let system = System::new();
    system.release("release", &NEXT);
    fs::create_dir(system.at("var/lib/sealpoint/update/spool")).expect("a folder");
    let left = format!("var/lib/sealpoint/update/spool/{}", parts("1.1.0")[0].0);
    system.write(&left, "half of a kernel");
    keeping(&system);
    let ran = system.update(&["apply", system.text("release")]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let kept = system.at(&format!("kept/{}", parts("1.1.0")[0].0));
    assert_eq!(
        fs::read_to_string(kept).expect("copied"),
        parts("1.1.0")[0].1
    );
}

#[test]
fn what_could_not_be_written_is_said_and_not_remembered_as_installed() {
    let system = System::new();
    system.release("release", &NEXT);
    system.stands_in("usr/lib/systemd/systemd-sysupdate", "exit 1");
    let ran = system.update(&["apply", system.text("release")]);
    assert_eq!(ran.code, 126, "{}", ran.out);
    assert!(ran.text("error").contains("was not written"), "{}", ran.out);
    assert!(!system.spool());
    assert_eq!(system.remembers()["installed"], serde_json::Value::Null);
    fs::remove_file(system.at("usr/lib/systemd/systemd-sysupdate")).expect("it was there");
    assert_eq!(system.update(&["apply", system.text("release")]).code, 126);
}

#[test]
fn an_update_without_room_is_refused_before_it_is_copied() {
    let system = System::new();
    system.release("release", &NEXT);
    // The volume is a small one, in a namespace of its own.
    let volume = system.text("var/lib/sealpoint/update");
    let mount = format!("mount -t tmpfs -o size=4m none {volume} && exec \"$@\"");
    for what in ["check", "apply"] {
        let ran = Command::new("unshare")
            .args([
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                &mount,
                "sh",
            ])
            .arg(env!("CARGO_BIN_EXE_tillctl"))
            .args([
                "update",
                what,
                system.text("release"),
                "--system",
                system.text(""),
            ])
            .output()
            .expect("unshare runs");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(125), "{said}");
        assert!(said.contains("bytes of room"), "{said}");
    }
    assert_eq!(system.called(), [] as [&str; 0]);
}

/// A power cut in the middle of an update, or before the machine started again: the loader saw nothing
/// that it could try, so the image has not failed.
#[test]
fn an_image_that_was_never_tried_is_installed_anew() {
    let system = System::new();
    system.release("release", &NEXT);
    let apply = || system.update(&["apply", system.text("release")]);
    let kernel = "efi/EFI/Linux/sealpoint_1.1.0+3-0.efi";
    // As the real one: what is there by its name is installed.
    let installs = format!("[ -e {0} ] || echo whole > {0}", system.text(kernel));
    system.stands_in("usr/lib/systemd/systemd-sysupdate", &installs);
    assert_eq!(apply().text("state"), "installed");
    system.write(kernel, "");
    system.boots("boot-2");
    let ran = apply();
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let now = fs::read_to_string(system.at(kernel)).expect("it is there");
    assert_eq!(now, "whole\n", "what was left of it went first");
    // Tried once and not running: it came back.
    fs::rename(
        system.at(kernel),
        system.at("efi/EFI/Linux/sealpoint_1.1.0+2-1.efi"),
    )
    .expect("ours");
    system.boots("boot-3");
    let ran = apply();
    assert_eq!(ran.code, 122, "{}", ran.out);
    assert!(ran.text("error").contains("did not come up"), "{}", ran.out);
}

/// A loader that never takes an image does not have the machine start again for ever.
#[test]
fn an_image_that_is_never_tried_is_installed_anew_once() {
    let system = System::new();
    system.release("release", &NEXT);
    let apply = || system.update(&["apply", system.text("release")]);
    let kernel = system.text("efi/EFI/Linux/sealpoint_1.1.0+3-0.efi");
    let installs = format!("echo whole > {kernel}");
    system.stands_in("usr/lib/systemd/systemd-sysupdate", &installs);
    let mut codes = vec![];
    for boot in ["boot-1", "boot-2", "boot-3", "boot-4"] {
        system.boots(boot);
        codes.push(apply().code);
    }
    assert_eq!(codes, [0, 0, 122, 122]);
}

#[test]
fn an_image_that_came_back_is_not_installed_again() {
    let system = System::new();
    system.release("release", &NEXT);
    assert_eq!(system.update(&["apply", system.text("release")]).code, 0);
    system.boots("boot-2");
    let ran = system.update(&["apply", system.text("release")]);
    assert_eq!(ran.code, 122, "{}", ran.out);
    assert!(ran.text("error").contains("did not come up"), "{}", ran.out);
    system.release(
        "corrected",
        &Wanted {
            version: "1.1.1",
            ..NEXT
        },
    );
    let ran = system.update(&["apply", system.text("corrected")]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert_eq!(system.remembers()["failed"], serde_json::json!(["1.1.0"]));
}
