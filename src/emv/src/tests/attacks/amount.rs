//! The card is told another amount than the terminal charges: less, so that it approves by itself, or
//! in the one command and not in the other.

use super::{charge, data, genuine, has, issuer, nobody, online_only, pay, pay_for, told};
use crate::{Aip, Ending, Tvr, tag, tests::attacks::genuine::Genuine};

const CHARGED: [u8; 6] = [0x00, 0x00, 0x00, 0x00, 0x12, 0x34];
const LITTLE: [u8; 6] = [0x00, 0x00, 0x00, 0x00, 0x00, 0x01];

/// A wedge that changes the amount where it stands in the data of that command.
fn cheaper(card: &mut Genuine, command: &[u8], instruction: u8, place: usize) -> Vec<u8> {
    let mut command = command.to_vec();
    if command[1] == instruction && command[place..].starts_with(&CHARGED) {
        command[place..place + LITTLE.len()].copy_from_slice(&LITTLE);
    }
    card.answer(&command)
}

#[test]
fn the_same_amount_is_in_every_command_and_at_the_host() {
    let mut card = Genuine::new(Aip::CDA, genuine::NO_CVM);
    let terminal = online_only(card.terminal());
    let ran = pay(&terminal, issuer, |command| card.answer(command));
    assert_eq!(data(ran.commands(0xA8)[0])[2..8], CHARGED, "PDOL");
    assert_eq!(data(ran.commands(0xAE)[0])[..6], CHARGED, "CDOL1");
    assert_eq!(data(ran.commands(0xAE)[1])[2..8], CHARGED, "CDOL2");
    assert_eq!(told(&ran, tag::AMOUNT), CHARGED, "DE 55");
    assert_eq!(ran.outcome.ending, Ending::Approved);
}

/// CDA signs a hash over what the card was told in each command (Book 2 §6.6.1).
#[test]
fn another_amount_in_any_command_breaks_the_cards_signature() {
    for (instruction, place) in [(0xA8, 7), (0xAE, 5)] {
        let mut card = Genuine::new(Aip::CDA, genuine::NO_CVM);
        let terminal = card.terminal();
        let ran = pay(&terminal, nobody, |command| {
            cheaper(&mut card, command, instruction, place)
        });
        assert!(has(&ran, Tvr::CDA_FAILED), "{instruction:02X}");
        assert!(!ran.outcome.pays(), "{instruction:02X}");
    }
}

#[test]
fn another_amount_in_the_second_round_breaks_the_second_signature() {
    let mut card = Genuine::new(Aip::CDA, genuine::NO_CVM);
    let terminal = online_only(card.terminal());
    let mut rounds = 0;
    let ran = pay(&terminal, issuer, |command| {
        rounds += u8::from(command[1] == 0xAE);
        if rounds == 2 {
            cheaper(&mut card, command, 0xAE, 7)
        } else {
            card.answer(command)
        }
    });
    assert!(has(&ran, Tvr::CDA_FAILED));
    assert_eq!(ran.outcome.ending, Ending::DeclinedByCard);
    assert!(ran.outcome.may_need_reversal());
}

#[test]
fn without_cda_the_issuer_sees_another_amount_in_the_cryptogram() {
    let mut card = Genuine::new(Aip::DDA, genuine::NO_CVM);
    let terminal = online_only(card.terminal());
    let ran = pay(&terminal, issuer, |command| {
        cheaper(&mut card, command, 0xAE, 5)
    });
    assert_eq!(ran.outcome.ending, Ending::DeclinedByHost(*b"05"));
}

/// Above the floor limit nothing is approved offline, whatever a wedge tells the card.
#[test]
fn a_small_amount_to_the_card_does_not_lift_the_floor_limit() {
    let mut card = Genuine::new(Aip::DDA, genuine::NO_CVM);
    let terminal = card.terminal();
    let mut dear = charge();
    dear.amount_minor = 10_000;
    let ran = pay_for(dear, &terminal, nobody, |command| card.answer(command));
    assert!(has(&ran, Tvr::OVER_FLOOR_LIMIT));
    assert_eq!(ran.outcome.ending, Ending::UnableToGoOnline);
}
