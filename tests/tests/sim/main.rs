//! Tills, links, collectors and the acquirer in one simulated world, made from a seed.
//!
//! What runs is what is shipped: the till's core and journal, its own glue between the two (the
//! files of `terminal` that need no window), the uplink's machine, the collector's store and its
//! switch (the files of `collector` that need no socket), and the acquirer simulator's book. Each file
//! that is taken over runs in this crate's time, under the names that it uses at home.
//!
//! What is simulated: time, chance, the pipes and the network, cards, and when a process dies.
//!
//! * [`world`]: what is on its way; `tills`, `collectors`, `host`, `cards`: who is there.
//! * `acts`: what happens in a step, and how a world comes to rest; `books`: what must be so.
//! * `engine`, `child`, `event`, `demo`: what `terminal`'s files find around them here.
//! * `desk`, `office`: the same for `collector`'s.

// The switch waits by `tokio::time`, which is this crate's.
extern crate self as tokio;

mod acts;
mod books;
mod cards;
mod child;
mod clock;
mod collectors;
mod demo;
mod desk;
mod dice;
#[path = "../../../src/terminal/src/effects.rs"]
mod effects;
mod engine;
mod event;
mod host;
#[expect(dead_code, reason = "no process is stopped by its engine here")]
#[path = "../../../src/terminal/src/lane.rs"]
mod lane;
mod office;
#[path = "../../../src/terminal/src/restored.rs"]
mod restored;
mod tasks;
mod tills;
#[expect(dead_code, reason = "no process is stopped by its engine here")]
#[path = "../../../src/terminal/src/uplink.rs"]
mod uplink;
mod world;

/// Time as the switch asks for it.
mod time {
    pub use crate::clock::{Instant, sleep};
}

use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use books::Tally;
/// The time by a collector's clock, which is right.
use clock::right_ms as now_ms;
use sealpoint_collector::store;
use tills::Shop;
use world::World;

/// Worlds, unless `SEALPOINT_SIM` says how many.
const WORLDS: u64 = 150;
/// Lines of what happened last, when a world breaks.
const LAST_LINES: usize = 80;

#[test]
fn whatever_happens_each_sale_is_one_and_each_charge_is_one() {
    if let Some(seed) = number("SEALPOINT_SIM_SEED") {
        return one(seed);
    }
    let worlds = number("SEALPOINT_SIM").unwrap_or(WORLDS);
    let shop = Shop::new();
    let next = AtomicU64::new(0);
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let sums = thread::scope(|scope| {
        let work = || {
            let mut sum = Tally::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= worlds {
                    return Ok(sum);
                }
                match World::of(seed, &shop, false).live() {
                    Ok(tally) => sum = sum.and(tally),
                    Err(why) => {
                        next.store(worlds, Ordering::Relaxed);
                        return Err((seed, why));
                    }
                }
            }
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let ends = threads.into_iter().map(|thread| thread.join());
        ends.map(|end| end.expect("no thread panics"))
            .collect::<Vec<_>>()
    });
    let mut sum = Tally::default();
    for end in sums {
        match end {
            Ok(tally) => sum = sum.and(tally),
            Err((seed, why)) => {
                eprintln!("seed {seed}: {why}");
                return one(seed);
            }
        }
    }
    println!("{worlds} worlds: {sum:?}");
    // A world in which nothing happens proves nothing.
    let least = usize::try_from(worlds / 2).expect("worlds fit");
    for count in [sum.sales, sum.charges, sum.reversed] {
        assert!(count >= least, "{worlds} worlds came to {sum:?} only");
    }
}

/// One world, with what happened in it.
fn one(seed: u64) {
    let shop = Shop::new();
    let mut world = World::of(seed, &shop, true);
    let end = world.live();
    let trace = world.trace.take().unwrap_or_default();
    let from = match number("SEALPOINT_SIM_SEED") {
        Some(_) => 0,
        None => trace.len().saturating_sub(LAST_LINES),
    };
    for line in &trace[from..] {
        println!("{line}");
    }
    match end {
        Ok(tally) => println!("seed {seed} came to rest: {tally:?}"),
        Err(why) => panic!("seed {seed}: {why}. See it with SEALPOINT_SIM_SEED={seed}"),
    }
}

/// A world is the same each time that it is made: what happens in it, to the last message.
#[test]
fn a_seed_makes_the_same_world_again() {
    let shop = Shop::new();
    let traces = [1, 1, 2].map(|seed| {
        let mut world = World::of(seed, &shop, true);
        world.live().expect("it comes to rest");
        world.trace.take().unwrap_or_default()
    });
    assert!(traces[0].len() > 100, "too little happened");
    assert_eq!(traces[0], traces[1]);
    assert_ne!(traces[0], traces[2]);
}

impl Tally {
    const fn and(self, other: Self) -> Self {
        Self {
            sales: self.sales + other.sales,
            charges: self.charges + other.charges,
            advices: self.advices + other.advices,
            reversed: self.reversed + other.reversed,
            work_items: self.work_items + other.work_items,
        }
    }
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
}
