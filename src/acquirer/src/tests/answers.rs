use sealpoint_wire::{Currency, HostDecision};

use super::{authorise_request, reversal_request};
use crate::table::de;
use crate::{
    Answer, AnswerError, AnswerKey, Message, Mti, NetworkCode, Place, authorisation, network,
    parse_answer, reversal,
};

/// An answer to `request` with these further elements.
fn answer_to(request: &Message, mti: Mti, more: &[(u8, &[u8])]) -> Vec<u8> {
    let mut answer = Message::new(mti);
    for de in [
        de::AMOUNT,
        de::STAN,
        de::LOCAL_TIME,
        de::LOCAL_DATE,
        de::TERMINAL,
        de::CURRENCY,
    ] {
        if let Some(content) = request.get(de) {
            answer.set(de, content).expect("echoed from a request");
        }
    }
    for (de, content) in more {
        answer.set(*de, content).expect("the test's own element");
    }
    answer.encode()
}

fn authorised(more: &[(u8, &[u8])]) -> Result<Answer, AnswerError> {
    let request = authorisation(&authorise_request()).expect("an ordinary request");
    parse_answer(&answer_to(&request, Mti::AuthorisationAnswer, more))
}

#[test]
fn an_approval_reaches_the_till_with_everything_for_the_card() {
    let emv = [
        &[0x91, 8, 1, 2, 3, 4, 5, 6, 7, 8][..],
        &[0x8A, 2, 0x30, 0x30],
        &[0x72, 2, 0x86, 0],
    ];
    let answer = authorised(&[
        (de::RESPONSE_CODE, b"00"),
        (de::APPROVAL_CODE, b"A1B2C3"),
        (de::EMV, &emv.concat()),
    ])
    .expect("a whole answer");
    let told = answer
        .host_answer(1234, Currency::Eur)
        .expect("the same amount");
    assert_eq!(told.decision, HostDecision::Approved);
    assert_eq!(told.response_code, "00");
    assert_eq!(told.approval_code.as_deref(), Some("A1B2C3"));
    assert_eq!(
        told.issuer_authentication.as_slice(),
        [1, 2, 3, 4, 5, 6, 7, 8]
    );
    assert_eq!(told.scripts.as_slice(), [0x72, 2, 0x86, 0]);
}

#[test]
fn an_answer_has_the_key_of_its_request() {
    let request = authorisation(&authorise_request()).expect("an ordinary request");
    let answer = authorised(&[(de::RESPONSE_CODE, b"05")]).expect("a whole answer");
    assert_eq!(
        answer.key,
        AnswerKey::of(&request).expect("a request has a key")
    );

    let reversal = reversal(&reversal_request(), true).expect("an ordinary request");
    let reversed = parse_answer(&answer_to(
        &reversal,
        Mti::ReversalAnswer,
        &[(de::RESPONSE_CODE, b"00")],
    ))
    .expect("a whole answer");
    assert_eq!(
        reversed.key,
        AnswerKey::of(&reversal).expect("a request has a key")
    );
    assert_ne!(
        reversed.key, answer.key,
        "a reversal is not confused with its original"
    );
}

#[test]
fn every_code_but_00_and_10_declines() {
    for code in [&b"05"[..], b"11", b"51", b"96", b"N7"] {
        let answer = authorised(&[(de::RESPONSE_CODE, code), (de::APPROVAL_CODE, b"A1B2C3")])
            .expect("a whole answer");
        let told = answer
            .host_answer(1234, Currency::Eur)
            .expect("the same amount");
        assert_eq!(told.decision, HostDecision::Declined);
        assert_eq!(told.approval_code, None);
    }
}

#[test]
fn an_answer_for_another_amount_or_currency_is_not_believed() {
    let answer = authorised(&[(de::RESPONSE_CODE, b"00"), (de::APPROVAL_CODE, b"A1B2C3")])
        .expect("a whole answer");
    assert_eq!(
        answer.host_answer(1235, Currency::Eur),
        Err(AnswerError::OtherAmount)
    );
    assert_eq!(
        answer.host_answer(1234, Currency::Gbp),
        Err(AnswerError::OtherAmount)
    );
}

#[test]
fn an_approval_without_a_code_is_not_believed() {
    for code in [&[][..], &[(de::APPROVAL_CODE, &b"      "[..])]] {
        let elements = [&[(de::RESPONSE_CODE, &b"00"[..])], code].concat();
        let answer = authorised(&elements).expect("a whole answer");
        assert_eq!(
            answer.host_answer(1234, Currency::Eur),
            Err(AnswerError::NoApprovalCode)
        );
    }
}

#[test]
fn a_reversal_is_settled_by_00_and_by_a_host_that_never_had_it() {
    let request = reversal(&reversal_request(), false).expect("an ordinary request");
    let with = |code: &[u8]| {
        parse_answer(&answer_to(
            &request,
            Mti::ReversalAnswer,
            &[(de::RESPONSE_CODE, code)],
        ))
        .expect("a whole answer")
        .is_reversed()
    };
    assert!(with(b"00") && with(b"25"));
    assert!(!with(b"96") && !with(b"21"));
    let approved = authorised(&[(de::RESPONSE_CODE, b"00")]).expect("a whole answer");
    assert!(
        !approved.is_reversed(),
        "an authorisation's 00 settles no reversal"
    );
}

#[test]
fn a_sign_on_is_taken() {
    let request = network(NetworkCode::SignOn, 3).expect("an ordinary request");
    let answer = parse_answer(&answer_to(
        &request,
        Mti::NetworkAnswer,
        &[(de::RESPONSE_CODE, b"00")],
    ))
    .expect("a whole answer");
    assert!(answer.is_network_ok());
    assert_eq!(
        answer.key,
        AnswerKey::of(&request).expect("a request has a key")
    );
    assert_eq!(
        answer.host_answer(1234, Currency::Eur),
        Err(AnswerError::NotAnAnswer)
    );
}

#[test]
fn an_answer_that_lacks_or_garbles_an_element_says_which() {
    let place = |more: &[(u8, &[u8])]| match authorised(more) {
        Err(AnswerError::Message(error)) => error.place,
        other => panic!("refused, not {other:?}"),
    };
    assert_eq!(place(&[]), Place::De(39));
    assert_eq!(place(&[(39, b"0 ")]), Place::De(39));
    assert_eq!(place(&[(39, b"00"), (41, b"lower   ")]), Place::De(41));
    assert_eq!(place(&[(39, b"00"), (13, b"1332")]), Place::De(12));
    let twice = [[0x91, 8, 1, 2, 3, 4, 5, 6, 7, 8]; 2].concat();
    for emv in [&twice[..], &[0x91, 2, 1, 2], &[0x91, 9, 1], &[0x72]] {
        assert_eq!(place(&[(39, b"00"), (55, emv)]), Place::De(55));
    }
    let request = authorisation(&authorise_request())
        .expect("an ordinary request")
        .encode();
    assert_eq!(parse_answer(&request), Err(AnswerError::NotAnAnswer));
}
