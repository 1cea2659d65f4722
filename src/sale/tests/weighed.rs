//! Weighed goods: the price of a weight is rounded half up to the cent, as on a scale's label.

mod goods;

use goods::{piece, weighed};
use proptest::prelude::*;
use sealpoint_sale::{Basket, Quantity, RingUpError};

fn price(price_minor: i64, grams: u32) -> i64 {
    let mut basket = Basket::default();
    let line = basket.ring_up(&weighed("Apples", price_minor), Quantity::Grams(grams));
    line.expect("fits").total_minor
}

#[test]
fn half_a_cent_is_rounded_up() {
    assert_eq!(price(299, 1000), 299);
    assert_eq!(price(299, 750), 224); // 224.25
    assert_eq!(price(250, 2), 1); // 0.5
    assert_eq!(price(249, 2), 0); // 0.498
    assert_eq!(price(199, 1255), 250); // 249.745
    assert_eq!(price(101, 500), 51); // 50.5
}

#[test]
fn goods_by_weight_need_a_weight_and_goods_by_the_piece_a_whole_number() {
    let mut basket = Basket::default();
    assert_eq!(
        basket
            .ring_up(&weighed("Apples", 299), Quantity::ONE)
            .expect_err("no weight"),
        RingUpError::WeightNeeded
    );
    assert_eq!(
        basket
            .ring_up(&piece("Milk", 109), Quantity::Grams(500))
            .expect_err("no piece"),
        RingUpError::PiecesNeeded
    );
    assert!(basket.is_untouched(), "a refusal leaves no trace");
}

#[test]
fn two_bags_of_the_same_goods_stay_two_lines_and_count_as_two() {
    let mut basket = Basket::default();
    for grams in [500, 700] {
        basket
            .ring_up(&weighed("Apples", 299), Quantity::Grams(grams))
            .expect("fits");
    }
    assert_eq!(basket.lines().len(), 2);
    assert_eq!(basket.item_count(), 2);
}

proptest! {
    #[test]
    fn a_weight_never_costs_more_than_half_a_cent_off(per_kg in 0_i64..1_000_000, grams in 1_u32..=100_000) {
        let exact_thousandths = per_kg * i64::from(grams);
        let off = price(per_kg, grams) * 1000 - exact_thousandths;
        prop_assert!((-499..=500).contains(&off), "{} thousandths off", off);
    }
}
