//! A card that pays: alone, in part, and what the cashier sees meanwhile.

use sealpoint_sale::Tender;
use sealpoint_till::view::Pane;
use sealpoint_till::{Action, NoticeCode};
use sealpoint_wire::lane::{CardPrompt, OutcomeKind};
use sealpoint_wire::{FromLane, ReaderState, ToLane};

use crate::journal::State;
use crate::world::{MILK, OATS, approved, open, said, text};

#[test]
fn a_card_takes_one_tap_after_the_last_scan() {
    let mut world = open();
    world.scan(MILK);
    let view = world.act(Action::Card { amount_minor: None });
    assert_eq!(view.pane, Pane::Card);
    let card = view.card.expect("shown");
    assert_eq!(
        (card.amount_minor, card.prompt, card.left_ms),
        (109, CardPrompt::InsertCard, 30_000)
    );
    assert!(card.can_cancel);
    assert_eq!(
        world.journal.attempts[&world.attempt()].state,
        State::Intent
    );
}

#[test]
fn an_approved_card_pays_once_and_the_receipt_says_by_what() {
    let mut world = open();
    world.scan(MILK);
    world.press_card();
    let view = world.online();
    let card = view.card.expect("shown");
    assert_eq!(
        (card.prompt, card.label.as_str()),
        (CardPrompt::Authorising, "VISA CREDIT 0010")
    );
    assert!(!card.can_cancel, "the bank is being asked");
    let view = world.host(approved());
    assert_eq!(view.pane, Pane::Card, "the card has the last word");
    assert!(world.journal.commits.is_empty());
    let view = world.outcome(OutcomeKind::Approved);
    assert_eq!(
        (view.pane, text(&view)),
        (Pane::Paid, "Approved: VISA CREDIT ending 0010.")
    );
    let commit = &world.journal.commits[0];
    assert_eq!(commit.attempts, [world.attempt()]);
    assert!(
        commit.receipt.contains("Approval A1B2C3  Trace 000042"),
        "{}",
        commit.receipt
    );
    assert_eq!(
        world.journal.attempts[&world.attempt()].state,
        State::Committed
    );
}

#[test]
fn the_amount_shown_is_the_amount_asked_for() {
    let mut world = open();
    world.scan(MILK);
    world.act(Action::Card {
        amount_minor: Some(60),
    });
    world.online();
    assert_eq!(world.asked_host[0].amount_minor, 60);
    assert_eq!(
        (
            world.asked_host[0].stan,
            world.asked_host[0].local_time.as_str()
        ),
        (42, "20261122193841")
    );
}

#[test]
fn a_part_by_card_and_the_rest_in_cash() {
    let mut world = open();
    world.scan(MILK);
    world.scan(OATS);
    world.key("F10");
    world.types("100");
    world.key("F11");
    world.online();
    world.host(approved());
    let view = world.outcome(OutcomeKind::Approved);
    assert_eq!((view.pane, view.due_minor), (Pane::Tender, 98));
    let kept = world.journal.draft.as_ref().expect("kept");
    assert_eq!(
        kept.tenders.len(),
        1,
        "the tender is durable with its approval"
    );
    let view = world.cash(100);
    assert_eq!(
        (view.pane, view.paid.expect("is paid").change_minor),
        (Pane::Paid, 2)
    );
    let tenders = &world.journal.commits[0].sale.tenders;
    assert!(matches!(
        tenders.as_slice(),
        [Tender::Card(_), Tender::Cash { .. }]
    ));
}

#[test]
fn cash_first_and_the_rest_by_two_cards() {
    let mut world = open();
    world.scan(MILK);
    world.cash(9);
    world.act(Action::Card {
        amount_minor: Some(60),
    });
    world.online();
    world.host(approved());
    world.outcome(OutcomeKind::Approved);
    let view = world.card_approved();
    assert_eq!(view.pane, Pane::Paid);
    assert_eq!(world.journal.commits[0].attempts.len(), 2);
}

#[test]
fn a_card_cannot_pay_more_than_is_due() {
    let mut world = open();
    world.scan(MILK);
    let view = world.act(Action::Card {
        amount_minor: Some(110),
    });
    assert_eq!(
        text(&view),
        "A card cannot pay 1.10: only 1.09 is due. Type a smaller amount."
    );
    for nothing in [0, -5, i64::MIN] {
        let view = world.act(Action::Card {
            amount_minor: Some(nothing),
        });
        assert_eq!(said(&view), Some(NoticeCode::NoAmount), "{nothing}");
    }
    world.types("1.2.3");
    assert_eq!(said(&world.key("F11")), Some(NoticeCode::NoAmount));
    assert!(world.journal.attempts.is_empty());
}

#[test]
fn while_a_card_is_in_flight_nothing_else_pays_and_nothing_changes_the_sale() {
    let mut world = open();
    world.scan(MILK);
    world.press_card();
    for action in [
        Action::CashExact,
        Action::Cash {
            given_minor: Some(500),
        },
        Action::Card { amount_minor: None },
        Action::Total,
        Action::Park,
        Action::VoidSale,
        Action::VoidLine { line: None },
        Action::Next,
        Action::Answer { yes: true },
        Action::Receipt { receipt_no: None },
        Action::Add {
            sku: "OATS".to_owned(),
            quantity: None,
        },
    ] {
        let view = world.act(action);
        assert_eq!(
            (view.pane, said(&view)),
            (Pane::Card, Some(NoticeCode::CardBusy))
        );
        assert_eq!(view.basket.total_minor, 109);
    }
    for key in ["F2", "5", "x", "Enter", "*", "Down", "Backspace"] {
        let view = world.key(key);
        assert_eq!(
            (view.entry.as_str(), view.shelf.searching),
            ("", false),
            "{key}"
        );
    }
    assert_eq!(world.journal.attempts.len(), 1);
}

#[test]
fn cancel_ends_it_before_the_bank_is_asked() {
    let mut world = open();
    world.scan(MILK);
    let attempt = world.press_card();
    let view = world.act(Action::CancelCard);
    assert!(!view.card.expect("until the lane says so").can_cancel);
    assert_eq!(world.told_lane, [ToLane::Cancel { attempt }]);
    let view = world.outcome(OutcomeKind::Cancelled);
    assert_eq!(
        (view.pane, said(&view)),
        (Pane::Tender, Some(NoticeCode::CardCancelled))
    );
    assert_eq!(world.journal.attempts[&attempt].state, State::Declined);
}

#[test]
fn esc_cancels_once_and_only_while_that_is_safe() {
    let mut world = open();
    world.scan(MILK);
    world.press_card();
    world.online();
    let view = world.key("Escape");
    assert_eq!(said(&view), Some(NoticeCode::CardBusy));
    assert!(
        !text(&view).contains("Cancel"),
        "it does not offer what it refuses"
    );
    assert!(world.told_lane.is_empty());
}

#[test]
fn a_card_that_crosses_the_cancel_is_not_charged() {
    let mut world = open();
    world.scan(MILK);
    let attempt = world.press_card();
    world.act(Action::CancelCard);
    world.online();
    assert!(world.asked_host.is_empty(), "the cashier gave up");
    assert_eq!(world.told_lane.last(), Some(&ToLane::Cancel { attempt }));
    let view = world.outcome(OutcomeKind::UnableToGoOnline);
    assert_eq!(said(&view), Some(NoticeCode::CardCancelled));
    assert_eq!(world.journal.attempts[&attempt].state, State::Declined);
}

#[test]
fn a_second_try_takes_away_what_was_said_of_the_first() {
    let mut world = open();
    world.scan(MILK);
    world.press_card();
    world.online();
    world.host(crate::world::declined());
    world.outcome(OutcomeKind::DeclinedByHost);
    let attempt = world.press_card();
    assert_eq!(said(&world.view()), None, "no red bar over the second card");
    world.online();
    world.host(approved());
    let view = world.outcome(OutcomeKind::Approved);
    assert_eq!(
        (view.pane, said(&view)),
        (Pane::Paid, Some(NoticeCode::CardApproved))
    );
    assert_eq!(world.journal.commits[0].attempts, [attempt]);
}

#[test]
fn why_no_card_can_be_taken_is_on_the_screen_before_it_is_tried() {
    let mut world = open();
    world.scan(MILK);
    assert!(world.view().card_unavailable.is_none());
    let missing = ReaderState::Missing {
        why: "No reader.".to_owned(),
    };
    let view = world.lane(FromLane::Reader { state: missing });
    assert_eq!(
        view.card_unavailable.map(|n| n.code),
        Some(NoticeCode::NoReader)
    );
    let view = world.act(Action::Card { amount_minor: None });
    assert_eq!(
        text(&view),
        "No reader found. Plug in the card reader, then press Card again."
    );
    assert_eq!(view.pane, Pane::Tender, "cash is one tap away");
    world.cards_ready();
    let why = "The acquirer's key is missing. Run the set-up.".to_owned();
    let view = world.lane(FromLane::Hello {
        version: 1,
        cannot_charge: Some(why),
        posture: None,
    });
    assert!(
        view.card_unavailable
            .is_some_and(|n| n.text.contains("The acquirer's key is missing."))
    );
    assert!(world.journal.attempts.is_empty());
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
}
