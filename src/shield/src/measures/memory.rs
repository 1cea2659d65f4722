//! Memory that is never written to swap.

use rustix::{
    mm::{MlockAllFlags, mlockall},
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use sealpoint_wire::posture::{Achieved, Measure, Reach};

use super::{achieved, failed, status_line};
use crate::plan::Memory;

/// What may be taken beyond what is there already. A thread's stack counts with 2 MiB and the
/// allocator's reserve for it with 128 MiB while it is set up, used or not; whoever has less than
/// this would one day be refused memory, and end in the middle of a charge.
const HEADROOM_KIB: u64 = 512 * 1024;

/// Locks what the process has and will take, as each page is first used. Locks nothing where the
/// limit is too small: a process that runs out of memory would be worse.
pub(crate) fn lock_memory(memory: Memory) -> Achieved {
    const MEASURE: Measure = Measure::MemoryLocked;
    if let Memory::NotNeeded(why) = memory {
        return achieved(MEASURE, Reach::Full, why);
    }
    let Some(has_kib) = size_kib() else {
        return failed(MEASURE, "Its size cannot be told", "no /proc/self/status");
    };
    let needs_kib = has_kib.saturating_add(HEADROOM_KIB);
    if let Some(may_kib) = raised_limit_kib()
        && may_kib < needs_kib
    {
        return achieved(
            MEASURE,
            Reach::Nothing,
            format!(
                "Its memory may be written to swap: it may lock {may_kib} KiB and needs room for \
                 {needs_kib}. Write `LimitMEMLOCK=infinity` into its unit, or raise `memlock` in \
                 /etc/security/limits.conf."
            ),
        );
    }
    let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    match mlockall(all) {
        Ok(()) => achieved(
            MEASURE,
            Reach::Full,
            "All of it stays in memory, what it will take too; it makes no child that has a copy.",
        ),
        Err(error) => failed(MEASURE, "Its memory cannot be locked", error),
    }
}

/// Raises the limit as far as this process may; what it is then in KiB, `None` if there is none.
fn raised_limit_kib() -> Option<u64> {
    let unlimited = Rlimit {
        current: None,
        maximum: None,
    };
    if setrlimit(Resource::Memlock, unlimited).is_err() {
        let limit = getrlimit(Resource::Memlock);
        let highest = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        // What cannot be raised stays what it is, and is read below.
        let _raised = setrlimit(Resource::Memlock, highest);
    }
    getrlimit(Resource::Memlock)
        .current
        .map(|bytes| bytes / 1024)
}

/// All that is mapped, in KiB.
fn size_kib() -> Option<u64> {
    status_line("VmSize")?
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()
}
