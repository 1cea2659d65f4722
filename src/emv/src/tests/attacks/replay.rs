//! What the card said once is given again.

use super::{charge, genuine, has, issuer, nobody, online_only, pay, pay_for};
use crate::{
    Aip, Ending, Fault, HostVerdict, Tvr, tag,
    tests::{
        attacks::genuine::Genuine,
        card::{Ran, object, ok},
    },
    tlv,
};

/// The objects of a template 77.
fn objects(answer: &[u8]) -> Vec<u8> {
    let data = &answer[..answer.len() - 2];
    tlv::find(data, tag::FORMAT_2)
        .expect("TLV")
        .expect("format 2")
        .to_vec()
}

/// A wedge that gives the answer to the first GENERATE AC to the second one too, as a certificate.
fn given_again(ways: Aip) -> Ran {
    let mut card = Genuine::new(ways, genuine::NO_CVM);
    let terminal = online_only(card.terminal());
    let mut first: Option<Vec<u8>> = None;
    pay(&terminal, issuer, |command| {
        if command[1] != 0xAE {
            return card.answer(command);
        }
        if let Some(objects) = &first {
            let (request, certificate) = (object(tag::CID, &[0x80]), object(tag::CID, &[0x40]));
            let changed = super::replace(objects, &request, &certificate);
            return ok(&object(tag::FORMAT_2, &changed));
        }
        let answer = card.answer(command);
        first = Some(objects(&answer));
        answer
    })
}

#[test]
fn the_request_cryptogram_given_again_as_a_certificate_has_no_signature_for_it() {
    let ran = given_again(Aip::CDA);
    assert!(has(&ran, Tvr::CDA_FAILED));
    assert_eq!(ran.outcome.ending, Ending::DeclinedByCard);
    assert_eq!(ran.evidence().host, HostVerdict::Approved);
    assert!(ran.outcome.may_need_reversal());
}

/// Not stopped: without CDA the terminal cannot tell a certificate from eight bytes. The issuer has
/// approved this charge; what it cannot know from them is whether the card took its word.
#[test]
fn without_cda_any_eight_bytes_complete_a_charge_that_the_issuer_approved() {
    let ran = given_again(Aip::DDA);
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert!(genuine::issuer_recognises(
        &ran.request.expect("asked").de55
    ));
}

#[test]
fn a_signature_of_an_earlier_charge_does_not_hold() {
    let mut card = Genuine::new(Aip::CDA, genuine::NO_CVM);
    let terminal = card.terminal();
    let mut earlier = Vec::new();
    let mut before = charge();
    before.unpredictable_number = [1, 2, 3, 4];
    pay_for(before, &terminal, nobody, |command| {
        let answer = card.answer(command);
        if command[1] == 0xAE {
            earlier.clone_from(&answer);
        }
        answer
    });
    let ran = pay(&terminal, nobody, |command| match command[1] {
        0xAE => earlier.clone(),
        _ => card.answer(command),
    });
    assert!(has(&ran, Tvr::CDA_FAILED));
    assert!(!ran.outcome.pays());
}

#[test]
fn a_second_cryptogram_of_another_charge_is_no_certificate() {
    let mut card = Genuine::new(Aip::DDA, genuine::NO_CVM);
    let terminal = online_only(card.terminal());
    let mut cryptograms = 0;
    let ran = pay(&terminal, issuer, |command| {
        let answer = card.answer(command);
        if command[1] == 0xAE {
            cryptograms += 1;
            // Behind the terminal's back the card begins another charge.
            card.atc += 1;
        }
        answer
    });
    assert_eq!(cryptograms, 2);
    assert_eq!(
        ran.outcome.ending,
        Ending::Terminated(Fault::CounterChanged)
    );
    assert!(ran.outcome.may_need_reversal());
}
