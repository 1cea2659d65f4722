//! The bank approves less than was asked for: the cashier keeps that or has it undone.

use sealpoint_till::effect::Failed;
use sealpoint_till::view::{Pane, Question};
use sealpoint_till::{Action, NoticeCode};
use sealpoint_wire::lane::OutcomeKind;

use crate::journal::State;
use crate::world::{MILK, World, approved_part, open, said};

/// A card was asked for 1.09, and its bank approved that many minor units.
fn part(minor: i64) -> World {
    let mut world = open();
    world.scan(MILK);
    world.press_card();
    world.online();
    world.host(approved_part(minor));
    world
}

#[test]
fn a_part_is_kept_and_the_rest_is_paid_in_cash() {
    let mut world = part(40);
    let view = world.outcome(OutcomeKind::Approved);
    assert_eq!(
        view.question,
        Some(Question::PartApproval {
            asked_minor: 109,
            approved_minor: 40,
            left_minor: 69,
        })
    );
    assert!(world.journal.commits.is_empty(), "the rest is due");
    let view = world.yes();
    assert_eq!((view.pane, view.due_minor), (Pane::Tender, 69));
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
    let sale = &world.journal.commits[0].sale;
    assert_eq!((sale.card_minor(), sale.cash_minor()), (40, 69));
}

#[test]
fn a_part_that_is_refused_is_undone_by_the_machine() {
    let mut world = part(40);
    world.outcome(OutcomeKind::Approved);
    let attempt = world.attempt();
    let view = world.no();
    assert_eq!(said(&view), Some(NoticeCode::PartRefused));
    assert_eq!((view.pane, view.due_minor), (Pane::Tender, 109));
    assert_eq!(world.journal.attempts[&attempt].state, State::ReversalDue);
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
    assert!(world.journal.commits[0].attempts.is_empty());
}

#[test]
fn whoever_goes_back_from_the_question_keeps_the_part() {
    let mut world = part(40);
    world.outcome(OutcomeKind::Approved);
    let view = world.act(Action::Back);
    assert_eq!((view.tenders.len(), view.due_minor), (1, 69));
    let attempt = world.attempt();
    assert_eq!(world.journal.attempts[&attempt].state, State::Approved);
}

#[test]
fn a_card_that_does_not_finish_has_the_part_undone() {
    let mut world = part(40);
    let view = world.outcome(OutcomeKind::CardRemoved);
    assert_eq!((view.question, view.due_minor), (None, 109));
    let attempt = world.attempt();
    assert_eq!(world.journal.attempts[&attempt].state, State::ReversalDue);
}

/// Nothing, all of it or more than was asked for is no part: nobody knows what the bank did.
#[test]
fn an_approval_of_no_part_is_undone() {
    for minor in [i64::MIN, -1, 0, 109, 110, i64::MAX] {
        let mut world = part(minor);
        let view = world.outcome(OutcomeKind::Approved);
        assert_eq!(said(&view), Some(NoticeCode::CardReversing), "{minor}");
        assert!(view.tenders.is_empty(), "{minor}");
    }
}

#[test]
fn a_part_that_cannot_be_written_down_pays_for_nothing() {
    let mut world = part(40);
    world.journal.failing = vec![Failed::Settle];
    let view = world.outcome(OutcomeKind::Approved);
    assert_eq!((view.question, view.pane), (None, Pane::Tender));
    assert!(view.tenders.is_empty());
    world.journal.failing.clear();
    world.passes(3_000);
    let attempt = world.attempt();
    assert_eq!(world.journal.attempts[&attempt].state, State::ReversalDue);
}
