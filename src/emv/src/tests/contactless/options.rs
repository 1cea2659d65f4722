//! GET PROCESSING OPTIONS (contactless Book C-3 §5.3.1).

use super::card::{PDOL, TapCard, VISA, entry, fci, small, tap};
use crate::{
    Command, Ending, Fault, Sw, tag,
    tests::card::{hex, object, ok},
};

#[test]
fn the_card_gets_what_its_pdol_asks_for() {
    let tapped = tap(small(), &TapCard::online());
    let options = tapped.sent.iter().find(|command| command[1] == 0xA8);
    let expected = hex(
        "80A80000 23 8321 36004080 000000000900 000000000000 0276 0000000000 0978 261122 00 DEADBEEF 00",
    );
    assert_eq!(options, Some(&expected));
}

/// A card with a second application.
fn with_another(mut card: TapCard, other: &str) -> TapCard {
    card.entries.push(entry(other, &[(tag::PRIORITY, "02")]));
    card.applications.push((hex(other), ok(&fci(other, PDOL))));
    card
}

#[test]
fn a_card_that_wants_another_interface_must_be_inserted() {
    let card = with_another(TapCard::online().refusing("6984"), "A000000003101001");
    let tapped = tap(small(), &card);
    assert_eq!(tapped.ending(), Ending::UseContacts);
    assert_eq!(tapped.selected()[1..], [hex(VISA)], "no other is tried");
}

#[test]
fn a_device_that_wants_its_holder_says_so() {
    let tapped = tap(small(), &TapCard::online().refusing("6986"));
    assert_eq!(tapped.ending(), Ending::SeePhone);
}

#[test]
fn conditions_not_satisfied_lead_to_the_next_application() {
    let other = "A000000003101001";
    let card = with_another(TapCard::online().refusing("6985"), other);
    let tapped = tap(small(), &card);
    assert_eq!(tapped.selected()[1..], [hex(VISA), hex(other)]);
    assert_eq!(tapped.ending(), Ending::UseContacts);
    assert_eq!(tapped.evidence().aid, None);
}

#[test]
fn any_other_status_ends_the_application() {
    for status in ["6A80", "6F00", "6283", "6300", "6983"] {
        let tapped = tap(small(), &TapCard::online().refusing(status));
        let [high, low] = hex(status)[..] else {
            panic!("two bytes");
        };
        let sw = Sw(u16::from_be_bytes([high, low]));
        let fault = Fault::Answer(Command::GetProcessingOptions, sw);
        assert_eq!(tapped.ending(), Ending::Terminated(fault));
    }
}

#[test]
fn an_answer_without_a_cryptogram_is_no_contactless_chip() {
    // As a magnetic stripe's, as a contact chip's, and in format 1.
    let stripe = TapCard::online()
        .without(tag::AC)
        .with(tag::AIP, "0080")
        .with(tag::AFL, "08010100");
    let contact = TapCard::online().without(tag::AC);
    let mut format_1 = TapCard::online();
    format_1.answer = Some(ok(&object(tag::FORMAT_1, &hex("200008010100"))));
    for card in [stripe, contact, format_1] {
        let tapped = tap(small(), &card);
        assert_eq!(tapped.ending(), Ending::UseContacts);
        assert!(tapped.request.is_none());
    }
}

#[test]
fn an_answer_that_cannot_be_read_ends_the_charge() {
    let malformed = Ending::Terminated(Fault::Malformed(Command::GetProcessingOptions));
    for data in [
        "",
        "77",
        "7705820220",
        "77048202",
        "70048202 2000",
        "7700 7700",
    ] {
        let mut card = TapCard::online();
        card.answer = Some(ok(&hex(data)));
        assert_eq!(tap(small(), &card).ending(), malformed, "{data}");
    }
    let missing = tap(small(), &TapCard::online().without(tag::AIP)).ending();
    assert_eq!(missing, Ending::Terminated(Fault::Missing(tag::AIP)));
    let long = tap(small(), &TapCard::online().with(tag::AIP, "200000")).ending();
    assert_eq!(long, Ending::Terminated(Fault::Erroneous(tag::AIP)));
}

#[test]
fn an_afl_that_breaks_its_rules_ends_the_charge() {
    for afl in ["1001", "10010201 00", "00010100", "10020100", "10000000"] {
        let card = TapCard::online().with(tag::AFL, afl);
        assert_eq!(tap(small(), &card).ending(), Ending::Terminated(Fault::Afl));
    }
}
