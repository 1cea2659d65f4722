//! The bank is asked at most once for an attempt, and what belongs to another attempt is ignored.

use sealpoint_till::NoticeCode;
use sealpoint_till::view::Pane;
use sealpoint_wire::lane::{CardPrompt, OutcomeKind};
use sealpoint_wire::{AttemptId, FromLane, ToLane};
use uuid::Uuid;

use crate::journal::State;
use crate::world::{MILK, OATS, approved, declined, open, said};

#[test]
fn a_card_that_asks_twice_is_charged_once() {
    let mut world = open();
    world.scan(MILK);
    world.press_card();
    world.online();
    world.online();
    world.host(approved());
    world.online();
    world.host(approved());
    assert_eq!(world.asked_host.len(), 1);
    assert_eq!(world.outcome(OutcomeKind::Approved).pane, Pane::Paid);
    world.outcome(OutcomeKind::Approved);
    world.online();
    assert_eq!(
        (world.asked_host.len(), world.journal.commits.len()),
        (1, 1)
    );
}

#[test]
fn the_first_answer_counts() {
    let mut world = open();
    world.scan(MILK);
    world.press_card();
    world.online();
    world.host(declined());
    world.host(approved());
    let view = world.outcome(OutcomeKind::Approved);
    assert_eq!(said(&view), Some(NoticeCode::CardDeclinedByHost));
    assert!(view.tenders.is_empty());
}

#[test]
fn an_answer_before_the_question_is_ignored() {
    let mut world = open();
    world.scan(MILK);
    world.press_card();
    world.host(approved());
    assert!(world.told_lane.is_empty());
    world.outcome(OutcomeKind::Approved);
    assert!(world.journal.commits.is_empty());
}

#[test]
fn an_old_attempts_words_do_not_touch_the_new_one() {
    let mut world = open();
    world.scan(MILK);
    let old = world.press_card();
    world.online();
    world.outcome(OutcomeKind::CardRemoved);
    let new = world.press_card();
    world.host_on(old, approved());
    world.outcome_of(old, OutcomeKind::Approved);
    world.lane(FromLane::Prompt {
        attempt: old,
        prompt: CardPrompt::RemoveCard,
    });
    let view = world.view();
    assert_eq!(
        (view.pane, view.card.map(|c| c.prompt)),
        (Pane::Card, Some(CardPrompt::InsertCard))
    );
    assert_eq!(world.journal.attempts[&new].state, State::Intent);
    assert_eq!(world.journal.attempts[&old].state, State::ReversalDue);
}

#[test]
fn a_card_read_for_nobody_is_let_go_and_not_charged() {
    let mut world = open();
    let stranger = AttemptId::new(Uuid::from_u128(7));
    world.online_for(stranger);
    assert_eq!(world.told_lane, [ToLane::Cancel { attempt: stranger }]);
    world.scan(OATS);
    world.online_for(stranger);
    world.outcome_of(stranger, OutcomeKind::Approved);
    world.host_on(stranger, approved());
    assert!(world.asked_host.is_empty() && world.view().tenders.is_empty());
}
