//! The scanner is a keyboard that types fast. A scan never lands in what the cashier types.

use sealpoint_till::view::Pane;
use sealpoint_till::{Action, NoticeCode};

use crate::world::{MILK, NOBODYS, OATS, World, live, open, said, text};

/// Everywhere that a cashier can be with the keyboard, half way through typing.
fn places() -> Vec<(&'static str, World)> {
    let mut places = vec![("ringing up", open())];
    let mut at = |name, go: &dyn Fn(&mut World)| {
        let mut world = open();
        go(&mut world);
        places.push((name, world));
    };
    at("a PLU half typed", &|w| drop(w.types("10")));
    at("the search open", &|w| drop(w.key("F2")));
    at("a name half typed", &|w| drop(w.types("oa")));
    at("the tender pane", &|w| {
        w.scan(OATS);
        w.key("F10");
    });
    at("an amount half typed", &|w| {
        w.scan(OATS);
        w.key("F10");
        w.types("20");
    });
    at("an amount half typed, part paid", &|w| {
        w.scan(OATS);
        w.cash(10);
        w.types("20");
    });
    at("the change", &|w| {
        w.scan(OATS);
        w.cash(100);
    });
    at("a receipt", &|w| {
        w.scan(OATS);
        w.cash(100);
        w.alt("r");
    });
    at("the help", &|w| drop(w.key("F1")));
    at("the parked baskets", &|w| {
        w.scan(OATS);
        w.key("F9");
        w.key("F9");
    });
    places
}

#[test]
fn a_scan_rings_up_wherever_the_cashier_is_and_types_nothing() {
    for (place, mut world) in places() {
        let view = world.wedge(MILK);
        assert_eq!(live(&view).last(), Some(&"Whole Milk"), "{place}");
        assert_eq!(
            view.basket.lines.last().map(|l| l.quantity.as_str()),
            Some("1"),
            "{place}"
        );
        assert_eq!(
            (view.entry.as_str(), view.shelf.query.as_str()),
            ("", ""),
            "{place}"
        );
        assert!(view.notice.is_none(), "{place}");
    }
}

#[test]
fn a_scan_that_finds_nothing_leaves_everything_as_it_was() {
    for (place, mut world) in places() {
        let before = world.view();
        let mut view = world.wedge(NOBODYS);
        assert_eq!(said(&view), Some(NoticeCode::UnknownBarcode), "{place}");
        view.notice.clone_from(&before.notice);
        view.number = before.number;
        view.parked.clone_from(&before.parked);
        assert_eq!(view, before, "{place}");
    }
}

#[test]
fn a_poster_or_a_parcel_label_is_a_scan_too() {
    for code in [
        "https://example.invalid/apples?oat",
        "PARCEL-0123/45.6",
        "*12345678*",
        "Grüße 12345",
    ] {
        for (place, mut world) in places() {
            let before = world.view();
            let view = world.wedge(code);
            assert_eq!(
                said(&view),
                Some(NoticeCode::BarcodeMisread),
                "{place}: {code}"
            );
            assert_eq!(view.basket, before.basket, "{place}: {code}");
            assert_eq!(
                (view.entry, view.shelf),
                (before.entry, before.shelf),
                "{place}: {code}"
            );
            assert_eq!(
                (view.pane, view.multiplier),
                (before.pane, before.multiplier),
                "{place}: {code}"
            );
        }
    }
}

#[test]
fn slow_typing_is_no_scan() {
    let mut world = open();
    world.scan(OATS);
    world.key("F10");
    assert_eq!(world.types("4006381").entry, "40063.81");
    let view = world.key("Enter");
    assert_eq!(said(&view), Some(NoticeCode::ChangeTooLarge));
    assert_eq!(live(&view), ["Oat Flakes"]);
}

#[test]
fn digits_typed_slowly_at_the_front_of_a_code_are_not_part_of_it() {
    let mut world = open();
    world.types("3");
    world.key("*");
    let view = world.wedge(MILK);
    assert_eq!(view.basket.lines[0].quantity, "3");
}

#[test]
fn a_key_between_two_scans_joins_neither() {
    let mut world = open();
    world.wedge(MILK);
    world.key("4");
    let view = world.wedge(OATS);
    assert_eq!(live(&view), ["Whole Milk", "Oat Flakes"]);
}

#[test]
fn a_clock_set_back_in_the_middle_of_a_scan_does_no_harm() {
    let mut world = open();
    for c in MILK.chars() {
        world.now_ms -= 8;
        world.act(Action::Key {
            key: c.to_string(),
            alt: false,
            control: false,
        });
    }
    let view = world.key("Enter");
    // It is then like typing: a barcode typed by hand.
    assert_eq!(live(&view), ["Whole Milk"]);
}

#[test]
fn a_scan_never_answers_a_question_and_is_said_to_be_left_out() {
    let mut world = open();
    world.tap("BEER");
    world.key("F10");
    let view = world.wedge(MILK);
    assert_eq!(view.pane, Pane::Question);
    assert_eq!(live(&view), ["Pilsner"]);
    assert_eq!(
        text(&view),
        "Whole Milk was not rung up. Finish what is on the screen, then scan it again."
    );
    // Answering goes on, and the bar stays until it is read.
    assert_eq!(said(&world.yes()), Some(NoticeCode::NotRungUp));
    assert_eq!(
        said(&world.act(Action::CashExact)),
        Some(NoticeCode::NotRungUp)
    );
}

#[test]
fn a_scan_during_a_card_is_refused_and_not_lost_silently() {
    let mut world = open();
    world.scan(OATS);
    world.press_card();
    let view = world.wedge(MILK);
    assert_eq!(
        (view.pane, said(&view)),
        (Pane::Card, Some(NoticeCode::NotRungUp))
    );
    assert_eq!(live(&view), ["Oat Flakes"]);
    world.online();
    world.host(crate::world::approved());
    let view = world.outcome(sealpoint_wire::lane::OutcomeKind::Approved);
    assert_eq!(view.pane, Pane::Paid);
    assert_eq!(
        said(&view),
        Some(NoticeCode::NotRungUp),
        "the approval does not hide it"
    );
}
