//! The targets for the acquirer's side: whoever is at the other end of the collector's line, and
//! whoever writes its profile.

use sealpoint_acquirer::{
    AnswerTo, Bitmap, Deframer, Edition, Format, Message, NetworkCode, Numbers, Profile,
    parse_answer_as,
};
use sealpoint_wire::{Currency, HostDecision};

/// What was asked for in the corpus, minor units.
const ASKED: i64 = 1234;

/// Any bytes are read or refused in every way of writing; what is read is written and read again
/// as the same; no answer approves more than was asked for.
pub fn iso8583(data: &[u8]) {
    for edition in [Edition::Y1987, Edition::Y1993] {
        for numbers in [Numbers::Ascii, Numbers::Bcd] {
            for bitmap in [Bitmap::Packed, Bitmap::Hex] {
                let plain = Format::plain(edition);
                read(
                    &Format {
                        numbers,
                        bitmap,
                        ..plain
                    },
                    data,
                );
            }
        }
    }
    if let Some(format) = Format::of_request(data) {
        read(&format, data);
    }
    let mut deframer = Deframer::default();
    deframer.push(data);
    let mut bytes = 0;
    while let Ok(Some(message)) = deframer.message() {
        bytes += message.len() + 2;
    }
    assert!(bytes <= data.len(), "messages beyond the stream");
}

fn read(format: &Format, data: &[u8]) {
    let Ok(message) = Message::read(format, data) else {
        assert!(
            parse_answer_as(format, data).is_err(),
            "an answer of no message"
        );
        return;
    };
    for clear in [2, 14, 34, 35, 36, 45, 52] {
        assert!(message.get(clear).is_none(), "DE {clear} is read");
    }
    let written = message.write(format);
    assert_eq!(Message::read(format, &written).as_ref(), Ok(&message));
    let Ok(answer) = parse_answer_as(format, data) else {
        return;
    };
    if let Ok(told) = answer.host_answer(ASKED, Currency::Eur) {
        let approved = told.decision != HostDecision::Declined;
        let advice = answer.key.to == AnswerTo::Advice;
        assert!(!approved || advice || told.approval_code.is_some());
        let part = told.decision == HostDecision::PartlyApproved;
        assert_eq!(part, told.approved_minor.is_some());
        assert!(
            told.approved_minor
                .is_none_or(|part| (1..ASKED).contains(&part))
        );
        assert_eq!(told.response_code.len(), 2, "the card gets two characters");
    }
}

/// A profile is taken whole or refused in words, and what is taken writes messages that it reads.
pub fn acquirer_profile(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    match Profile::from_toml(text) {
        Ok(profile) => {
            for code in [NetworkCode::SignOn, NetworkCode::SignOff, NetworkCode::Echo] {
                let message = profile.network(code, 1).expect("a possible trace number");
                let written = message.write(&profile.format);
                assert_eq!(Message::read(&profile.format, &written), Ok(message));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty(), "it says why"),
    }
}
