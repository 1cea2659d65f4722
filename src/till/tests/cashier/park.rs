//! Putting baskets aside and taking them back.

use sealpoint_till::effect::Failed;
use sealpoint_till::view::Pane;
use sealpoint_till::{Action, NoticeCode};

use crate::world::{MILK, OATS, live, open, said, text};

#[test]
fn parking_takes_one_tap_and_frees_the_till() {
    let mut world = open();
    world.scan(MILK);
    world.scan(OATS);
    let view = world.act(Action::Park);
    assert_eq!(
        text(&view),
        "Put aside: Whole Milk + 1. Press F9 to take it back."
    );
    assert!(view.basket.lines.is_empty());
    assert_eq!(
        (view.parked[0].title.as_str(), view.parked[0].total_minor),
        ("Whole Milk + 1", 198)
    );
    assert!(world.journal.draft.is_none());
}

#[test]
fn a_parked_basket_comes_back_as_it_was_and_is_paid() {
    let mut world = open();
    world.types("2");
    world.key("*");
    world.scan(MILK);
    world.scan(OATS);
    world.key("Delete");
    world.key("F9");
    assert_eq!(world.key("F9").pane, Pane::Parked);
    world.passes(61_000);
    assert!(world.view().parked[0].age_ms >= 61_000);
    let view = world.alt("1");
    assert_eq!((view.pane, view.basket.total_minor), (Pane::Ring, 218));
    assert_eq!(view.basket.lines.len(), 2, "voided lines too");
    assert!(view.parked.is_empty());
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
}

#[test]
fn money_is_never_put_aside() {
    let mut world = open();
    world.scan(MILK);
    world.cash(50);
    assert_eq!(
        said(&world.act(Action::Park)),
        Some(NoticeCode::TendersTaken)
    );
    assert_eq!(world.view().tenders.len(), 1);
}

#[test]
fn a_basket_is_not_taken_back_over_another() {
    let mut world = open();
    world.scan(MILK);
    let sale = world.act(Action::Park).parked[0].sale.clone();
    world.scan(OATS);
    let view = world.act(Action::Recall { sale: sale.clone() });
    assert_eq!(said(&view), Some(NoticeCode::FinishFirst));
    assert_eq!(live(&view), ["Oat Flakes"]);
    world.act(Action::CashExact);
    assert_eq!(
        live(&world.act(Action::Recall { sale: sale.clone() })),
        ["Whole Milk"]
    );
    world.act(Action::CashExact);
    for gone in [
        sale.as_str(),
        "",
        "x",
        "00000000-0000-0000-0000-000000000000",
    ] {
        let view = world.act(Action::Recall {
            sale: gone.to_owned(),
        });
        assert_eq!(said(&view), Some(NoticeCode::NoSuchParked), "{gone}");
    }
}

#[test]
fn nothing_parked_is_said_and_too_many_are_refused() {
    let mut world = open();
    assert_eq!(said(&world.key("F9")), Some(NoticeCode::NothingParked));
    for _ in 0..50 {
        world.scan(MILK);
        world.key("F9");
    }
    world.scan(MILK);
    let view = world.key("F9");
    assert_eq!(said(&view), Some(NoticeCode::ParkFull));
    assert_eq!((live(&view).len(), view.parked.len()), (1, 50));
}

#[test]
fn a_basket_of_voided_lines_still_has_a_name() {
    let mut world = open();
    world.scan(MILK);
    world.key("Delete");
    assert_eq!(world.key("F9").parked[0].title, "Whole Milk");
}

#[test]
fn a_disk_that_fails_moves_no_basket() {
    let mut world = open();
    world.scan(MILK);
    world.journal.failing = vec![Failed::Draft];
    let view = world.act(Action::Park);
    assert_eq!(said(&view), Some(NoticeCode::NotSaved));
    assert_eq!((live(&view), view.parked.len()), (vec!["Whole Milk"], 0));
    world.journal.failing.clear();
    let sale = world.act(Action::Park).parked[0].sale.clone();
    world.journal.failing = vec![Failed::Draft];
    let view = world.act(Action::Recall { sale });
    assert!(view.basket.lines.is_empty() && view.parked.len() == 1);
    world.journal.failing.clear();
    world.key("F9");
    assert_eq!(live(&world.alt("1")), ["Whole Milk"]);
}
