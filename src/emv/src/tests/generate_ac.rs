//! GENERATE AC, first and second (EMV 4.4 Book 3 §6.5.5, §9.3, §10.8, §10.11).

use super::card::{Card, approval, charge, hex, ok, pay, pay_with, play};
use crate::{
    AcType, Command, Decliner, Ending, Fault, HostAnswer, HostDecision, Refusal, Tsi, demo_profile,
    tag,
};

/// A charge in which the card answers these bytes to the n-th GENERATE AC.
fn answering(nth: usize, answer: &[u8]) -> Ending {
    let card = Card::good();
    let mut count = 0;
    let ran = play(
        &demo_profile(),
        charge(),
        |command| {
            if command[1] == 0xAE {
                count += 1;
                if count == nth {
                    return answer.to_vec();
                }
            }
            card.answer(command)
        },
        Some(&approval()),
    );
    ran.outcome.ending
}

#[test]
fn the_first_command_carries_what_cdol1_asks_for() {
    let ran = pay(&Card::good());
    let expected =
        "80AE8000 1D 000000001234 000000000000 0276 8000008000 0978 261122 00 DEADBEEF 00";
    assert_eq!(ran.commands(0xAE)[0], hex(expected));
}

#[test]
fn format_2_is_read_too() {
    let answer = ok(&hex("7711 9F270180 9F36020042 9F2608 0102030405060708").to_vec());
    assert_eq!(
        answering(1, &answer),
        Ending::Terminated(Fault::Malformed(Command::GenerateAc))
    );
    let whole = ok(&hex("7714 9F270180 9F36020042 9F26080102030405060708"));
    assert_eq!(answering(1, &whole), Ending::Approved);
}

#[test]
fn a_card_that_declines_is_a_decline() {
    let mut card = Card::good();
    card.first = 0x00;
    let ran = pay(&card);
    assert_eq!(ran.outcome.ending, Ending::DeclinedOffline(Decliner::Card));
    assert_eq!(ran.cryptogram().kind, AcType::Aac);
    assert!(ran.evidence().tsi.contains(Tsi::CARD_RISK));
    assert!(ran.request.is_none());
}

#[test]
fn a_certificate_where_the_host_must_be_asked_is_never_an_approval() {
    let mut card = Card::good();
    card.first = 0x40;
    let wrong = Fault::WrongCryptogram {
        asked: AcType::Arqc,
        got: AcType::Tc,
    };
    assert_eq!(pay(&card).outcome.ending, Ending::Terminated(wrong));
}

/// §9.3: a second cryptogram that is not what it may be counts as an AAC.
#[test]
fn a_second_request_for_the_host_counts_as_a_decline() {
    for cid in [0x80, 0xC0] {
        let mut card = Card::good();
        card.second = cid;
        let ran = pay(&card);
        assert_eq!(ran.outcome.ending, Ending::DeclinedByCard);
        assert_eq!(ran.cryptogram().kind, AcType::Aac);
        assert!(ran.outcome.may_need_reversal());
    }
}

#[test]
fn a_certificate_for_a_decline_counts_as_a_decline() {
    let card = Card::good();
    let declined = HostAnswer::new(HostDecision::Declined, *b"05", &[], &[]);
    let declined = declined.expect("a host answer");
    for (host, ending) in [
        (None, Ending::UnableToGoOnline),
        (Some(&declined), Ending::DeclinedByHost(*b"05")),
    ] {
        let ran = play(
            &demo_profile(),
            charge(),
            |command| match command {
                [_, 0xAE, 0x00, ..] => card.answer(&hex("80AE400002303000")),
                _ => card.answer(command),
            },
            host,
        );
        assert_eq!(ran.outcome.ending, ending);
        assert!(!ran.outcome.pays());
    }
}

#[test]
fn a_certificate_where_a_decline_was_asked_for_first_is_a_fault() {
    let card = Card::good()
        .with(tag::EXPIRY, "260101")
        .with(tag::IAC_DENIAL, "0040000000");
    let ran = play(
        &demo_profile(),
        charge(),
        |command| match command {
            [_, 0xAE, 0x00, ..] => ok(&hex("800B 40 0042 0102030405060708")),
            _ => card.answer(command),
        },
        Some(&approval()),
    );
    let wrong = Fault::WrongCryptogram {
        asked: AcType::Aac,
        got: AcType::Tc,
    };
    assert_eq!(ran.outcome.ending, Ending::Terminated(wrong));
}

/// Book 4 §6.3.7: a reason code that is an answer of its own.
#[test]
fn a_service_that_the_card_does_not_allow_is_not_accepted() {
    let mut card = Card::good();
    card.first = 0x01;
    assert_eq!(
        pay(&card).outcome.ending,
        Ending::NotAccepted(Refusal::ServiceNotAllowed)
    );
    for reason in [0x00, 0x02, 0x03] {
        card.first = reason;
        let declined = Ending::DeclinedOffline(Decliner::Card);
        assert_eq!(pay(&card).outcome.ending, declined);
    }
}

#[test]
fn a_card_that_wants_an_advice_is_heard() {
    let advice = |first, second| {
        let mut card = Card::good();
        (card.first, card.second) = (first, second);
        pay(&card).evidence().advice
    };
    assert!(advice(0x08, 0x00));
    assert!(advice(0x80, 0x08));
    assert!(!advice(0x80, 0x40));
    assert!(!advice(0x88, 0x40), "the request for the host is one");
}

#[test]
fn a_reserved_kind_is_a_fault() {
    let mut card = Card::good();
    card.first = 0xC0;
    assert_eq!(
        pay(&card).outcome.ending,
        Ending::Terminated(Fault::Erroneous(tag::CID))
    );
}

#[test]
fn both_cryptograms_belong_to_the_same_charge() {
    let other = ok(&hex("800B 40 0043 0102030405060708"));
    assert_eq!(
        answering(2, &other),
        Ending::Terminated(Fault::CounterChanged)
    );
}

#[test]
fn what_stands_twice_or_behind_is_a_fault() {
    let twice = hex("7718 9F270180 9F36020042 9F270180 9F26080102030405060708");
    let behind = hex("800B 80 0042 0102030405060708 9F100101");
    let wrapped = hex("770D 800B 80 0042 0102030405060708");
    for (answer, fault) in [
        (&twice[..], Fault::Repeated(tag::CID)),
        (&behind, Fault::Malformed(Command::GenerateAc)),
        (&wrapped, Fault::Missing(tag::CID)),
    ] {
        assert_eq!(answering(1, &ok(answer)), Ending::Terminated(fault));
    }
}

#[test]
fn what_is_missing_or_too_long_is_a_fault() {
    let malformed = Ending::Terminated(Fault::Malformed(Command::GenerateAc));
    assert_eq!(answering(1, &ok(&[])), malformed);
    assert_eq!(
        answering(1, &ok(&hex("800A 80 0042 01020304050607"))),
        malformed
    );
    assert_eq!(
        answering(1, &ok(&hex("7709 9F270180 9F36020042"))),
        Ending::Terminated(Fault::Missing(tag::AC))
    );
    let iad = [hex("802C 80 0042 0102030405060708"), vec![0; 33]].concat();
    assert_eq!(
        answering(1, &ok(&iad)),
        Ending::Terminated(Fault::Erroneous(tag::IAD))
    );
    assert!(matches!(
        answering(2, &[0x69, 0x85]),
        Ending::Terminated(Fault::Answer(Command::GenerateAc, _))
    ));
}

#[test]
fn without_the_host_the_second_command_asks_for_a_decline() {
    let ran = pay_with(&Card::good(), None);
    assert_eq!(ran.outcome.ending, Ending::UnableToGoOnline);
    let second = ran.commands(0xAE)[1];
    assert_eq!((second[2], &second[5..7]), (0x00, &b"Z3"[..]));
}
