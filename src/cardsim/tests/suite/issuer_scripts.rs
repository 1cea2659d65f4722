//! Issuer scripts: only the issuer's MAC moves the card (EMV 4.4 Book 2 9, Book 3 10.10).

use sealpoint_cardsim::IssuerKeys;
use sealpoint_cardsim::cryptogram::Messaging;
use sealpoint_cardsim::script::{Script, ScriptCommand};

use crate::terminal::{AAC, ARQC, OK, Terminal, issuer, objects, shipped};

const VISA: &[u8] = &[0xA0, 0, 0, 0, 0x03, 0x10, 0x10];
const MASTERCARD: &[u8] = &[0xA0, 0, 0, 0, 0x04, 0x10, 0x10];

fn online(card: &str, aid: &[u8], keys: &IssuerKeys) -> Terminal {
    let mut terminal = Terminal::new(&shipped(card), keys);
    terminal.initiate(aid);
    terminal.generate_ac(ARQC, 0x8C);
    terminal
}

/// The commands of a script, as the issuer of the last cryptogram sends them.
fn commands(terminal: &Terminal, keys: &IssuerKeys, words: &str) -> Vec<Vec<u8>> {
    let (version, keys) = terminal.session_key(keys);
    let arqc = terminal.known[&0x9F26].as_slice().try_into().expect("8");
    let messaging = Messaging::new(&keys, version, arqc);
    let script: Script = words.parse().expect("a script");
    let numbered = (0..).zip(&script.commands);
    numbered
        .map(|(number, command): (u8, &ScriptCommand)| command.apdu(&messaging, number))
        .collect()
}

fn send(terminal: &mut Terminal, keys: &IssuerKeys, words: &str) -> Vec<u16> {
    let commands = commands(terminal, keys, words);
    commands.iter().map(|apdu| terminal.raw(apdu).1).collect()
}

#[test]
fn a_blocked_application_says_so_and_declines_until_it_is_unblocked() {
    let keys = issuer();
    let mut terminal = online("visa-approved", VISA, &keys);
    assert_eq!(send(&mut terminal, &keys, "72 application-block"), [OK]);
    let (fci, status) = terminal.send([0x00, 0xA4, 0x04, 0x00], VISA);
    assert_eq!((objects(&fci)[&0x84].as_slice(), status), (VISA, 0x6283));
    let options = [0x80, 0xA8, 0, 0, 6, 0x83, 4, 0xE0, 0x08, 0xC8, 0x22, 0];
    assert_eq!(terminal.raw(&options).1, OK);
    terminal.known.insert(0x9F36, vec![0, 2]);
    assert_eq!(terminal.generate_ac(ARQC, 0x8C), AAC);
    assert_eq!(send(&mut terminal, &keys, "72 application-unblock"), [OK]);
    terminal.initiate(VISA);
    assert_eq!(terminal.generate_ac(ARQC, 0x8C), ARQC);
    // CARD BLOCK is for good.
    assert_eq!(send(&mut terminal, &keys, "72 card-block"), [OK]);
    terminal.card.power_on();
    assert_eq!(terminal.send([0x00, 0xA4, 0x04, 0x00], VISA).1, 0x6A81);
}

#[test]
fn a_wrong_mac_moves_nothing() {
    let keys = issuer();
    let others = issuer();
    for (card, aid) in [("visa-approved", VISA), ("cda", MASTERCARD), ("sda", VISA)] {
        let mut terminal = online(card, aid, &keys);
        let mut forged = commands(&terminal, &keys, "72 card-block").remove(0);
        *forged.last_mut().expect("a MAC") ^= 1;
        assert_eq!(terminal.raw(&forged).1, 0x6988, "{card}");
        let mut terminal = online(card, aid, &keys);
        assert_eq!(send(&mut terminal, &others, "72 card-block"), [0x6988]);
        // A MAC for another command of the same use.
        let mut terminal = online(card, aid, &keys);
        let mut moved = commands(&terminal, &keys, "72 pin-unblock").remove(0);
        moved[1] = 0x16;
        assert_eq!(terminal.raw(&moved).1, 0x6988, "{card}");
        assert_eq!(terminal.send([0x00, 0xA4, 0x04, 0x00], aid).1, OK, "{card}");
    }
}

#[test]
fn a_script_of_an_earlier_use_is_refused() {
    let keys = issuer();
    for (card, aid) in [("visa-approved", VISA), ("cda", MASTERCARD)] {
        let mut terminal = online(card, aid, &keys);
        let replayed = commands(&terminal, &keys, "72 application-block").remove(0);
        terminal.initiate(aid);
        terminal.generate_ac(ARQC, 0x8C);
        assert_eq!(terminal.raw(&replayed).1, 0x6988, "{card}");
    }
}

#[test]
fn several_commands_of_one_use_all_work() {
    let keys = issuer();
    for (card, aid) in [("scripts", VISA), ("cda-pin", MASTERCARD)] {
        let mut terminal = online(card, aid, &keys);
        let words = "72 pin-change 4321, put-data 9F58 05, update-record 1 1 70025F20";
        assert_eq!(send(&mut terminal, &keys, words), [OK; 3], "{card}");
        let (limit, _) = terminal.send([0x80, 0xCA, 0x9F, 0x58], &[]);
        assert_eq!(objects(&limit)[&0x9F58], [5], "{card}");
        let (record, _) = terminal.send([0x00, 0xB2, 1, 0x0C], &[]);
        assert_eq!(record, [0x70, 0x02, 0x5F, 0x20], "{card}");
        terminal.select(aid);
        let values = terminal.fill(0x9F38);
        let length = u8::try_from(values.len()).expect("short");
        terminal.ok([0x80, 0xA8, 0, 0], &[&[0x83, length][..], &values].concat());
        let verify = sealpoint_cardsim::pad::verify;
        assert_eq!(terminal.raw(&verify("1234")).1, 0x63C2, "{card}");
        assert_eq!(terminal.raw(&verify("4321")).1, OK, "{card}");
    }
}

#[test]
fn before_the_first_cryptogram_there_is_no_script() {
    let keys = issuer();
    let mut terminal = online("visa-approved", VISA, &keys);
    let command = commands(&terminal, &keys, "72 card-block").remove(0);
    terminal.initiate(VISA);
    assert_eq!(terminal.raw(&command).1, 0x6985);
}
