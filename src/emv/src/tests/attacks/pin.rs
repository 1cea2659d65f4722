//! A wedge between card and terminal answers VERIFY by itself: any PIN is "right" (Murdoch, Drimer,
//! Anderson, Bond: "Chip and PIN is Broken", 2010).

use super::{bench, data, element, genuine, has, issuer, nobody, online_only, pay, told};
use crate::{Aip, Decliner, Ending, Tsi, Tvr, tag, tests::attacks::genuine::Genuine};

/// CVM results: plaintext PIN by the card, if supported, successful (Book 4 §6.3.4.5).
const RIGHT: [u8; 3] = [0x01, 0x03, 0x02];

#[test]
fn what_was_said_of_the_pin_reaches_card_and_issuer_as_it_was_said() {
    let mut card = Genuine::new(Aip::CDA, genuine::PIN);
    let terminal = online_only(card.terminal());
    let ran = pay(&terminal, issuer, |command| card.answer(command));
    // The terminal was told that it is right, and says so.
    assert_eq!(told(&ran, tag::CVM_RESULTS), RIGHT);
    assert_eq!(ran.evidence().cvm_results, RIGHT);
    assert!(!has(&ran, Tvr::CVM_FAILED) && ran.evidence().tsi.contains(Tsi::CVM));
    // The card was asked to sign the very same bytes.
    let values = data(ran.commands(0xAE)[0]);
    assert!(values.ends_with(&RIGHT));
    assert_eq!(values[14..19], told(&ran, tag::TVR));
    // And the issuer gets the card's own account beside it, as the card gave it: no PIN.
    let de55 = &ran.request.as_ref().expect("asked").de55;
    assert_eq!(element(de55, tag::IAD)[4], 0xA0);
    assert!(!genuine::card_saw_pin(de55), "so the issuer sees the lie");
    assert!(
        genuine::issuer_recognises(de55),
        "and that nobody changed it"
    );
}

#[test]
fn an_honest_pin_agrees_in_both_accounts() {
    let mut card = Genuine::new(Aip::CDA, genuine::PIN);
    card.pin_verified = true;
    let terminal = online_only(card.terminal());
    let ran = pay(&terminal, issuer, |command| card.answer(command));
    assert_eq!(told(&ran, tag::CVM_RESULTS), RIGHT);
    assert!(genuine::card_saw_pin(
        &ran.request.as_ref().expect("asked").de55
    ));
    assert_eq!(ran.outcome.ending, Ending::Approved);
}

#[test]
fn a_card_that_compares_declines_the_wedge_without_the_host() {
    let mut card = Genuine::new(Aip::CDA, genuine::PIN);
    card.compares_cvm = true;
    let terminal = card.terminal();
    let ran = pay(&terminal, nobody, |command| card.answer(command));
    assert_eq!(ran.outcome.ending, Ending::DeclinedOffline(Decliner::Card));
    assert!(!ran.outcome.pays());
}

#[test]
fn a_wedge_that_lies_to_the_card_too_breaks_its_signature() {
    let mut card = Genuine::new(Aip::CDA, genuine::PIN);
    card.compares_cvm = true;
    let terminal = card.terminal();
    let ran = pay(&terminal, nobody, |command| {
        let mut command = command.to_vec();
        if command[1] == 0xAE {
            // To the card: no CVM was performed.
            let last = 5 + usize::from(command[4]);
            command[last - 3..last].copy_from_slice(&[0x3F, 0x00, 0x00]);
        }
        card.answer(&command)
    });
    assert!(has(&ran, Tvr::CDA_FAILED));
    assert!(!ran.outcome.pays());
}

/// Not stopped: without CDA, and with a card that does not compare, the terminal has no way to know.
#[test]
fn without_a_signature_and_a_careful_card_the_wedge_pays_offline() {
    let mut card = Genuine::new(Aip::DDA, genuine::PIN);
    let terminal = card.terminal();
    let ran = pay(&terminal, nobody, |command| card.answer(command));
    assert_eq!(ran.outcome.ending, Ending::ApprovedOffline);
    assert_eq!(ran.evidence().cvm_results, RIGHT);
    let iad = element(&ran.evidence().de55, tag::IAD);
    assert_eq!(iad[4], 0xA0, "clearing tells the issuer afterwards");
    assert!(
        bench().capabilities[2] & 0x08 != 0,
        "a card with CDA is asked for it"
    );
}
