//! Memory that is never written to swap.

use std::{fs, mem::ManuallyDrop, ops::Range, ptr};

use rustix::{
    mm::{MlockAllFlags, mlockall},
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use sealpoint_wire::posture::{Achieved, Measure, Reach};

use super::{achieved, failed};
use crate::plan::Memory;

/// The mappings of this process (proc_pid_maps(5)).
const MAPPINGS: &str = "/proc/self/maps";
/// Mappings that are looked at; a program that has begun has a hundred.
const MAX_MAPPINGS: usize = 10_000;

/// Locks what the process has written and will take, as the plan says. Locks nothing where the limit
/// is too small: a process that is refused memory ends in the middle of a charge.
pub(crate) fn lock_memory(memory: Memory) -> Achieved {
    const MEASURE: Measure = Measure::MemoryLocked;
    match memory {
        Memory::NotNeeded(why) => achieved(MEASURE, Reach::Full, why),
        Memory::Locked { room_kib } => lock(room_kib),
        Memory::LockedIfAllowed { room_kib, why } => match lock(room_kib) {
            locked if locked.reach == Reach::Full => locked,
            not => achieved(
                MEASURE,
                Reach::Full,
                format!("It need not be locked. {why} {}", not.detail),
            ),
        },
    }
}

fn lock(room_kib: u64) -> Achieved {
    const MEASURE: Measure = Measure::MemoryLocked;
    let Some(written) = written_mappings() else {
        return failed(MEASURE, "What is its own cannot be told", MAPPINGS);
    };
    let has_kib: u64 = written.iter().map(kib).sum();
    let needs_kib = has_kib.saturating_add(room_kib);
    if let Some(may_kib) = raised_limit_kib()
        && may_kib < needs_kib
    {
        return achieved(
            MEASURE,
            Reach::Nothing,
            format!(
                "Its memory may be written to swap: it may lock {may_kib} KiB and needs \
                 {needs_kib}. Write `LimitMEMLOCK=infinity` into its unit, or raise `memlock` in \
                 /etc/security/limits.conf."
            ),
        );
    }
    for mapping in &written {
        let start = ptr::without_provenance::<u8>(mapping.start);
        match region::lock(start, mapping.len()) {
            // Until the process ends.
            Ok(guard) => _ = ManuallyDrop::new(guard),
            Err(error) => return failed(MEASURE, "Its memory cannot be locked", error),
        }
    }
    match mlockall(MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT) {
        Ok(()) => achieved(
            MEASURE,
            Reach::Full,
            "What it has written and what it will take stays in memory; it makes no child that \
             has a copy.",
        ),
        Err(error) => failed(MEASURE, "Its memory cannot be locked", error),
    }
}

/// The mappings that the process may write: heap, stack and variables. What it only reads is in
/// files anyway and never goes to swap, so it need not count against the limit.
fn written_mappings() -> Option<Vec<Range<usize>>> {
    let mappings = fs::read_to_string(MAPPINGS).ok()?;
    mappings
        .lines()
        .take(MAX_MAPPINGS)
        .filter_map(|line| {
            let (range, rest) = line.split_once(' ')?;
            rest.starts_with("rw").then_some(range)
        })
        .map(|range| {
            let (start, end) = range.split_once('-')?;
            let address = |text| usize::from_str_radix(text, 16).ok();
            Some(address(start)?..address(end)?)
        })
        .collect()
}

fn kib(mapping: &Range<usize>) -> u64 {
    u64::try_from(mapping.len() / 1024).unwrap_or(u64::MAX)
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
