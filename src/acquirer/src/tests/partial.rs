use sealpoint_wire::{Currency, HostDecision};

use super::{answer_to, authorise_request};
use crate::table::de;
use crate::{Answer, AnswerError, Profile, parse_answer_as};

const APPROVED: (u8, &[u8]) = (de::APPROVAL_CODE, b"A1B2C3");

/// The answer to a request for 12.34.
fn answered(text: &str, more: &[(u8, &[u8])]) -> Answer {
    let profile = Profile::from_toml(text).expect("a profile");
    let request = profile
        .authorisation(&authorise_request())
        .expect("an ordinary request");
    let answer = answer_to(&request, more).write(&profile.format.of_answer());
    parse_answer_as(&profile.format, &answer).expect("a whole answer")
}

#[test]
fn a_part_of_the_amount_is_approved_with_what_it_is() {
    let part: (u8, &[u8]) = (de::AMOUNT, b"000000001000");
    let original = b"0057978D000000001234";
    for (edition, more) in [
        ("", vec![(de::RESPONSE_CODE, &b"10"[..])]),
        (
            "",
            vec![
                (de::RESPONSE_CODE, &b"10"[..]),
                (de::ADDITIONAL_AMOUNTS, original),
            ],
        ),
        (
            "edition = 1993",
            vec![
                (de::RESPONSE_CODE, &b"002"[..]),
                (de::ORIGINAL_AMOUNT, b"000000001234000000000000"),
            ],
        ),
    ] {
        let more = [more, vec![part, APPROVED]].concat();
        let told = answered(edition, &more)
            .host_answer(1234, Currency::Eur)
            .expect("a part");
        assert_eq!(told.decision, HostDecision::PartlyApproved);
        assert_eq!(told.approved_minor, Some(1000));
        assert_eq!(told.response_code, "10");
        assert_eq!(told.approval_code.as_deref(), Some("A1B2C3"));
    }
}

#[test]
fn a_part_that_is_none_is_not_believed() {
    let code: (u8, &[u8]) = (de::RESPONSE_CODE, b"10");
    for amount in [&b"000000001234"[..], b"000000001235", b"000000000000"] {
        let answer = answered("", &[code, APPROVED, (de::AMOUNT, amount)]);
        assert_eq!(
            answer.host_answer(1234, Currency::Eur),
            Err(AnswerError::OtherAmount)
        );
    }
    let other = b"0057978D000000009999";
    let part: (u8, &[u8]) = (de::AMOUNT, b"000000001000");
    let answer = answered("", &[code, APPROVED, part, (de::ADDITIONAL_AMOUNTS, other)]);
    assert_eq!(
        answer.host_answer(1234, Currency::Eur),
        Err(AnswerError::OtherAmount)
    );
    let answer = answered("", &[code, part]);
    assert_eq!(
        answer.host_answer(1234, Currency::Eur),
        Err(AnswerError::NoApprovalCode)
    );
    // Less than was asked for, said as the whole.
    let answer = answered("", &[(de::RESPONSE_CODE, b"00"), part, APPROVED]);
    assert_eq!(
        answer.host_answer(1234, Currency::Eur),
        Err(AnswerError::OtherAmount)
    );
}
