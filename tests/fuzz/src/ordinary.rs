//! How a room's ordinary tests run fuzz targets: each with its corpus, and with as many seeded
//! mutations of it as a few seconds allow. `SEALPOINT_FUZZ=100000` tries so many instead.

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

/// The longest input.
const MAX_INPUT: usize = 4_096;

/// Runs one target. `telling` are bytes that mean something to whoever reads the input.
pub fn run(name: &str, target: fn(&[u8]), telling: &[u8], share: u64) {
    let corpus = corpus(name);
    for input in &corpus {
        target(input);
    }
    let given = env::var("SEALPOINT_FUZZ").ok();
    let count = given.map_or(share, |text| text.parse().expect("a count is a number"));
    for seed in 0..count {
        let input = mutated(&corpus, telling, seed);
        let held = catch_unwind(AssertUnwindSafe(|| target(&input)));
        assert!(held.is_ok(), "{name}, seed {seed}: {input:02X?}");
    }
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fuzz/corpus")
        .join(target);
    let entries = fs::read_dir(&folder).expect("every target has a corpus");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("a folder can be read").path())
        .collect();
    paths.sort();
    let read = |path| fs::read(path).expect("the corpus can be read");
    paths.into_iter().map(read).collect()
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the seed is the input.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or(0)
    }

    fn byte(&mut self, telling: &[u8]) -> u8 {
        match self.below(2) {
            0 => telling[self.below(telling.len())],
            _ => self.next().to_be_bytes()[0],
        }
    }
}

/// A few changes to one input of the corpus.
fn mutated(corpus: &[Vec<u8>], telling: &[u8], seed: u64) -> Vec<u8> {
    let mut numbers = Numbers(seed);
    let mut input = corpus[numbers.below(corpus.len())].clone();
    for _ in 0..=numbers.below(6) {
        let place = numbers.below(input.len() + 1);
        match numbers.below(7) {
            0 | 1 => {
                if let Some(byte) = input.get_mut(place) {
                    *byte = numbers.byte(telling);
                }
            }
            2 => {
                if let Some(byte) = input.get_mut(place) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
            3 => input.insert(place, numbers.byte(telling)),
            4 => {
                let end = (place + 1 + numbers.below(8)).min(input.len());
                input.drain(place.min(end)..end);
            }
            5 => {
                let other = &corpus[numbers.below(corpus.len())];
                let from = numbers.below(other.len() + 1);
                let end = (from + numbers.below(64)).min(other.len());
                input.splice(place..place, other[from..end].iter().copied());
            }
            _ => input.truncate(place),
        }
    }
    input.truncate(MAX_INPUT);
    input
}
