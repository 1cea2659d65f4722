//! Ringing up: quantities, weights, what cannot be sold, voiding lines.

use sealpoint_till::view::Pane;
use sealpoint_till::{Action, NoticeCode};

use crate::world::{APPLES_750_G, MILK, NOBODYS, OATS, is_error, live, open, said, text};

#[test]
fn a_scan_rings_up_and_is_kept_at_once() {
    let mut world = open();
    let view = world.scan(MILK);
    assert_eq!(live(&view), ["Whole Milk"]);
    assert_eq!(view.basket.last, Some(1));
    let kept = world.journal.draft.as_ref().expect("kept");
    assert_eq!(kept.basket.total_minor(), 109);
}

#[test]
fn digits_then_times_before_the_scan_set_the_quantity() {
    let mut world = open();
    world.types("3");
    let view = world.key("*");
    assert_eq!(view.multiplier.as_deref(), Some("3"));
    let view = world.wedge(MILK);
    assert_eq!(view.basket.lines[0].quantity, "3");
    assert_eq!((view.basket.total_minor, view.multiplier), (327, None));
    // It was for one item only.
    assert_eq!(world.scan(OATS).basket.lines[1].quantity, "1");
}

#[test]
fn a_weight_is_typed_for_what_is_weighed() {
    let mut world = open();
    let view = world.tap("APPLES");
    assert_eq!(said(&view), Some(NoticeCode::WeightNeeded));
    assert!(view.basket.lines.is_empty());
    world.act(Action::Dismiss);
    world.types("0.750");
    world.key("F3");
    let view = world.tap("APPLES");
    assert_eq!(view.basket.lines[0].quantity, "0.750 kg");
    assert_eq!(view.basket.total_minor, 224);
}

#[test]
fn whole_kilograms_are_the_same_typed_before_or_with_the_item() {
    for before in [true, false] {
        let mut world = open();
        if before {
            world.act(Action::Quantity {
                quantity: "2".to_owned(),
            });
        }
        let view = world.act(Action::Add {
            sku: "APPLES".to_owned(),
            quantity: (!before).then(|| "2".to_owned()),
        });
        assert_eq!(view.basket.lines[0].quantity, "2.000 kg", "{before}");
    }
    let mut world = open();
    let view = world.act(Action::Plu {
        plu: "123".to_owned(),
        quantity: Some("101".to_owned()),
    });
    assert_eq!(said(&view), Some(NoticeCode::TooMany));
}

#[test]
fn a_scales_label_brings_its_weight() {
    let mut world = open();
    let view = world.scan(APPLES_750_G);
    assert_eq!(view.basket.lines[0].quantity, "0.750 kg");
}

#[test]
fn a_scales_label_is_one_bag_and_is_not_multiplied_silently() {
    let mut world = open();
    world.act(Action::Quantity {
        quantity: "3".to_owned(),
    });
    let view = world.scan(APPLES_750_G);
    assert_eq!(said(&view), Some(NoticeCode::TooMany));
    assert!(view.basket.lines.is_empty() && view.multiplier.is_none());
    assert_eq!(world.scan(APPLES_750_G).basket.lines.len(), 1);
}

#[test]
fn an_absurd_quantity_is_refused_in_a_sentence() {
    for typed in ["0", "-1", "1e9", "999999999999", "0.0005", "١", "1.2.3"] {
        let mut world = open();
        let view = world.act(Action::Quantity {
            quantity: typed.to_owned(),
        });
        assert_eq!(said(&view), Some(NoticeCode::BadQuantity), "{typed}");
        assert_eq!(view.multiplier, None);
        let quantity = Some(typed.to_owned());
        let view = world.act(Action::Add {
            sku: "MILK".to_owned(),
            quantity,
        });
        assert_eq!(said(&view), Some(NoticeCode::BadQuantity), "{typed}");
        assert!(view.basket.lines.is_empty());
    }
}

#[test]
fn a_weight_for_pieces_says_how_it_is_sold() {
    let mut world = open();
    world.act(Action::Quantity {
        quantity: "0.5".to_owned(),
    });
    let view = world.scan(MILK);
    assert_eq!(said(&view), Some(NoticeCode::PiecesNeeded));
    assert!(
        text(&view).starts_with("Whole Milk is sold by the piece."),
        "{}",
        text(&view)
    );
}

#[test]
fn what_is_not_in_the_catalogue_stops_the_line_and_says_what_to_do() {
    let mut world = open();
    let plu = |plu: &str| Action::Plu {
        plu: plu.to_owned(),
        quantity: None,
    };
    for (action, code, begins) in [
        (
            Action::Scan {
                code: NOBODYS.to_owned(),
            },
            NoticeCode::UnknownBarcode,
            "No item has the barcode 4012345678901. Search by name",
        ),
        (
            Action::Scan {
                code: "4006381333932".to_owned(),
            },
            NoticeCode::BarcodeMisread,
            "The barcode 4006381333932 was not read whole. Scan it again",
        ),
        (
            plu("999"),
            NoticeCode::UnknownPlu,
            "No item has the PLU 999. Check",
        ),
        (plu(""), NoticeCode::UnknownPlu, "No item has the PLU . "),
        (
            Action::Add {
                sku: "X".to_owned(),
                quantity: None,
            },
            NoticeCode::UnknownSku,
            "The catalogue has no item X. Search",
        ),
        (
            Action::Category {
                name: Some("Tools".to_owned()),
            },
            NoticeCode::UnknownCategory,
            "There is no category Tools. Choose",
        ),
    ] {
        let view = world.act(action);
        assert_eq!(said(&view), Some(code));
        assert!(
            is_error(&view) && text(&view).starts_with(begins),
            "{}",
            text(&view)
        );
        assert!(view.basket.lines.is_empty());
    }
}

#[test]
fn the_last_line_is_voided_with_one_tap_and_any_line_with_two() {
    let mut world = open();
    world.scan(MILK);
    world.scan(OATS);
    let view = world.act(Action::VoidLine { line: None });
    assert_eq!(live(&view), ["Whole Milk"]);
    assert_eq!(text(&view), "Voided: Oat Flakes.");
    world.scan(OATS);
    world.act(Action::Select { line: 1 });
    let view = world.act(Action::VoidLine { line: None });
    assert_eq!(live(&view), ["Oat Flakes"]);
    assert_eq!(view.basket.lines.len(), 3, "voided lines stay as a trace");
    for gone in [0, 1, 99] {
        let view = world.act(Action::VoidLine { line: Some(gone) });
        assert_eq!(said(&view), Some(NoticeCode::NoSuchLine));
    }
    assert_eq!(world.act(Action::Select { line: 1 }).basket.selected, None);
}

#[test]
fn a_sale_beyond_any_amount_is_refused() {
    let mut world = open();
    world.tap("GOLD");
    let view = world.scan(MILK);
    assert_eq!(said(&view), Some(NoticeCode::AmountTooLarge));
    assert_eq!(view.basket.total_minor, 999_999_999_999);
}

#[test]
fn a_full_basket_says_so_and_can_be_paid() {
    let mut world = open();
    for _ in 0..250 {
        world.scan(MILK);
        world.scan(OATS);
    }
    let view = world.tap("BAG");
    assert_eq!(said(&view), Some(NoticeCode::BasketFull));
    assert!(text(&view).contains("500 lines"));
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
}
