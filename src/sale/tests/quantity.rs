//! What a cashier types as a quantity is understood exactly, or refused in one sentence.

use proptest::prelude::*;
use sealpoint_sale::Quantity;
use sealpoint_sale::quantity::{MAX_GRAMS, MAX_PIECES};

#[test]
fn whole_numbers_are_pieces() {
    for (typed, pieces) in [("1", 1), ("3", 3), ("007", 7), (" 12 ", 12), ("999", 999)] {
        assert_eq!(
            Quantity::parse(typed),
            Ok(Quantity::Pieces(pieces)),
            "{typed}"
        );
    }
}

#[test]
fn a_point_or_a_comma_means_kilograms() {
    for (typed, grams) in [
        ("0.750", 750),
        ("0,75", 750),
        (".5", 500),
        (",5", 500),
        ("1.0", 1000),
        ("12.345", 12_345),
        ("0.001", 1),
        ("100.000", 100_000),
    ] {
        assert_eq!(
            Quantity::parse(typed),
            Ok(Quantity::Grams(grams)),
            "{typed}"
        );
    }
}

#[test]
fn absurd_quantities_are_refused_and_the_sentence_says_what_is_allowed() {
    for typed in [
        "",
        " ",
        "0",
        "000",
        "-1",
        "+1",
        "1e9",
        "1000",
        "999999999999",
        "18446744073709551617",
        "0.0005",
        "0.000",
        ".",
        ",",
        "5.",
        "1.2.3",
        "1,2.3",
        "1 000",
        "0x10",
        "NaN",
        "\u{661}",
        "\u{ff11}",
        "½",
        "100.001",
        "-0.5",
        "0.-5",
        "1.٥",
        "1\u{0}",
        "drei",
    ] {
        let refused = Quantity::parse(typed).expect_err(typed);
        let sentence = refused.to_string();
        assert!(sentence.contains("1 to 999 pieces"), "{sentence}");
    }
}

#[test]
fn a_refusal_repeats_little_of_what_was_typed() {
    let typed = "9".repeat(10_000_000);
    let refused = Quantity::parse(&typed).expect_err("too large");
    assert_eq!(refused.0.len(), 20);
}

#[test]
fn quantities_are_shown_as_they_are_typed() {
    assert_eq!(Quantity::Pieces(3).to_string(), "3");
    assert_eq!(Quantity::Grams(1250).to_string(), "1.250 kg");
    assert_eq!(Quantity::Grams(5).to_string(), "0.005 kg");
}

proptest! {
    #[test]
    fn any_text_is_understood_within_bounds_or_refused(typed in ".{0,40}") {
        match Quantity::parse(&typed) {
            Ok(Quantity::Pieces(n)) => prop_assert!((1..=MAX_PIECES).contains(&n)),
            Ok(Quantity::Grams(g)) => prop_assert!((1..=MAX_GRAMS).contains(&g)),
            Err(bad) => prop_assert!(bad.0.chars().count() <= 20),
        }
    }

    #[test]
    fn a_weight_is_read_back_as_it_is_shown(grams in 1..=MAX_GRAMS) {
        let shown = Quantity::Grams(grams).to_string();
        let typed = shown.trim_end_matches(" kg");
        prop_assert_eq!(Quantity::parse(typed), Ok(Quantity::Grams(grams)));
    }
}
