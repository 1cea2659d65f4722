//! Counterfeits: a card's data copied to another chip, without its keys, that says yes to everything
//! (the "yes card").

use super::{genuine, has, issuer, nobody, online_only, pay};
use crate::{
    AcType, Aip, Ending, TerminalData, Tsi, Tvr, tag,
    tests::{
        attacks::genuine::Genuine,
        card::{hex, object, ok},
    },
};

/// The copy: what could be read of the card, "PIN right", and cryptograms out of thin air.
fn yes_card(card: &mut Genuine, command: &[u8]) -> Vec<u8> {
    match command {
        [_, 0xAE, control, ..] => {
            let cid = AcType::from_cid(*control)
                .unwrap_or(AcType::Aac)
                .reference_control();
            let rest = hex("0043 0102030405060708 06010A03A00000");
            ok(&object(tag::FORMAT_1, &[&[cid][..], &rest].concat()))
        }
        // It has no key to sign with.
        [_, 0x88, ..] => ok(&object(tag::FORMAT_1, &[0x5A; 128])),
        _ => card.answer(command),
    }
}

/// The terminal with these action codes for online.
fn with_online_code(mut terminal: TerminalData, code: &str) -> TerminalData {
    let code = Tvr::from_bytes(hex(code).try_into().expect("five bytes"));
    for application in &mut terminal.applications {
        application.actions.online = code;
        application.actions.default = code;
    }
    terminal
}

#[test]
fn a_clone_of_an_sda_card_is_sent_online_by_the_shipped_profile_and_known_there() {
    let mut card = Genuine::new(Aip::SDA, genuine::PIN);
    let terminal = card.terminal();
    let ran = pay(&terminal, issuer, |command| yes_card(&mut card, command));
    assert!(
        has(&ran, Tvr::SDA_SELECTED) && !has(&ran, Tvr::SDA_FAILED),
        "the copy is perfect"
    );
    assert!(ran.evidence().tsi.contains(Tsi::ODA));
    assert_eq!(ran.outcome.ending, Ending::DeclinedByHost(*b"05"));
    let alone = pay(&terminal, nobody, |command| yes_card(&mut card, command));
    assert_eq!(alone.outcome.ending, Ending::UnableToGoOnline);
}

#[test]
fn a_clone_pays_nothing_where_every_charge_goes_online() {
    let mut card = Genuine::new(Aip::SDA, genuine::PIN);
    let terminal = online_only(card.terminal());
    let ran = pay(&terminal, issuer, |command| yes_card(&mut card, command));
    assert_eq!(ran.outcome.ending, Ending::DeclinedByHost(*b"05"));
    let alone = pay(&terminal, nobody, |command| yes_card(&mut card, command));
    assert_eq!(alone.outcome.ending, Ending::UnableToGoOnline);
}

/// Not stopped: a profile whose action codes trust SDA trusts its copies.
#[test]
fn without_an_action_code_for_sda_its_clone_pays_offline() {
    let mut card = Genuine::new(Aip::SDA, genuine::PIN);
    let terminal = with_online_code(card.terminal(), "DC4004F800");
    let ran = pay(&terminal, nobody, |command| yes_card(&mut card, command));
    assert_eq!(ran.outcome.ending, Ending::ApprovedOffline);
    assert!(
        has(&ran, Tvr::SDA_SELECTED),
        "clearing tells the issuer afterwards"
    );
}

#[test]
fn a_clone_of_a_dynamic_card_cannot_sign() {
    for (ways, failed) in [(Aip::DDA, Tvr::DDA_FAILED), (Aip::CDA, Tvr::CDA_FAILED)] {
        let mut card = Genuine::new(ways, genuine::PIN);
        let terminal = card.terminal();
        let ran = pay(&terminal, nobody, |command| yes_card(&mut card, command));
        assert!(!ran.outcome.pays(), "{ways:?}");
        assert!(
            has(&ran, failed) || matches!(ran.outcome.ending, Ending::Terminated(_)),
            "{ways:?}"
        );
    }
}

/// Not stopped: DDA proves the card and not its cryptogram. A card with CDA is asked for that.
#[test]
fn a_wedge_on_a_dda_card_may_make_up_the_certificate_and_the_issuer_finds_out_later() {
    let mut card = Genuine::new(Aip::DDA, genuine::NO_CVM);
    let terminal = card.terminal();
    let ran = pay(&terminal, nobody, |command| match command {
        [_, 0x88, ..] => card.answer(command),
        _ => yes_card(&mut card, command),
    });
    assert_eq!(ran.outcome.ending, Ending::ApprovedOffline);
    assert!(!genuine::issuer_recognises(&ran.evidence().de55));
}

#[test]
fn a_wedge_on_a_cda_card_may_not() {
    let mut card = Genuine::new(Aip::CDA | Aip::DDA, genuine::NO_CVM);
    let terminal = card.terminal();
    let ran = pay(&terminal, nobody, |command| match command {
        [_, 0x88, ..] => card.answer(command),
        _ => yes_card(&mut card, command),
    });
    assert!(!ran.outcome.pays());
}
