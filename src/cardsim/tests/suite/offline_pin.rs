//! VERIFY with the plaintext PIN 1234 and its try counter.

use sealpoint_cardsim::cryptogram::Messaging;
use sealpoint_cardsim::script::ScriptCommand;

use crate::terminal::{ARQC, OK, Terminal, issuer, objects, shipped};

const VISA: &[u8] = &[0xA0, 0, 0, 0, 0x03, 0x10, 0x10];
const VERIFY: [u8; 4] = [0x00, 0x20, 0x00, 0x80];
const RIGHT: [u8; 8] = [0x24, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
const WRONG: [u8; 8] = [0x24, 0x99, 0x99, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];

fn tries_left(terminal: &mut Terminal) -> u8 {
    objects(&terminal.send([0x80, 0xCA, 0x9F, 0x17], &[]).0)[&0x9F17][0]
}

#[test]
fn the_right_pin_resets_the_counter_and_shows_in_the_cvr() {
    let mut terminal = Terminal::new(&shipped("visa-approved"), &issuer());
    terminal.initiate(VISA);
    assert_eq!(terminal.send(VERIFY, &WRONG).1, 0x63C2);
    assert_eq!(tries_left(&mut terminal), 2);
    assert_eq!(terminal.send(VERIFY, &RIGHT).1, OK);
    assert_eq!(tries_left(&mut terminal), 3);
    terminal.generate_ac(ARQC, 0x8C);
    assert_eq!(terminal.known[&0x9F10][4], 0xA4);
}

#[test]
fn three_wrong_pins_block_it_across_power_off_until_a_script_unblocks() {
    let keys = issuer();
    let mut terminal = Terminal::new(&shipped("visa-approved"), &keys);
    terminal.initiate(VISA);
    for status in [0x63C2, 0x63C1, 0x63C0, 0x6983] {
        assert_eq!(terminal.send(VERIFY, &WRONG).1, status);
    }
    terminal.card.power_on();
    terminal.initiate(VISA);
    assert_eq!(terminal.send(VERIFY, &RIGHT).1, 0x6983);
    terminal.generate_ac(ARQC, 0x8C);
    let (version, keys) = terminal.session_key(&keys);
    let arqc = terminal.known[&0x9F26].as_slice().try_into().expect("8");
    let unblock = ScriptCommand::PinUnblock.apdu(&Messaging::new(&keys, version, arqc), 0);
    assert_eq!(terminal.raw(&unblock).1, OK);
    terminal.initiate(VISA);
    assert_eq!(terminal.send(VERIFY, &RIGHT).1, OK);
}

#[test]
fn verify_checks_order_length_and_whether_there_is_a_pin() {
    let keys = issuer();
    let mut terminal = Terminal::new(&shipped("visa-approved"), &keys);
    assert_eq!(terminal.send(VERIFY, &RIGHT).1, 0x6985);
    terminal.initiate(VISA);
    assert_eq!(terminal.send(VERIFY, &RIGHT[..7]).1, 0x6700);
    assert_eq!(terminal.send([0x00, 0x20, 0x00, 0x81], &RIGHT).1, 0x6A86);
    assert_eq!(tries_left(&mut terminal), 3);
    let mut without = Terminal::new(&shipped("visa-declined"), &keys);
    without.initiate(VISA);
    assert_eq!(without.send(VERIFY, &RIGHT).1, 0x6A88);
}
