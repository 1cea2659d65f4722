//! A till that was switched off in the middle of something.

use sealpoint_sale::catalogue::BadRow;
use sealpoint_till::effect::{Parked, QueueFigures};
use sealpoint_till::view::Pane;
use sealpoint_till::{Action, Input, NoticeCode, Restored, Stock, Till};
use sealpoint_wire::lane::OutcomeKind;

use crate::world::{MILK, OATS, World, approved, live, open, said, settings, stock, text};

/// Pulls the plug: only what the journal holds is left.
fn switched_off_and_on(world: World) -> World {
    let restored = Restored {
        draft: world.journal.draft.as_ref().map(|d| d.to_json()),
        parked: world.journal.parked.clone(),
        next_receipt_no: world.journal.commits.len() as u64 + 1,
        ..Restored::default()
    };
    World {
        till: Till::new(settings(), stock(), restored),
        ..world
    }
}

#[test]
fn an_open_basket_is_as_it_was() {
    let mut world = open();
    world.scan(MILK);
    world.scan(OATS);
    world.act(Action::VoidLine { line: Some(1) });
    let before = world.view().basket;
    let mut world = switched_off_and_on(world);
    let view = world.view();
    assert_eq!(view.basket.lines, before.lines);
    assert_eq!(
        (&view.basket.sale, said(&view)),
        (&before.sale, Some(NoticeCode::BasketRestored))
    );
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
}

#[test]
fn the_hero_is_the_last_line_that_counts() {
    let mut world = open();
    world.scan(MILK);
    world.scan(OATS);
    world.act(Action::VoidLine { line: None });
    assert_eq!(switched_off_and_on(world).view().basket.last, Some(1));
}

#[test]
fn a_sale_that_a_card_had_paid_is_finished_at_the_first_tick() {
    let mut world = open();
    world.scan(MILK);
    world.press_card();
    world.online();
    world.host(approved());
    world.journal.failing = vec![sealpoint_till::effect::Failed::Commit];
    world.outcome(OutcomeKind::Approved);
    world.journal.failing.clear();
    let mut world = switched_off_and_on(world);
    assert!(world.journal.commits.is_empty());
    let view = world.passes(200);
    assert_eq!(view.pane, Pane::Paid);
    assert_eq!(world.journal.commits.len(), 1);
    world.passes(200);
    assert_eq!(world.journal.commits.len(), 1);
}

#[test]
fn money_taken_in_part_is_still_there_and_the_rest_is_due() {
    let mut world = open();
    world.scan(MILK);
    world.cash(50);
    let mut world = switched_off_and_on(world);
    world.passes(200);
    assert_eq!(world.view().due_minor, 59);
    assert!(world.journal.commits.is_empty());
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
}

#[test]
fn parked_baskets_are_still_parked() {
    let mut world = open();
    world.scan(MILK);
    world.act(Action::Park);
    let mut world = switched_off_and_on(world);
    world.key("F9");
    assert_eq!(live(&world.alt("1")), ["Whole Milk"]);
}

#[test]
fn attempts_that_the_crash_left_open_are_said_to_be_undone() {
    let restored = Restored {
        next_receipt_no: 1,
        reversing: 2,
        reversing_minor: 1234,
        ..Restored::default()
    };
    let mut world = World::with(Till::new(settings(), stock(), restored));
    let view = world.view();
    assert_eq!(
        text(&view),
        "The till stopped during 2 card charges (12.34). They are undone automatically."
    );
    assert_eq!(view.reversals_due, 2);
}

#[test]
fn what_no_till_wrote_is_not_restored() {
    let mut world = open();
    world.scan(MILK);
    let good = world
        .journal
        .draft
        .as_ref()
        .map(|d| d.to_json())
        .expect("kept");
    for bad in [
        String::new(),
        "{}".to_owned(),
        "x".repeat(1_000_000),
        good.replace("\"total_minor\":109", "\"total_minor\":9223372036854775807"),
        good.replace("\"tax_bp\":700", "\"tax_bp\":4294967295"),
        good.replace("\"pieces\":1", "\"pieces\":4294967295"),
        good.replace(
            "\"tenders\":[]",
            "\"tenders\":[{\"kind\":\"cash\",\"given_minor\":-5,\"change_minor\":0}]",
        ),
    ] {
        assert_ne!(bad, good);
        let restored = Restored {
            draft: Some(bad.clone()),
            parked: vec![Parked::new(
                "00000000-0000-0000-0000-000000000001"
                    .parse()
                    .expect("an id"),
                i64::MIN,
                "?".to_owned(),
                bad,
            )],
            next_receipt_no: 1,
            queue: QueueFigures {
                oldest_at_ms: Some(i64::MIN),
                ..QueueFigures::default()
            },
            ..Restored::default()
        };
        let mut world = World::with(Till::new(settings(), stock(), restored));
        assert!(world.view().basket.lines.is_empty());
        world.key("F9");
        assert_eq!(said(&world.alt("1")), Some(NoticeCode::NoSuchParked));
        world.scan(MILK);
        assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
    }
}

#[test]
fn catalogue_rows_that_were_left_out_are_told() {
    let bad_row = BadRow {
        line: 7,
        why: "unit \"dozen\" is neither each nor kg".to_owned(),
    };
    let stock = Stock {
        bad_rows: vec![bad_row.clone(), bad_row],
        ..stock()
    };
    let restored = Restored {
        next_receipt_no: 1,
        ..Restored::default()
    };
    let mut world = World::with(Till::new(settings(), stock, restored));
    let view = world.input(Input::Tick);
    assert!(text(&view).starts_with("2 catalogue lines were left out. Line 7 of the catalogue"));
    assert_eq!(live(&world.scan(MILK)), ["Whole Milk"]);
}
