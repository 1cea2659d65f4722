//! Taking cash.

use sealpoint_sale::{Currency, Tender};
use sealpoint_till::view::Pane;
use sealpoint_till::{Action, NoticeCode, Restored, Till};

use crate::world::{MILK, OATS, World, open, said, settings, stock, text};

#[test]
fn exact_cash_takes_two_taps_after_the_last_scan() {
    let mut world = open();
    world.scan(MILK);
    let view = world.act(Action::Total);
    assert_eq!(view.pane, Pane::Tender);
    assert_eq!((view.due_minor, view.quick_cash[0]), (109, 109));
    let view = world.act(Action::CashExact);
    assert_eq!(view.pane, Pane::Paid);
    let paid = view.paid.expect("is paid");
    assert_eq!(
        (paid.total_minor, paid.change_minor, paid.receipt_no),
        (109, 0, 1)
    );
    assert_eq!(world.journal.commits.len(), 1);
}

#[test]
fn a_note_takes_two_taps_and_shows_the_change() {
    let mut world = open();
    world.scan(MILK);
    let view = world.act(Action::Cash { given_minor: None });
    assert_eq!(view.pane, Pane::Tender);
    let view = world.cash(view.quick_cash[2]);
    assert_eq!(view.paid.expect("is paid").change_minor, 891);
}

#[test]
fn a_plu_left_half_typed_is_no_amount() {
    for pay in [
        Action::Cash { given_minor: None },
        Action::Card { amount_minor: None },
    ] {
        let mut world = open();
        world.scan(MILK);
        world.types("50");
        let view = world.act(pay);
        assert!(view.tenders.is_empty(), "nobody gave 0.50");
        assert_eq!(view.due_minor, 109);
        assert_eq!(view.entry, "");
        assert!(view.card.is_none_or(|card| card.amount_minor == 109));
    }
}

#[test]
fn typed_cash_is_shown_as_money_and_gives_change() {
    let mut world = open();
    world.scan(MILK);
    world.key("F10");
    assert_eq!(world.types("2000").entry, "20.00");
    let view = world.key("Enter");
    assert_eq!(view.paid.expect("is paid").change_minor, 1891);
}

#[test]
fn amounts_are_understood_as_cashiers_type_them() {
    for (typed, change) in [
        ("500", 391),
        ("5.00", 391),
        ("5,", 391),
        ("5.5", 441),
        ("109", 0),
    ] {
        let mut world = open();
        world.scan(MILK);
        world.key("F10");
        world.types(typed);
        let view = world.key("Enter");
        assert_eq!(view.paid.map(|p| p.change_minor), Some(change), "{typed}");
    }
}

#[test]
fn yen_are_typed_without_decimals() {
    let mut settings = settings();
    settings.currency = Currency::Jpy;
    let restored = Restored {
        next_receipt_no: 1,
        ..Restored::default()
    };
    let mut world = World::with(Till::new(settings, stock(), restored));
    world.scan(MILK);
    world.key("F10");
    assert_eq!(world.types("1000").entry, "1000");
    assert_eq!(world.key("Enter").paid.expect("is paid").change_minor, 891);
}

#[test]
fn far_too_much_is_a_typing_error_and_takes_nothing() {
    let mut world = open();
    world.scan(MILK);
    let view = world.cash(400_638);
    assert_eq!(said(&view), Some(NoticeCode::ChangeTooLarge));
    assert_eq!(
        text(&view),
        "4006.38 is far more than the 1.09 due. Check the amount and type it again."
    );
    assert!(view.tenders.is_empty() && view.pane == Pane::Tender);
    for nothing in [0, -1, i64::MIN, i64::MAX] {
        let view = world.cash(nothing);
        assert_eq!(said(&view), Some(NoticeCode::NoAmount), "{nothing}");
    }
    assert!(world.journal.commits.is_empty());
    // The right amount settles it: no red bar over the change.
    assert_eq!(said(&world.cash(200)), None);
}

#[test]
fn a_part_in_cash_leaves_the_rest_due_and_is_kept() {
    let mut world = open();
    world.scan(MILK);
    let view = world.cash(50);
    assert_eq!(
        (view.due_minor, view.tenders.len(), view.pane),
        (59, 1, Pane::Tender)
    );
    let kept = world.journal.draft.as_ref().expect("kept");
    assert_eq!(kept.due_minor(), 59);
    let view = world.cash(100);
    assert_eq!(view.paid.expect("is paid").change_minor, 41);
    assert_eq!(world.journal.commits[0].sale.tenders.len(), 2);
}

#[test]
fn no_goods_no_money() {
    let mut world = open();
    for action in [
        Action::Total,
        Action::CashExact,
        Action::Cash {
            given_minor: Some(500),
        },
        Action::Card { amount_minor: None },
    ] {
        assert_eq!(said(&world.act(action)), Some(NoticeCode::BasketEmpty));
    }
    world.scan(MILK);
    world.act(Action::VoidLine { line: None });
    assert_eq!(
        said(&world.act(Action::CashExact)),
        Some(NoticeCode::BasketEmpty)
    );
    assert!(world.journal.commits.is_empty());
}

#[test]
fn what_costs_nothing_is_paid_with_nothing_and_is_no_voided_sale() {
    let mut world = open();
    world.tap("BAG");
    let view = world.act(Action::Total);
    assert_eq!(view.pane, Pane::Paid);
    let commit = &world.journal.commits[0];
    assert!(
        commit.paid && !commit.receipt.contains("VOID"),
        "{}",
        commit.receipt
    );
}

#[test]
fn goods_scanned_while_taking_money_raise_what_is_due() {
    let mut world = open();
    world.scan(MILK);
    world.cash(50);
    let view = world.scan(OATS);
    assert_eq!((view.pane, view.due_minor), (Pane::Tender, 148));
    // What was put into the drawer for them cannot be voided line by line.
    let view = world.act(Action::VoidLine { line: None });
    assert_eq!(said(&view), Some(NoticeCode::TendersTaken));
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
}

#[test]
fn the_last_tender_that_a_sale_can_hold_must_take_the_rest() {
    let mut world = open();
    world.scan(MILK);
    for _ in 0..19 {
        world.cash(1);
    }
    let view = world.cash(1);
    assert_eq!(said(&view), Some(NoticeCode::TooManyTenders));
    assert_eq!(view.tenders.len(), 19);
    let view = world.act(Action::Card {
        amount_minor: Some(1),
    });
    assert_eq!(said(&view), Some(NoticeCode::TooManyTenders));
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
    let tenders = &world.journal.commits[0].sale.tenders;
    assert_eq!(tenders.iter().map(Tender::paid_minor).sum::<i64>(), 109);
}

#[test]
fn the_change_stays_until_the_next_scan_and_the_next_sale_is_a_new_one() {
    let mut world = open();
    world.scan(MILK);
    world.cash(200);
    for keep in [
        Action::View,
        Action::Dismiss,
        Action::Back,
        Action::Theme { theme: None },
    ] {
        assert_eq!(world.act(keep).pane, Pane::Paid);
    }
    let view = world.scan(OATS);
    assert_eq!(
        (view.pane, view.paid, view.basket.total_minor),
        (Pane::Ring, None, 89)
    );
    world.act(Action::CashExact);
    let commits = &world.journal.commits;
    assert_ne!(commits[0].sale.id, commits[1].sale.id);
    assert_eq!(commits[1].sale.receipt_no, 2);
}

#[test]
fn the_receipt_is_shown_and_saved_after_the_sale() {
    let mut world = open();
    assert_eq!(
        said(&world.act(Action::Receipt { receipt_no: None })),
        Some(NoticeCode::NoReceipt)
    );
    assert_eq!(
        said(&world.act(Action::SaveReceipt)),
        Some(NoticeCode::NoReceipt)
    );
    world.scan(MILK);
    world.cash(200);
    let view = world.act(Action::Receipt { receipt_no: None });
    assert_eq!(view.pane, Pane::Receipt);
    assert!(view.receipt.expect("shown").text.contains("Whole Milk"));
    assert_eq!(
        said(&world.act(Action::SaveReceipt)),
        Some(NoticeCode::ReceiptSaved)
    );
    assert_eq!(
        world.act(Action::Back).pane,
        Pane::Paid,
        "back to the change"
    );
    let view = world.act(Action::Receipt {
        receipt_no: Some(99),
    });
    assert_eq!(said(&view), Some(NoticeCode::NoReceipt));
}
