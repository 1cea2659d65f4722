//! A sale that cannot be written down was not made, and its cards get their money back.

use sealpoint_till::effect::Failed;
use sealpoint_till::view::Pane;
use sealpoint_till::{Action, NoticeCode};
use sealpoint_wire::lane::OutcomeKind;

use crate::journal::State;
use crate::world::{MILK, OATS, World, approved, open, said};

/// The card pays, and the commit fails.
fn commit_fails() -> World {
    let mut world = open();
    world.scan(MILK);
    world.press_card();
    world.online();
    world.host(approved());
    world.journal.failing = vec![Failed::Commit];
    let view = world.outcome(OutcomeKind::Approved);
    assert_eq!(said(&view), Some(NoticeCode::JournalFailed));
    world
}

#[test]
fn a_commit_that_fails_once_is_tried_again() {
    let mut world = commit_fails();
    world.journal.failing.clear();
    let view = world.passes(2_500);
    assert_eq!(view.pane, Pane::Paid);
    let attempt = world.attempt();
    assert_eq!(world.journal.attempts[&attempt].state, State::Committed);
}

/// The cashier, who was told that the sale was not made, is about to void it. If it were made now,
/// the screen would take a paid sale for a voided one.
#[test]
fn while_the_cashier_is_asked_about_the_sale_its_commit_waits() {
    let asks = || {
        let mut world = commit_fails();
        assert_eq!(world.act(Action::VoidSale).pane, Pane::Question);
        world.journal.failing.clear();
        let view = world.passes(10_000);
        assert_eq!(view.pane, Pane::Question);
        assert!(view.question.is_some());
        assert!(world.journal.commits.is_empty());
        world
    };
    let mut world = asks();
    assert_eq!(world.no().pane, Pane::Ring);
    assert_eq!(world.passes(2_500).pane, Pane::Paid);
    assert!(world.journal.commits[0].paid);

    let mut world = asks();
    assert_eq!(world.yes().pane, Pane::Ring);
    world.passes(2_500);
    let paid: Vec<_> = world.journal.commits.iter().map(|c| c.paid).collect();
    assert_eq!(paid, [false]);
}

#[test]
fn a_question_stays_whole_while_a_commit_goes_on_failing() {
    let mut world = commit_fails();
    world.act(Action::VoidSale);
    for _ in 0..3 {
        let view = world.passes(10_000);
        assert_eq!(view.pane, Pane::Question);
        assert!(view.question.is_some(), "what it asks is on the screen");
    }
}

#[test]
fn a_commit_that_goes_on_failing_has_the_charge_undone() {
    let mut world = commit_fails();
    for _ in 0..3 {
        world.passes(2_500);
    }
    let attempt = world.attempt();
    assert_eq!(world.journal.attempts[&attempt].state, State::ReversalDue);
    let view = world.view();
    assert_eq!((view.tenders.len(), view.due_minor), (0, 109));
    world.journal.failing.clear();
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
    assert!(world.journal.commits[0].attempts.is_empty());
}

/// The disk refused to say that the charge is undone, and takes everything again: the next thing
/// that the cashier does with the sale is not refused for that.
#[test]
fn an_end_that_could_not_be_written_goes_before_what_ends_the_sale() {
    let owes = || {
        let mut world = commit_fails();
        world.passes(2_500);
        world.journal.failing = vec![Failed::Commit, Failed::Settle];
        for _ in 0..3 {
            world.passes(2_500);
        }
        let attempt = world.attempt();
        assert_eq!(world.journal.attempts[&attempt].state, State::Approved);
        assert!(world.view().tenders.is_empty(), "it is being undone");
        world.journal.failing.clear();
        world
    };
    let undone = |world: &World| {
        let attempt = world.attempt();
        assert_eq!(world.journal.attempts[&attempt].state, State::ReversalDue);
        assert_eq!(world.journal.commits.len(), 1);
    };
    let mut world = owes();
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
    undone(&world);
    let mut world = owes();
    world.act(Action::VoidSale);
    assert_eq!(world.yes().pane, Pane::Ring);
    undone(&world);
}

/// The customer had more rung up, and pays that by card: the first card is not undone while the
/// second is read, or the end of one would be forgotten over that of the other.
#[test]
fn no_card_is_undone_while_another_is_read() {
    let mut world = commit_fails();
    world.act(Action::Total);
    world.act(Action::Total);
    let first = world.attempt();
    world.scan(OATS);
    world.journal.failing = vec![Failed::Settle];
    world.press_card();
    let second = world.attempt();
    assert_ne!(first, second);
    world.passes(2_500);
    assert_eq!(world.view().tenders.len(), 1, "the first card still pays");
    world.outcome(OutcomeKind::NoCard);
    world.journal.failing.clear();
    for _ in 0..4 {
        world.passes(2_500);
    }
    let state = |attempt| world.journal.attempts[attempt].state;
    assert_eq!(
        (state(&first), state(&second)),
        (State::ReversalDue, State::Declined)
    );
}

#[test]
fn each_card_of_the_sale_is_undone() {
    let mut world = open();
    world.scan(MILK);
    world.scan(OATS);
    world.act(Action::Card {
        amount_minor: Some(100),
    });
    world.online();
    world.host(approved());
    world.outcome(OutcomeKind::Approved);
    world.journal.failing = vec![Failed::QueueFull];
    world.card_approved();
    for _ in 0..4 {
        world.passes(2_500);
    }
    let states: Vec<_> = world.journal.attempts.values().map(|w| w.state).collect();
    assert_eq!(states, [State::ReversalDue, State::ReversalDue]);
    assert!(world.view().tenders.is_empty());
}

/// Nothing can be written at all: the charge stays what the disk says, until it can.
#[test]
fn on_a_dead_disk_the_till_goes_on_trying() {
    let mut world = commit_fails();
    world.journal.failing = vec![Failed::Commit, Failed::Settle];
    for _ in 0..6 {
        world.passes(2_500);
    }
    let attempt = world.attempt();
    assert_eq!(world.journal.attempts[&attempt].state, State::Approved);
    assert!(world.view().tenders.is_empty(), "it pays for nothing");
    world.journal.failing.clear();
    world.passes(2_500);
    assert_eq!(world.journal.attempts[&attempt].state, State::ReversalDue);
}

/// Cash that was to pay the rest was not taken; what the card paid stays while the cashier tries again.
#[test]
fn a_card_beside_cash_is_not_undone_by_the_first_failure() {
    let mut world = open();
    world.scan(MILK);
    world.act(Action::Card {
        amount_minor: Some(50),
    });
    world.online();
    world.host(approved());
    world.outcome(OutcomeKind::Approved);
    world.journal.failing = vec![Failed::Commit];
    world.act(Action::CashExact);
    let view = world.passes(10_000);
    assert_eq!((view.tenders.len(), view.due_minor), (1, 59));
    world.journal.failing.clear();
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
    let attempt = world.attempt();
    assert_eq!(world.journal.attempts[&attempt].state, State::Committed);
}
