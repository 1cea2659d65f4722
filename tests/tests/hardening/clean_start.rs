//! What a starter leaves in environment and descriptors does not reach the process.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::process::Command;

use sealpoint_tests::built::program;

use crate::rig::{Running, command, folder, lane};

/// Variables that somebody who wants to be in the card process would set; and a secret by mistake.
const SET: &[(&str, &str)] = &[
    ("LD_PRELOAD", "libpcscspy.so.0 libz.so.1"),
    ("LD_AUDIT", "libz.so.1"),
    ("LD_LIBRARY_PATH", "/tmp"),
    ("LD_BIND_NOW", "1"),
    ("GLIBC_TUNABLES", "glibc.malloc.check=3"),
    ("MALLOC_ARENA_MAX", "64"),
    ("LIBPCSCLITE_DELEGATE", "/tmp/skimmer.so"),
    ("HOSTALIASES", "/tmp/hosts"),
    ("RES_OPTIONS", "debug"),
    ("SEALPOINT_CLEANED", "1 0 0"),
    ("PASSWORD", "secret"),
    ("SEALPOINT_LOG", "debug"),
];

fn names(process: &Running) -> BTreeSet<String> {
    let environment = process.file("environ");
    let pairs = environment
        .split('\0')
        .filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, _)| name.to_owned()).collect()
}

fn assert_clean(process: &Running) {
    let own = [
        "MALLOC_ARENA_MAX",
        "RUST_MIN_STACK",
        "SEALPOINT_CLEANED",
        "SEALPOINT_LOG",
    ];
    assert_eq!(names(process), own.map(str::to_owned).into());
    let environment = process.file("environ");
    for pair in [
        "SEALPOINT_LOG=debug",
        "MALLOC_ARENA_MAX=1",
        "RUST_MIN_STACK=524288",
    ] {
        assert!(
            environment.split('\0').any(|found| found == pair),
            "{environment}"
        );
    }
    let maps = process.file("maps");
    for library in ["libpcscspy", "libz.so", "skimmer"] {
        assert!(!maps.contains(library), "{library} is in the process");
    }
}

#[test]
fn a_lane_has_none_of_the_variables_that_it_was_started_with() {
    let folder = folder();
    let mut command = lane(&[], folder.path());
    let mut lane = Running::start(command.envs(SET.iter().copied()));
    let posture = lane.lane_posture();
    assert!(posture.is_full(), "{posture:#?}");
    assert_clean(&lane);
}

#[test]
fn an_uplink_has_none_of_the_variables_that_it_was_started_with() {
    let mut command = command(&[], "uplink");
    let mut uplink = Running::start(command.envs(SET.iter().copied()));
    let posture = uplink.uplink_posture();
    assert!(posture.is_full(), "{posture:#?}");
    assert_clean(&uplink);
}

#[test]
fn another_card_service_can_be_named_in_a_demo_alone() {
    for (mode, stays) in [(&[][..], true), (&["--production"][..], false)] {
        let folder = folder();
        let mut command = lane(&[], folder.path());
        command
            .args(mode)
            .env("PCSCLITE_CSOCK_NAME", "/tmp/own-service");
        let mut lane = Running::start(&mut command);
        lane.lane_posture();
        assert_eq!(
            names(&lane).contains("PCSCLITE_CSOCK_NAME"),
            stays,
            "{mode:?}"
        );
    }
}

#[test]
fn a_journal_that_a_starter_left_open_is_closed() {
    let folder = folder();
    let journal = folder.path().join("journal.db");
    fs::write(&journal, "what it may not see").expect("our own folder");
    let file = File::open(&journal).expect("just written");
    // A shell hands it on under another number, as a program without care would.
    let script = format!(
        "exec 9</proc/{}/fd/{}; exec \"$@\"",
        std::process::id(),
        file.as_raw_fd()
    );
    for name in ["lane", "uplink"] {
        let mut command = Command::new("bash");
        command.args(["-c", &script, "-"]).arg(program(name));
        if name == "lane" {
            command.arg("--keys").arg(folder.path().join("keys"));
            command.args(["--terminal", "T0000001", "--reader", "virtual:/nonexistent"]);
        }
        let mut process = Running::start(&mut command);
        let posture = match name {
            "lane" => process.lane_posture(),
            _ => process.uplink_posture(),
        };
        assert!(posture.is_full(), "{posture:#?}");
        let open = fs::read_dir(format!("/proc/{}/fd", process.pid())).expect("descriptors");
        for entry in open.filter_map(Result::ok) {
            let target = fs::read_link(entry.path()).unwrap_or_default();
            assert_ne!(
                target,
                journal,
                "{name}: descriptor {:?}",
                entry.file_name()
            );
        }
    }
}
