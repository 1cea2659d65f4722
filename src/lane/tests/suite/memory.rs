//! What is left in the lane's memory, read as a RAM scraper would: all that the process can write.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
};

use sealpoint_cardsim::profile;
use sealpoint_wire::{
    ToLane,
    lane::{CardPrompt, OutcomeKind},
};

use crate::bench::{Bench, TERMINAL};

/// Bytes that are read at a time.
const PIECE: usize = 1 << 20;

/// A card number as text and as BCD; the BCD is in the track 2 data as well.
pub fn forms(pan: &str) -> Vec<Vec<u8>> {
    let bcd = (0..pan.len() / 2 * 2)
        .step_by(2)
        .map(|at| u8::from_str_radix(&pan[at..at + 2], 16).expect("digits"))
        .collect();
    vec![pan.as_bytes().to_vec(), bcd]
}

/// How often these bytes stand in the writable memory of a process.
pub fn count(process: u32, wanted: &[u8]) -> usize {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).expect("our own child's maps");
    let memory = File::open(format!("/proc/{process}/mem")).expect("our own child's memory");
    let mut found = 0;
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (Some(range), Some(rights)) = (words.next(), words.next()) else {
            continue;
        };
        let Some((start, end)) = range.split_once('-').filter(|_| rights.starts_with("rw")) else {
            continue;
        };
        let address = |text| u64::from_str_radix(text, 16).expect("an address");
        let (mut at, end) = (address(start), address(end));
        let mut piece = vec![0; PIECE + wanted.len() - 1];
        while at < end {
            // A region may have gone, or be one that nobody may read.
            let Ok(read @ 1..) = memory.read_at(&mut piece, at) else {
                break;
            };
            let all = &piece[..read.min(usize::try_from(end - at).unwrap_or(read))];
            found += all
                .windows(wanted.len())
                .filter(|part| *part == wanted)
                .count();
            at += read.min(PIECE) as u64;
        }
    }
    found
}

/// Asserts that no shipped card's number stands in the lane's memory.
pub fn assert_clean(bench: &Bench, when: &str) {
    assert!(
        count(bench.process(), TERMINAL.as_bytes()) > 0,
        "the scan finds what is there"
    );
    for card in profile::shipped() {
        for form in forms(&card.holder.pan) {
            let found = count(bench.process(), &form);
            assert_eq!(found, 0, "{} {when}, {} bytes", card.name, form.len());
        }
    }
}

#[test]
fn no_card_number_is_left_from_the_seal_on() {
    let mut bench = Bench::new();
    bench.hello();
    for name in ["visa-approved", "mastercard-approved", "maestro-approved"] {
        bench.slot.insert(name).expect("inserted");
        let attempt = bench.read();
        bench.expect_prompt(attempt, CardPrompt::Reading);
        bench.expect_prompt(attempt, CardPrompt::Authorising);
        let online = bench.expect_online(attempt);
        assert_clean(&bench, "while the host is asked");
        let answer = bench.host.answer(&online);
        bench.tell(&ToLane::Host { attempt, answer });
        assert_eq!(bench.expect_outcome(attempt).kind, OutcomeKind::Approved);
        bench.expect_prompt(attempt, CardPrompt::RemoveCard);
        assert_clean(&bench, "after the outcome");
        bench.take_card_out();
    }
}

#[test]
fn no_card_number_is_left_of_a_charge_that_fails() {
    let mut bench = Bench::new();
    bench.hello();
    for name in [
        "removed-too-soon",
        "offline-declined",
        "expired",
        "visa-declined",
    ] {
        bench.slot.insert(name).expect("inserted");
        let attempt = bench.read();
        let outcome = bench.outcome_with_host(attempt);
        assert_ne!(outcome.kind, OutcomeKind::Approved);
        if bench.slot.view().card.is_some() {
            bench.take_card_out();
        }
        assert_clean(&bench, name);
    }
}
