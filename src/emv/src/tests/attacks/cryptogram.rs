//! Somebody in between changes the card's decision, its signature, or the issuer's answer.

use super::{bench, genuine, has, issuer, nobody, online_only, pay, replace};
use crate::{
    Aip, Decliner, Ending, HostAnswer, HostDecision, HostVerdict, Tvr, tag,
    tests::{attacks::genuine::Genuine, card::object},
};

/// A wedge that makes one CID of another.
fn flipped(card: &mut Genuine, command: &[u8], from: u8, to: u8) -> Vec<u8> {
    let answer = card.answer(command);
    if command[1] == 0xAE {
        replace(
            &answer,
            &object(tag::CID, &[from]),
            &object(tag::CID, &[to]),
        )
    } else {
        answer
    }
}

#[test]
fn a_decline_turned_into_a_certificate_has_no_signature() {
    let mut card = Genuine::new(Aip::CDA, genuine::NO_CVM);
    card.declines = true;
    let terminal = card.terminal();
    let honest = pay(&terminal, nobody, |command| card.answer(command));
    assert_eq!(
        honest.outcome.ending,
        Ending::DeclinedOffline(Decliner::Card)
    );
    let ran = pay(&terminal, nobody, |command| {
        flipped(&mut card, command, 0x00, 0x40)
    });
    assert!(has(&ran, Tvr::CDA_FAILED));
    assert!(!ran.outcome.pays());
}

#[test]
fn a_request_turned_into_a_certificate_has_the_wrong_signature() {
    let mut card = Genuine::new(Aip::CDA, genuine::NO_CVM);
    card.forces_online = true;
    let terminal = card.terminal();
    let ran = pay(&terminal, nobody, |command| {
        flipped(&mut card, command, 0x80, 0x40)
    });
    assert!(has(&ran, Tvr::CDA_FAILED));
    assert!(!ran.outcome.pays());
}

#[test]
fn a_decline_of_the_second_round_turned_into_a_certificate_does_not_pay() {
    let mut card = Genuine::new(Aip::CDA, genuine::NO_CVM);
    let terminal = online_only(card.terminal());
    let mut rounds = 0;
    let ran = pay(&terminal, issuer, |command| {
        rounds += u8::from(command[1] == 0xAE);
        card.declines = rounds == 2;
        if rounds == 2 {
            flipped(&mut card, command, 0x00, 0x40)
        } else {
            card.answer(command)
        }
    });
    assert!(has(&ran, Tvr::CDA_FAILED));
    assert_eq!(ran.outcome.ending, Ending::DeclinedByCard);
    assert!(ran.outcome.may_need_reversal());
}

/// Not stopped: without CDA nothing binds the CID, offline or in the second round.
#[test]
fn without_cda_a_decline_turned_into_a_certificate_pays_and_the_issuer_finds_out_later() {
    let mut card = Genuine::new(Aip::DDA, genuine::NO_CVM);
    card.declines = true;
    let terminal = card.terminal();
    let ran = pay(&terminal, nobody, |command| {
        flipped(&mut card, command, 0x00, 0x40)
    });
    assert_eq!(ran.outcome.ending, Ending::ApprovedOffline);
    assert!(
        bench().capabilities[2] & 0x08 != 0,
        "a card with CDA is asked for it"
    );
}

#[test]
fn a_card_that_is_not_asked_to_sign_fails_the_charge() {
    let mut card = Genuine::new(Aip::CDA, genuine::NO_CVM);
    let terminal = card.terminal();
    let ran = pay(&terminal, nobody, |command| {
        let mut command = command.to_vec();
        if command[1] == 0xAE {
            assert_eq!(command[2] & 0x10, 0x10, "the terminal asks for a signature");
            command[2] &= !0x10;
        }
        card.answer(&command)
    });
    assert!(has(&ran, Tvr::CDA_FAILED));
    assert!(!ran.outcome.pays());
}

#[test]
fn an_approval_that_is_not_the_issuers_is_refused_by_the_card() {
    let forged = |_: &crate::OnlineRequest| {
        HostAnswer::new(HostDecision::Approved, *b"00", &[0xF0; 10], &[]).ok()
    };
    let mut card = Genuine::new(Aip::CDA, genuine::NO_CVM);
    let terminal = online_only(card.terminal());
    let ran = pay(&terminal, forged, |command| card.answer(command));
    assert!(has(&ran, Tvr::ISSUER_AUTHENTICATION_FAILED));
    assert_eq!(ran.evidence().host, HostVerdict::Approved);
    assert_eq!(ran.outcome.ending, Ending::DeclinedByCard);
    assert!(ran.outcome.may_need_reversal());
    // The card learns of it in the TVR of the second round, and its issuer's own answer is taken.
    assert_eq!(ran.commands(0xAE)[1][13..18], ran.tvr().to_bytes());
    let honest = pay(&terminal, issuer, |command| card.answer(command));
    assert_eq!(honest.outcome.ending, Ending::Approved);
}
