use super::card::{Card, charge, pay, play};
use crate::{Charge, ChargeKind, Ending, Tag, Tvr, demo_profile, tag};

fn tvr(tag: Tag, value: &str) -> Tvr {
    pay(&Card::good().with(tag, value)).tvr()
}

#[test]
fn a_good_card_sets_no_restriction() {
    assert_eq!(
        pay(&Card::good()).tvr(),
        Tvr::ODA_NOT_PERFORMED | Tvr::OVER_FLOOR_LIMIT
    );
}

#[test]
fn versions_are_compared_if_the_card_has_one() {
    assert!(tvr(tag::VERSION_CARD, "0097").contains(Tvr::VERSIONS_DIFFER));
    let none = pay(&Card::good().without(tag::VERSION_CARD));
    assert!(!none.tvr().contains(Tvr::VERSIONS_DIFFER));
}

#[test]
fn the_validity_includes_its_first_and_last_day() {
    assert!(!tvr(tag::EXPIRY, "261122").contains(Tvr::EXPIRED));
    assert!(tvr(tag::EXPIRY, "261121").contains(Tvr::EXPIRED));
    assert!(!tvr(tag::EFFECTIVE, "261122").contains(Tvr::NOT_YET_EFFECTIVE));
    assert!(tvr(tag::EFFECTIVE, "261123").contains(Tvr::NOT_YET_EFFECTIVE));
}

#[test]
fn years_from_50_on_are_in_the_last_century() {
    assert!(tvr(tag::EXPIRY, "991231").contains(Tvr::EXPIRED));
    assert!(!tvr(tag::EXPIRY, "491231").contains(Tvr::EXPIRED));
    assert!(!tvr(tag::EFFECTIVE, "990101").contains(Tvr::NOT_YET_EFFECTIVE));
}

/// Whether a card with this usage control and issuer country allows a charge of a kind.
fn allows(usage: &str, country: Option<&str>, kind: ChargeKind, sells: u8) -> bool {
    let mut terminal = demo_profile();
    terminal.more_capabilities[0] = sells;
    let card = Card::good()
        .with(tag::USAGE_CONTROL, usage)
        .without(tag::ISSUER_COUNTRY);
    let card = match country {
        Some(country) => card.with(tag::ISSUER_COUNTRY, country),
        None => card,
    };
    let cashback_minor = match kind {
        ChargeKind::PurchaseWithCashback => 100,
        _ => 0,
    };
    let charge = Charge {
        kind,
        cashback_minor,
        ..charge()
    };
    let ran = play(&terminal, charge, |one| card.answer(one), None);
    !ran.tvr().contains(Tvr::SERVICE_NOT_ALLOWED)
}

const HOME: Option<&str> = Some("0276");
const ABROAD: Option<&str> = Some("0250");
const GOODS: u8 = 0x40;
const SERVICES: u8 = 0x20;

#[test]
fn each_use_has_its_bit_at_home_and_abroad() {
    use ChargeKind::{Cash, Purchase, PurchaseWithCashback};
    for (kind, sells, home, abroad) in [
        (Purchase, GOODS, 0x2000, 0x1000),
        (Purchase, SERVICES, 0x0800, 0x0400),
        (Cash, GOODS, 0x8000, 0x4000),
        (PurchaseWithCashback, GOODS, 0x2080, 0x1040),
        (PurchaseWithCashback, SERVICES, 0x0880, 0x0440),
    ] {
        for (country, needed) in [(HOME, home), (ABROAD, abroad)] {
            let with_these = format!("{:04X}", needed | 0x0100);
            assert!(allows(&with_these, country, kind, sells), "{with_these}");
            for bit in (0..16).map(|place| 1 << place) {
                let usage = format!("{:04X}", 0xFFFF & !bit);
                let expected = bit & (needed | 0x0100) == 0;
                let allowed = allows(&usage, country, kind, sells);
                assert_eq!(allowed, expected, "{kind:?} {usage}");
            }
        }
    }
}

/// A purchase of nobody knows which: table 36 asks for one of the two.
#[test]
fn where_goods_and_services_are_sold_a_card_for_either_will_do() {
    for (country, goods, services) in [(HOME, "2100", "0900"), (ABROAD, "1100", "0500")] {
        for sells in [GOODS | SERVICES, 0] {
            for usage in [goods, services] {
                let allowed = allows(usage, country, ChargeKind::Purchase, sells);
                assert!(allowed, "{usage}");
            }
            assert!(!allows("C3C0", country, ChargeKind::Purchase, sells));
        }
        let cashback = ChargeKind::PurchaseWithCashback;
        assert!(allows("09C0", HOME, cashback, GOODS | SERVICES));
        assert!(!allows(goods, country, cashback, GOODS | SERVICES));
    }
}

#[test]
fn a_refund_needs_no_use_but_the_place() {
    assert!(allows("0100", HOME, ChargeKind::Refund, GOODS));
    assert!(!allows("FEC0", HOME, ChargeKind::Refund, GOODS));
}

#[test]
fn a_card_for_cash_machines_alone_is_not_allowed_anywhere_here() {
    for country in [HOME, ABROAD, None] {
        assert!(!allows("FEC0", country, ChargeKind::Purchase, GOODS));
    }
}

#[test]
fn without_the_issuers_country_only_the_place_is_compared() {
    assert!(allows("0100", None, ChargeKind::Purchase, GOODS));
    assert!(allows("0100", None, ChargeKind::Cash, GOODS));
}

#[test]
fn without_usage_control_everything_is_allowed() {
    let ran = pay(&Card::good().without(tag::USAGE_CONTROL));
    assert!(!ran.tvr().contains(Tvr::SERVICE_NOT_ALLOWED));
}

#[test]
fn a_card_without_an_effective_date_is_effective() {
    let ran = pay(&Card::good().without(tag::EFFECTIVE));
    assert!(!ran.tvr().contains(Tvr::NOT_YET_EFFECTIVE));
}

#[test]
fn a_service_that_is_not_allowed_is_denied_by_the_acquirer() {
    let ran = pay(&Card::good().with(tag::USAGE_CONTROL, "0000"));
    assert!(matches!(ran.outcome.ending, Ending::DeclinedOffline(_)));
    assert_eq!(ran.commands(0xAE)[0][2], 0x00, "the terminal asked for AAC");
}
