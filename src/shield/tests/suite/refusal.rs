//! Something that production needs is not to be had.

use std::path::PathBuf;

use crate::rig::{Ground, probe};

/// Says what is missing, or what there is, of a probe that is started by that command.
#[track_caller]
fn said(ground: &Ground, starter: &[&str]) -> String {
    let output = ground
        .command(starter, "lane", "posture")
        .output()
        .expect("the starter runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The example that takes a system call away from the program that it runs.
fn without() -> String {
    let path: PathBuf = probe().with_file_name("without");
    path.display().to_string()
}

#[test]
fn everything_is_achieved_here() {
    let ground = Ground::new();
    let said = said(&ground, &[]);
    assert!(said.starts_with("locked full\n"), "{said}");
    assert_eq!(said.matches(" Full ").count(), 11, "{said}");
}

#[test]
fn a_small_limit_on_locked_memory_is_named_with_what_to_do() {
    let ground = Ground::new();
    let said = said(
        &ground,
        &[
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "prlimit",
            "--memlock=65536:65536",
        ],
    );
    assert!(
        said.contains("memory_locked: Its memory may be written to swap: it may lock 64 KiB"),
        "{said}"
    );
    assert!(said.contains("`LimitMEMLOCK=infinity`"), "{said}");
    assert!(said.contains("memory_locked Nothing"), "{said}");
    assert_eq!(said.matches(" Full ").count(), 10, "{said}");
}

#[test]
fn another_user_without_rights_is_protected_as_well() {
    let ground = Ground::new();
    let said = said(
        &ground,
        &[
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
        ],
    );
    assert!(said.starts_with("locked full\n"), "{said}");
    assert!(
        said.contains("without new privileges nothing comes from there"),
        "{said}"
    );
}

#[test]
fn a_kernel_without_landlock_is_named_with_what_to_do() {
    let ground = Ground::new();
    let said = said(&ground, &[&without(), "landlock"]);
    assert!(
        said.starts_with("locked probe does not start in production"),
        "{said}"
    );
    assert!(
        said.contains("files: This kernel has no Landlock"),
        "{said}"
    );
    assert!(said.contains("CONFIG_SECURITY_LANDLOCK"), "{said}");
    assert!(said.contains("files Nothing"), "{said}");
    assert!(said.contains("network Part"), "{said}");
}

#[test]
fn a_kernel_without_filters_of_calls_is_named_with_what_to_do() {
    let ground = Ground::new();
    let said = said(&ground, &[&without(), "seccomp"]);
    assert!(
        said.contains("system_calls: Every system call is allowed"),
        "{said}"
    );
    assert!(said.contains("CONFIG_SECCOMP_FILTER"), "{said}");
    assert!(said.contains("network Part"), "{said}");
}

#[test]
fn what_cannot_be_run_again_does_not_begin() {
    let ground = Ground::new();
    let script = "umount --lazy /proc && exec \"$@\"";
    let starter = ["unshare", "--mount", "bash", "-c", script, "-"];
    let output = ground
        .command(&starter, "lane", "nothing")
        .output()
        .expect("unshare runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("cannot start itself again"), "{said}");
    assert!(said.contains("Check that /proc is mounted"), "{said}");
    assert!(output.stdout.is_empty(), "nothing was begun");
}
