//! Whole dialogues with the shipped cards.

use sealpoint_cardsim::{Card, profile};

use crate::terminal::{AAC, ARQC, OK, TC, Terminal, issuer, objects, shipped};

const VISA: &[u8] = &[0xA0, 0, 0, 0, 0x03, 0x10, 0x10];
const PSE: &[u8] = b"1PAY.SYS.DDF01";

#[test]
fn every_card_that_goes_online_makes_an_arqc_that_its_issuer_accepts() {
    let keys = issuer();
    let online = [
        "visa-approved",
        "mastercard-approved",
        "maestro-approved",
        "visa-declined",
        "mastercard-declined",
        "removed-too-soon",
        "removed-while-online",
        "slow",
    ];
    for name in online {
        let profile = shipped(name);
        let mut terminal = Terminal::new(&profile, &keys);
        terminal.initiate(&profile.application.aid.0);
        assert_eq!(terminal.generate_ac(ARQC, 0x8C), ARQC, "{name}");
        assert_eq!(terminal.pan(), profile.holder.pan, "{name}");
        assert!(terminal.genuine(&keys), "{name}");
    }
}

#[test]
fn an_approved_card_confirms_with_a_genuine_tc() {
    for name in ["visa-approved", "mastercard-approved", "maestro-approved"] {
        let keys = issuer();
        let profile = shipped(name);
        let mut terminal = Terminal::new(&profile, &keys);
        terminal.initiate(&profile.application.aid.0);
        terminal.generate_ac(ARQC, 0x8C);
        let arqc = terminal.known[&0x9F26].clone();
        let answer = terminal.host(&keys, *b"00", true);
        assert_eq!(terminal.complete(*b"00", &answer), TC, "{name}");
        assert_ne!(terminal.known[&0x9F26], arqc, "{name}");
        assert!(terminal.genuine(&keys), "{name}");
        let (last_online, status) = terminal.send([0x80, 0xCA, 0x9F, 0x13], &[]);
        assert_eq!(
            (objects(&last_online)[&0x9F13].as_slice(), status),
            (&[0, 1][..], OK),
            "{name}"
        );
    }
}

#[test]
fn a_card_whose_issuer_declines_answers_with_an_aac() {
    let cards = [("visa-declined", *b"51"), ("mastercard-declined", *b"05")];
    for (name, code) in cards {
        let keys = issuer();
        let profile = shipped(name);
        assert_eq!(keys.declines(&profile.holder.pan), Some(code), "{name}");
        let mut terminal = Terminal::new(&profile, &keys);
        terminal.initiate(&profile.application.aid.0);
        terminal.generate_ac(ARQC, 0x8C);
        let answer = terminal.host(&keys, code, false);
        // Even a terminal that asks for approval doesn't get it.
        assert_eq!(terminal.complete(code, &answer), AAC, "{name}");
        assert!(terminal.genuine(&keys), "{name}");
    }
}

#[test]
fn a_forged_issuer_answer_is_refused() {
    for name in ["visa-approved", "mastercard-approved"] {
        let keys = issuer();
        let profile = shipped(name);
        let mut terminal = Terminal::new(&profile, &keys);
        terminal.initiate(&profile.application.aid.0);
        terminal.generate_ac(ARQC, 0x8C);
        let mut answer = terminal.host(&keys, *b"00", true);
        answer[0] ^= 1;
        assert_eq!(terminal.complete(*b"00", &answer), AAC, "{name}");
    }
}

#[test]
fn external_authenticate_tells_a_forged_answer_from_a_genuine_one() {
    let keys = issuer();
    let mut terminal = Terminal::new(&shipped("visa-approved"), &keys);
    for (forge, status) in [(0, OK), (1, 0x6300)] {
        terminal.initiate(VISA);
        terminal.generate_ac(ARQC, 0x8C);
        let mut answer = terminal.host(&keys, *b"00", true);
        answer[0] ^= forge;
        assert_eq!(terminal.send([0x00, 0x82, 0, 0], &answer).1, status);
        // Only one attempt per use.
        assert_eq!(terminal.send([0x00, 0x82, 0, 0], &answer).1, 0x6985);
    }
}

#[test]
fn unable_to_go_online_ends_with_an_aac() {
    let keys = issuer();
    let mut terminal = Terminal::new(&shipped("visa-approved"), &keys);
    terminal.initiate(VISA);
    terminal.generate_ac(ARQC, 0x8C);
    terminal.know(&[(0x8A, b"Y3")]);
    assert_eq!(terminal.generate_ac(TC, 0x8D), AAC);
    // CVR: first an ARQC, second an AAC, unable to go online.
    assert_eq!(terminal.known[&0x9F10][4], 0x21);
}

#[test]
fn another_issuers_keys_reject_the_card() {
    let (keys, others) = (issuer(), issuer());
    let mut terminal = Terminal::new(&shipped("visa-approved"), &keys);
    terminal.initiate(VISA);
    terminal.generate_ac(ARQC, 0x8C);
    assert!(!terminal.genuine(&others));
}

#[test]
fn a_changed_amount_breaks_the_cryptogram() {
    let keys = issuer();
    let mut terminal = Terminal::new(&shipped("visa-approved"), &keys);
    terminal.initiate(VISA);
    terminal.generate_ac(ARQC, 0x8C);
    terminal.know(&[(0x9F02, &[0, 0, 0, 0, 0, 1])]);
    assert!(!terminal.genuine(&keys));
}

#[test]
fn the_offline_declined_card_refuses_to_go_online() {
    let keys = issuer();
    let mut terminal = Terminal::new(&shipped("offline-declined"), &keys);
    terminal.initiate(VISA);
    assert_eq!(terminal.generate_ac(ARQC, 0x8C), AAC);
    assert!(terminal.genuine(&keys));
    // Nothing is left to ask for.
    assert_eq!(terminal.send([0x80, 0xAE, 0x40, 0], &[0; 31]).1, 0x6985);
}

#[test]
fn the_expired_card_wants_to_be_declined_by_the_terminal() {
    let mut terminal = Terminal::new(&shipped("expired"), &issuer());
    terminal.initiate(VISA);
    assert_eq!(terminal.known[&0x5F24], [0x24, 0x12, 0x31]);
    // Issuer Action Code, Denial: TVR byte 2 bit 7 is "expired application".
    assert_eq!(terminal.known[&0x9F0E][1] & 0x40, 0x40);
}

#[test]
fn the_unknown_card_has_no_application_of_ours() {
    let mut terminal = Terminal::new(&shipped("unknown-aid"), &issuer());
    assert_eq!(terminal.send([0x00, 0xA4, 0x04, 0x00], VISA).1, 0x6A82);
    let (fci, status) = terminal.send([0x00, 0xA4, 0x04, 0x00], PSE);
    assert_eq!((objects(&fci)[&0x88].as_slice(), status), (&[1][..], OK));
    let (record, status) = terminal.send([0x00, 0xB2, 0x01, 0x0C], &[]);
    assert_eq!(status, OK);
    assert_eq!(objects(&record)[&0x4F], [0xA0, 0, 0, 0, 0x65, 0x10, 0x10]);
    assert_eq!(terminal.send([0x00, 0xB2, 0x02, 0x0C], &[]).1, 0x6A83);
}

#[test]
fn the_blocked_card_refuses_every_select() {
    let mut terminal = Terminal::new(&shipped("blocked"), &issuer());
    assert_eq!(terminal.send([0x00, 0xA4, 0x04, 0x00], PSE).1, 0x6A81);
    assert_eq!(terminal.send([0x00, 0xA4, 0x04, 0x00], VISA).1, 0x6A81);
}

#[test]
fn the_card_removed_too_soon_never_confirms() {
    let keys = issuer();
    let mut terminal = Terminal::new(&shipped("removed-too-soon"), &keys);
    terminal.initiate(VISA);
    assert_eq!(terminal.generate_ac(ARQC, 0x8C), ARQC);
    let answer = terminal.host(&keys, *b"00", true);
    assert_eq!(terminal.send([0x00, 0x82, 0, 0], &answer).1, OK);
    assert_eq!(terminal.card.apdu(&[0x80, 0xAE, 0x40, 0x00, 0x00]), b"");
    assert!(terminal.card.is_gone());
    assert_eq!(terminal.card.apdu(&[0x00, 0xA4, 0x04, 0x00, 0x00]), b"");
    // Put in again it works from the start.
    terminal.card.power_on();
    terminal.initiate(VISA);
    assert_eq!(terminal.known[&0x9F36], [0, 1]);
    assert_eq!(terminal.generate_ac(ARQC, 0x8C), ARQC);
    assert_eq!(terminal.known[&0x9F36], [0, 2]);
}

#[test]
fn the_card_removed_while_online_answers_the_first_generate_ac() {
    let mut terminal = Terminal::new(&shipped("removed-while-online"), &issuer());
    terminal.initiate(VISA);
    assert!(!terminal.card.is_gone());
    assert_eq!(terminal.generate_ac(ARQC, 0x8C), ARQC);
    assert!(terminal.card.is_gone());
}

#[test]
fn a_card_can_vanish_at_any_named_point() {
    let keys = issuer();
    // Where it goes, and how many commands it answers before.
    for (point, answered) in [("\"gpo\"", 1), ("\"first-ac\"", 5), ("3", 2)] {
        let text = include_str!("../../profiles/visa-approved.toml");
        let text = format!("{text}\n[behaviour]\nremove_at = {point}\n");
        let profile = sealpoint_cardsim::Profile::parse(&text).expect("a profile");
        let mut card = Card::new(&profile, &keys).expect("a key");
        card.power_on();
        let select = [&[0x00, 0xA4, 0x04, 0x00, 7][..], VISA, &[0]].concat();
        let commands: [&[u8]; 6] = [
            &select,
            &[0x80, 0xA8, 0, 0, 6, 0x83, 4, 0xE0, 0x08, 0xC8, 0x22, 0],
            &[0x00, 0xB2, 1, 0x0C, 0],
            &[0x00, 0xB2, 1, 0x14, 0],
            &[0x00, 0xB2, 2, 0x14, 0],
            &[0x80, 0xAE, 0x80, 0, 0],
        ];
        let count = commands
            .iter()
            .take_while(|command| !card.apdu(command).is_empty())
            .count();
        assert_eq!(count, answered, "{point}");
    }
}

#[test]
fn every_shipped_card_can_be_personalised_and_has_a_valid_atr() {
    let keys = issuer();
    for profile in profile::shipped() {
        let mut card = Card::new(&profile, &keys).expect("a key for every shipped card");
        let atr = card.power_on();
        assert_eq!(atr[0], 0x3B, "{}", profile.name);
        // ISO/IEC 7816-3: with T=1 the bytes after TS, TCK included, XOR to 0.
        let check = atr[1..].iter().fold(0, |sum, byte| sum ^ byte);
        assert!(profile.behaviour.t0 || check == 0, "{}", profile.name);
    }
}
