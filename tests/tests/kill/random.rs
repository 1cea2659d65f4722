//! At random moments. A seed is a shop and some rounds in it; each round kills one process at a
//! moment that the seed gives, while a sale in cash and one by card go through.
//!
//! `SEALPOINT_KILLS=20000` runs that many rounds, `SEALPOINT_KILL_SEED=17` that seed's.

use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::dice::Dice;
use crate::processes::{self, TARGETS};
use crate::world::World;

/// Rounds that a plain run does.
const ROUNDS: u64 = 500;
/// Rounds in one shop.
const ROUNDS_PER_SEED: u64 = 20;
/// Shops at a time: most of their time is waiting.
const AT_ONCE: usize = 8;
/// A sale in cash and one by card take about as long.
const FUSE_US: u64 = 300_000;

#[test]
fn a_kill_at_a_random_moment_loses_no_sale_and_charges_no_card_twice() {
    let number = |name: &str| {
        let text = env::var(name).ok()?;
        text.parse::<u64>().ok()
    };
    let rounds = number("SEALPOINT_KILLS").unwrap_or(ROUNDS);
    let (first, count) = match number("SEALPOINT_KILL_SEED") {
        Some(seed) => (seed, 1),
        None => (1, rounds.div_ceil(ROUNDS_PER_SEED)),
    };
    let begun = Instant::now();
    let next = AtomicU64::new(first);
    let failed: Vec<String> = thread::scope(|scope| {
        let shops: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    let mut failed = Vec::new();
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= first + count {
                            return failed;
                        }
                        failed.extend(shift(seed).err());
                    }
                })
            })
            .collect();
        let shops = shops.into_iter();
        shops
            .flat_map(|shop| shop.join().expect("failures are caught inside"))
            .collect()
    });
    eprintln!(
        "{} rounds in {:.0} s",
        count * ROUNDS_PER_SEED,
        begun.elapsed().as_secs_f32()
    );
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The rounds of one seed; on failure how to have them again, and where the files are.
fn shift(seed: u64) -> Result<(), String> {
    let begun = Instant::now();
    let mut world = World::open();
    let held = world.live(|world| {
        let mut dice = Dice::new(seed);
        for round in 0..ROUNDS_PER_SEED {
            kill_while_selling(world, round, &mut dice);
        }
        world.close();
    });
    eprintln!(
        "seed {seed}: {} after {:.1} s",
        if held.is_ok() { "whole" } else { "BROKEN" },
        begun.elapsed().as_secs_f32()
    );
    held.map_err(|kept| format!("SEALPOINT_KILL_SEED={seed} failed, see {kept}"))
}

fn kill_while_selling(world: &mut World, round: u64, dice: &mut Dice) {
    let target = TARGETS[dice.index(TARGETS.len())];
    let fuse = Duration::from_micros(dice.below(FUSE_US));
    world
        .log
        .push(format!("round {round}: {target} after {fuse:?}"));
    let pid = world.pid(target);
    thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(fuse);
            if let Some(pid) = pid {
                processes::kill(pid);
            }
        });
        world.sell(dice);
    });
    world.rest(dice);
    world.audit();
}
