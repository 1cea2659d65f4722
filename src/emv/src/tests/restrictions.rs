use super::card::{Card, pay};
use crate::{Ending, Tag, Tvr, tag};

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

#[test]
fn a_card_for_other_places_or_sales_is_not_allowed() {
    let allowed = |usage: &str, country: &str| {
        let card = Card::good()
            .with(tag::USAGE_CONTROL, usage)
            .with(tag::ISSUER_COUNTRY, country);
        !pay(&card).tvr().contains(Tvr::SERVICE_NOT_ALLOWED)
    };
    assert!(allowed("2100", "0276"), "goods at home");
    assert!(!allowed("2100", "0250"), "goods at home, abroad");
    assert!(allowed("1100", "0250"), "goods abroad");
    assert!(!allowed("CE00", "0276"), "cash machines only");
    assert!(!allowed("0D00", "0276"), "services only");
}

#[test]
fn a_service_that_is_not_allowed_is_denied_by_the_acquirer() {
    let ran = pay(&Card::good().with(tag::USAGE_CONTROL, "0000"));
    assert!(matches!(ran.outcome.ending, Ending::DeclinedOffline(_)));
    assert_eq!(ran.commands(0xAE)[0][2], 0x00, "the terminal asked for AAC");
}
