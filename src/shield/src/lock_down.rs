//! All measures, in the order in which they work.

use std::fs;

use sealpoint_wire::{
    Posture,
    posture::{Achieved, Measure, Reach},
};

use crate::{
    clean::Cleaned,
    measures::{
        achieved, close_mask, descriptors, drop_capabilities, environment, forbid_dumps,
        forbid_new_privileges, hide, lock_memory, wall_in,
    },
    plan::Plan,
};

/// Measures that the kernel takes for one thread at a time.
const PER_THREAD: &[Measure] = &[
    Measure::NoNewPrivileges,
    Measure::Capabilities,
    Measure::Files,
    Measure::Network,
];

/// A process that is not protected as production asks. It must end.
#[derive(Debug, thiserror::Error)]
#[error("{}", refusal(.0))]
pub struct Refused(Box<Posture>);

impl Refused {
    /// How far it got.
    #[must_use]
    pub fn posture(&self) -> &Posture {
        &self.0
    }
}

/// Takes everything from this process that is not in the plan, for good, and says how far that got.
/// Call it once, before the first thread is made: what is per thread would miss another.
///
/// The order matters. Limits are raised and the bounding set is emptied with the capabilities that
/// go afterwards; what is written below /proc/self is written before that belongs to root; Landlock
/// needs calls that seccomp takes away.
///
/// # Errors
/// [`Refused`] in production, if a measure got less far than production asks. A demo goes on with
/// what there is.
pub fn lock_down(plan: &Plan, cleaned: Cleaned) -> Result<Posture, Refused> {
    cleaned.name_process(plan.process);
    let others = other_threads();
    let mut measures = vec![
        environment(&cleaned),
        descriptors(&cleaned),
        close_mask(),
        forbid_dumps(),
    ];
    let memory = lock_memory(plan.memory);
    let hidden = hide();
    let privileges = forbid_new_privileges();
    let capabilities = drop_capabilities();
    let walls = wall_in(plan);
    measures.extend([hidden, privileges, capabilities, memory, walls.files()]);
    let calls = judge_calls(plan);
    let judged = calls.reach == Reach::Full;
    measures.extend([walls.network(&plan.tcp_connect, judged), calls]);
    if others != Some(0) {
        for measure in &mut measures {
            *measure = for_one_thread(measure.clone(), others);
        }
    }
    let posture = Posture {
        process: plan.process.to_owned(),
        pid: std::process::id(),
        production: plan.production,
        measures,
    };
    if plan.production && !posture.is_full() {
        return Err(Refused(Box::new(posture)));
    }
    Ok(posture)
}

fn judge_calls(plan: &Plan) -> Achieved {
    const MEASURE: Measure = Measure::SystemCalls;
    match plan.calls.enforce() {
        Ok(()) => {
            let (all, judged) = plan.calls.count();
            achieved(
                MEASURE,
                Reach::Full,
                format!(
                    "{all} system calls may succeed, {judged} of them with some arguments only."
                ),
            )
        }
        Err(error) => achieved(
            MEASURE,
            Reach::Nothing,
            format!("Every system call is allowed: {error}."),
        ),
    }
}

/// Threads beside the calling one; `None` if that cannot be told.
fn other_threads() -> Option<usize> {
    let threads = fs::read_dir("/proc/self/task").ok()?.count();
    threads.checked_sub(1)
}

/// What a measure is worth if other threads do not have it.
fn for_one_thread(full: Achieved, others: Option<usize>) -> Achieved {
    if !PER_THREAD.contains(&full.measure) || full.reach != Reach::Full {
        return full;
    }
    let who = others.map_or_else(
        || "whether other threads are there cannot be told".to_owned(),
        |others| format!("{others} other threads do not have this"),
    );
    achieved(
        full.measure,
        Reach::Part,
        format!(
            "Too late: {who}. Report this with the version. {}",
            full.detail
        ),
    )
}

fn refusal(posture: &Posture) -> String {
    let short: Vec<String> = posture
        .shortfalls()
        .map(|achieved| format!("{}: {}", achieved.measure, achieved.detail))
        .collect();
    format!(
        "{} does not start in production without its whole protection. {}",
        posture.process,
        short.join(" ")
    )
}
