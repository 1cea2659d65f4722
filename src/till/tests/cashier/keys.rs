//! The whole flow by keys alone, and Esc, which never destroys.

use sealpoint_till::view::{Pane, Question, Theme};
use sealpoint_till::{Action, KEYS, NoticeCode};

use crate::world::{MILK, NOBODYS, OATS, live, open, said};

#[test]
fn a_whole_sale_by_keys_alone() {
    let mut world = open();
    world.types("101");
    world.key("Enter");
    world.types("2");
    world.key("*");
    world.types("oat");
    world.key("Enter");
    world.types(MILK);
    let view = world.key("Enter");
    assert_eq!(live(&view), ["Whole Milk", "Oat Flakes", "Whole Milk"]);
    world.key("Delete");
    world.key("F10");
    world.types("500");
    let view = world.key("Enter");
    assert_eq!(
        (view.pane, view.paid.expect("is paid").change_minor),
        (Pane::Paid, 213)
    );
    assert_eq!(world.alt("r").pane, Pane::Receipt);
    assert_eq!(world.key("Enter").pane, Pane::Ring);
}

#[test]
fn function_keys_do_what_the_help_says() {
    let mut world = open();
    assert_eq!(world.key("F1").pane, Pane::Help);
    assert_eq!(world.key("F1").pane, Pane::Ring);
    assert!(world.key("F2").shelf.searching);
    assert!(!world.key("F2").shelf.searching);
    assert_eq!(world.alt("t").theme, Theme::Dark);
    assert_eq!(said(&world.key("F9")), Some(NoticeCode::NothingParked));
    let view = world.alt("1");
    assert_eq!(live(&view), ["Whole Milk"]);
    let view = world.control("Delete");
    assert!(matches!(view.question, Some(Question::VoidSale { .. })));
    assert_eq!(world.key("F10").pane, Pane::Ring);
    assert_eq!(world.journal.commits.len(), 1);
    for (key, does) in KEYS {
        assert!(!key.is_empty() && !does.is_empty());
    }
}

#[test]
fn f11_charges_the_card_and_f12_takes_exact_cash() {
    let mut world = open();
    world.scan(MILK);
    assert_eq!(world.key("F11").pane, Pane::Card);
    assert_eq!(
        world.key("F12").pane,
        Pane::Card,
        "not while a card is in flight"
    );
    let mut world = open();
    world.scan(MILK);
    assert_eq!(world.key("F12").pane, Pane::Paid);
}

#[test]
fn lines_are_selected_with_arrows() {
    let mut world = open();
    world.scan(MILK);
    world.scan(OATS);
    world.tap("BAG");
    assert_eq!(world.key("Up").basket.selected, Some(3));
    assert_eq!(world.key("Up").basket.selected, Some(2));
    let view = world.key("Delete");
    assert_eq!(live(&view), ["Whole Milk", "Paper Bag"]);
    for _ in 0..9 {
        world.key("Up");
    }
    assert_eq!(world.view().basket.selected, Some(1));
    for _ in 0..9 {
        world.key("Down");
    }
    assert_eq!(world.view().basket.selected, Some(3));
}

#[test]
fn esc_never_destroys() {
    let mut world = open();
    world.scan(MILK);
    world.scan(OATS);
    for get_there in [
        Action::View,
        Action::Total,
        Action::Help,
        Action::VoidSale,
        Action::Search {
            query: "oat".to_owned(),
        },
    ] {
        world.act(get_there);
        for _ in 0..3 {
            world.key("Escape");
        }
        let view = world.view();
        assert_eq!((view.pane, view.basket.total_minor), (Pane::Ring, 198));
        assert_eq!(live(&view).len(), 2);
    }
    world.cash(50);
    for _ in 0..5 {
        world.key("Escape");
    }
    let view = world.view();
    assert_eq!((view.tenders.len(), view.due_minor), (1, 148));
    assert!(world.journal.commits.is_empty());
}

#[test]
fn esc_reads_an_error_first_and_leaves_the_pane_then() {
    let mut world = open();
    world.scan(MILK);
    world.cash(50);
    world.scan(NOBODYS);
    let view = world.key("Escape");
    assert_eq!((view.pane, said(&view)), (Pane::Tender, None));
    assert_eq!(world.key("Escape").pane, Pane::Ring);
}

#[test]
fn enter_alone_pays_nothing_and_answers_nothing() {
    let mut world = open();
    world.tap("BEER");
    world.key("Enter");
    world.key("F10");
    assert_eq!(world.view().pane, Pane::Question);
    world.key("Enter");
    world.key("Tab");
    world.key(" ");
    assert_eq!(world.view().pane, Pane::Question);
    world.yes();
    assert_eq!(world.key("Enter").pane, Pane::Tender);
    assert!(world.journal.commits.is_empty());
}
