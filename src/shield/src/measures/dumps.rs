//! No copy of the memory in a file, and none for another process.

use std::fs;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use sealpoint_wire::posture::{Achieved, Measure, Reach};

use super::{achieved, failed};

/// Which mappings a core holds, as bits (core(5)); a kernel without cores has no such file.
const DUMP_FILTER: &str = "/proc/self/coredump_filter";
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
/// /proc belong to root (PR_SET_DUMPABLE(2const)).
pub(crate) fn hide() -> Achieved {
    const MEASURE: Measure = Measure::NotDumpable;
    match set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        Ok(()) => achieved(
            MEASURE,
            Reach::Full,
            "No other process of its user may trace it or read its memory.",
        ),
        Err(error) => failed(MEASURE, "It cannot be hidden from other processes", error),
    }
}
