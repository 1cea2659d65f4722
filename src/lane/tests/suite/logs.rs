//! What the lane logs, at its loudest, and what a panic says.

use std::{env, process::Command, thread};

use sealpoint_cardsim::{Profile, profile};
use sealpoint_lane::logging;

use crate::bench::Bench;

/// Every form in which card data could slip into a text: digits, groups of digits, hexadecimal
/// (the same digits, as BCD), and bytes as Rust prints them.
fn forms(pan: &str) -> Vec<String> {
    let bcd: Vec<u8> = (0..pan.len())
        .step_by(2)
        .filter_map(|at| u8::from_str_radix(pan.get(at..at + 2)?, 16).ok())
        .collect();
    let list = |bytes: &[u8]| {
        bytes
            .iter()
            .map(u8::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let middle = &pan[6..pan.len() - 4];
    vec![
        middle.to_owned(),
        list(&bcd),
        list(pan.as_bytes()),
        pan.replace("0101", "0101 "),
    ]
}

#[test]
fn no_card_data_reaches_the_log_at_any_level() {
    let mut bench = Bench::new();
    bench.hello();
    for card in profile::shipped() {
        bench.slot.insert(&card.name).expect("inserted");
        let attempt = bench.read();
        bench.outcome_with_host(attempt);
        if bench.slot.view().card.is_some() {
            bench.take_card_out();
        }
    }
    let (_, log) = bench.close();
    assert_clean(&log, &profile::shipped());
}

/// Asserts that the log of charges with these cards is at its loudest and says nothing of them.
pub fn assert_clean(log: &str, cards: &[Profile]) {
    assert!(log.contains("SELECT"), "the log is at its loudest: {log}");
    assert!(log.contains("9000"), "status words are logged: {log}");
    for card in cards {
        for form in forms(&card.holder.pan) {
            assert!(
                !log.contains(&form),
                "{form} of {} is in the log: {log}",
                card.name
            );
        }
        assert!(
            !log.contains(&card.holder.name),
            "a cardholder's name is in the log: {log}"
        );
    }
}

#[test]
#[ignore = "panics; run by a_panic_says_where_and_not_what"]
fn panics_inside() {
    logging::start();
    let quoting = thread::spawn(|| panic!("the card said 4761739001010119"));
    assert!(quoting.join().is_err());
}

#[test]
fn a_panic_says_where_and_not_what() {
    let inside = Command::new(env::current_exe().expect("this test's program"))
        .args(["--exact", "logs::panics_inside", "--ignored", "--nocapture"])
        .output()
        .expect("it runs");
    let said = [inside.stdout, inside.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(inside.status.success(), "{said}");
    assert!(
        said.contains("the lane stops") && said.contains("logs.rs"),
        "{said}"
    );
    assert!(!said.contains("4761739"), "{said}");
}
