//! GET CHALLENGE and VERIFY with an enciphered PIN (EMV 4.4 Book 2 7).

use sealpoint_cardsim::oda::Chain;
use sealpoint_cardsim::pad;
use sealpoint_cardsim::profile::Scheme;

use crate::terminal::{ARQC, OK, Terminal, issuer, shipped};

const MASTERCARD: &[u8] = &[0xA0, 0, 0, 0, 0x04, 0x10, 0x10];

fn initiated() -> Terminal {
    let mut terminal = Terminal::new(&shipped("cda-pin"), &issuer());
    terminal.initiate(MASTERCARD);
    terminal
}

fn challenge(terminal: &mut Terminal) -> [u8; 8] {
    let body = terminal.ok([0x00, 0x84, 0, 0], &[]);
    body.try_into().expect("eight bytes")
}

fn verify(terminal: &mut Terminal, pin: &str, challenge: [u8; 8]) -> u16 {
    let key = &Chain::of(Scheme::Mastercard).pin.key;
    let enciphered = pad::encipher(&key.modulus(), 3, pin, challenge, &[0xA7, 0x11]);
    let command = pad::verify_enciphered(&enciphered.expect("a key")).expect("short");
    terminal.raw(&command).1
}

#[test]
fn a_right_pin_over_the_cards_challenge_is_taken_and_told_the_issuer() {
    let mut terminal = initiated();
    let number = challenge(&mut terminal);
    assert_eq!(verify(&mut terminal, "1234", number), OK);
    terminal.generate_ac(ARQC, 0x8C);
    // CVR byte 1: offline PIN given, enciphered, right.
    assert_eq!(terminal.known[&0x9F10][2] & 0x07, 0x07);
}

#[test]
fn a_wrong_pin_counts_and_a_challenge_is_good_once() {
    let mut terminal = initiated();
    let number = challenge(&mut terminal);
    assert_eq!(verify(&mut terminal, "4321", number), 0x63C2);
    assert_eq!(verify(&mut terminal, "1234", number), 0x6985);
    let other = challenge(&mut terminal);
    assert_ne!(other, number);
    assert_eq!(verify(&mut terminal, "1234", number), 0x63C1);
    let fresh = challenge(&mut terminal);
    terminal.ok([0x80, 0xCA, 0x9F, 0x17], &[]);
    assert_eq!(verify(&mut terminal, "1234", fresh), 0x6985);
    let fresh = challenge(&mut terminal);
    assert_eq!(verify(&mut terminal, "1234", fresh), OK);
}

#[test]
fn the_plain_pin_still_goes_and_garbage_is_a_wrong_pin() {
    let mut terminal = initiated();
    assert_eq!(terminal.raw(&pad::verify("1234")).1, OK);
    challenge(&mut terminal);
    let garbage = pad::verify_enciphered(&[0x11; 128]).expect("short");
    assert_eq!(terminal.raw(&garbage).1, 0x63C2);
    challenge(&mut terminal);
    let short = pad::verify_enciphered(&[0x11; 127]).expect("short");
    assert_eq!(terminal.raw(&short).1, 0x6700);
}

#[test]
fn a_card_that_takes_any_pin_tells_its_issuer_that_it_got_none() {
    let keys = issuer();
    let mut terminal = Terminal::new(&shipped("pin-wedge"), &keys);
    terminal.initiate(MASTERCARD);
    assert_eq!(terminal.raw(&pad::verify("0000")).1, OK);
    terminal.know(&[(0x9F34, &[0x41, 0x03, 0x02])]);
    terminal.generate_ac(ARQC, 0x8C);
    let iad = &terminal.known[&0x9F10];
    // CVR byte 1 bit 3: no offline PIN; byte 4 bit 1: the terminal believes in one.
    assert_eq!((iad[2] & 0x04, iad[5] & 0x01), (0, 1));
    assert!(terminal.genuine(&keys));
}
