//! Tax is taken out of the gross price once per rate, and nothing gets lost in rounding.

mod goods;

use goods::{piece, weighed};
use proptest::prelude::*;
use sealpoint_sale::tax::shares;
use sealpoint_sale::{Basket, Item, Quantity};

fn at(tax_bp: u32, price_minor: i64) -> Item {
    Item {
        sku: format!("{tax_bp}-{price_minor}"),
        tax_bp,
        ..piece("Goods", price_minor)
    }
}

#[test]
fn shares_stand_by_rate_with_the_lowest_first() {
    let mut basket = Basket::default();
    for (rate, price) in [(1900, 119), (700, 107), (0, 50), (1900, 119)] {
        basket
            .ring_up(&at(rate, price), Quantity::ONE)
            .expect("fits");
    }
    let shown: Vec<(u32, i64, i64, i64)> = shares(&basket)
        .iter()
        .map(|s| (s.rate_bp, s.gross_minor, s.net_minor, s.tax_minor))
        .collect();
    assert_eq!(
        shown,
        [(0, 50, 50, 0), (700, 107, 100, 7), (1900, 238, 200, 38)]
    );
}

#[test]
fn a_voided_line_bears_no_tax() {
    let mut basket = Basket::default();
    basket.ring_up(&at(1900, 119), Quantity::ONE).expect("fits");
    basket.void_line(1).expect("is there");
    assert!(shares(&basket).is_empty());
}

#[test]
fn the_largest_sale_has_a_tax_too() {
    let mut basket = Basket::default();
    basket
        .ring_up(&at(10_000, 999_999_999_999), Quantity::ONE)
        .expect("fits");
    let share = shares(&basket)[0];
    assert_eq!(share.tax_minor, 500_000_000_000);
    assert_eq!(share.net_minor + share.tax_minor, 999_999_999_999);
}

proptest! {
    #[test]
    fn net_and_tax_make_the_gross_and_the_shares_make_the_total(
        lines in prop::collection::vec((0_u32..=10_000, 0_i64..100_000, 1_u32..=5000, any::<bool>()), 0..40),
    ) {
        let mut basket = Basket::default();
        for (rate, price, grams, voided) in lines {
            let item = Item { tax_bp: rate, ..weighed("Goods", price) };
            let no = basket.ring_up(&item, Quantity::Grams(grams)).expect("fits").no;
            if voided {
                basket.void_line(no).expect("is there");
            }
        }
        let shares = shares(&basket);
        for share in &shares {
            prop_assert_eq!(share.net_minor + share.tax_minor, share.gross_minor);
            prop_assert!(share.tax_minor >= 0 && share.net_minor >= 0);
            // Half a cent off at most: |tax * (1 + r) - gross * r| <= (1 + r) / 2.
            let (rate, divisor) = (i64::from(share.rate_bp), i64::from(10_000 + share.rate_bp));
            let off = share.tax_minor * divisor - share.gross_minor * rate;
            prop_assert!(2 * off.abs() <= divisor);
        }
        let gross: i64 = shares.iter().map(|s| s.gross_minor).sum();
        prop_assert_eq!(gross, basket.total_minor());
    }
}
