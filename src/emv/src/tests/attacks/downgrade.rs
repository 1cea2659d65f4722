//! Somebody in between makes the card look weaker than it is: fewer ways of authentication, or a CVM
//! list without a PIN.

use super::{genuine, has, issuer, nobody, online_only, pay, replace, told};
use crate::{Aip, Ending, Tvr, tag, tests::attacks::genuine::Genuine, tests::card::hex};

/// CVM list: plaintext PIN, and what the wedge makes of it: no CVM, always.
const RULE: [u8; 4] = [0x00, 0x00, 0x01, 0x03];
const NO_RULE: [u8; 4] = [0x00, 0x00, 0x1F, 0x00];

/// A wedge that takes the PIN out of the CVM list.
fn no_pin(card: &mut Genuine, command: &[u8]) -> Vec<u8> {
    let answer = card.answer(command);
    if command[1] == 0xB2 && command[3] == 0x0C {
        replace(&answer, &RULE, &NO_RULE)
    } else {
        answer
    }
}

#[test]
fn a_changed_cvm_list_fails_whatever_authentication_the_card_has() {
    for (ways, failed) in [
        (Aip::SDA, Tvr::SDA_FAILED),
        (Aip::DDA, Tvr::DDA_FAILED),
        (Aip::CDA, Tvr::CDA_FAILED),
    ] {
        let mut card = Genuine::new(ways, genuine::PIN);
        let terminal = card.terminal();
        let ran = pay(&terminal, nobody, |command| no_pin(&mut card, command));
        assert!(has(&ran, failed), "{ways:?}");
        assert_eq!(
            ran.evidence().cvm_results,
            [0x1F, 0x00, 0x02],
            "no PIN was asked for"
        );
        // The action codes send it online, and without the host it is declined.
        assert_eq!(ran.outcome.ending, Ending::UnableToGoOnline, "{ways:?}");
    }
}

#[test]
fn the_issuer_learns_of_a_changed_cvm_list() {
    let mut card = Genuine::new(Aip::CDA, genuine::PIN);
    let terminal = card.terminal();
    let ran = pay(&terminal, issuer, |command| no_pin(&mut card, command));
    assert_eq!(told(&ran, tag::TVR)[0], 0x04, "CDA failed");
    assert_eq!(told(&ran, tag::CVM_RESULTS), [0x1F, 0x00, 0x02]);
}

/// A wedge that gives the card another interchange profile.
fn with_aip(card: &mut Genuine, command: &[u8], aip: [u8; 2]) -> Vec<u8> {
    let own = card.aip();
    let answer = card.answer(command);
    if command[1] == 0xA8 {
        replace(&answer, &own, &aip)
    } else {
        answer
    }
}

#[test]
fn a_profile_without_its_stronger_way_fails_the_weaker_one() {
    for (ways, aip, failed) in [
        // CDA taken away: DDA is left, and the card's certificate covers the profile.
        (Aip::CDA | Aip::DDA, "3C00", Tvr::DDA_FAILED),
        // Both taken away: SDA is left, and the signed static data cover it.
        (Aip::CDA | Aip::DDA | Aip::SDA, "5C00", Tvr::SDA_FAILED),
        (Aip::CDA | Aip::SDA, "5C00", Tvr::SDA_FAILED),
    ] {
        let mut card = Genuine::new(ways, genuine::NO_CVM);
        let terminal = card.terminal();
        let aip = hex(aip).try_into().expect("two bytes");
        let ran = pay(&terminal, nobody, |command| {
            with_aip(&mut card, command, aip)
        });
        assert!(has(&ran, failed), "{ways:?}: {}", ran.tvr());
        assert!(!ran.outcome.pays(), "{ways:?}");
    }
}

#[test]
fn a_profile_without_any_authentication_goes_online_and_the_issuer_sees_it() {
    let mut card = Genuine::new(Aip::CDA, genuine::NO_CVM);
    let terminal = card.terminal();
    let ran = pay(&terminal, issuer, |command| {
        with_aip(&mut card, command, [0x1C, 0x00])
    });
    assert!(has(&ran, Tvr::ODA_NOT_PERFORMED));
    assert_eq!(
        told(&ran, tag::AIP),
        [0x1C, 0x00],
        "what the terminal was told"
    );
    // The card's cryptogram is over its own profile.
    assert_eq!(ran.outcome.ending, Ending::DeclinedByHost(*b"05"));
    let alone = pay(&terminal, nobody, |command| {
        with_aip(&mut card, command, [0x1C, 0x00])
    });
    assert_eq!(alone.outcome.ending, Ending::UnableToGoOnline);
}

#[test]
fn a_profile_without_cardholder_verification_fails_authentication() {
    let mut card = Genuine::new(Aip::CDA, genuine::PIN);
    let terminal = card.terminal();
    // 0D00: CDA, risk management, issuer authentication; no cardholder verification.
    let ran = pay(&terminal, nobody, |command| {
        with_aip(&mut card, command, [0x0D, 0x00])
    });
    assert!(has(&ran, Tvr::CDA_FAILED), "{}", ran.tvr());
    assert!(!ran.outcome.pays());
}

#[test]
fn an_online_only_terminal_asks_the_issuer_whatever_the_profile_says() {
    let mut card = Genuine::new(Aip::CDA, genuine::NO_CVM);
    let terminal = online_only(card.terminal());
    let ran = pay(&terminal, nobody, |command| {
        with_aip(&mut card, command, [0x1C, 0x00])
    });
    assert!(ran.request.is_some() && !ran.outcome.pays());
}
