//! Rights, limits, memory and threads in /proc.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::rig::{NOBODY, Running, command, folder, lane};

/// Sets of capabilities in /proc/PID/status.
const CAPABILITIES: [&str; 5] = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];

fn assert_locked_down(process: &Running) {
    let status = process.lines("status");
    assert_eq!(status["Umask"], "0077");
    let limits = process.file("limits");
    let cores = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .expect("a limit of cores");
    let words: Vec<_> = cores.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{cores}");
    assert_eq!(process.file("coredump_filter").trim(), "00000000");
    let threads = fs::read_dir(format!("/proc/{}/task", process.pid())).expect("its threads");
    for thread in threads.filter_map(Result::ok) {
        let thread = thread.file_name().into_string().expect("a number");
        let status = process.lines(&format!("task/{thread}/status"));
        assert_eq!(status["Seccomp"], "2", "thread {thread}");
        assert_eq!(status["NoNewPrivs"], "1", "thread {thread}");
        for set in CAPABILITIES {
            assert_eq!(status[set], "0000000000000000", "thread {thread}: {set}");
        }
    }
}

#[test]
fn a_lane_has_no_rights_no_cores_and_locked_memory_in_every_thread() {
    let folder = folder();
    let mut lane = Running::start(&mut lane(&[], folder.path()));
    let posture = lane.lane_posture();
    assert!(posture.is_full(), "{posture:#?}");
    assert_eq!(
        (posture.process.as_str(), posture.pid),
        ("lane", lane.pid())
    );
    assert_locked_down(&lane);
    let status = lane.lines("status");
    assert_eq!(status["Name"], "lane");
    assert_ne!(status["VmLck"], "0 kB");
    // Each piece of memory that it can write is locked ("lo" among the flags).
    let maps = lane.file("smaps");
    let mut written = 0;
    for mapping in maps.split("VmFlags:").collect::<Vec<_>>().windows(2) {
        let (head, flags) = (mapping[0], mapping[1].lines().next().unwrap_or_default());
        let kernels = ["[vvar", "[vdso", "[vsyscall"]
            .iter()
            .any(|name| head.contains(name));
        if flags.split(' ').any(|flag| flag == "wr") && !kernels {
            written += 1;
            assert!(flags.split(' ').any(|flag| flag == "lo"), "{head}{flags}");
        }
    }
    assert!(written > 5, "{maps}");
}

#[test]
fn an_uplink_has_no_rights_and_no_cores_in_every_thread() {
    let mut uplink = Running::start(&mut command(&[], "uplink"));
    let posture = uplink.uplink_posture();
    assert!(posture.is_full(), "{posture:#?}");
    assert_eq!(
        (posture.process.as_str(), posture.pid),
        ("uplink", uplink.pid())
    );
    assert_locked_down(&uplink);
}

#[test]
fn another_process_of_the_same_user_sees_nothing() {
    let folder = folder();
    let mut lane = Running::start(&mut lane(NOBODY, folder.path()));
    let posture = lane.lane_posture();
    assert!(posture.is_full(), "{posture:#?}");
    let status = lane.lines("status");
    assert!(status["Uid"].starts_with("65534"), "{}", status["Uid"]);
    for file in ["mem", "environ", "maps", "auxv"] {
        let path = format!("/proc/{}/{file}", lane.pid());
        assert_eq!(
            fs::metadata(&path).expect("the process lives").uid(),
            0,
            "{path} is root's"
        );
        let (first, rest) = NOBODY.split_first().expect("a command");
        let read = Command::new(first)
            .args(rest)
            .args(["head", "-c1", &path])
            .output();
        assert!(
            !read.expect("setpriv runs").status.success(),
            "{path} was read"
        );
    }
    // And without rights it is no less locked down.
    assert_eq!(status["Seccomp"], "2");
    assert_eq!(status["NoNewPrivs"], "1");
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(status[set], "0000000000000000", "{set}");
    }
}

#[test]
fn another_process_of_the_same_user_cannot_take_over_the_starter() {
    let mut till = command(NOBODY, "till");
    let starter = Running::start(till.args(["--starter", "[]"]));
    // Its name is the last thing that it does before it waits for orders.
    while starter.file("comm").trim() != "starter" {
        thread::sleep(Duration::from_millis(5));
    }
    let path = format!("/proc/{}/mem", starter.pid());
    let owner = fs::metadata(&path).expect("the process lives").uid();
    assert_eq!(owner, 0, "{path} is root's");
}

#[test]
fn the_log_says_how_far_each_measure_got() {
    let folder = folder();
    let mut lane = Running::start(&mut lane(&[], folder.path()));
    let posture = lane.lane_posture();
    let (status, log) = lane.close();
    assert!(status.success(), "{log}");
    for achieved in posture.measures {
        let lines = log
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let said = lines
            .filter(|line| line["fields"]["measure"] == achieved.measure.word())
            .collect::<Vec<_>>();
        assert_eq!(said.len(), 1, "{}: {log}", achieved.measure);
        assert_eq!(said[0]["fields"]["reach"], "full");
        assert_eq!(said[0]["fields"]["detail"], achieved.detail.as_str());
    }
}
