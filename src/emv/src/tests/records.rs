use super::{
    card::{Card, approval, charge, hex, object, ok, pay, play},
    oda::forge::Plan,
};
use crate::{Aip, Command, Ending, Fault, Tag, Tvr, demo_profile, tag};

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

/// Elements that no phase needs are elements all the same (Annex A): once only, and for a CDOL to ask
/// for.
#[test]
fn what_no_phase_needs_is_known_too() {
    let others = [
        "42", "5F50", "5F53", "5F54", "5F55", "5F56", "9F05", "9F0A", "9F19", "9F24", "9F25",
        "9F3B", "9F43", "9F44", "9F4D",
    ];
    for other in others {
        let tag = Tag(u32::from_str_radix(other, 16).expect("a tag"));
        let card = Card::good().with(tag::CDOL1, &format!("{other}02"));
        let mut card = card.with(tag, "1234");
        let told = pay(&card).commands(0xAE)[0].to_vec();
        assert_eq!(told, hex("80AE8000 02 1234 00"), "{tag}");
        card.elements.push((tag, hex("1234")));
        assert_eq!(fault(&card), Fault::Repeated(tag));
    }
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

#[test]
fn records_beyond_the_first_ten_files_are_read_and_not_understood() {
    // File 11: what is in it is the issuer's affair. A PAN there is not the card's.
    let card = with_afl("08010100 58010100");
    let ran = play(
        &demo_profile(),
        charge(),
        |command| match command {
            [_, 0xB2, _, 0x5C, ..] => ok(&hex("5A08 4761739001010119")),
            _ => card.answer(command),
        },
        Some(&approval()),
    );
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert_eq!(ran.commands(0xB2).len(), 2);
}

#[test]
fn a_record_that_the_card_does_not_give_ends_the_charge() {
    for sw in [[0x6A, 0x83], [0x62, 0x83], [0x69, 0x85], [0x90, 0x01]] {
        let card = Card::good();
        let ran = play(
            &demo_profile(),
            charge(),
            |command| match command {
                [_, 0xB2, ..] => [&card.record()[..], &sw].concat(),
                _ => card.answer(command),
            },
            None,
        );
        let answered = Fault::Answer(Command::ReadRecord, crate::Sw(u16::from_be_bytes(sw)));
        assert_eq!(ran.outcome.ending, Ending::Terminated(answered));
    }
}

#[test]
fn records_are_read_in_the_order_of_the_afl() {
    let card = with_afl("10020300 08010100 F0010100");
    let ran = play(
        &demo_profile(),
        charge(),
        |command| match command {
            [_, 0xB2, 1, 0x0C, ..] => ok(&card.record()),
            [_, 0xB2, ..] => ok(&object(tag::RECORD, &[])),
            _ => card.answer(command),
        },
        None,
    );
    let read: Vec<(u8, u8)> = ran
        .commands(0xB2)
        .iter()
        .map(|command| (command[3] >> 3, command[2]))
        .collect();
    assert_eq!(read, [(2, 2), (2, 3), (1, 1), (30, 1)]);
}

#[test]
fn templates_inside_a_record_are_not_opened() {
    let mut card = Card::good();
    card.elements
        .push((Tag(0x73), object(tag::EXPIRY, &hex("991231"))));
    assert_eq!(pay(&card).outcome.ending, Ending::Approved);
}

#[test]
fn the_first_records_of_a_group_are_those_that_were_signed() {
    // One file of four records: what is charged with, and three of certificates.
    let failed = |signed: u8| {
        let mut plan = Plan::new(Aip::SDA | Aip::CVM);
        let mut card = Card::good();
        plan.records = vec![(1, card.record())];
        let mut records = vec![card.record()];
        for (tag, value) in plan.elements() {
            if [
                tag::CAPK_INDEX_CARD,
                tag::ISSUER_CERTIFICATE,
                tag::ISSUER_REMAINDER,
                tag::ISSUER_EXPONENT,
                tag::SIGNED_STATIC_DATA,
                tag::SDA_TAG_LIST,
            ]
            .contains(&tag)
            {
                records.push(object(tag::RECORD, &object(tag, &value)));
            }
        }
        let last = u8::try_from(records.len()).expect("a few");
        let options = [hex("5000"), vec![0x08, 0x01, last, signed]].concat();
        card.options = ok(&object(tag::FORMAT_1, &options));
        let ran = play(
            &plan.terminal,
            charge(),
            |command| match command {
                [_, 0xB2, record, ..] => ok(&records[usize::from(*record) - 1]),
                _ => card.answer(command),
            },
            None,
        );
        assert!(ran.tvr().contains(Tvr::SDA_SELECTED));
        ran.tvr().contains(Tvr::SDA_FAILED)
    };
    assert!(failed(0));
    assert!(!failed(1));
    assert!(failed(2));
}
