//! At every write that lasts and every send. A tracer counts the calls of one thread and kills its
//! process as it begins the first, the second, the third, while a sale in cash and one by card go
//! through: so between any two calls of any thread there was a kill. A group of threads is done when
//! its count is higher than what it does.
//!
//! `SEALPOINT_KILL_POINT=till:2:17` is the till's third thread at its seventeenth call.

use std::collections::BTreeMap;
use std::env;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use crate::dice::Dice;
use crate::processes::{TARGETS, Tracer, is_alive, threads_of};
use crate::world::World;

/// Shops at a time.
const AT_ONCE: u32 = 6;
/// Kills in one shop.
const KILLS_PER_SHOP: u32 = 40;
/// No thread does more for two sales, or something is wrong.
const MAX_CALLS: u32 = 2_000;
/// A pool of threads: any of them does the work.
const POOL: &str = "tokio-rt-worker";

/// Threads whose calls are counted, each for itself; the first that reaches the count dies.
#[derive(Clone, Copy)]
enum Which {
    /// The thread that is that old in its process.
    Thread(usize),
    /// Those of the pool and the one that begins it.
    Pool,
    /// All of them, and those that it starts: a thread for each connection.
    All,
}

struct Group {
    target: &'static str,
    which: Which,
    next: AtomicU32,
    is_done: AtomicBool,
    kills: AtomicU32,
}

#[test]
fn a_kill_at_any_lasting_write_or_send_loses_no_sale_and_charges_no_card_twice() {
    let begun = Instant::now();
    if let Ok(point) = env::var("SEALPOINT_KILL_POINT") {
        return one(&point);
    }
    let groups = groups();
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while groups.iter().any(|group| !group.is_done()) {
                    if let Err(why) = kill_for_a_while(&groups) {
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        failed.push(why);
                    }
                }
            });
        }
    });
    let mut kills: BTreeMap<&str, u32> = BTreeMap::new();
    for group in &groups {
        *kills.entry(group.target).or_default() += group.kills.load(Ordering::Relaxed);
    }
    eprintln!("kills {kills:?} in {:.0} s", begun.elapsed().as_secs_f32());
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    for target in TARGETS {
        assert!(
            kills.get(target).is_some_and(|kills| *kills >= 3),
            "{target} was hardly ever killed: {kills:?}"
        );
    }
}

/// Every group of threads of a shop at rest.
fn groups() -> Vec<Group> {
    let mut world = World::open();
    let group = |target, which| Group {
        target,
        which,
        next: AtomicU32::new(1),
        is_done: AtomicBool::new(false),
        kills: AtomicU32::new(0),
    };
    let mut groups = Vec::new();
    for target in TARGETS {
        let pid = world.pid(target).expect("at rest everything runs");
        let threads = threads_of(pid);
        let has_pool = threads.iter().any(|(_, name)| name == POOL);
        if target == "hostsim" {
            groups.push(group(target, Which::All));
            continue;
        }
        for (at, (thread, name)) in threads.iter().enumerate() {
            let is_in_pool = has_pool && (name == POOL || *thread == pid);
            if !is_in_pool {
                groups.push(group(target, Which::Thread(at)));
            }
        }
        if has_pool {
            groups.push(group(target, Which::Pool));
        }
    }
    world.close();
    groups
}

impl Group {
    fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Relaxed)
    }

    fn name(&self, nth: u32) -> String {
        let which = match self.which {
            Which::Thread(at) => at.to_string(),
            Which::Pool => "pool".to_owned(),
            Which::All => "all".to_owned(),
        };
        format!("{}:{which}:{nth}", self.target)
    }
}

/// A shop in which one after the other is killed; which point failed and where its files are.
fn kill_for_a_while(groups: &[Group]) -> Result<(), String> {
    let mut world = World::open();
    let mut point = String::new();
    let held = world.live(|world| {
        for _ in 0..KILLS_PER_SHOP {
            let Some(group) = groups.iter().find(|group| !group.is_done()) else {
                break;
            };
            let nth = group.next.fetch_add(1, Ordering::Relaxed);
            assert!(nth < MAX_CALLS, "{} has no end", group.name(nth));
            point = group.name(nth);
            if kill_at(world, group.target, group.which, nth) {
                group.kills.fetch_add(1, Ordering::Relaxed);
            } else {
                group.is_done.store(true, Ordering::Relaxed);
            }
        }
        world.close();
    });
    held.map_err(|kept| format!("SEALPOINT_KILL_POINT={point} failed, see {kept}"))
}

/// Whether the process died of it.
fn kill_at(world: &mut World, target: &str, which: Which, nth: u32) -> bool {
    world.log.push(format!("{target} at call {nth}"));
    let pid = world.pid(target).expect("at rest everything runs");
    let threads: Vec<u32> = match which {
        Which::All => vec![pid],
        Which::Thread(at) => threads_of(pid)
            .get(at)
            .map(|(thread, _)| *thread)
            .into_iter()
            .collect(),
        Which::Pool => threads_of(pid)
            .into_iter()
            .filter(|(thread, name)| name == POOL || *thread == pid)
            .map(|(thread, _)| thread)
            .collect(),
    };
    if threads.is_empty() {
        return false;
    }
    let tracer = Tracer::at_call(nth, &threads, matches!(which, Which::All));
    world.sell_plainly();
    let died = !is_alive(pid);
    drop(tracer);
    world.rest(&mut Dice::new(u64::from(nth)));
    world.audit();
    died
}

fn one(point: &str) {
    let mut words = point.split(':');
    let mut word = || words.next().unwrap_or_default();
    let (target, which, nth) = (word(), word(), word());
    let which = match which {
        "pool" => Which::Pool,
        "all" => Which::All,
        at => Which::Thread(
            at.parse()
                .expect("SEALPOINT_KILL_POINT is PROCESS:THREAD:CALL"),
        ),
    };
    let nth = nth
        .parse()
        .expect("SEALPOINT_KILL_POINT is PROCESS:THREAD:CALL");
    let mut world = World::open();
    let held = world.live(|world| {
        let died = kill_at(world, target, which, nth);
        eprintln!("{point}: {}", if died { "killed" } else { "never reached" });
        world.close();
    });
    assert!(
        held.is_ok(),
        "{point} failed, see {}",
        held.err().unwrap_or_default()
    );
}
