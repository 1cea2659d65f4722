//! The card's own directory (Book 1 §12.3.2).

use super::{choices, directory_fci, entry, selected, with_directory};
use crate::{
    Ending, MAX_DIRECTORY_RECORDS, Refusal, tag,
    tests::card::{Card, charge, hex, object, ok, pay, play},
};

#[test]
fn the_directory_names_the_application() {
    let card = with_directory(&[entry("A0000000031010", b"VISA", 1)]);
    assert_eq!(
        selected(&card),
        [b"1PAY.SYS.DDF01".to_vec(), hex("A0000000031010")]
    );
}

#[test]
fn the_highest_priority_is_taken_and_none_is_last() {
    let card = with_directory(&[
        entry("A0000000043060", b"MAESTRO", 0),
        entry("A0000000031010", b"VISA", 2),
        entry("A0000000041010", b"MASTERCARD", 1),
    ]);
    assert_eq!(selected(&card).last(), Some(&hex("A0000000041010")));
}

#[test]
fn a_longer_name_matches_in_part() {
    let card = with_directory(&[entry("A000000003101001", b"VISA", 1)]);
    assert_eq!(selected(&card).last(), Some(&hex("A000000003101001")));
}

#[test]
fn a_directory_without_a_match_or_beyond_reading_gives_way_to_the_list() {
    let foreign = with_directory(&[entry("A0000000651010", b"JCB", 1)]);
    let mut broken = Card::good();
    broken.directory = ok(&hex("6F05840312"));
    let mut bad_file = Card::good();
    bad_file.directory = directory_fci(11);
    for card in [foreign, broken, bad_file] {
        assert!(selected(&card).contains(&hex("A0000000031010")));
    }
}

#[test]
fn a_directory_with_an_error_in_it_counts_for_nothing() {
    let entry = entry("A0000000041010", b"MASTERCARD", 1);
    let good = object(tag::RECORD, &entry);
    let cut_off = object(tag::RECORD, &[&entry[..], &hex("6105")].concat());
    let inside = object(tag::RECORD, &hex("6103 4F07A0"));
    for bad in [cut_off, inside, hex("6F00"), Vec::new()] {
        let mut card = with_directory(&[]);
        card.directory_records = vec![good.clone(), bad];
        assert!(selected(&card).contains(&hex("A0000000031010")));
    }
    let card = with_directory(&[entry]);
    let ran = play(
        &super::terminal(),
        charge(),
        |command| match command {
            [_, 0xB2, 2, ..] => vec![0x69, 0x85],
            _ => card.answer(command),
        },
        None,
    );
    let list = ran.commands(0xA4).len();
    assert!(list > 2, "the list was tried: {list}");
}

#[test]
fn a_directory_without_end_ends() {
    let mut card = with_directory(&[]);
    card.directory_records = vec![object(tag::RECORD, &[]); 255];
    let ran = pay(&card);
    let reads = ran.commands(0xB2).len();
    assert!(
        reads >= usize::from(MAX_DIRECTORY_RECORDS) && reads < 32,
        "{reads}"
    );
}

#[test]
fn a_directory_that_lacks_something_mandatory_gives_way_to_the_list() {
    let name = object(tag::DF_NAME, b"1PAY.SYS.DDF01");
    let inside = |proprietary: &str| object(tag::PROPRIETARY, &hex(proprietary));
    for fci in [
        [&name[..], &inside("880100")].concat(),
        [&name[..], &inside("88010B")].concat(),
        [&name[..], &inside("88020101")].concat(),
        [&name[..], &inside("8800")].concat(),
        [&name[..], &inside("5F2D02656E")].concat(),
        [&name[..], &inside("880101 5F2D05")].concat(),
        [&name[..], &inside("880101"), &hex("9F")[..]].concat(),
        name.clone(),
        inside("880101"),
    ] {
        let mut card = with_directory(&[entry("A0000000041010", b"MASTERCARD", 1)]);
        card.directory = ok(&object(tag::FCI, &fci));
        let names = selected(&card);
        assert!(names.contains(&hex("A0000000031010")), "{fci:02X?}");
    }
}

#[test]
fn a_blocked_directory_gives_way_to_the_list() {
    for sw in [[0x62, 0x83], [0x6A, 0x82], [0x6D, 0x00], [0x62, 0x00]] {
        let mut card = with_directory(&[entry("A0000000041010", b"MASTERCARD", 1)]);
        let whole = card.directory.len() - 2;
        card.directory = [&card.directory[..whole], &sw].concat();
        assert!(
            selected(&card).contains(&hex("A0000000031010")),
            "{sw:02X?}"
        );
    }
}

#[test]
fn entries_without_a_name_or_with_an_impossible_one_are_passed_over() {
    let nameless = object(tag::DIRECTORY_ENTRY, &object(tag::LABEL, b"VISA"));
    let short = entry("A0000000", b"VISA", 1);
    let long = entry(&format!("A0000000031010{}", "00".repeat(10)), b"VISA", 1);
    let other = hex("9F0A0401020304");
    let card = with_directory(&[
        nameless,
        short,
        long,
        other,
        entry("A0000000041010", b"MASTERCARD", 1),
    ]);
    let names = [b"1PAY.SYS.DDF01".to_vec(), hex("A0000000041010")];
    assert_eq!(selected(&card), names);
}

#[test]
fn records_without_an_entry_do_not_end_the_directory() {
    let mut card = with_directory(&[]);
    let last = object(tag::RECORD, &entry("A0000000041010", b"MASTERCARD", 1));
    card.directory_records.push(last);
    assert_eq!(selected(&card).last(), Some(&hex("A0000000041010")));
}

#[test]
fn an_application_that_is_named_twice_is_one() {
    let twice = entry("A0000000041010", b"MASTERCARD", 1);
    let card = with_directory(&[twice.clone(), twice]);
    let mut terminal = super::terminal();
    terminal.cardholder_choice = true;
    let ran = play(&terminal, charge(), |one| card.answer(one), None);
    // The cardholder was not asked, and a refused SELECT leaves none.
    let none = Ending::NotAccepted(Refusal::NoCommonApplication);
    assert_eq!(ran.outcome.ending, none);
}

#[test]
fn a_preferred_name_of_the_directory_is_in_the_directorys_alphabet() {
    let offered = |table: &str, more: u8| {
        let parts = [
            object(tag::AID_CARD, &hex("A0000000041010")),
            object(tag::LABEL, b"MASTERCARD"),
            object(tag::PREFERRED_NAME, b"Cart\xE3o"),
            object(tag::PRIORITY, &[0x81]),
        ];
        let mut card = with_directory(&[object(tag::DIRECTORY_ENTRY, &parts.concat())]);
        let fci = [
            object(tag::DF_NAME, b"1PAY.SYS.DDF01"),
            object(tag::PROPRIETARY, &hex(&format!("880101 {table}"))),
        ];
        card.directory = ok(&object(tag::FCI, &fci.concat()));
        let mut terminal = super::terminal();
        terminal.cardholder_choice = true;
        terminal.more_capabilities[4] = more;
        choices(&terminal, &card)
    };
    assert_eq!(offered("9F110101", 0x01), ["Cartão"]);
    assert_eq!(offered("9F110101", 0x02), ["MASTERCARD"]);
    assert_eq!(offered("9F110102", 0x03), ["MASTERCARD"]);
    assert_eq!(offered("", 0x01), ["MASTERCARD"]);
}
