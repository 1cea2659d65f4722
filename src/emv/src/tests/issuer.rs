//! Issuer authentication (EMV 4.4 Book 3 §10.9).

use super::card::{Card, hex, object, ok, pay, pay_with};
use crate::{Ending, HostAnswer, HostAnswerError, HostDecision, Tsi, Tvr, tag};

const ARPC: [u8; 10] = [1, 2, 3, 4, 5, 6, 7, 8, b'0', b'0'];

fn approval_with_arpc() -> HostAnswer {
    HostAnswer::new(HostDecision::Approved, *b"00", &ARPC, &[]).expect("a host answer")
}

#[test]
fn a_card_that_supports_it_authenticates_its_issuer() {
    let ran = pay_with(&Card::good(), Some(&approval_with_arpc()));
    assert_eq!(
        ran.commands(0x82),
        [[&hex("008200000A")[..], &ARPC].concat()]
    );
    assert!(ran.evidence().tsi.contains(Tsi::ISSUER_AUTHENTICATION));
    assert!(!ran.tvr().contains(Tvr::ISSUER_AUTHENTICATION_FAILED));
    assert_eq!(ran.outcome.ending, Ending::Approved);
}

#[test]
fn a_failed_authentication_is_told_to_the_card_which_decides() {
    let mut card = Card::good().with(tag::CDOL2, "8A029505");
    card.authenticate = vec![0x63, 0x00];
    card.second = 0x00;
    let ran = pay_with(&card, Some(&approval_with_arpc()));
    assert_eq!(ran.commands(0xAE)[1][7..12], hex("8000008040"), "the TVR");
    assert_eq!(ran.outcome.ending, Ending::DeclinedByCard);
    assert!(ran.outcome.may_need_reversal());
}

#[test]
fn another_card_gets_the_data_through_cdol2() {
    let mut card = Card::good();
    card.options = ok(&object(tag::FORMAT_1, &hex("180008010100")));
    let ran = pay_with(&card, Some(&approval_with_arpc()));
    assert!(ran.commands(0x82).is_empty());
    assert_eq!(ran.commands(0xAE)[1][7..17], ARPC);
    assert!(!ran.evidence().tsi.contains(Tsi::ISSUER_AUTHENTICATION));
}

#[test]
fn a_card_that_no_data_came_for_is_not_asked() {
    let ran = pay(&Card::good());
    assert!(ran.commands(0x82).is_empty());
    assert!(!ran.evidence().tsi.contains(Tsi::ISSUER_AUTHENTICATION));
}

#[test]
fn a_decline_is_authenticated_too_and_only_once() {
    let decline = HostAnswer::new(HostDecision::Declined, *b"05", &ARPC, &[]);
    let mut card = Card::good();
    card.authenticate = vec![0x69, 0x85];
    let ran = pay_with(&card, Some(&decline.expect("a host answer")));
    assert_eq!(ran.commands(0x82).len(), 1);
    assert!(ran.tvr().contains(Tvr::ISSUER_AUTHENTICATION_FAILED));
    assert_eq!(ran.outcome.ending, Ending::DeclinedByHost(*b"05"));
}

/// Book 3 §10.9 and figure 7: authentication, scripts 71, second GENERATE AC, scripts 72.
#[test]
fn the_issuers_words_reach_the_card_in_their_order() {
    let scripts = hex("7206 860484160000 7106 860484180000");
    let answer = HostAnswer::new(HostDecision::Approved, *b"00", &ARPC, &scripts);
    let ran = pay_with(&Card::good(), Some(&answer.expect("a host answer")));
    let order: Vec<u8> = ran.sent.iter().map(|command| command[1]).collect();
    assert!(
        order.ends_with(&[0xAE, 0x82, 0x18, 0xAE, 0x16]),
        "{order:X?}"
    );
}

#[test]
fn an_answer_that_no_card_can_take_is_refused() {
    let answer = |arc: &[u8; 2], authentication: &[u8], scripts: &[u8]| {
        HostAnswer::new(HostDecision::Approved, *arc, authentication, scripts).err()
    };
    assert_eq!(
        answer(b"0\n", &[], &[]),
        Some(HostAnswerError::ResponseCode)
    );
    assert_eq!(
        answer(b"00", &[1; 7], &[]),
        Some(HostAnswerError::Authentication)
    );
    assert_eq!(
        answer(b"00", &[1; 17], &[]),
        Some(HostAnswerError::Authentication)
    );
    assert_eq!(
        answer(b"00", &[], &[0; 1025]),
        Some(HostAnswerError::Scripts)
    );
}
