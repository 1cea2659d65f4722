use super::card::{Card, approval, charge, hex, ok, pay, pay_with, play};
use crate::{AcType, Command, Decliner, Ending, Fault, Tsi, demo_profile, tag};

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

#[test]
fn a_second_request_for_the_host_is_a_fault() {
    let mut card = Card::good();
    card.second = 0x80;
    let wrong = Fault::WrongCryptogram {
        asked: AcType::Tc,
        got: AcType::Arqc,
    };
    let ran = pay(&card);
    assert_eq!(ran.outcome.ending, Ending::Terminated(wrong));
    assert!(ran.outcome.may_need_reversal());
}

#[test]
fn a_certificate_for_a_decline_is_a_fault() {
    let card = Card::good();
    let ran = play(
        &demo_profile(),
        charge(),
        |command| match command {
            [_, 0xAE, 0x00, ..] => card.answer(&hex("80AE400002303000")),
            _ => card.answer(command),
        },
        None,
    );
    assert!(matches!(
        ran.outcome.ending,
        Ending::Terminated(Fault::WrongCryptogram {
            asked: AcType::Aac,
            got: AcType::Tc
        })
    ));
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
