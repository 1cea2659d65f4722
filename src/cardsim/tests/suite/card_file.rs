//! The cards' counters go on when the simulator is started again.

use std::fs;

use sealpoint_cardsim::{Slot, profile};

use crate::terminal::issuer;

const SELECT: &[u8] = &[
    0x00, 0xA4, 0x04, 0x00, 7, 0xA0, 0, 0, 0, 0x03, 0x10, 0x10, 0,
];
const OPTIONS: &[u8] = &[0x80, 0xA8, 0, 0, 6, 0x83, 4, 0xE0, 0x08, 0xC8, 0x22, 0];
const COUNTER: &[u8] = &[0x80, 0xCA, 0x9F, 0x36, 0];

/// Uses the card once; its counter.
fn used(slot: &Slot) -> Vec<u8> {
    slot.insert("visa-approved").expect("inserted");
    slot.power_on();
    for command in [SELECT, OPTIONS] {
        assert!(slot.transmit(command).ends_with(&[0x90, 0x00]));
    }
    let answer = slot.transmit(COUNTER);
    slot.remove();
    answer[3..5].to_vec()
}

#[test]
fn the_next_simulator_has_the_same_cards() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cards.json");
    let keys = issuer();
    for expected in [1, 2, 3] {
        let slot = Slot::new(&profile::shipped(), &keys).expect("cards");
        slot.keep_in(&path).expect("a file");
        assert_eq!(used(&slot), [0, expected]);
    }
    let text = fs::read_to_string(&path).expect("the file");
    let pans = profile::shipped().into_iter().map(|card| card.holder.pan);
    assert!(pans.into_iter().all(|pan| !text.contains(&pan)), "{text}");
}

#[test]
fn a_file_of_something_else_is_named_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cards.json");
    fs::write(&path, "not cards").expect("written");
    let slot = Slot::new(&profile::shipped(), &issuer()).expect("cards");
    let error = slot.keep_in(&path).expect_err("no cards").to_string();
    assert!(error.contains("cards.json is no file of cards"), "{error}");
    assert_eq!(fs::read_to_string(&path).expect("still there"), "not cards");
    let nowhere = folder.path().join("none/cards.json");
    let error = slot.keep_in(&nowhere).expect_err("no folder").to_string();
    assert!(error.contains("choose a file"), "{error}");
}
