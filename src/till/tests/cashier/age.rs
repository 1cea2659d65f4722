//! Age-restricted goods: asked before money is taken, answered by name, noted on the sale.

use sealpoint_till::view::{Pane, Question, View};
use sealpoint_till::{Action, NoticeCode};

use crate::world::{MILK, live, open, said};

fn born(view: &View) -> &str {
    let Some(Question::Age {
        born_on_or_before, ..
    }) = &view.question
    else {
        panic!("no age is asked: {view:?}");
    };
    born_on_or_before
}

#[test]
fn scanning_goes_on_and_the_age_is_asked_before_money() {
    let mut world = open();
    world.tap("BEER");
    assert_eq!(world.scan(MILK).pane, Pane::Ring);
    for money in [
        Action::Total,
        Action::CashExact,
        Action::Card { amount_minor: None },
    ] {
        let view = world.act(money);
        assert_eq!(view.pane, Pane::Question);
        assert_eq!(born(&view), "2010-11-22");
        world.act(Action::Back);
    }
    assert!(world.journal.attempts.is_empty());
}

#[test]
fn yes_goes_on_with_what_was_wanted() {
    let mut world = open();
    world.tap("BEER");
    world.cash(100);
    let view = world.yes();
    assert_eq!(
        (view.pane, view.paid.expect("is paid").change_minor),
        (Pane::Paid, 11)
    );
    assert_eq!(world.journal.commits[0].sale.age_confirmed, 16);
    let mut world = open();
    world.tap("BEER");
    world.act(Action::Card { amount_minor: None });
    assert_eq!(world.yes().pane, Pane::Card);
}

#[test]
fn no_takes_off_only_what_is_restricted() {
    let mut world = open();
    world.scan(MILK);
    world.tap("BEER");
    world.tap("GIN");
    world.act(Action::Total);
    let view = world.no();
    assert_eq!(live(&view), ["Whole Milk"]);
    assert_eq!(said(&view), Some(NoticeCode::NotOldEnough));
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
    assert_eq!(world.journal.commits[0].sale.age_confirmed, 0);
}

#[test]
fn an_older_age_is_asked_again_and_no_leaves_what_was_confirmed() {
    let mut world = open();
    world.tap("BEER");
    world.cash(10);
    assert_eq!(world.yes().tenders.len(), 1);
    world.tap("GIN");
    let view = world.act(Action::Total);
    let Some(Question::Age { min_age, items, .. }) = view.question else {
        panic!("no age is asked");
    };
    assert_eq!(
        (min_age, items.as_slice()),
        (18, ["Dry Gin".to_owned()].as_slice())
    );
    let view = world.no();
    assert_eq!((live(&view), view.due_minor), (vec!["Pilsner"], 79));
}

#[test]
fn the_last_birthday_that_is_old_enough() {
    for (today, gin) in [
        ("2026-11-22T19:38:41+01:00", "2008-11-22"),
        ("2026-01-01T00:00:00+01:00", "2008-01-01"),
        // 2010 has no 29 February: who was born on 1 March is too young.
        ("2028-02-29T12:00:00+01:00", "2010-02-28"),
        ("2028-03-01T12:00:00+01:00", "2010-03-01"),
        // Born on 29 February 2008: not of age on 28 February 2026.
        ("2026-02-28T12:00:00+01:00", "2008-02-28"),
        ("2118-02-28T12:00:00+01:00", "2100-02-28"),
    ] {
        let mut world = open();
        world.local = today.to_owned();
        world.tap("GIN");
        assert_eq!(born(&world.act(Action::Total)), gin, "{today}");
    }
    let mut world = open();
    world.local = "2036-02-29T12:00:00+01:00".to_owned();
    world.tap("BEER");
    assert_eq!(born(&world.act(Action::Total)), "2020-02-29");
}

#[test]
fn nothing_else_is_done_while_a_question_waits() {
    let mut world = open();
    world.tap("BEER");
    world.act(Action::Total);
    for action in [
        Action::Total,
        Action::CashExact,
        Action::Help,
        Action::Park,
        Action::Next,
        Action::VoidSale,
        Action::VoidLine { line: None },
        Action::Receipt { receipt_no: None },
        Action::Search {
            query: "oat".to_owned(),
        },
    ] {
        let view = world.act(action);
        assert_eq!(
            (view.pane, said(&view)),
            (Pane::Question, Some(NoticeCode::NotNow))
        );
    }
    for key in [
        "F2",
        "F3",
        "F9",
        "5",
        "x",
        "*",
        "Down",
        "PageDown",
        "Backspace",
    ] {
        assert_eq!(world.key(key).pane, Pane::Question, "{key}");
    }
    let view = world.key("F10");
    assert_eq!(
        (view.pane, view.entry.as_str(), view.shelf.searching),
        (Pane::Tender, "", false)
    );
}

#[test]
fn delete_answers_no_and_the_item_is_left_out() {
    let mut world = open();
    world.scan(MILK);
    world.tap("BEER");
    assert_eq!(world.act(Action::Total).pane, Pane::Question);
    let view = world.key("Delete");
    assert_eq!(live(&view), ["Whole Milk"]);
}
