use sealpoint_wire::{AdviceKind, Currency, HostDecision};

use super::{advice_request, answer_to, bytes, inquiry_request};
use crate::table::de;
use crate::{AnswerKey, AnswerTo, Mti, Profile, parse_answer_as};

fn profile(text: &str) -> Profile {
    Profile::from_toml(text).expect("a profile")
}

#[test]
fn an_advice_says_how_the_charge_came_about() {
    let of = |text: &str, kind| {
        let message = profile(text)
            .advice(&advice_request(kind), false)
            .expect("an ordinary advice");
        let get = |de| {
            let bytes = message.get(de).unwrap_or_default().to_vec();
            String::from_utf8(bytes).expect("text")
        };
        (
            message.mti(),
            get(de::FUNCTION),
            get(de::REASON),
            get(de::RESPONSE_CODE),
        )
    };
    let s = str::to_owned;
    let (taken, deferred) = (AdviceKind::OfflineApproved, AdviceKind::Deferred);
    assert_eq!(of("", taken), (Mti::Advice, s(""), s("00"), s("Y1")));
    assert_eq!(of("", deferred), (Mti::Advice, s(""), s("00"), s("")));
    assert_eq!(
        of("[messages]\nadvice = 220", taken).0,
        Mti::FinancialAdvice
    );
    let text = "edition = 1993";
    let expected = (Mti::Advice, s("100"), s("1005"), s(""));
    assert_eq!(of(text, taken), expected);
    let text = "edition = 1993\n[messages]\nadvice = 220";
    let expected = (Mti::FinancialAdvice, s("200"), s("1007"), s(""));
    assert_eq!(of(text, deferred), expected);
}

#[test]
fn what_the_terminal_said_for_the_issuer_is_repeated() {
    let mut request = advice_request(AdviceKind::OfflineApproved);
    request.de55 = bytes(&[0x8A, 2, b'Y', b'3', 0x9F, 0x36, 2, 0, 1]);
    let message = profile("").advice(&request, false).expect("an advice");
    assert_eq!(message.get(de::RESPONSE_CODE), Some(&b"Y3"[..]));
}

#[test]
fn a_repeated_advice_differs_in_its_type_alone() {
    for (text, first, again) in [
        ("", "0120", "0121"),
        ("[messages]\nadvice = 220", "0220", "0221"),
        ("edition = 1993", "1120", "1121"),
    ] {
        let written = |repeat| {
            profile(text)
                .advice(&advice_request(AdviceKind::Deferred), repeat)
                .expect("an ordinary advice")
                .encode()
        };
        let (one, two) = (written(false), written(true));
        assert_eq!((&one[..4], &two[..4]), (first.as_bytes(), again.as_bytes()));
        assert_eq!(one[4..], two[4..]);
    }
}

#[test]
fn an_advice_is_taken_without_an_approval_code_or_declined() {
    let profile = profile("");
    let request = profile
        .advice(&advice_request(AdviceKind::Deferred), true)
        .expect("an ordinary advice");
    let with = |code: &[u8]| {
        let answer = answer_to(&request, &[(de::RESPONSE_CODE, code)]).encode();
        parse_answer_as(&profile.format, &answer).expect("a whole answer")
    };
    let taken = with(b"00");
    assert_eq!(taken.key, AnswerKey::of(&request).expect("it has one"));
    let told = taken.host_answer(1234, Currency::Eur).expect("believed");
    assert_eq!(told.decision, HostDecision::Approved);
    let declined = with(b"51").host_answer(1234, Currency::Eur);
    assert_eq!(declined.expect("believed").decision, HostDecision::Declined);
    assert!(with(b"91").is_for_later() && with(b"96").is_for_later());
    assert!(!with(b"00").is_for_later() && !with(b"51").is_for_later());
}

#[test]
fn an_inquiry_asks_about_its_original() {
    let message = profile("")
        .inquiry(&inquiry_request())
        .expect("an ordinary inquiry");
    assert_eq!(&message.encode()[..4], b"0600");
    let original = message.get(de::ORIGINAL).expect("it names one");
    assert!(original.starts_with(b"01000000421122180509"));
    let key = AnswerKey::of(&message).expect("it has one");
    assert_eq!(key.to, AnswerTo::Inquiry);
}
