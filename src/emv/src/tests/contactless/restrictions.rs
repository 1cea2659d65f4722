//! Processing restrictions (contactless Book C-3 §5.5).

use super::card::{Tap, TapCard, cash, small, tap, tap_at, terminal_with};
use crate::{Charge, ChargeKind, Decliner, Ending, Known, Tvr, tag};

fn declined(because: Tvr) -> Ending {
    Ending::DeclinedOffline(Decliner::Terminal(because))
}

fn cashback() -> Charge {
    Charge {
        kind: ChargeKind::PurchaseWithCashback,
        cashback_minor: 100,
        ..small()
    }
}

#[test]
fn an_expired_card_does_not_approve_by_itself() {
    let expired = TapCard::offline().recording(tag::EXPIRY, "261121");
    assert_eq!(tap(small(), &expired).ending(), declined(Tvr::EXPIRED));
    // Nor does one without a date, which nothing would sign.
    let undated = TapCard::offline().without(tag::EXPIRY);
    assert_eq!(tap(small(), &undated).ending(), declined(Tvr::EXPIRED));
}

#[test]
fn an_expired_card_goes_online_where_it_says_so() {
    let expired = TapCard::offline()
        .recording(tag::EXPIRY, "261121")
        .with(tag::CTQ, "0800");
    let tapped = tap(small(), &expired);
    assert_eq!(tapped.ending(), Ending::Approved);
    assert!(tapped.request.is_some());
}

#[test]
fn a_card_is_valid_on_its_last_day() {
    let last_day = TapCard::offline().recording(tag::EXPIRY, "261122");
    let ending = tap(small(), &last_day).ending();
    // Nothing but the signature is missing.
    assert_eq!(ending, declined(Tvr::DDA_FAILED));
}

#[test]
fn the_host_knows_best_whether_a_card_that_asks_it_has_expired() {
    let expired = TapCard::online().with(tag::EXPIRY, "200101");
    assert_eq!(tap(small(), &expired).ending(), Ending::Approved);
}

#[test]
fn a_card_on_the_exception_file_does_not_approve_by_itself() {
    let listed = |card: &TapCard| {
        Tap {
            known: Known {
                on_exception_file: true,
                ..Known::default()
            },
            ..Tap::new(small(), &|command| card.answer(command))
        }
        .run()
    };
    let tapped = listed(&TapCard::offline().with(tag::CTQ, "A800"));
    assert_eq!(tapped.ending(), declined(Tvr::ON_EXCEPTION_FILE));
    assert!(!tapped.asked_pin, "nobody enters a PIN for nothing");
    let online = listed(&TapCard::online());
    assert_eq!(online.ending(), Ending::Approved);
    assert!(!online.looked_up, "the host is asked anyway");
}

#[test]
fn cash_needs_a_card_that_is_meant_for_it() {
    let card = |usage: &str, country: &str| {
        TapCard::online()
            .with(tag::USAGE_CONTROL, usage)
            .with(tag::ISSUER_COUNTRY, country)
    };
    let refused = declined(Tvr::SERVICE_NOT_ALLOWED);
    for (usage, country, ending) in [
        ("8000", "0276", Ending::Approved),
        ("4000", "0276", refused),
        ("4000", "0840", Ending::Approved),
        ("8000", "0840", refused),
        ("3FFF", "0276", refused),
    ] {
        assert_eq!(tap(cash(), &card(usage, country)).ending(), ending);
    }
    for (usage, country, ending) in [
        ("0080", "0276", Ending::Approved),
        ("0040", "0276", refused),
        ("0040", "0840", Ending::Approved),
        ("0080", "0840", refused),
        ("FF3F", "0276", refused),
    ] {
        assert_eq!(tap(cashback(), &card(usage, country)).ending(), ending);
    }
    let silent = TapCard::online();
    assert_eq!(tap(cash(), &silent).ending(), refused);
    assert_eq!(tap(small(), &silent).ending(), Ending::Approved);
}

#[test]
fn a_card_may_switch_the_interface_for_cash() {
    let for_cash = TapCard::online().with(tag::CTQ, "0400");
    let for_cashback = TapCard::online().with(tag::CTQ, "0200");
    assert_eq!(tap(cash(), &for_cash).ending(), Ending::UseContacts);
    assert_eq!(tap(cashback(), &for_cashback).ending(), Ending::UseContacts);
    let refused = declined(Tvr::SERVICE_NOT_ALLOWED);
    assert_eq!(tap(cash(), &for_cashback).ending(), refused);
    assert_eq!(tap(cashback(), &for_cash).ending(), refused);
    // A reader without contacts has nothing to switch to.
    let no_contacts = terminal_with(|terms| terms.ttq[0] = 0x26);
    assert_eq!(tap_at(no_contacts, cash(), &for_cash).ending(), refused);
}
