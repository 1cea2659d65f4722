use sealpoint_wire::{Currency, HostDecision};

use super::{answer_to, authorise_request, bytes, inquiry_request, reversal_request};
use crate::action_code::{action_of, response_of};
use crate::table::de;
use crate::{AnswerKey, LocalTime, Message, Mti, NetworkCode, Place, Profile, parse_answer_as};

fn profile() -> Profile {
    let text = "edition = 1993\nmerchant = \"SHOP 17\"\nacquiring_institution = \"123456\"\n\
                reference = true";
    Profile::from_toml(text).expect("a profile")
}

fn text(message: &Message, de: u8) -> String {
    let content = message.get(de).unwrap_or_default().to_vec();
    String::from_utf8(content).expect("text")
}

#[test]
fn an_authorisation_of_1993_carries_what_the_till_asked() {
    let message = profile()
        .authorisation(&authorise_request())
        .expect("an ordinary request");
    assert_eq!(&message.encode()[..4], b"1100");
    for (de, content) in [
        (de::AMOUNT, "000000001234"),
        (de::LOCAL_TIME, "261122180509"),
        (de::LOCAL_DATE, ""),
        (de::ENTRY_MODE, "500101500340"),
        (de::FUNCTION, "100"),
        (de::ACQUIRING_INSTITUTION, "123456"),
        // Last digit of the year, day 326 of it, hour 18, trace number.
        (de::REFERENCE, "632618000042"),
        (de::MERCHANT, "SHOP 17        "),
    ] {
        assert_eq!(text(&message, de), content, "DE {de}");
    }
}

#[test]
fn the_data_code_says_how_the_cardholder_was_authenticated() {
    let of = |de55: &[u8]| {
        let mut request = authorise_request();
        request.de55 = bytes(de55);
        let message = profile()
            .authorisation(&request)
            .expect("an ordinary request");
        text(&message, de::ENTRY_MODE)
    };
    let pad = [0x9F, 0x33, 3, 0xE0, 0x90, 0xC8];
    let cvm = |method, result| [0x9F, 0x34, 3, method, 0, result];
    let with_pad = |method, result| of(&[&pad[..], &cvm(method, result)].concat());
    assert_eq!(with_pad(0x44, 2), "51010151134C", "offline PIN");
    assert_eq!(with_pad(0x42, 0), "51010151334C", "online PIN");
    assert_eq!(with_pad(0x44, 1), "51010150034C", "it failed");
    assert_eq!(of(&cvm(0x1E, 0)), "500101554340", "signature");
    assert_eq!(of(&cvm(0x1F, 2)), "500101500340", "none");
}

#[test]
fn a_reversal_of_1993_names_its_original_whole() {
    let message = profile()
        .reversal(&reversal_request(), false)
        .expect("an ordinary request");
    assert_eq!(&message.encode()[..4], b"1420");
    assert_eq!(
        text(&message, de::ORIGINAL_1993),
        "110000004226112218050906123456"
    );
    assert_eq!(text(&message, de::FUNCTION), "400");
    assert_eq!(text(&message, de::REASON), "4007");
    let again = profile()
        .reversal(&reversal_request(), true)
        .expect("an ordinary request");
    assert_eq!(again.mti(), Mti::ReversalAdviceRepeat);
    assert_eq!(message.encode()[4..], again.encode()[4..]);
}

#[test]
fn an_inquiry_and_the_line_have_function_codes() {
    let inquiry = profile()
        .inquiry(&inquiry_request())
        .expect("an ordinary request");
    assert_eq!(text(&inquiry, de::FUNCTION), "680");
    for (code, function) in [
        (NetworkCode::SignOn, "801"),
        (NetworkCode::SignOff, "802"),
        (NetworkCode::Echo, "831"),
    ] {
        let message = profile().network(code, 7).expect("an ordinary request");
        assert_eq!(&message.encode()[..4], b"1804");
        assert_eq!(text(&message, de::FUNCTION), function);
    }
}

#[test]
fn action_codes_are_told_as_response_codes() {
    let request = profile()
        .authorisation(&authorise_request())
        .expect("an ordinary request");
    let told = |action: &[u8]| {
        let more = [(de::RESPONSE_CODE, action), (de::APPROVAL_CODE, b"A1B2C3")];
        let answer = answer_to(&request, &more).encode();
        let answer = parse_answer_as(&profile().format, &answer).expect("a whole answer");
        assert_eq!(answer.key, AnswerKey::of(&request).expect("it has one"));
        answer
            .host_answer(1234, Currency::Eur)
            .expect("the same amount")
    };
    let approved = told(b"000");
    assert_eq!(approved.decision, HostDecision::Approved);
    assert_eq!(approved.response_code, "00");
    for (action, response) in [
        (&b"116"[..], "51"),
        (b"199", "05"),
        (b"299", "04"),
        (b"999", "12"),
        (b"001", "08"),
        (b"555", "05"),
    ] {
        let declined = told(action);
        assert_eq!(declined.decision, HostDecision::Declined);
        assert_eq!(declined.response_code, response);
    }
}

#[test]
fn a_reversal_is_settled_by_400_and_by_a_host_that_never_had_it() {
    let request = profile()
        .reversal(&reversal_request(), false)
        .expect("an ordinary request");
    let with = |action: &[u8]| {
        let answer = answer_to(&request, &[(de::RESPONSE_CODE, action)]).encode();
        parse_answer_as(&profile().format, &answer).expect("a whole answer")
    };
    assert!(with(b"400").is_reversed() && with(b"000").is_reversed());
    assert!(with(b"914").is_reversed());
    assert!(!with(b"909").is_reversed() && !with(b"100").is_reversed());
}

#[test]
fn response_codes_come_back_from_their_action_codes() {
    for code in [
        b"00", b"10", b"05", b"12", b"13", b"14", b"25", b"30", b"51", b"54", b"59", b"94", b"96",
    ] {
        assert_eq!(response_of(action_of(*code)), *code);
    }
    assert_eq!(action_of(*b"88"), *b"100");
}

#[test]
fn a_local_time_without_a_possible_month_is_refused() {
    let mut message = Message::of(crate::Edition::Y1993, Mti::Authorisation);
    message
        .set(de::LOCAL_TIME, b"261322180509")
        .expect("digits");
    let error = LocalTime::of(&message).expect_err("month 13");
    assert_eq!(error.place, Place::De(12));
}
