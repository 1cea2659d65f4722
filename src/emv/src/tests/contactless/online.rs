//! Completion (contactless Book C-3 §5.8 and §5.9, Book B §3.5).

use super::card::{Tap, TapCard, Tapped, of, small, tap, tap_at, terminal};
use crate::{
    AcType, Charge, ChargeKind, Ending, HostAnswer, HostDecision, HostVerdict, Interface, Tag,
    TerminalType, Tsi, Tvr, tag,
    tests::card::{hex, object},
    tlv,
};

fn with_host(host: Option<HostAnswer>) -> Tapped {
    let card = TapCard::online();
    Tap {
        host,
        ..Tap::new(small(), &|command| card.answer(command))
    }
    .run()
}

fn host(decision: HostDecision, arc: [u8; 2]) -> Option<HostAnswer> {
    let script = hex("7209 8607 84240000 021234");
    HostAnswer::new(decision, arc, &[0x11; 8], &script).ok()
}

fn element(de55: &[u8], tag: Tag) -> Option<Vec<u8>> {
    let value = tlv::find(de55, tag).expect("well-formed");
    value.map(<[u8]>::to_vec)
}

#[test]
fn the_host_decides_and_the_card_is_not_asked_again() {
    let approved = with_host(host(HostDecision::Approved, *b"00"));
    assert_eq!(approved.ending(), Ending::Approved);
    assert!(approved.outcome.pays() && !approved.outcome.may_need_reversal());
    assert_eq!(approved.sent.len(), 3, "directory, application, options");
    assert_eq!(approved.evidence().scripts, []);
    assert_eq!(approved.evidence().host, HostVerdict::Approved);

    let declined = with_host(host(HostDecision::Declined, *b"05"));
    assert_eq!(declined.ending(), Ending::DeclinedByHost(*b"05"));
    let referred = with_host(host(HostDecision::Referred, *b"01"));
    assert_eq!(referred.ending(), Ending::Referred(*b"01"));
    for tapped in [declined, referred] {
        assert!(!tapped.outcome.pays() && !tapped.outcome.may_need_reversal());
    }
}

#[test]
fn without_the_host_nothing_is_charged() {
    let tapped = with_host(None);
    assert_eq!(tapped.ending(), Ending::UnableToGoOnline);
    assert!(tapped.outcome.may_need_reversal());
}

#[test]
fn the_host_gets_what_the_card_authenticated() {
    let tapped = tap(
        small(),
        &TapCard::online().with(tag::CUSTOMER_DATA, "C0FFEE"),
    );
    let request = tapped.request.expect("asked");
    assert_eq!(request.interface, Interface::Contactless);
    let de55 = |tag| element(&request.de55, tag);
    for (tag, value) in [
        (tag::AC, "0102030405060708"),
        (tag::CID, "80"),
        (tag::IAD, "06011203A00000"),
        (tag::ATC, "0042"),
        (tag::UNPREDICTABLE, "DEADBEEF"),
        (tag::AIP, "2000"),
        (tag::TVR, "0000000000"),
        (tag::AMOUNT, "000000000900"),
        (tag::CVM_RESULTS, "1F0002"),
        (tag::ENTRY_MODE, "07"),
        (tag::TTQ, "36004080"),
        (tag::CUSTOMER_DATA, "C0FFEE"),
        // Its last four bits are the reader's: read without contacts.
        (tag::FORM_FACTOR, "20700000"),
    ] {
        assert_eq!(de55(tag), Some(hex(value)), "{tag}");
    }
    assert_eq!(de55(tag::TRACK2), None);
    assert_eq!(de55(tag::PAN), None);
}

#[test]
fn terminal_results_stay_zero() {
    let tapped = tap(of(6_000), &TapCard::offline().with(tag::CTQ, "E800"));
    assert_eq!(tapped.ending(), Ending::Approved);
    assert_eq!(tapped.evidence().tvr, Tvr::empty());
    assert_eq!(tapped.evidence().tsi, Tsi::empty());
}

#[test]
fn a_card_that_approves_where_it_had_to_ask_is_taken_to_the_host() {
    let mut online_only = terminal();
    online_only.kind = TerminalType::AttendedOnlineOnly;
    for (terminal, charge) in [(online_only, small()), (terminal(), of(1_001))] {
        let tapped = tap_at(terminal, charge, &TapCard::offline());
        assert_eq!(tapped.ending(), Ending::Approved);
        let de55 = tapped.request.expect("asked").de55;
        assert_eq!(element(&de55, tag::CID), Some(vec![0x40]));
    }
}

#[test]
fn money_back_is_the_hosts_to_grant() {
    let refund = Charge {
        kind: ChargeKind::Refund,
        ..of(6_000)
    };
    // Cards decline by habit what is no spending; nobody need be verified.
    for cid in ["00", "40", "80"] {
        let tapped = tap(refund.clone(), &TapCard::online().with(tag::CID, cid));
        assert_eq!(tapped.ending(), Ending::Approved);
        assert!(tapped.request.is_some() && !tapped.asked_pin);
        assert_eq!(tapped.evidence().cvm_results, [0x3F, 0x00, 0x00]);
    }
}

#[test]
fn the_evidence_names_application_card_and_cryptogram() {
    let tapped = tap(small(), &TapCard::online());
    let evidence = tapped.evidence();
    assert_eq!(evidence.interface, Interface::Contactless);
    let cryptogram = evidence.cryptogram.expect("one");
    assert_eq!(cryptogram.kind, AcType::Arqc);
    assert_eq!(cryptogram.atc, 0x42);
    let name = object(tag::DF_NAME, &hex(super::card::VISA));
    assert!(evidence.de55.windows(name.len()).any(|part| part == name));
    assert!(evidence.truncated_pan.is_some());
}
