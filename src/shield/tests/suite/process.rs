//! Programs, processes, memory.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use crate::rig::{ENDED, Ended, Ground};

/// The signal of abort(3).
const SIGABRT: i32 = 6;

/// Another process of the same user.
struct Bystander(Child);

impl Bystander {
    fn new() -> Self {
        let mut command = Command::new("sleep");
        command.arg("600").stdin(Stdio::null());
        Self(command.spawn().expect("sleep runs"))
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

#[test]
fn no_program_and_no_process_is_started() {
    let ground = Ground::new();
    for process in ["lane", "uplink"] {
        for attempt in ["exec", "spawn"] {
            assert_eq!(
                ground.tries(process, attempt, ""),
                ENDED,
                "{process}: {attempt}"
            );
        }
        for attempt in ["nothing", "thread", "memory"] {
            assert_eq!(
                ground.tries(process, attempt, ""),
                Ended::Done,
                "{process}: {attempt}"
            );
        }
    }
}

#[test]
fn what_was_taken_cannot_be_switched_on_again() {
    let ground = Ground::new();
    for process in ["lane", "uplink"] {
        for attempt in ["code", "dumpable", "limit", "swap"] {
            assert_eq!(
                ground.tries(process, attempt, ""),
                ENDED,
                "{process}: {attempt}"
            );
        }
    }
}

#[test]
fn other_processes_are_out_of_reach() {
    let ground = Ground::new();
    let mut bystander = Bystander::new();
    let pid = bystander.0.id().to_string();
    for process in ["lane", "uplink"] {
        for attempt in ["signal", "descriptor"] {
            assert_eq!(
                ground.tries(process, attempt, &pid),
                ENDED,
                "{process}: {attempt}"
            );
        }
    }
    assert!(
        bystander.0.try_wait().expect("our own child").is_none(),
        "it lives"
    );
}

#[test]
fn no_core_is_left_of_an_abort_or_of_a_forbidden_call() {
    let ground = Ground::new();
    // Both run in this folder, where a core would be.
    assert_eq!(ground.tries("lane", "abort", ""), Ended::Killed(SIGABRT));
    assert_eq!(ground.tries("lane", "exec", ""), ENDED);
    let left: Vec<_> = fs::read_dir(ground.path())
        .expect("the folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("core"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_starter_starts_what_is_on_its_list_and_nothing_else() {
    let ground = Ground::new();
    let asked = |number: &str| {
        let mut command = ground.command(&[], "lane", "start");
        let output = command.arg(number).output().expect("the probe runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(asked("0"), "done\n");
    for other in ["1", "7", "255"] {
        assert!(asked(other).starts_with("failed"), "{other}");
    }
}
