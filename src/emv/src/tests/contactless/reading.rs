//! Card read complete (contactless Book C-3 §5.3.2 and §5.4).

use super::card::{TapCard, VISA, entry, fci, small, tap, template};
use crate::{
    AcType, Command, Decliner, Ending, Fault, Sw, Tag, tag,
    tests::card::{hex, object, ok},
};

fn fault(card: &TapCard) -> Option<Fault> {
    match tap(small(), card).ending() {
        Ending::Terminated(fault) => Some(fault),
        _ => None,
    }
}

#[test]
fn without_something_mandatory_the_charge_ends() {
    for tag in [tag::AIP, tag::IAD, tag::ATC, tag::TRACK2] {
        let card = TapCard::online().without(tag);
        assert_eq!(fault(&card), Some(Fault::Missing(tag)));
    }
}

#[test]
fn what_has_a_wrong_length_ends_the_charge() {
    let wrong: [(Tag, &str); 7] = [
        (tag::AC, "01020304050607"),
        (tag::ATC, "42"),
        (tag::CID, "8000"),
        (tag::IAD, &"00".repeat(33)),
        (tag::CTQ, "00"),
        (tag::PAN_SEQUENCE, "0001"),
        (tag::FORM_FACTOR, "2070"),
    ];
    for (tag, value) in wrong {
        let card = TapCard::online().with(tag, value);
        assert_eq!(fault(&card), Some(Fault::Erroneous(tag)));
    }
    let track = TapCard::online().with(tag::TRACK2, "4761739001010119301220112345");
    assert_eq!(fault(&track), Some(Fault::Erroneous(tag::TRACK2)));
}

#[test]
fn what_comes_twice_ends_the_charge() {
    let mut card = TapCard::online();
    card.options.push((tag::AC, hex("0807060504030201")));
    assert_eq!(fault(&card), Some(Fault::Repeated(tag::AC)));
    // A cryptogram, or a verified cardholder, smuggled into a record.
    for tag in [tag::AC, tag::CID, tag::CTQ, tag::IAD, tag::TRACK2] {
        let card = TapCard::offline();
        let (_, value) = card
            .options
            .iter()
            .find(|(known, _)| *known == tag)
            .expect("there");
        let mut card = card.clone().with(tag::AFL, "10010100");
        card.record.push((tag, value.clone()));
        assert_eq!(fault(&card), Some(Fault::Repeated(tag)));
    }
}

#[test]
fn terminal_data_from_the_card_is_ignored() {
    let card = TapCard::online()
        .with(tag::AMOUNT, "000000000001")
        .with(tag::TVR, "FFFFFFFFFF")
        .with(tag::TTQ, "FFFFFFFF");
    let tapped = tap(small(), &card);
    assert_eq!(tapped.ending(), Ending::Approved);
    let sent = object(tag::AMOUNT, &hex("000000000900"));
    let de55 = tapped.request.expect("asked").de55;
    assert!(de55.windows(sent.len()).any(|part| part == sent));
}

#[test]
fn the_pan_comes_out_of_track_2() {
    let tapped = tap(small(), &TapCard::online());
    let request = tapped.request.expect("asked");
    assert_eq!(request.card.pan.expose(), b"4761739001010119");
    assert_eq!(request.card.expiry, [0x30, 0x12, 0x31]);
    assert_eq!(request.card.sequence, Some(1));
    assert!(request.card.track2.is_some());
    assert_eq!(
        tapped.outcome.evidence.truncated_pan,
        Some(request.truncated_pan)
    );
}

#[test]
fn an_expiry_of_its_own_goes_before_that_of_track_2() {
    let tapped = tap(small(), &TapCard::online().with(tag::EXPIRY, "310415"));
    let request = tapped.request.expect("asked");
    assert_eq!(request.card.expiry, [0x31, 0x04, 0x15]);
    for (track, expiry) in [
        ("4761739001010119D300220112345F", [0x30, 0x02, 0x28]),
        ("4761739001010119D300420112345F", [0x30, 0x04, 0x30]),
        ("476173900101011D300120112345", [0x30, 0x01, 0x31]),
    ] {
        let tapped = tap(small(), &TapCard::online().with(tag::TRACK2, track));
        assert_eq!(tapped.request.expect("asked").card.expiry, expiry);
    }
    let never = TapCard::online().with(tag::TRACK2, "4761739001010119D301320112345F");
    assert_eq!(fault(&never), Some(Fault::Erroneous(tag::TRACK2)));
}

#[test]
fn two_accounts_end_the_charge() {
    let same = TapCard::online().with(tag::PAN, "4761739001010119");
    assert_eq!(tap(small(), &same).ending(), Ending::Approved);
    let other = TapCard::online().with(tag::PAN, "4761739001010010");
    assert_eq!(fault(&other), Some(Fault::AccountsDiffer));
}

#[test]
fn an_account_in_the_clear_ends_the_charge() {
    let mut name = TapCard::online();
    let clear = template(
        tag::PROPRIETARY,
        &[
            (tag::LABEL, b"4761739001010119".to_vec()),
            (tag::PDOL, hex("9F6604")),
        ],
    );
    let df_name = object(tag::DF_NAME, &hex(VISA));
    name.applications[0].1 = ok(&object(tag::FCI, &[df_name, clear].concat()));
    let tapped = tap(small(), &name);
    assert_eq!(tapped.ending(), Ending::Approved);
    assert_eq!(tapped.evidence().label.as_deref(), Some("Visa"));
    // The name of the application stays what it is, so that the charge ends: even where the host,
    // who would see it, is not asked.
    let mut df_name = TapCard::online().with(tag::CID, "00");
    let long = [VISA, "4761739001010119"].concat();
    df_name.entries = vec![entry(&long, &[])];
    df_name.applications = vec![(hex(&long), ok(&fci(&long, "9F6604")))];
    assert_eq!(fault(&df_name), Some(Fault::AccountShown));
    for tag in [tag::IAD, tag::CUSTOMER_DATA] {
        let card = TapCard::online().with(tag, "064761739001010119");
        assert_eq!(fault(&card), Some(Fault::AccountShown));
    }
}

#[test]
fn a_card_without_cid_says_in_its_issuer_data_what_it_gives() {
    // Byte 5, bits 6 and 5.
    let with = |iad: &str| {
        let card = TapCard::online().without(tag::CID).with(tag::IAD, iad);
        tap(small(), &card)
    };
    let arqc = with("06011203A00000");
    assert_eq!(arqc.ending(), Ending::Approved);
    let cryptogram = arqc.evidence().cryptogram.expect("one");
    assert_eq!((cryptogram.kind, cryptogram.cid), (AcType::Arqc, 0x80));
    let aac = with("06011203800000");
    assert_eq!(aac.ending(), Ending::DeclinedOffline(Decliner::Card));
    assert!(with("06011203900000").looked_up, "a TC");
    let none = with("06011203B00000").ending();
    assert_eq!(none, Ending::Terminated(Fault::Erroneous(tag::CID)));
    let short = with("06011203").ending();
    assert_eq!(short, Ending::Terminated(Fault::Erroneous(tag::IAD)));
}

#[test]
fn the_card_may_decline() {
    let tapped = tap(small(), &TapCard::online().with(tag::CID, "00"));
    assert_eq!(tapped.ending(), Ending::DeclinedOffline(Decliner::Card));
    assert!(tapped.request.is_none());
    assert_eq!(tapped.evidence().cryptogram.expect("one").kind, AcType::Aac);
}

#[test]
fn a_record_that_is_not_there_ends_the_charge() {
    let card = TapCard::offline().with(tag::AFL, "10020200");
    let missing = Fault::Answer(Command::ReadRecord, Sw::NO_RECORD);
    assert_eq!(fault(&card), Some(missing));
}

#[test]
fn records_without_end_are_not_read() {
    let card = TapCard::offline().with(tag::AFL, "1001FF00");
    assert_eq!(fault(&card), Some(Fault::TooMuchData));
}
