//! Voiding a sale takes a named button, says what to hand back, and leaves a trace.

use sealpoint_till::effect::Failed;
use sealpoint_till::view::{Pane, Question};
use sealpoint_till::{Action, NoticeCode};

use crate::journal::State;
use crate::world::{MILK, OATS, open, said, text};

#[test]
fn a_voided_sale_is_committed_as_voided_with_its_lines() {
    let mut world = open();
    world.scan(MILK);
    let view = world.act(Action::VoidSale);
    assert_eq!(view.pane, Pane::Question);
    assert!(world.journal.commits.is_empty(), "not before the answer");
    let view = world.yes();
    assert_eq!(
        (view.pane, said(&view)),
        (Pane::Ring, Some(NoticeCode::SaleVoided))
    );
    assert!(view.basket.lines.is_empty() && view.paid.is_none());
    let commit = &world.journal.commits[0];
    assert!(!commit.paid && commit.receipt.contains("VOIDED"));
    assert_eq!((commit.sale.lines.len(), commit.sale.tenders.len()), (1, 0));
}

#[test]
fn no_keeps_the_sale() {
    let mut world = open();
    world.scan(MILK);
    world.act(Action::VoidSale);
    assert_eq!(world.no().basket.total_minor, 109);
    assert!(world.journal.commits.is_empty());
    assert_eq!(
        said(&world.yes()),
        Some(NoticeCode::NotNow),
        "there is no question left"
    );
}

#[test]
fn cash_is_handed_back_and_a_charge_is_undone() {
    let mut world = open();
    world.scan(MILK);
    world.scan(OATS);
    world.cash(50);
    world.act(Action::Card {
        amount_minor: Some(40),
    });
    world.online();
    world.host(crate::world::approved());
    let view = world.outcome(sealpoint_wire::lane::OutcomeKind::Approved);
    assert_eq!((view.pane, view.due_minor), (Pane::Tender, 108));
    let attempt = world.attempt();
    let view = world.act(Action::VoidSale);
    assert_eq!(
        view.question,
        Some(Question::VoidSale {
            total_minor: 198,
            cash_back_minor: 50,
            card_back_minor: 40
        })
    );
    let view = world.yes();
    assert_eq!(text(&view), "The sale was voided. Hand back 0.50 in cash.");
    assert_eq!(world.journal.commits[0].attempts, [attempt]);
    assert_eq!(world.journal.attempts[&attempt].state, State::ReversalDue);
}

#[test]
fn a_question_that_was_left_does_not_turn_the_next_sale_into_a_voided_one() {
    let mut world = open();
    world.scan(MILK);
    world.act(Action::VoidSale);
    world.act(Action::Help);
    world.key("F1");
    world.key("Escape");
    let view = world.cash(200);
    assert_eq!(view.pane, Pane::Paid);
    assert_eq!(view.paid.expect("is paid").change_minor, 91);
    assert!(world.journal.commits[0].paid);
}

#[test]
fn a_void_that_cannot_be_written_keeps_the_money_that_was_taken() {
    let mut world = open();
    world.scan(MILK);
    world.cash(50);
    world.journal.failing = vec![Failed::Commit];
    world.act(Action::VoidSale);
    let view = world.yes();
    assert_eq!(said(&view), Some(NoticeCode::JournalFailed));
    assert_eq!((view.tenders.len(), view.due_minor), (1, 59));
    world.journal.failing.clear();
    world.act(Action::VoidSale);
    world.yes();
    assert!(!world.journal.commits[0].paid);
}

#[test]
fn there_is_nothing_to_void_without_a_sale() {
    let mut world = open();
    assert_eq!(
        said(&world.act(Action::VoidSale)),
        Some(NoticeCode::BasketEmpty)
    );
}
