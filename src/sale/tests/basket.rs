//! The basket: what merges, what stays as a trace, and where it ends.

mod goods;

use goods::{piece, weighed};
use proptest::prelude::*;
use sealpoint_sale::basket::MAX_LINES;
use sealpoint_sale::{Basket, Item, MAX_MINOR, Quantity, RingUpError};

#[test]
fn the_same_item_twice_is_one_line_of_two() {
    let mut basket = Basket::default();
    let milk = piece("Milk", 109);
    basket.ring_up(&milk, Quantity::ONE).expect("fits");
    basket.ring_up(&milk, Quantity::Pieces(3)).expect("fits");
    assert_eq!(basket.lines().len(), 1);
    assert_eq!(basket.lines()[0].quantity, Quantity::Pieces(4));
    assert_eq!(basket.total_minor(), 436);
    assert_eq!(basket.item_count(), 4);
}

#[test]
fn only_the_last_line_grows() {
    let mut basket = Basket::default();
    for name in ["Milk", "Bread", "Milk"] {
        basket
            .ring_up(&piece(name, 100), Quantity::ONE)
            .expect("fits");
    }
    assert_eq!(basket.lines().len(), 3);
}

#[test]
fn a_new_price_tax_or_age_is_a_new_line() {
    let milk = piece("Milk", 109);
    for changed in [
        Item {
            price_minor: 99,
            ..milk.clone()
        },
        Item {
            tax_bp: 1900,
            ..milk.clone()
        },
        Item {
            min_age: 18,
            ..milk.clone()
        },
    ] {
        let mut basket = Basket::default();
        basket.ring_up(&milk, Quantity::ONE).expect("fits");
        basket.ring_up(&changed, Quantity::ONE).expect("fits");
        assert_eq!(basket.lines().len(), 2, "{changed:?}");
    }
}

#[test]
fn a_voided_line_stays_as_a_trace_keeps_its_number_and_counts_for_nothing() {
    let mut basket = Basket::default();
    basket
        .ring_up(&piece("Milk", 109), Quantity::ONE)
        .expect("fits");
    basket
        .ring_up(&piece("Beer", 89), Quantity::Pieces(6))
        .expect("fits");
    basket.void_line(1).expect("is there");
    assert!(basket.lines()[0].voided);
    assert_eq!(basket.lines()[1].no, 2);
    assert_eq!((basket.total_minor(), basket.item_count()), (534, 6));
    assert!(basket.void_line(1).is_err(), "not twice");
    assert!(basket.void_line(0).is_err());
    assert!(basket.void_line(u32::MAX).is_err());
}

#[test]
fn what_was_voided_does_not_grow_again() {
    let mut basket = Basket::default();
    let milk = piece("Milk", 109);
    basket.ring_up(&milk, Quantity::ONE).expect("fits");
    basket.void_line(1).expect("is there");
    basket.ring_up(&milk, Quantity::ONE).expect("fits");
    assert_eq!(basket.lines().len(), 2);
    assert_eq!(basket.total_minor(), 109);
}

#[test]
fn a_full_basket_says_so_and_stays_as_it_was() {
    let mut basket = Basket::default();
    for n in 0..MAX_LINES {
        basket
            .ring_up(&piece(&n.to_string(), 1), Quantity::ONE)
            .expect("fits");
    }
    let before = basket.clone();
    let refused = basket.ring_up(&piece("One more", 1), Quantity::ONE);
    assert_eq!(refused.expect_err("full"), RingUpError::BasketFull);
    assert_eq!(basket, before);
}

#[test]
fn a_line_and_a_total_have_a_bound() {
    let mut basket = Basket::default();
    let milk = piece("Milk", 109);
    basket.ring_up(&milk, Quantity::Pieces(999)).expect("fits");
    let refused = basket
        .ring_up(&milk, Quantity::ONE)
        .expect_err("1000 pieces");
    assert_eq!(refused, RingUpError::TooMany);
    let gold = piece("Gold", MAX_MINOR);
    assert!(matches!(
        basket.ring_up(&gold, Quantity::ONE),
        Err(RingUpError::TooLarge(_))
    ));
    assert!(matches!(
        Basket::default().ring_up(&gold, Quantity::Pieces(2)),
        Err(RingUpError::TooLarge(_))
    ));
    let dust = weighed("Gold dust", MAX_MINOR);
    assert!(matches!(
        Basket::default().ring_up(&dust, Quantity::Grams(1001)),
        Err(RingUpError::TooLarge(_))
    ));
}

#[test]
fn a_basket_from_hostile_text_is_told_from_one_that_was_rung_up() {
    let mut basket = Basket::default();
    basket
        .ring_up(&piece("Milk", 109), Quantity::Pieces(3))
        .expect("fits");
    assert!(basket.is_in_bounds());
    let text = serde_json::to_string(&basket).expect("plain data");
    for (good, bad) in [
        ("\"pieces\":3", "\"pieces\":4294967295"),
        ("\"pieces\":3", "\"pieces\":0"),
        ("\"total_minor\":327", "\"total_minor\":9223372036854775807"),
        ("\"total_minor\":327", "\"total_minor\":-327"),
        ("\"unit_price_minor\":109", "\"unit_price_minor\":-1"),
        ("\"tax_bp\":700", "\"tax_bp\":4294967295"),
    ] {
        assert!(text.contains(good), "{text}");
        let hostile: Basket =
            serde_json::from_str(&text.replace(good, bad)).expect("its shape is right");
        assert!(!hostile.is_in_bounds(), "{bad}");
    }
}

proptest! {
    #[test]
    fn the_total_is_the_sum_of_what_counts(
        steps in prop::collection::vec((0_usize..6, 1_u32..1200, 0_u32..8, any::<bool>()), 0..120),
    ) {
        let mut basket = Basket::default();
        for (goods, quantity, void, weigh) in steps {
            let item = if weigh { weighed("Bag", 299) } else { piece(&goods.to_string(), 7 * goods as i64) };
            let quantity = if weigh { Quantity::grams(quantity) } else { Quantity::pieces(quantity) };
            if let Some(quantity) = quantity {
                let before = basket.clone();
                if basket.ring_up(&item, quantity).is_err() {
                    prop_assert_eq!(&basket, &before);
                }
            }
            let _ = basket.void_line(void);
            let sum: i64 = basket.lines().iter().filter(|l| !l.voided).map(|l| l.total_minor).sum();
            prop_assert_eq!(basket.total_minor(), sum);
            prop_assert!(basket.is_in_bounds());
            prop_assert!(basket.lines().iter().zip(1..).all(|(line, no)| line.no == no));
        }
    }
}
