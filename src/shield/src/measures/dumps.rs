//! No copy of the memory in a file, and none for another process.

use std::fs;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use sealpoint_wire::posture::{Achieved, Measure, Reach};

use super::{achieved, failed};

/// Which mappings a core holds, as bits (core(5)); a kernel without cores has no such file.
const DUMP_FILTER: &str = "/proc/self/coredump_filter";
/// What the kernel says of this process.
const STATUS: &str = "/proc/self/status";
/// None of them.
const NO_MAPPING: &str = "0x0";

/// Limits a core to nothing, twice: by its size, which a core that goes to a program through a pipe
/// ignores (core(5)), and by its content. Not being dumpable is the third lock, [`hide`].
pub(crate) fn forbid_dumps() -> Achieved {
    const MEASURE: Measure = Measure::CoreDumps;
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    if let Err(error) = setrlimit(Resource::Core, none) {
        return failed(MEASURE, "The size of a core cannot be limited", error);
    }
    let kernel_has_cores = fs::exists(DUMP_FILTER).unwrap_or(true);
    match fs::write(DUMP_FILTER, NO_MAPPING) {
        Err(error) if kernel_has_cores => achieved(
            MEASURE,
            Reach::Part,
            format!(
                "A core has size 0, but what a program at the other end of a pipe is given cannot \
                 be emptied ({error}). Mount /proc for writing."
            ),
        ),
        _ => achieved(
            MEASURE,
            Reach::Full,
            "No core is written: size 0, no mapping in it.",
        ),
    }
}

/// Hides the process: nobody of its own user may trace it or read its memory, and its files in
/// /proc belong to root (PR_SET_DUMPABLE(2const)). Who traces it already keeps that, so it is looked
/// for afterwards, when nobody comes any more.
pub(crate) fn hide() -> Achieved {
    const MEASURE: Measure = Measure::NotDumpable;
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        return failed(MEASURE, "It cannot be hidden from other processes", error);
    }
    match fs::read_to_string(STATUS) {
        Ok(status) => judge_tracer(tracer(&status)),
        Err(error) => failed(MEASURE, "Whether it is traced cannot be told", error),
    }
}

fn judge_tracer(tracer: Option<u32>) -> Achieved {
    let (reach, detail) = match tracer {
        Some(0) => (
            Reach::Full,
            "No other process of its user may trace it or read its memory.".to_owned(),
        ),
        Some(tracer) => (
            Reach::Nothing,
            format!(
                "Process {tracer} traces it and sees its memory. End that process; give each \
                 process of the till a user of its own."
            ),
        ),
        None => (
            Reach::Nothing,
            format!("Whether it is traced is not in {STATUS}. Mount /proc."),
        ),
    };
    achieved(Measure::NotDumpable, reach, detail)
}

/// Who traces the process of that status (proc_pid_status(5)), 0 for nobody.
fn tracer(status: &str) -> Option<u32> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("TracerPid:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_traced_is_not_hidden() {
        let reach = |status: &str| judge_tracer(tracer(status)).reach;
        assert_eq!(reach("Name:\tlane\nTracerPid:\t0\nUid:\t1\n"), Reach::Full);
        assert_eq!(reach("Name:\tlane\nTracerPid:\t4711\n"), Reach::Nothing);
        for unknown in ["", "Name:\tlane\n", "TracerPid:\tnobody\n"] {
            assert_eq!(reach(unknown), Reach::Nothing, "{unknown:?}");
        }
        assert_eq!(hide().reach, Reach::Full, "this test is not traced");
    }
}
