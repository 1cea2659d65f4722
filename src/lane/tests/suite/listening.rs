//! What the lane's own code says while it charges each of the demo's cards, heard from inside, at any
//! level and before any formatter.

use std::time::Duration;

use sealpoint_cardsim::{
    listener::{Secret, found_in, listen},
    profile,
};
use sealpoint_emv::{Charge, ChargeKind, HostAnswer, HostDecision, OnlineRequest, demo_profile};
use sealpoint_lane::bench::{self, Attendant, HostSaid};
use sealpoint_wire::lane::CardPrompt;

use crate::{
    bench::Bench,
    hands::{Entry, Hands},
};

struct Approving;

impl Attendant for Approving {
    fn prompt(&mut self, _: CardPrompt) {}

    fn host(&mut self, _: OnlineRequest) -> HostSaid {
        let answer = HostAnswer::new(HostDecision::Approved, *b"00", &[], &[]);
        HostSaid::Answered(answer.expect("it fits"))
    }
}

/// The PIN that the cards of the demo know, as the pad would give it.
const PIN: &str = "1234";

fn purchase() -> Charge {
    Charge {
        amount_minor: 1_299,
        currency: 978,
        exponent: 2,
        cashback_minor: 0,
        kind: ChargeKind::Purchase,
        date: [0x26, 0x11, 0x22],
        time: [0x20, 0x15, 0x00],
        unpredictable_number: [0; 4],
        random_draw: 1,
        forced_online: false,
        offline_up_to_minor: i64::MAX,
        counter: 1,
        terminal_id: *b"BENCH001",
    }
}

#[test]
fn no_event_and_no_field_of_a_charge_says_card_data() {
    let secrets = [Secret {
        name: "the PIN block",
        bytes: vec![0x24, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    }];
    let listening = listen(&secrets).expect("nobody else listens");
    let quick = |card: &profile::Profile| card.behaviour.delay_ms == 0;
    for card in profile::all().iter().filter(|card| quick(card)) {
        let mut hands = Hands::with(&[&card.name]);
        hands.entries = (0..3).map(|_| Entry::Pin(PIN)).collect();
        hands.insert(&card.name);
        let (terminal, wait) = (demo_profile(), Duration::from_millis(300));
        let mut tester = Approving;
        let ended = bench::charge(&mut hands, &terminal, purchase(), wait, &mut tester, None);
        // Nor does what the charge gives to whoever asked for it.
        let told = format!("{ended:?}");
        assert_eq!(
            found_in(&told, &secrets),
            Vec::<&str>::new(),
            "{}",
            card.name
        );
    }
    assert!(listening.lines() > 300, "{} lines", listening.lines());
}

#[test]
fn nothing_that_a_lane_writes_to_its_log_is_card_data() {
    let mut bench = Bench::with_cards(&profile::all());
    bench.hello();
    for name in [
        "visa-approved",
        "visa-declined",
        "removed-too-soon",
        "garbage",
    ] {
        bench.slot.insert(name).expect("inserted");
        let attempt = bench.read();
        bench.outcome_with_host(attempt);
        if bench.slot.view().card.is_some() {
            bench.take_card_out();
        }
    }
    let (_, log) = bench.close();
    assert!(log.contains("SELECT"), "the log is at its loudest: {log}");
    for line in log.lines() {
        assert_eq!(found_in(line, &[]), Vec::<&str>::new(), "{line}");
    }
}
