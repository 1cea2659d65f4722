//! The TC hash value (EMV 4.4 Book 3 §9.2.2).

use super::card::{Card, Ran, approval, charge, hex, pay, play};
use crate::{Ending, Fault, Tvr, demo_profile, tag};

/// SHA-1 of nothing, and of the amount 12.34 (openssl dgst -sha1).
const OF_NOTHING: &str = "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709";
const OF_THE_AMOUNT: &str = "D63B4EDEA972C6DE8D985F106491C491A93C48F8";

fn asking(card: Card) -> Card {
    card.with(tag::CDOL1, "9814 9505")
}

fn hash_and_tvr(ran: &Ran) -> (Vec<u8>, Vec<u8>) {
    let command = ran.commands(0xAE)[0];
    (command[5..25].to_vec(), command[25..30].to_vec())
}

#[test]
fn the_hash_is_over_what_the_card_names() {
    let ran = pay(&asking(Card::good().with(tag::TDOL, "9F0206")));
    let (hash, tvr) = hash_and_tvr(&ran);
    assert_eq!(hash, hex(OF_THE_AMOUNT));
    assert_eq!(tvr[4] & 0x80, 0);
    assert!(!ran.tvr().contains(Tvr::DEFAULT_TDOL));
}

#[test]
fn a_card_that_names_nothing_gets_the_terminals_default() {
    let mut terminal = demo_profile();
    terminal.applications[0].default_tdol = hex("9F0206");
    let card = asking(Card::good());
    let ran = play(
        &terminal,
        charge(),
        |command| card.answer(command),
        Some(&approval()),
    );
    let (hash, tvr) = hash_and_tvr(&ran);
    assert_eq!(hash, hex(OF_THE_AMOUNT));
    assert_eq!(tvr[4] & 0x80, 0x80, "the card is told");
}

#[test]
fn without_any_list_nothing_is_hashed() {
    let ran = pay(&asking(Card::good()));
    assert_eq!(hash_and_tvr(&ran).0, hex(OF_NOTHING));
    assert!(!ran.tvr().contains(Tvr::DEFAULT_TDOL), "there is none");
}

#[test]
fn a_default_that_was_used_can_lead_to_a_decline() {
    let mut terminal = demo_profile();
    terminal.applications[0].default_tdol = hex("9F0206");
    let card = asking(Card::good().with(tag::IAC_DENIAL, "0000000080"));
    let ran = play(&terminal, charge(), |command| card.answer(command), None);
    assert!(matches!(ran.outcome.ending, Ending::DeclinedOffline(_)));
}

#[test]
fn a_card_that_does_not_ask_gets_none() {
    let ran = pay(&Card::good().with(tag::TDOL, "9F0206"));
    assert!(!ran.tvr().contains(Tvr::DEFAULT_TDOL));
}

#[test]
fn the_second_command_has_its_own() {
    let card = Card::good()
        .with(tag::TDOL, "8A02")
        .with(tag::CDOL2, "8A02 9814");
    let ran = pay(&card);
    let second = ran.commands(0xAE)[1];
    assert_eq!(
        second[7..27],
        hex("FB96549631C835EB239CD614CC6B5CB7D295121A"),
        "over 3030"
    );
}

#[test]
fn a_hash_over_the_account_is_still_possible_once_it_is_out() {
    let card = Card::good()
        .with(tag::TDOL, "5A08")
        .with(tag::CDOL2, "8A02 9814");
    let second = pay(&card).commands(0xAE)[1].to_vec();
    assert_eq!(
        second[7..27],
        hex("6869C57B6AD5E49294BA2AC2083238DE1EC93FAA")
    );
}

#[test]
fn a_list_that_is_none_ends_the_charge() {
    let ran = pay(&asking(Card::good().with(tag::TDOL, "9F02")));
    assert!(matches!(
        ran.outcome.ending,
        Ending::Terminated(Fault::Dol(tag::TDOL, _))
    ));
}
