//! Tenders: change is right, typing errors are caught, and a card gives no change.

use proptest::prelude::*;
use sealpoint_sale::tender::{MAX_CHANGE_MINOR, card_amount, cash, quick_cash};
use sealpoint_sale::{MAX_MINOR, Tender, TenderError};

#[test]
fn cash_over_what_is_due_gives_change() {
    let tender = cash(2000, 1234).expect("a note");
    assert_eq!(
        tender,
        Tender::Cash {
            given_minor: 2000,
            change_minor: 766
        }
    );
    assert_eq!(tender.paid_minor(), 1234);
}

#[test]
fn cash_under_what_is_due_pays_a_part() {
    assert_eq!(cash(500, 1234).expect("a part").paid_minor(), 500);
}

#[test]
fn no_money_is_no_tender() {
    for given in [0, -1, -2000, i64::MIN, MAX_MINOR + 1, i64::MAX] {
        assert_eq!(cash(given, 1234), Err(TenderError::NoAmount), "{given}");
    }
    for due in [0, -1, i64::MIN] {
        assert_eq!(cash(1000, due), Err(TenderError::NothingDue), "{due}");
        assert_eq!(card_amount(None, due), Err(TenderError::NothingDue));
    }
}

#[test]
fn a_barcode_typed_as_cash_is_a_typing_error() {
    assert_eq!(
        cash(400_638_133_393, 1234),
        Err(TenderError::ChangeTooLarge)
    );
    assert!(cash(1234 + MAX_CHANGE_MINOR, 1234).is_ok());
    assert!(cash(1235 + MAX_CHANGE_MINOR, 1234).is_err());
}

#[test]
fn a_card_pays_all_that_is_due_or_less_but_never_more() {
    assert_eq!(card_amount(None, 1234), Ok(1234));
    assert_eq!(card_amount(Some(1000), 1234), Ok(1000));
    assert_eq!(card_amount(Some(1235), 1234), Err(TenderError::CardOverDue));
    for asked in [0, -1, i64::MIN] {
        assert_eq!(card_amount(Some(asked), 1234), Err(TenderError::NoAmount));
    }
}

#[test]
fn quick_cash_offers_the_exact_amount_and_the_next_notes() {
    assert_eq!(
        quick_cash(1234, 6),
        [1234, 1500, 2000, 5000, 10_000, 20_000]
    );
    assert_eq!(quick_cash(2000, 4), [2000, 5000, 10_000, 20_000]);
    assert_eq!(quick_cash(1, 3), [1, 500, 1000]);
    assert!(quick_cash(0, 6).is_empty());
    assert!(quick_cash(-5, 6).is_empty());
    assert!(quick_cash(1234, 0).is_empty());
}

#[test]
fn every_refusal_says_what_to_do() {
    for error in [
        TenderError::NoAmount,
        TenderError::NothingDue,
        TenderError::ChangeTooLarge,
        TenderError::CardOverDue,
        TenderError::TooMany,
    ] {
        let said = error.to_string();
        assert!(
            said.matches(". ").count() == 1 && said.ends_with('.'),
            "{said}"
        );
    }
}

proptest! {
    #[test]
    fn any_amount_offered_can_be_taken(due in 1..=MAX_MINOR, most in 1_usize..10) {
        let offered = quick_cash(due, most);
        prop_assert_eq!(offered[0], due);
        prop_assert!(offered.len() <= most);
        prop_assert!(offered.is_sorted());
        for given in offered {
            let tender = cash(given, due).expect("offered, so taken");
            prop_assert_eq!(tender.paid_minor(), due);
        }
    }

    #[test]
    fn cash_never_pays_more_than_is_due_nor_gives_back_more_than_was_given(given: i64, due: i64) {
        if let Ok(tender) = cash(given, due) {
            let Tender::Cash { given_minor, change_minor } = tender else { unreachable!("cash") };
            prop_assert!(change_minor >= 0 && change_minor < given_minor);
            prop_assert_eq!(given_minor - change_minor, given.min(due));
        }
    }
}
