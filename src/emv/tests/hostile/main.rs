//! Hostile cards: simulated cards of every kind play whole charges while some of their answers are
//! damaged on the way, and cardholder, cashier, PIN pad, host and driver misbehave as well. Whatever
//! they do, the kernel does not panic, comes to an end, pays for nothing that it could have known to
//! be false, lets no account number out, and does not grow.
//!
//! Every charge follows from its seed alone. `SEALPOINT_HOSTILE=100000` plays so many instead of the
//! usual share; `SEALPOINT_HOSTILE_SEED=17` plays that one and tells its story.

mod cards;
mod holder;
mod host;
mod memory;
mod numbers;
mod oracle;
mod play;
mod scene;
mod story;
mod terminals;
mod truth;

use std::{
    collections::BTreeMap,
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    thread,
    time::Duration,
};

use cards::Cards;
use oracle::Judgement;
use scene::Scene;
use terminals::Terminals;

/// Charges of the usual share.
const SHARE: u64 = 15_000;
/// How long one charge may take before it counts as endless: some ten thousand times what it takes.
const ENDLESS: Duration = Duration::from_secs(60);
/// Failures that are told before the rest is only counted.
const TOLD: usize = 10;
/// What the process may grow from a tenth of the run to its end; bytes.
const GROWTH: u64 = 2 * 1024 * 1024;
/// Deceptions that no terminal can see, among a thousand charges: more, and the suite shows little.
const MAX_DECEIVED: u64 = 2;

/// What is the same for all charges.
struct World {
    cards: Cards,
    terminals: Terminals,
}

/// What came of one charge.
struct Report {
    /// The ending's name, and how well an approval is proven.
    what: Result<(&'static str, Judgement), String>,
    /// Answers, and those of them that were damaged.
    answers: [u64; 2],
}

impl World {
    fn new() -> Self {
        Self {
            cards: Cards::new(),
            terminals: Terminals::new(),
        }
    }

    /// Plays the charge of a seed, and judges it.
    fn play(&self, seed: u64) -> Report {
        let played = catch_unwind(AssertUnwindSafe(|| -> Result<_, String> {
            let scene = Scene::of(seed, &self.cards, &self.terminals);
            let seen = play::play(&scene, &self.cards)?;
            let what = oracle::judge(&scene, &self.cards, &seen)
                .map(|judgement| (oracle::name(&seen.outcome.ending), judgement));
            Ok((what, seen.answers()))
        }));
        let (what, answers) = match played {
            Ok(Ok((what, answers))) => (what, answers),
            Ok(Err(endless)) => (Err(endless), [0; 2]),
            Err(_) => (Err("panicked".to_owned()), [0; 2]),
        };
        Report { what, answers }
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().expect("a count or a seed is a number"))
}

#[test]
fn no_hostile_card_panics_hangs_leaks_grows_or_is_wrongly_paid() {
    if number("SEALPOINT_HOSTILE_SEED").is_some() {
        return;
    }
    let count = number("SEALPOINT_HOSTILE").unwrap_or(SHARE);
    let (sender, reports) = mpsc::sync_channel(64);
    let player = thread::spawn(move || {
        let world = World::new();
        for seed in 0..count {
            if sender.send(world.play(seed)).is_err() {
                return;
            }
        }
    });
    let mut endings = BTreeMap::<_, u64>::new();
    let (mut failures, mut deceived, mut early) = (Vec::new(), 0, None);
    let mut answers = [0; 2];
    for seed in 0..count {
        let Ok(report) = reports.recv_timeout(ENDLESS) else {
            panic!("SEALPOINT_HOSTILE_SEED={seed} does not come to an end");
        };
        match report.what {
            Ok((ending, judgement)) => {
                if judgement == Judgement::Deceived {
                    println!("SEALPOINT_HOSTILE_SEED={seed}: {ending}, deceived");
                    deceived += 1;
                }
                *endings.entry((ending, judgement)).or_default() += 1;
            }
            Err(why) => failures.push(format!("SEALPOINT_HOSTILE_SEED={seed}: {why}")),
        }
        answers = [0, 1].map(|which| answers[which] + report.answers[which]);
        if seed == count / 10 {
            early = memory::peak();
        }
    }
    player.join().expect("the player has told of every charge");
    let [all, damaged] = answers;
    println!("{count} charges, {all} answers, {damaged} of them damaged: {endings:#?}");
    let told = failures.len().min(TOLD);
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures[..told].join("\n")
    );
    // The system counts roughly: a later peak may be told as a little less than an earlier one.
    let grown = memory::peak()
        .zip(early)
        .map(|(end, early)| end.saturating_sub(early));
    println!("peak memory grew by {grown:?} bytes after a tenth of the run");
    assert!(grown.is_none_or(|grown| grown <= GROWTH), "it grows");
    assert!(
        deceived * 1_000 <= count * MAX_DECEIVED,
        "{deceived} deceptions"
    );
    if count >= SHARE {
        assert_every_ending_is_reached(&endings);
    }
}

/// A suite in which nothing pays any more would show nothing.
fn assert_every_ending_is_reached(endings: &BTreeMap<(&'static str, Judgement), u64>) {
    for ending in oracle::ENDINGS {
        assert!(
            endings.keys().any(|(name, _)| *name == ending),
            "no charge ended with {ending}"
        );
    }
    for approval in ["Approved", "ApprovedOffline"] {
        let proven = endings.get(&(approval, Judgement::Proven));
        assert!(proven.is_some(), "no proven {approval}");
    }
}

#[test]
fn the_same_seed_is_the_same_charge() {
    let [first, second] = [World::new(), World::new()];
    for seed in 0..40 {
        let tell = |world: &World| {
            let scene = Scene::of(seed, &world.cards, &world.terminals);
            let seen = play::play(&scene, &world.cards);
            story::tell(&scene, &seen.expect("it comes to an end"))
        };
        assert_eq!(tell(&first), tell(&second), "seed {seed}");
    }
}

#[test]
fn one_seed_alone_tells_its_story() {
    let Some(seed) = number("SEALPOINT_HOSTILE_SEED") else {
        return;
    };
    let world = World::new();
    let scene = Scene::of(seed, &world.cards, &world.terminals);
    let seen = play::play(&scene, &world.cards).expect("it comes to an end");
    println!("{}", story::tell(&scene, &seen));
    let judgement = oracle::judge(&scene, &world.cards, &seen);
    println!("{judgement:?}");
    assert_eq!(judgement.err(), None);
}
