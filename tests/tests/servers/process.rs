//! Processes: how long they are waited for, and what they take of the processor.

use std::process::ExitStatus;
use std::thread::sleep;
use std::time::{Duration, Instant};

use sealpoint_tests::child::Running;

/// Nothing here takes longer than this unless it is broken.
pub const PATIENCE: Duration = Duration::from_secs(90);
const LOOK: Duration = Duration::from_millis(20);

/// Waits for a child's end.
pub fn end_of(running: &mut Running) -> ExitStatus {
    until("a process ends", || running.ended())
}

/// Asks again until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        sleep(LOOK);
    }
}

/// User's and system's time of a process so far (proc(5), fields 14 and 15 of stat).
pub fn processor_ticks(pid: u32) -> u64 {
    let about = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in brackets, may hold spaces.
    let after_name = about.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
    ticks(11).unwrap_or(0) + ticks(12).unwrap_or(0)
}
