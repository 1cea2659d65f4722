//! Search, categories, pages, price check.

use sealpoint_till::view::Pane;
use sealpoint_till::{Action, NoticeCode};

use crate::world::{MILK, NOBODYS, live, open, said, text};

#[test]
fn typing_a_name_searches_and_enter_takes_the_first() {
    let mut world = open();
    let view = world.types("oat");
    assert!(view.shelf.searching);
    assert_eq!(view.shelf.tiles[view.shelf.highlighted].sku, "OATS");
    let view = world.key("Enter");
    assert_eq!(live(&view), ["Oat Flakes"]);
    assert!(!view.shelf.searching);
}

#[test]
fn arrows_choose_among_the_results_and_stop_at_the_ends() {
    let mut world = open();
    world.key("F2");
    for _ in 0..50 {
        world.key("Down");
    }
    assert_eq!(world.view().shelf.highlighted, 3);
    assert_eq!(world.key("Up").shelf.highlighted, 2);
    for _ in 0..50 {
        world.key("Up");
    }
    assert_eq!(world.key("Down").shelf.highlighted, 1);
}

#[test]
fn pages_stop_at_the_ends_too() {
    let mut world = open();
    for _ in 0..50 {
        world.key("PageDown");
    }
    assert_eq!((world.view().shelf.page, world.view().shelf.pages), (1, 2));
    assert_eq!(world.key("PageUp").shelf.page, 0);
    let view = world.act(Action::Page { page: usize::MAX });
    assert_eq!(view.shelf.page, 1);
}

#[test]
fn a_search_without_results_adds_nothing() {
    let mut world = open();
    world.types("zzz");
    assert!(world.key("Enter").basket.lines.is_empty());
}

#[test]
fn categories_go_round() {
    let mut world = open();
    let mut seen = vec![];
    for _ in 0..6 {
        seen.push(world.key("Right").shelf.category);
    }
    assert_eq!(seen.iter().flatten().count(), 5);
    assert_eq!(seen.last(), Some(&None), "all of them, after the last");
    assert_eq!(world.key("Left").shelf.category.as_deref(), Some("Extras"));
}

#[test]
fn searching_while_taking_money_shows_the_shelf() {
    let mut world = open();
    world.scan(MILK);
    for search in [
        Action::Search {
            query: "oat".to_owned(),
        },
        Action::PriceCheck {
            code: String::new(),
        },
        Action::Category { name: None },
    ] {
        world.act(Action::Total);
        let view = world.act(search);
        assert_eq!(view.pane, Pane::Ring);
    }
}

#[test]
fn a_price_is_told_without_selling() {
    let mut world = open();
    for (code, sentence) in [
        (MILK, "Whole Milk: 1.09 for 1."),
        ("101", "Whole Milk: 1.09 for 1."),
        ("123", "Gala Apples: 2.99 for 1 kg."),
    ] {
        let view = world.act(Action::PriceCheck {
            code: code.to_owned(),
        });
        assert_eq!(text(&view), sentence);
        assert!(view.basket.lines.is_empty());
    }
    world.types("102");
    assert_eq!(text(&world.key("F5")), "Oat Flakes: 0.89 for 1.");
}

#[test]
fn a_price_check_that_finds_nothing_says_what_was_not_found() {
    for (code, said_code) in [
        ("999", NoticeCode::UnknownPlu),
        (NOBODYS, NoticeCode::UnknownBarcode),
        ("4006381333932", NoticeCode::BarcodeMisread),
    ] {
        let mut world = open();
        let view = world.act(Action::PriceCheck {
            code: code.to_owned(),
        });
        assert_eq!(said(&view), Some(said_code), "{code}");
    }
}
