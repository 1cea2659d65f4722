//! Something is missing: production refuses with a sentence, a demo warns and goes on.

use sealpoint_tests::built::program;
use sealpoint_wire::posture::{Measure, Reach};

use crate::rig::{NOBODY, Running, command, folder, lane};

/// Exit code of a process that does not start because it is not protected.
const REFUSED: i32 = 3;

/// Too little may be locked, and no right to change that.
fn small_limit() -> Vec<&'static str> {
    [NOBODY, &["prlimit", "--memlock=65536:65536"]].concat()
}

#[test]
fn in_production_a_lane_without_locked_memory_does_not_start() {
    let folder = folder();
    let mut command = lane(&small_limit(), folder.path());
    let mut lane = Running::start(command.arg("--production"));
    let (why, posture) = lane.lane_refusal();
    assert_eq!(posture.shortfalls().count(), 1);
    let (status, log) = lane.ended();
    assert_eq!(status.code(), Some(REFUSED), "{log}");
    // The till hears the very sentences that the log has.
    for sentence in [
        "lane does not start in production without its whole protection.",
        "it may lock 64 KiB",
        "`LimitMEMLOCK=infinity`",
    ] {
        assert!(why.contains(sentence), "{why}");
    }
    assert!(
        log.contains("lane does not start in production without its whole protection."),
        "{log}"
    );
    assert!(
        log.contains("memory_locked: Its memory may be written to swap: it may lock 64 KiB"),
        "{log}"
    );
    assert!(log.contains("`LimitMEMLOCK=infinity`"), "{log}");
    assert!(log.contains("\"ERROR\""), "{log}");
}

#[test]
fn in_a_demo_it_starts_and_warns() {
    let folder = folder();
    let mut lane = Running::start(&mut lane(&small_limit(), folder.path()));
    let posture = lane.lane_posture();
    let short: Vec<_> = posture
        .shortfalls()
        .map(|short| (short.measure, short.reach))
        .collect();
    assert_eq!(short, [(Measure::MemoryLocked, Reach::Nothing)]);
    let (status, log) = lane.close();
    assert!(status.success(), "{log}");
    let warned = log
        .lines()
        .find(|line| line.contains("memory_locked"))
        .expect("a line");
    assert!(
        warned.contains("\"WARN\"") && warned.contains("not protected"),
        "{warned}"
    );
}

#[test]
fn in_production_nothing_starts_on_a_kernel_without_landlock() {
    let folder = folder();
    let without = program("examples/without").display().to_string();
    let starter = [without.as_str(), "landlock"];
    for (name, mut command) in [
        ("lane", lane(&starter, folder.path())),
        ("uplink", command(&starter, "uplink")),
    ] {
        let mut process = Running::start(command.arg("--production"));
        let (why, posture) = match name {
            "lane" => process.lane_refusal(),
            _ => process.uplink_refusal(),
        };
        assert!(why.contains("This kernel has no Landlock"), "{why}");
        assert_eq!(posture.process, name);
        assert!(posture.production && !posture.is_full());
        let (status, log) = process.ended();
        assert_eq!(status.code(), Some(REFUSED), "{log}");
        assert!(
            log.contains("files: This kernel has no Landlock that limits this."),
            "{log}"
        );
        assert!(log.contains("CONFIG_SECURITY_LANDLOCK"), "{log}");
    }
}

#[test]
fn in_production_they_start_where_nothing_is_missing() {
    let folder = folder();
    let mut lane = Running::start(lane(&[], folder.path()).arg("--production"));
    let posture = lane.lane_posture();
    assert!(posture.production && posture.is_full(), "{posture:#?}");
    let mut uplink = Running::start(command(&[], "uplink").arg("--production"));
    let posture = uplink.uplink_posture();
    assert!(posture.production && posture.is_full(), "{posture:#?}");
}
