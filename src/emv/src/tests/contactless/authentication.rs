//! Offline data authentication: fDDA (contactless Book C-3 §5.6 and Annex C).

use super::card::{TapCard, Tapped, small, tap, tap_at, template, terminal, terminal_with};
use crate::{
    Aip, DataAuthentication, Decliner, Ending, HostVerdict, OdaMethod, Tag, TerminalData,
    TerminalType, Tsi, Tvr, tag,
    tests::{card::hex, oda::Signing},
};

/// Version, the card's number, and its qualifiers.
const RELATED: &str = "01112233440080";
/// Length and ICC dynamic number.
const DYNAMIC: &str = "0455667788";

/// A card that approves by itself, and what it signs besides: its first file holds the signed
/// records, its second the rest, one element a record.
fn signed(issued: &Signing, sent: &[u8], related: &str, ctq: &str) -> TapCard {
    let mut card = TapCard::online().with(tag::CID, "40").with(tag::CTQ, ctq);
    let unsigned: Vec<(Tag, Vec<u8>)> = issued
        .elements()
        .into_iter()
        .filter(|(tag, _)| ![tag::AIP, tag::PAN, tag::EXPIRY].contains(tag))
        .chain([
            (tag::CARD_AUTHENTICATION, hex(related)),
            (
                tag::SIGNED_DYNAMIC_DATA,
                issued.sign(&hex(DYNAMIC), &[sent, &hex(related)].concat()),
            ),
        ])
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let count = u8::try_from(unsigned.len()).expect("a few");
    card = card.with(tag::AFL, &format!("08010101 1001{count:02X}00"));
    card.records = (1..)
        .zip(issued.records())
        .map(|(number, record)| (1, number, record))
        .chain((1..).zip(unsigned).map(|(number, element)| {
            let record = template(tag::RECORD, &[element]);
            (2, number, record)
        }))
        .collect();
    card
}

fn issued() -> Signing {
    Signing::new(Aip::DDA)
}

/// What the terminal tells such a card: number, amount, currency.
fn told() -> Vec<u8> {
    hex("DEADBEEF 000000000900 0978")
}

fn at(issued: &Signing) -> TerminalData {
    TerminalData {
        keys: issued.keys(),
        ..terminal()
    }
}

fn tapped(card: &TapCard) -> Tapped {
    tap_at(at(&issued()), small(), card)
}

fn good() -> TapCard {
    signed(&issued(), &told(), RELATED, "0080")
}

fn declined() -> Ending {
    Ending::DeclinedOffline(Decliner::Terminal(Tvr::DDA_FAILED))
}

#[test]
fn a_card_that_proves_itself_approves_alone() {
    let tapped = tapped(&good());
    assert_eq!(tapped.ending(), Ending::ApprovedOffline);
    assert!(tapped.outcome.pays() && !tapped.outcome.may_need_reversal());
    assert!(tapped.looked_up && tapped.request.is_none());
    let evidence = tapped.evidence();
    assert_eq!(evidence.host, HostVerdict::NotAsked);
    assert_eq!(evidence.tvr, Tvr::empty());
    assert_eq!(evidence.tsi, Tsi::empty());
    assert_eq!(evidence.oda, DataAuthentication::Done(OdaMethod::Fdda));
    assert_eq!(evidence.cvm_results, [0x01, 0x00, 0x02]);
    let code = hex("8A025931");
    assert!(evidence.de55.windows(4).any(|part| part == code), "Y1");
}

#[test]
fn a_signature_over_another_charge_proves_nothing() {
    for sent in [
        "DEADBEEE 000000000900 0978",
        "DEADBEEF 000000000901 0978",
        "DEADBEEF 000000000900 0840",
    ] {
        let card = signed(&issued(), &hex(sent), RELATED, "0080");
        let tapped = tapped(&card);
        assert_eq!(tapped.ending(), declined());
        let failed = DataAuthentication::Failed(OdaMethod::Fdda);
        assert_eq!(tapped.evidence().oda, failed);
    }
}

#[test]
fn what_the_signature_covers_cannot_be_changed() {
    let mut related = good();
    for (_, _, record) in &mut related.records {
        if record.windows(2).any(|part| part == [0x9F, 0x69]) {
            record[7] ^= 0x01;
        }
    }
    assert_eq!(tapped(&related).ending(), declined());
    let mut expiry = good();
    let last = expiry.records[0].2.len() - 1;
    expiry.records[0].2[last] = 0x30;
    assert_eq!(tapped(&expiry).ending(), declined());
}

#[test]
fn a_card_that_signs_nothing_or_claims_it_cannot_proves_nothing() {
    let claims_not = signed(&Signing::new(Aip::empty()), &told(), RELATED, "0080");
    assert_eq!(
        tapped(&claims_not.with(tag::AIP, "0000")).ending(),
        declined()
    );
    let claims_more = signed(&Signing::new(Aip::empty()), &told(), RELATED, "0080");
    assert_eq!(tapped(&claims_more).ending(), declined());
    let nothing = tap(small(), &TapCard::offline());
    assert_eq!(nothing.ending(), declined());
    assert_eq!(nothing.evidence().oda, DataAuthentication::NotPerformed);
}

#[test]
fn an_unknown_scheme_key_proves_nothing() {
    assert_eq!(tap(small(), &good()).ending(), declined());
}

#[test]
fn what_is_not_proven_goes_where_the_card_says() {
    let with = |ctq: &str| TapCard::offline().with(tag::CTQ, ctq);
    let online = tap(small(), &with("2000"));
    assert_eq!(online.ending(), Ending::Approved);
    assert!(online.request.is_some());
    // Online goes before another interface.
    assert_eq!(tap(small(), &with("3000")).ending(), Ending::Approved);
    assert_eq!(tap(small(), &with("1000")).ending(), Ending::UseContacts);
    assert_eq!(tap(small(), &with("0000")).ending(), declined());
    let silent = TapCard::offline().without(tag::CTQ);
    assert_eq!(tap(small(), &silent).ending(), declined());
    let no_contacts = terminal_with(|terms| terms.ttq[0] = 0x26);
    assert_eq!(
        tap_at(no_contacts, small(), &with("1000")).ending(),
        declined()
    );
}

#[test]
fn a_device_must_have_signed_that_it_verified_its_holder() {
    // Signed without it, claimed in the clear.
    let card = signed(&issued(), &told(), "01112233440000", "0080");
    let refused = Ending::DeclinedOffline(Decliner::Terminal(Tvr::CVM_FAILED));
    assert_eq!(tapped(&card).ending(), refused);
}

#[test]
fn a_pin_takes_even_a_proven_card_to_the_host() {
    let tapped = tapped(&signed(&issued(), &told(), RELATED, "8000"));
    assert!(tapped.asked_pin);
    assert_eq!(tapped.ending(), Ending::Approved);
    assert!(tapped.request.is_some());
}

#[test]
fn an_online_charge_is_the_hosts_to_prove() {
    let tapped = tapped(&forged());
    assert_eq!(tapped.ending(), Ending::Approved);
    assert_eq!(tapped.evidence().oda, DataAuthentication::NotPerformed);
}

#[test]
fn a_reader_that_offers_to_prove_online_charges_does() {
    let mut offering = at(&issued());
    for application in &mut offering.applications {
        if let Some(terms) = &mut application.contactless {
            terms.ttq[0] |= 0x01;
        }
    }
    let tapped = |card: &TapCard| tap_at(offering.clone(), small(), card);
    assert_eq!(tapped(&forged()).ending(), declined());
    let right = tapped(&good().with(tag::CID, "80"));
    assert_eq!(right.ending(), Ending::Approved);
    assert!(right.request.is_some());
    let done = DataAuthentication::Done(OdaMethod::Fdda);
    assert_eq!(right.evidence().oda, done);
    // A card that does not take up the offer is the host's to prove again, and so is one that meant
    // to approve by itself.
    assert_eq!(tapped(&TapCard::online()).ending(), Ending::Approved);
    let mut online_only = offering.clone();
    online_only.kind = TerminalType::AttendedOnlineOnly;
    let approving = forged().with(tag::CID, "40");
    let taken = tap_at(online_only, small(), &approving);
    assert_eq!(taken.ending(), Ending::Approved);
    assert!(taken.request.is_some());
}

/// A card that asks for the host and signs wrong.
fn forged() -> TapCard {
    let mut card = good().with(tag::CID, "80");
    card.records.last_mut().expect("there").2[20] ^= 0x01;
    card
}
