//! Combination selection (contactless Book B §3.3).

use super::card::{PDOL, TapCard, VISA, directory, entry, fci, small, tap, tap_at, terminal};
use crate::{
    Ending, Refusal, tag,
    tests::card::{NOT_FOUND, hex, object, ok},
};

const MASTERCARD: &str = "A0000000041010";
const VISA_DEBIT: &str = "A000000003101001";

/// A card with these entries and an application for each of these names.
fn card(entries: &[Vec<u8>], names: &[&str]) -> TapCard {
    let mut card = TapCard::online();
    card.entries = entries.to_vec();
    card.applications = names
        .iter()
        .map(|name| (hex(name), ok(&fci(name, PDOL))))
        .collect();
    card
}

/// The names that were selected after the directory.
fn names(card: &TapCard) -> Vec<Vec<u8>> {
    tap(small(), card).selected().split_off(1)
}

#[test]
fn the_directory_comes_first_and_names_the_application() {
    let tapped = tap(small(), &TapCard::online());
    assert_eq!(tapped.selected(), [b"2PAY.SYS.DDF01".to_vec(), hex(VISA)]);
    assert_eq!(tapped.sent[0][..5], hex("00A404000E"));
    assert_eq!(tapped.evidence().label.as_deref(), Some("VISA CREDIT"));
    let aid = tapped.evidence().aid.expect("an application");
    assert_eq!(aid.as_slice(), hex(VISA));
}

#[test]
fn a_card_without_a_directory_is_not_accepted() {
    for answer in [
        NOT_FOUND.to_vec(),
        hex("6A81"),
        [directory(&[entry(VISA, &[])]), hex("6283")].concat(),
        ok(&[]),
        ok(&hex("6F05")),
        ok(&directory(&[])),
        ok(&object(tag::FCI, &object(tag::PROPRIETARY, &[]))),
    ] {
        let mut card = TapCard::online();
        card.directory = Some(answer);
        let tapped = tap(small(), &card);
        assert_eq!(
            tapped.ending(),
            Ending::NotAccepted(Refusal::NoCommonApplication)
        );
        assert_eq!(tapped.sent.len(), 1);
    }
}

#[test]
fn nothing_in_common_is_not_accepted() {
    let card = card(&[entry("A0000000999999", &[])], &[]);
    assert_eq!(
        tap(small(), &card).ending(),
        Ending::NotAccepted(Refusal::NoCommonApplication)
    );
}

#[test]
fn an_application_that_is_accepted_by_contacts_alone_must_be_inserted() {
    let card = card(&[entry(MASTERCARD, &[])], &[MASTERCARD]);
    let tapped = tap(small(), &card);
    assert_eq!(tapped.ending(), Ending::UseContacts);
    assert_eq!(tapped.sent.len(), 1);
}

#[test]
fn the_highest_priority_wins_and_then_the_order_of_the_directory() {
    let (first, second, third) = (VISA_DEBIT, "A000000003101002", "A000000003101003");
    let with = |priorities: [&str; 3]| {
        let entries: Vec<_> = [first, second, third]
            .iter()
            .zip(priorities)
            .map(|(name, priority)| match priority {
                "" => entry(name, &[]),
                priority => entry(name, &[(tag::PRIORITY, priority)]),
            })
            .collect();
        names(&card(&entries, &[first, second, third])).remove(0)
    };
    assert_eq!(with(["03", "02", "01"]), hex(third));
    assert_eq!(with(["02", "01", "01"]), hex(second));
    assert_eq!(with(["", "", "0F"]), hex(third));
    assert_eq!(with(["00", "", "00"]), hex(first));
    // Confirmation by the cardholder is not asked for without contacts.
    assert_eq!(with(["02", "81", "03"]), hex(second));
}

#[test]
fn the_longest_aid_of_the_reader_stands_for_the_card() {
    let mut terminal = terminal();
    let mut longer = terminal.applications[0].clone();
    longer.aid = crate::Aid::from_slice(&hex(VISA_DEBIT)).expect("an AID");
    longer.name = "Longer".to_owned();
    longer.version = [0x77, 0x77];
    terminal.applications.push(longer);
    let with_version = [PDOL, "9F0902"].concat();
    let mut card = card(&[entry(VISA_DEBIT, &[])], &[]);
    card.applications = vec![(hex(VISA_DEBIT), ok(&fci(VISA_DEBIT, &with_version)))];
    let tapped = tap_at(terminal, small(), &card);
    let options = tapped.sent.iter().find(|command| command[1] == 0xA8);
    let options = options.expect("GET PROCESSING OPTIONS was sent");
    assert!(options.windows(2).any(|version| version == [0x77, 0x77]));
}

#[test]
fn a_partial_name_matches_where_the_profile_lets_it() {
    let card = card(&[entry(VISA_DEBIT, &[])], &[VISA_DEBIT]);
    assert_eq!(names(&card), [hex(VISA_DEBIT)]);
    let mut whole = terminal();
    whole.applications[0].partial = false;
    let tapped = tap_at(whole, small(), &card);
    assert_eq!(
        tapped.ending(),
        Ending::NotAccepted(Refusal::NoCommonApplication)
    );
}

#[test]
fn the_kernel_that_the_card_asks_for_must_be_there() {
    let runs = |kernel: &str| {
        let card = card(&[entry(VISA, &[(tag::KERNEL_ID, kernel)])], &[VISA]);
        tap(small(), &card).ending() == Ending::Approved
    };
    assert!(runs("03"), "kernel 3");
    assert!(runs("0300"), "the first byte counts");
    assert!(runs("00"), "any kernel");
    assert!(runs(""), "none named: Visa's default");
    assert!(!runs("02"), "kernel 2");
    assert!(!runs("43"), "reserved");
    assert!(!runs("83"), "domestic, cut off");
    assert!(!runs("830276"), "domestic");
    assert!(!runs("80027600"), "domestic, out of scope");
}

#[test]
fn a_scheme_without_a_default_kernel_takes_any() {
    let other = "A0000009991010";
    let mut terminal = terminal();
    terminal.applications[0].aid = crate::Aid::from_slice(&hex(other)).expect("an AID");
    let card = card(&[entry(other, &[])], &[other]);
    assert_eq!(tap_at(terminal, small(), &card).ending(), Ending::Approved);
}

#[test]
fn an_entry_that_cannot_be_read_is_passed_over() {
    for broken in [
        object(tag::DIRECTORY_ENTRY, &hex("8701 01")),
        entry("A0000000", &[]),
        entry("A000000003101000000000000000000000", &[]),
        object(tag::DIRECTORY_ENTRY, &hex("4F07A000")),
        object(tag::LABEL, b"VISA"),
    ] {
        let card = card(&[broken, entry(VISA, &[])], &[VISA]);
        assert_eq!(names(&card), [hex(VISA)]);
    }
}

#[test]
fn an_application_that_cannot_be_selected_is_passed_over() {
    let entries = [
        entry(VISA_DEBIT, &[(tag::PRIORITY, "01")]),
        entry(VISA, &[(tag::PRIORITY, "02")]),
    ];
    for answer in [
        NOT_FOUND.to_vec(),
        hex("6283"),
        [fci(VISA_DEBIT, PDOL), hex("6283")].concat(),
        ok(&hex("6F00")),
        ok(&fci(MASTERCARD, PDOL)),
        // Without a TTQ in its PDOL, kernel 3 cannot run it (§3.3.3.6).
        ok(&fci(VISA_DEBIT, "9F0206")),
        ok(&fci(VISA_DEBIT, "")),
    ] {
        let mut card = card(&entries, &[VISA]);
        card.applications.push((hex(VISA_DEBIT), answer));
        assert_eq!(names(&card), [hex(VISA_DEBIT), hex(VISA)]);
        assert_eq!(tap(small(), &card).ending(), Ending::Approved);
    }
}

#[test]
fn a_card_none_of_whose_applications_can_be_selected_must_be_inserted() {
    let card = card(&[entry(VISA, &[])], &[]);
    assert_eq!(tap(small(), &card).ending(), Ending::UseContacts);
}
