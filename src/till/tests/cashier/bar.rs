//! The bar across the screen: errors stay until they are read, and nothing hides them for good.

use sealpoint_till::{Action, Level, Notice, NoticeCode};

use crate::world::{MILK, NOBODYS, OATS, open, said, text};

#[test]
fn an_error_stays_over_the_next_good_scan() {
    let mut world = open();
    world.scan(NOBODYS);
    for _ in 0..3 {
        assert_eq!(said(&world.scan(MILK)), Some(NoticeCode::UnknownBarcode));
    }
    assert_eq!(said(&world.act(Action::Dismiss)), None);
}

#[test]
fn the_same_error_again_counts_up() {
    let mut world = open();
    world.scan(NOBODYS);
    world.scan(MILK);
    let view = world.scan(NOBODYS);
    assert_eq!(view.notice.expect("said").times, 2);
}

#[test]
fn goods_that_were_not_rung_up_are_each_read_before_they_go() {
    let mut world = open();
    world.scan(NOBODYS);
    let view = world.scan("4006381333932");
    assert_eq!(said(&view), Some(NoticeCode::BarcodeMisread));
    let view = world.act(Action::Dismiss);
    assert_eq!(said(&view), Some(NoticeCode::UnknownBarcode));
    assert_eq!(said(&world.key("Escape")), None);
}

#[test]
fn a_warning_covers_an_error_only_until_the_next_action() {
    let mut world = open();
    world.scan(NOBODYS);
    assert_eq!(
        said(&world.act(Action::Total)),
        Some(NoticeCode::BasketEmpty)
    );
    assert_eq!(said(&world.scan(MILK)), Some(NoticeCode::UnknownBarcode));
}

#[test]
fn reading_a_warning_does_not_read_the_error_under_it() {
    let mut world = open();
    world.scan(NOBODYS);
    world.act(Action::Total);
    assert_eq!(
        said(&world.act(Action::Dismiss)),
        Some(NoticeCode::UnknownBarcode)
    );
}

#[test]
fn good_news_goes_with_the_next_action_and_never_covers_an_error() {
    let mut world = open();
    world.scan(MILK);
    world.act(Action::VoidLine { line: None });
    assert_eq!(said(&world.scan(OATS)), None);
    world.scan(NOBODYS);
    assert_eq!(said(&world.key("Delete")), Some(NoticeCode::UnknownBarcode));
}

#[test]
fn unread_errors_are_bounded() {
    let mut world = open();
    for n in 0..1000 {
        world.scan(&format!("UNKNOWN-{n:05}"));
    }
    let mut reads = 0;
    while said(&world.act(Action::Dismiss)).is_some() {
        reads += 1;
    }
    assert!(reads < 10, "{reads}");
}

#[test]
fn every_sentence_says_what_happened_and_most_say_what_to_do() {
    for code in NoticeCode::ALL {
        let args = vec!["A".to_owned(), "B".to_owned(), "C".to_owned()];
        let notice = Notice::new(*code, args);
        assert!(!notice.text.contains(['{', '}']), "{}", notice.text);
        assert!(notice.text.ends_with(['.', 'A', 'B']), "{}", notice.text);
        if notice.level == Level::Error {
            assert!(
                notice.text.contains(". ") || notice.text.contains(": "),
                "{}",
                notice.text
            );
        }
    }
}

#[test]
fn what_fills_a_gap_is_no_template() {
    let notice = Notice::new(
        NoticeCode::ChangeTooLarge,
        vec!["{1}".to_owned(), "{0}{".to_owned()],
    );
    assert!(
        notice
            .text
            .starts_with("{1} is far more than the {0}{ due."),
        "{}",
        notice.text
    );
    let mut world = open();
    let view = world.scan("{0}{1}{9999999999999999999999}{");
    assert!(text(&view).starts_with("The barcode {0}{1}{9999999999999999999999}{ was"));
}
