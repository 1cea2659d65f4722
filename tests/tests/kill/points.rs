//! At every write that lasts and every send. First such calls of every thread are counted while a
//! sale in cash and one by card go through; then these sales are made again and again, and each time
//! a tracer kills a process as it begins one of these calls: so between any two calls of any thread
//! there was a kill.
//!
//! `SEALPOINT_KILL_POINT=till:2:pwrite64:17` is the till's third thread at its seventeenth
//! `pwrite64`.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use crate::dice::Dice;
use crate::processes::{TARGETS, Tracer, is_alive, threads_of};
use crate::world::World;

/// Shops at a time: most of their time is waiting.
const AT_ONCE: usize = 6;
/// Kills in one shop.
const KILLS_PER_SHOP: usize = 30;
/// A pool of threads: any of them does the work.
const POOL: &str = "tokio-rt-worker";
/// Of so many points at least this many are reached again; the rest is a process that did a thing
/// once more when it was counted than when it was to be killed.
const REACHED: (usize, usize) = (3, 4);

/// Threads whose calls are counted, each for itself; the first that reaches the count dies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Which {
    /// The thread that is that old in its process.
    Thread(usize),
    /// Those of the pool and the one that begins it.
    Pool,
    /// All of them, and those that they start: a thread for each connection.
    All,
}

/// A process, and the call at whose beginning it dies.
#[derive(Clone)]
struct Point {
    target: &'static str,
    which: Which,
    call: String,
    nth: u32,
}

#[test]
fn a_kill_at_any_lasting_write_or_send_loses_no_sale_and_charges_no_card_twice() {
    let begun = Instant::now();
    let points = match env::var("SEALPOINT_KILL_POINT") {
        Ok(name) => vec![Point::named(&name).expect("PROCESS:THREAD:CALL:NUMBER")],
        Err(_) => survey(),
    };
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let kills = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(points.len()) {
            scope.spawn(|| {
                while next.load(Ordering::Relaxed) < points.len() {
                    if let Err(why) = kill_for_a_while(&points, &next, &kills) {
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        failed.push(why);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let kills = kills.into_inner().unwrap_or_else(PoisonError::into_inner);
    let reached: usize = kills.values().sum();
    eprintln!(
        "{} points, {reached} reached {kills:?}, in {:.0} s",
        points.len(),
        begun.elapsed().as_secs_f32()
    );
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(
        reached * REACHED.1 >= points.len() * REACHED.0,
        "only {reached} of {} points were reached",
        points.len()
    );
}

/// Every point of a shop at rest.
fn survey() -> Vec<Point> {
    let mut world = World::open();
    let mut points = Vec::new();
    let held = world.live(|world| {
        // The first sales open connections; these are counted as the later ones are.
        world.sell_plainly();
        world.rest(&mut Dice::new(0));
        let tracers: Vec<_> = TARGETS
            .iter()
            .map(|target| {
                let pid = world.pid(target).expect("at rest everything runs");
                let list = world.shop.at(&format!("{target}.calls"));
                let tracer = Tracer::listing(pid, &list);
                (*target, pid, threads_of(pid), list, tracer)
            })
            .collect();
        world.sell_plainly();
        for (target, pid, threads, list, tracer) in tracers {
            drop(tracer);
            let list = fs::read_to_string(list).expect("strace wrote a list");
            for ((which, call), count) in counts(target, pid, &threads, &list) {
                points.extend((1..=count).map(|nth| Point {
                    target,
                    which,
                    call: call.clone(),
                    nth,
                }));
            }
        }
        world.rest(&mut Dice::new(0));
        world.close();
    });
    assert!(held.is_ok(), "two sales without a kill");
    for target in TARGETS {
        assert!(
            points.iter().any(|point| point.target == target),
            "{target} writes and sends nothing"
        );
    }
    points
}

/// How often each group of threads made each call.
fn counts(
    target: &str,
    pid: u32,
    threads: &[(u32, String)],
    list: &str,
) -> BTreeMap<(Which, String), u32> {
    let has_pool = threads.iter().any(|(_, name)| name == POOL);
    let mut counts = BTreeMap::new();
    for line in list.lines() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        // The second half of a call that another thread's came into was counted with its first.
        let call = call.trim_start();
        if call.starts_with("<...") {
            continue;
        }
        let Some((call, _)) = call.split_once('(') else {
            continue;
        };
        let thread: Option<u32> = thread.parse().ok();
        let place = threads.iter().position(|(known, _)| Some(*known) == thread);
        let which = match place {
            Some(at) if target != "hostsim" => {
                let (thread, name) = &threads[at];
                if has_pool && (name == POOL || *thread == pid) {
                    Which::Pool
                } else {
                    Which::Thread(at)
                }
            }
            _ => Which::All,
        };
        *counts.entry((which, call.to_owned())).or_insert(0) += 1;
    }
    counts
}

/// A shop in which one after the other is killed; which point failed and where its files are.
fn kill_for_a_while(
    points: &[Point],
    next: &AtomicUsize,
    kills: &Mutex<BTreeMap<&'static str, usize>>,
) -> Result<(), String> {
    let mut world = World::open();
    let mut name = String::new();
    let held = world.live(|world| {
        for _ in 0..KILLS_PER_SHOP {
            let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            name = point.name();
            if point.kill(world) {
                let mut kills = kills.lock().unwrap_or_else(PoisonError::into_inner);
                *kills.entry(point.target).or_default() += 1;
            }
        }
        world.close();
    });
    held.map_err(|kept| format!("SEALPOINT_KILL_POINT={name} failed, see {kept}"))
}

impl Point {
    fn name(&self) -> String {
        let which = match self.which {
            Which::Thread(at) => at.to_string(),
            Which::Pool => "pool".to_owned(),
            Which::All => "all".to_owned(),
        };
        format!("{}:{which}:{}:{}", self.target, self.call, self.nth)
    }

    fn named(name: &str) -> Option<Self> {
        let mut words = name.split(':');
        let target = words.next()?;
        let target = TARGETS.into_iter().find(|known| *known == target)?;
        let which = match words.next()? {
            "pool" => Which::Pool,
            "all" => Which::All,
            at => Which::Thread(at.parse().ok()?),
        };
        Some(Self {
            target,
            which,
            call: words.next()?.to_owned(),
            nth: words.next()?.parse().ok()?,
        })
    }

    /// Makes the two sales with the tracer at its place; whether the process died of it.
    fn kill(&self, world: &mut World) -> bool {
        world.log.push(self.name());
        let pid = world.pid(self.target).expect("at rest everything runs");
        let all = threads_of(pid);
        let threads: Vec<u32> = match self.which {
            Which::All => vec![pid],
            Which::Thread(at) => all.get(at).map(|(thread, _)| *thread).into_iter().collect(),
            Which::Pool => all
                .into_iter()
                .filter(|(thread, name)| name == POOL || *thread == pid)
                .map(|(thread, _)| thread)
                .collect(),
        };
        let is_all = self.which == Which::All;
        let tracer = Tracer::at_call(&self.call, self.nth, &threads, is_all);
        world.sell_plainly();
        let died = !is_alive(pid);
        drop(tracer);
        world.rest(&mut Dice::new(u64::from(self.nth)));
        world.audit();
        died
    }
}

#[test]
fn a_call_that_another_thread_s_came_into_counts_once() {
    let list = "10 unlink( <unfinished ...>\n11 fsync(3) = 0\n\
                10 <... unlink resumed>) = -1 ENOENT (No such file or directory)\n";
    let threads = [(10, "till".to_owned()), (11, "writer".to_owned())];
    let counted = counts("till", 10, &threads, list);
    let names: Vec<&str> = counted.keys().map(|(_, call)| call.as_str()).collect();
    assert_eq!(names, ["unlink", "fsync"]);
    assert!(counted.values().all(|count| *count == 1));
}
