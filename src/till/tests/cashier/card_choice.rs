//! A card with several applications, and what its holder does on the reader.

use sealpoint_till::view::Pane;
use sealpoint_till::{Action, NoticeCode};
use sealpoint_wire::lane::{CardPrompt, MAX_CHOICES, OutcomeKind};
use sealpoint_wire::{FromLane, ToLane};

use crate::journal::State;
use crate::world::{MILK, OATS, World, open, said};

fn asked_to_choose(labels: &[&str]) -> World {
    let mut world = open();
    world.scan(MILK);
    let attempt = world.press_card();
    world.prompt(CardPrompt::Reading);
    world.lane(FromLane::Choose {
        attempt,
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
    });
    world
}

fn chosen(world: &World) -> Vec<u8> {
    let index = |told: &ToLane| match told {
        ToLane::Chosen { index, .. } => Some(*index),
        _ => None,
    };
    world.told_lane.iter().filter_map(index).collect()
}

#[test]
fn the_names_on_the_card_are_shown_and_one_touch_takes_one() {
    let mut world = asked_to_choose(&["Girocard", "Debit Mastercard"]);
    let card = world.view().card.expect("shown");
    assert_eq!(card.choices, ["Girocard", "Debit Mastercard"]);
    assert_eq!(
        (card.prompt, card.left_ms, card.can_cancel),
        (CardPrompt::ChooseApplication, 60_000, true)
    );
    let view = world.act(Action::Choose { index: 1 });
    let card = view.card.expect("shown");
    assert!(card.choices.is_empty());
    assert_eq!(card.prompt, CardPrompt::Reading);
    assert_eq!(chosen(&world), [1]);
}

#[test]
fn a_second_touch_does_not_choose_twice() {
    let mut world = asked_to_choose(&["Girocard", "Debit Mastercard"]);
    world.act(Action::Choose { index: 0 });
    let view = world.act(Action::Choose { index: 1 });
    assert_eq!(said(&view), Some(NoticeCode::CardBusy));
    assert_eq!(chosen(&world), [0]);
}

#[test]
fn keys_choose_and_a_scan_does_not() {
    let mut world = asked_to_choose(&["Girocard", "Debit Mastercard"]);
    let view = world.wedge(OATS);
    assert_eq!(said(&view), Some(NoticeCode::NotRungUp));
    world.alt("3");
    assert!(chosen(&world).is_empty(), "there is no third");
    world.alt("2");
    assert_eq!(chosen(&world), [1]);
}

#[test]
fn what_a_card_calls_itself_is_cut_and_counted() {
    let long = "x".repeat(5_000);
    let labels: Vec<&str> = std::iter::repeat_n(long.as_str(), 40).collect();
    let mut world = asked_to_choose(&labels);
    let card = world.view().card.expect("shown");
    assert_eq!(card.choices.len(), MAX_CHOICES);
    assert!(card.choices.iter().all(|label| label.len() <= 200));
}

#[test]
fn the_choice_can_be_cancelled_and_nothing_is_charged() {
    let mut world = asked_to_choose(&["Girocard", "Debit Mastercard"]);
    world.key("Escape");
    world.act(Action::Choose { index: 0 });
    assert!(chosen(&world).is_empty(), "given up is given up");
    let view = world.outcome(OutcomeKind::Cancelled);
    assert_eq!(view.pane, Pane::Tender);
    assert_eq!(said(&view), Some(NoticeCode::CardCancelled));
    let state = world.journal.attempts[&world.attempt()].state;
    assert_eq!(state, State::Declined);
}

#[test]
fn a_choice_for_another_attempt_is_not_shown() {
    let mut world = open();
    world.scan(MILK);
    let old = world.press_card();
    world.outcome(OutcomeKind::NoCard);
    world.press_card();
    let view = world.lane(FromLane::Choose {
        attempt: old,
        labels: vec!["Girocard".to_owned()],
    });
    assert!(view.card.expect("shown").choices.is_empty());
}

#[test]
fn without_a_card_there_is_nothing_to_choose() {
    let mut world = open();
    world.scan(MILK);
    let view = world.act(Action::Choose { index: 0 });
    assert_eq!(said(&view), Some(NoticeCode::NotNow));
}

#[test]
fn typing_a_pin_has_a_wait_of_its_own() {
    let mut world = open();
    world.scan(MILK);
    world.press_card();
    world.prompt(CardPrompt::Reading);
    world.passes(50_000);
    let card = world.prompt(CardPrompt::EnterPin).card.expect("shown");
    assert_eq!((card.left_ms, card.can_cancel), (60_000, true));
}
