use super::card::{Card, approval, charge, hex, object, ok, pay, play};
use crate::{Command, Ending, Fault, Tag, demo_profile, tag};

fn fault(card: &Card) -> Fault {
    match pay(card).outcome.ending {
        Ending::Terminated(fault) => fault,
        other => panic!("{other:?}"),
    }
}

fn with_afl(afl: &str) -> Card {
    let mut card = Card::good();
    card.options = ok(&object(tag::FORMAT_1, &[hex("1C00"), hex(afl)].concat()));
    card
}

#[test]
fn an_afl_that_breaks_its_rules_is_a_fault() {
    for (afl, why) in [
        ("", "empty"),
        ("080101", "cut off"),
        ("00010100", "file 0"),
        ("F8010100", "file 31"),
        ("09010100", "reserved bits"),
        ("08000100", "record 0"),
        ("0800FF00", "record 0 to 255"),
        ("08020100", "backwards"),
        ("08010102", "more to authenticate than to read"),
    ] {
        assert_eq!(fault(&with_afl(afl)), Fault::Afl, "{why}");
    }
}

#[test]
fn an_afl_of_more_records_than_the_bound_is_a_fault() {
    assert_eq!(fault(&with_afl("0801FF00")), Fault::TooMuchData);
}

#[test]
fn what_is_mandatory_must_be_there() {
    for mandatory in [tag::PAN, tag::EXPIRY, tag::CDOL1, tag::CDOL2] {
        let card = Card::good().without(mandatory);
        assert_eq!(fault(&card), Fault::Missing(mandatory));
    }
}

#[test]
fn what_is_there_must_be_readable() {
    for (tag, value) in [
        (tag::PAN, "4761"),
        (tag::PAN, "47617390010101AB"),
        (tag::TRACK2, "4761739001010119"),
        (tag::EXPIRY, "3012"),
        (tag::EXPIRY, "301331"),
        (tag::EFFECTIVE, "200001"),
        (tag::PAN_SEQUENCE, "0101"),
        (tag::USAGE_CONTROL, "FF"),
        (tag::CVM_LIST, "00000000000000001F"),
        (tag::IAC_DENIAL, "00"),
    ] {
        assert_eq!(fault(&Card::good().with(tag, value)), Fault::Erroneous(tag));
    }
}

#[test]
fn an_element_may_come_only_once() {
    let mut card = Card::good();
    card.elements.push((tag::EXPIRY, hex("301231")));
    assert_eq!(fault(&card), Fault::Repeated(tag::EXPIRY));
}

#[test]
fn what_is_unknown_may_come_twice_and_what_is_empty_is_not_there() {
    let mut card = Card::good();
    let unknown = Tag(0xDF20);
    card.elements
        .extend([(unknown, vec![1]), (unknown, vec![2])]);
    assert_eq!(pay(&card).outcome.ending, Ending::Approved);
    let card = Card::good().with(tag::CDOL1, "");
    assert_eq!(fault(&card), Fault::Missing(tag::CDOL1));
}

#[test]
fn pan_and_track_2_must_name_the_same_account() {
    let card = Card::good().with(tag::TRACK2, "5413330089020011D301220112345F");
    assert_eq!(fault(&card), Fault::AccountsDiffer);
}

#[test]
fn a_record_must_be_one_record_template() {
    let answer_record = |record: Vec<u8>| {
        let card = Card::good();
        let ran = play(
            &demo_profile(),
            charge(),
            |command| match command[1] {
                0xB2 => ok(&record),
                _ => card.answer(command),
            },
            Some(&approval()),
        );
        ran.outcome.ending
    };
    let record = Card::good().record();
    assert_eq!(answer_record(record.clone()), Ending::Approved);
    let malformed = Ending::Terminated(Fault::Malformed(Command::ReadRecord));
    assert_eq!(answer_record(Vec::new()), malformed);
    assert_eq!(answer_record(record[2..].to_vec()), malformed);
    assert_eq!(
        answer_record(record[..record.len() - 1].to_vec()),
        malformed
    );
    assert_eq!(
        answer_record([&record[..], &hex("7000")].concat()),
        malformed
    );
}

#[test]
fn a_card_cannot_say_what_the_terminal_must() {
    let mut card = Card::good();
    card.elements.push((tag::AMOUNT, hex("000000000001")));
    card.elements.push((tag::TVR, hex("0000000000")));
    let ran = pay(&card);
    let first = ran.commands(0xAE)[0];
    assert_eq!(first[5..11], hex("000000001234"), "the amount in CDOL1");
    assert_eq!(first[19..24], hex("8000008000"), "the TVR in CDOL1");
}

#[test]
fn a_luhn_digit_is_not_asked_for() {
    let card = Card::good()
        .with(tag::PAN, "4761739001010110")
        .without(tag::TRACK2);
    assert_eq!(pay(&card).outcome.ending, Ending::Approved);
}
