//! Times in batches, and a table of them.

use std::time::{Duration, Instant};

/// How many are timed in one go; what they are given is made before.
const BATCH: usize = 50;
/// Batches.
const ROUNDS: usize = 21;

/// Averages of batches.
pub struct Timing {
    /// The fastest batch: the one that the machine's other work disturbed least. For arithmetic.
    pub fastest: Duration,
    /// The batch in the middle. For disks, whose pace is their own.
    pub median: Duration,
}

/// Times `run` with what `prepare` makes.
pub fn time<T>(mut prepare: impl FnMut() -> T, mut run: impl FnMut(T)) -> Timing {
    let mut rounds: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let inputs: Vec<T> = (0..BATCH).map(|_| prepare()).collect();
            let began = Instant::now();
            for input in inputs {
                run(input);
            }
            began.elapsed() / u32::try_from(BATCH).expect("a small batch")
        })
        .collect();
    rounds.sort_unstable();
    Timing {
        fastest: rounds[0],
        median: rounds[ROUNDS / 2],
    }
}

/// Rows of what, how long, and how often the baseline fits into it; as Markdown.
pub struct Table(Vec<[String; 5]>);

impl Table {
    pub fn new() -> Self {
        let head = ["what", "µs", "per second", "baseline", "times"];
        Self(vec![head.map(str::to_owned), ["---"; 5].map(str::to_owned)])
    }

    pub fn row(&mut self, what: &str, took: Duration, baseline: &str, base: Duration) {
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        self.0.push([
            what.to_owned(),
            format!("{:.2}", micros(took)),
            format!("{:.0}", 1.0 / took.as_secs_f64()),
            format!("{baseline}: {:.2} µs", micros(base)),
            format!("{:.2}", took.as_secs_f64() / base.as_secs_f64()),
        ]);
    }

    pub fn print(&self) {
        for row in &self.0 {
            println!("| {} |", row.join(" | "));
        }
    }
}
