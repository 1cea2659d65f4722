//! The cards of the bench do what their profiles say.

use sealpoint_cardsim::hostile::{Garbler, HostileCard};
use sealpoint_cardsim::{Card, profile};

use crate::terminal::{AAC, ARQC, OK, TC, Terminal, issuer, objects, shipped};

const VISA: &[u8] = &[0xA0, 0, 0, 0, 0x03, 0x10, 0x10];
const MASTERCARD: &[u8] = &[0xA0, 0, 0, 0, 0x04, 0x10, 0x10];
const PSE: &[u8] = b"1PAY.SYS.DDF01";

fn initiated(card: &str) -> Terminal {
    let profile = shipped(card);
    let mut terminal = Terminal::new(&profile, &issuer());
    terminal.initiate(&profile.application.aid.0);
    terminal
}

#[test]
fn a_card_is_asked_for_a_tc_and_gives_it_only_if_it_may() {
    assert_eq!(initiated("approves-offline").generate_ac(TC, 0x8C), TC);
    assert_eq!(initiated("force-online").generate_ac(TC, 0x8C), ARQC);
    assert_eq!(initiated("declines-offline").generate_ac(TC, 0x8C), AAC);
    assert_eq!(initiated("application-blocked").generate_ac(TC, 0x8C), AAC);
}

#[test]
fn an_answer_without_proof_confirms_unless_the_card_demands_it() {
    for (card, second) in [
        ("visa-approved", TC),
        ("demands-issuer-authentication", AAC),
    ] {
        let mut terminal = initiated(card);
        terminal.generate_ac(ARQC, 0x8C);
        terminal.know(&[(0x8A, b"00")]);
        assert_eq!(terminal.generate_ac(TC, 0x8D), second, "{card}");
        let mut terminal = initiated(card);
        terminal.generate_ac(ARQC, 0x8C);
        terminal.know(&[(0x8A, b"05")]);
        assert_eq!(terminal.generate_ac(TC, 0x8D), AAC, "{card}");
    }
}

#[test]
fn without_a_host_only_a_card_that_approves_offline_confirms() {
    for (card, second) in [("visa-approved", AAC), ("approves-offline", TC)] {
        let mut terminal = initiated(card);
        terminal.generate_ac(ARQC, 0x8C);
        terminal.know(&[(0x8A, b"Y3")]);
        assert_eq!(terminal.generate_ac(TC, 0x8D), second, "{card}");
        let (register, _) = terminal.send([0x80, 0xCA, 0x9F, 0x13], &[]);
        assert_eq!(objects(&register)[&0x9F13], [0, 0], "{card}");
    }
}

#[test]
fn counters_begin_where_the_profile_says() {
    let mut terminal = initiated("velocity-exceeded");
    assert_eq!(terminal.known[&0x9F14], [3]);
    assert_eq!(terminal.known[&0x9F23], [6]);
    let (atc, _) = terminal.send([0x80, 0xCA, 0x9F, 0x36], &[]);
    let (last, _) = terminal.send([0x80, 0xCA, 0x9F, 0x13], &[]);
    assert_eq!(objects(&atc)[&0x9F36], [0, 21]);
    assert_eq!(objects(&last)[&0x9F13], [0, 5]);
    let mut blocked = initiated("pin-blocked");
    assert_eq!(
        blocked.raw(&sealpoint_cardsim::pad::verify("1234")).1,
        0x6983
    );
    let (log, _) = blocked.send([0x80, 0xCA, 0x9F, 0x4F], &[]);
    assert!(objects(&log).contains_key(&0x9F4F));
}

#[test]
fn two_applications_are_in_the_directory_and_each_has_an_account_and_a_counter() {
    let keys = issuer();
    let mut terminal = Terminal::new(&shipped("two-applications"), &keys);
    terminal.ok([0x00, 0xA4, 0x04, 0x00], PSE);
    let record = terminal.ok([0x00, 0xB2, 1, 0x0C], &[]);
    let entries = record.windows(2).filter(|pair| *pair == [0x4F, 7]).count();
    assert_eq!(entries, 2);
    let mut pans = Vec::new();
    for aid in [MASTERCARD, VISA] {
        terminal.known.clear();
        let mut fresh = Terminal::new(&shipped("two-applications"), &keys);
        fresh.initiate(aid);
        fresh.generate_ac(ARQC, 0x8C);
        assert!(fresh.genuine(&keys));
        assert_eq!(fresh.known[&0x9F36], [0, 1]);
        pans.push(fresh.pan());
    }
    assert_ne!(pans[0], pans[1]);
    // Both begin alike: the next occurrence is the second.
    assert_eq!(terminal.send([0x00, 0xA4, 0x04, 0x00], &VISA[..5]).1, OK);
    assert_eq!(
        terminal.send([0x00, 0xA4, 0x04, 0x02], &VISA[..5]).1,
        0x6A82
    );
}

#[test]
fn a_card_that_needs_confirmation_says_so_in_its_priority() {
    let mut terminal = Terminal::new(&shipped("needs-confirmation"), &issuer());
    terminal.select(VISA);
    assert_eq!(terminal.known[&0x87], [0x81]);
}

#[test]
fn the_cards_made_to_misbehave_do() {
    let mut endless = Terminal::new(&shipped("endless-directory"), &issuer());
    endless.ok([0x00, 0xA4, 0x04, 0x00], PSE);
    for record in [1, 2, 50, 255] {
        endless.ok([0x00, 0xB2, record, 0x0C], &[]);
    }
    for _ in 0..5 {
        assert_eq!(endless.send([0x00, 0xA4, 0x04, 0x02], VISA).1, OK);
    }
    let count = |card: &str, pattern: &[u8], record: [u8; 2]| {
        let mut terminal = Terminal::new(&shipped(card), &issuer());
        terminal.select(VISA);
        let options = [0x80, 0xA8, 0, 0, 6, 0x83, 4, 0xE0, 0x08, 0xC8, 0x22, 0];
        assert_eq!(terminal.raw(&options).1, OK);
        let body = terminal.ok([0x00, 0xB2, record[1], record[0] << 3 | 4], &[]);
        let found = body
            .windows(pattern.len())
            .filter(|w| *w == pattern)
            .count();
        (found, body)
    };
    assert_eq!(count("repeated-tag", &[0x5F, 0x24, 3], [2, 1]).0, 2);
    assert!(count("stray-data", &[0x5A], [2, 1]).1.ends_with(&[0, 1]));
    assert_ne!(count("garbage", &[0x5A], [2, 1]).1[0], 0x70);
}

#[test]
fn what_a_card_remembers_goes_on_in_another_process_and_never_backwards() {
    let keys = issuer();
    let profile = shipped("visa-approved");
    let mut terminal = Terminal::new(&profile, &keys);
    terminal.initiate(VISA);
    terminal.raw(&sealpoint_cardsim::pad::verify("9999"));
    terminal.generate_ac(ARQC, 0x8C);
    terminal.initiate(VISA);
    let memory = terminal.card.memory();
    let json = serde_json::to_string(&memory).expect("JSON");
    assert!(!json.contains("1234") && !json.contains("4761"), "{json}");

    let mut again = Terminal::new(&profile, &keys);
    again
        .card
        .recall(&serde_json::from_str(&json).expect("the same"));
    again.initiate(VISA);
    assert_eq!(again.card.memory().applications[0].atc, 3);
    let (tries, _) = again.send([0x80, 0xCA, 0x9F, 0x17], &[]);
    assert_eq!(objects(&tries)[&0x9F17], [2]);
    again.card.recall(&memory);
    assert_eq!(again.card.memory().applications[0].atc, 3);
}

#[test]
fn a_hostile_card_damages_its_share_of_answers_and_the_same_ones_for_a_seed() {
    let keys = issuer();
    let profile = shipped("cda");
    let select = [&[0x00, 0xA4, 0x04, 0x00, 7][..], MASTERCARD, &[0]].concat();
    let run = |seed: u64, percent: u8| {
        let card = Card::new(&profile, &keys).expect("a key");
        let garbler = Garbler::new(seed).percent(percent);
        let mut hostile = HostileCard { card, garbler };
        hostile.power_on();
        let answers: Vec<_> = (0..2_000).map(|_| hostile.apdu(&select)).collect();
        (answers, hostile.garbler.damaged())
    };
    let (answers, damaged) = run(7, 12);
    assert!((180..300).contains(&damaged), "{damaged}");
    assert!(answers.iter().all(|answer| answer.len() <= 258));
    let kinds: std::collections::BTreeSet<_> = answers.iter().collect();
    assert!(kinds.len() > 100, "{}", kinds.len());
    assert_eq!(run(7, 12), (answers, damaged));
    assert_eq!(run(7, 0).1, 0);
    assert_eq!(run(7, 100).1, 2_001);
}

#[test]
fn every_card_can_be_made_and_answers_a_select() {
    let keys = issuer();
    for profile in profile::all() {
        let mut terminal = Terminal::new(&profile, &keys);
        let (_, status) = terminal.send([0x00, 0xA4, 0x04, 0x00], &profile.application.aid.0);
        let expected = match profile.name.as_str() {
            "blocked" => 0x6A81,
            "application-blocked" => 0x6283,
            _ => OK,
        };
        assert_eq!(status, expected, "{}", profile.name);
    }
}
