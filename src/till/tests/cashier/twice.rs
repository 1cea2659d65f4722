//! The same card and amount on the same till within a minute and a half: the cashier is asked once.

use sealpoint_till::effect::DuplicateGuard;
use sealpoint_till::view::{Pane, Question};
use sealpoint_till::{Action, NoticeCode, Settings};
use sealpoint_wire::ToLane;
use sealpoint_wire::lane::OutcomeKind;

use crate::journal::State;
use crate::world::{MILK, OATS, World, approved, open, said, settings};

/// A customer paid 1.09 by card; the next has 1.09 as well.
fn charged_once() -> World {
    let mut world = open();
    world.remembers = true;
    world.scan(MILK);
    world.card_approved();
    world.act(Action::Next);
    world.scan(MILK);
    world.now_ms += 40_000;
    world.press_card();
    world
}

#[test]
fn a_second_charge_is_asked_about_before_the_bank_is() {
    let mut world = charged_once();
    let view = world.online();
    assert_eq!(
        view.question,
        Some(Question::ChargeTwice {
            amount_minor: 109,
            label: "VISA CREDIT 0010".to_owned(),
            ago_ms: 40_000,
        })
    );
    assert_eq!(world.asked_host.len(), 1, "the bank is not asked again yet");
    let view = world.yes();
    assert_eq!((view.pane, world.asked_host.len()), (Pane::Card, 2));
    world.host(approved());
    assert_eq!(world.outcome(OutcomeKind::Approved).pane, Pane::Paid);
    assert_eq!(world.journal.commits.len(), 2);
}

#[test]
fn a_no_charges_nothing_and_the_sale_goes_on() {
    for silent in [false, true] {
        let mut world = charged_once();
        world.online();
        if silent {
            world.passes(19_000);
        } else {
            world.no();
        }
        let attempt = world.attempt();
        assert_eq!(world.told_lane.last(), Some(&ToLane::Cancel { attempt }));
        let view = world.outcome(OutcomeKind::Cancelled);
        assert_eq!(said(&view), Some(NoticeCode::CardCancelled));
        assert_eq!(world.journal.attempts[&attempt].state, State::Declined);
        assert_eq!(world.asked_host.len(), 1);
        assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
    }
}

/// The card may say what it likes: the cashier said no.
#[test]
fn a_card_that_approves_by_itself_after_a_no_is_not_honoured() {
    let mut world = charged_once();
    world.online();
    world.act(Action::Back);
    let view = world.outcome(OutcomeKind::ApprovedOffline);
    assert_eq!((view.tenders.len(), view.due_minor), (0, 109));
    let attempt = world.attempt();
    assert_eq!(world.journal.attempts[&attempt].state, State::Declined);
}

#[test]
fn a_lane_that_gives_up_takes_the_question_away() {
    let mut world = charged_once();
    world.online();
    let view = world.outcome(OutcomeKind::CardRemoved);
    assert_eq!(said(&view), Some(NoticeCode::CardRemoved));
    assert_eq!((view.question, view.pane), (None, Pane::Tender));
    assert_eq!(world.asked_host.len(), 1);
}

#[test]
fn another_amount_or_a_later_hour_is_not_asked_about() {
    let mut world = open();
    world.remembers = true;
    world.scan(MILK);
    world.card_approved();
    world.act(Action::Next);
    world.scan(OATS);
    assert_eq!(world.card_approved().pane, Pane::Paid, "another amount");
    world.act(Action::Next);
    world.now_ms += 91_000;
    world.scan(OATS);
    assert_eq!(world.card_approved().pane, Pane::Paid, "91 s later");
}

/// What may be kept of a card without a token, another card may share.
#[test]
fn a_till_set_to_tokens_asks_about_cards_with_one() {
    for (guard, asks) in [
        (DuplicateGuard::Off, false),
        (DuplicateGuard::Token, false),
        (DuplicateGuard::Card, true),
    ] {
        let mut world = World::set_up_with(Settings {
            duplicate_guard: guard,
            ..settings()
        });
        world.remembers = true;
        world.scan(MILK);
        world.card_approved();
        world.act(Action::Next);
        world.scan(MILK);
        world.press_card();
        assert_eq!(world.online().question.is_some(), asks, "{guard:?}");
    }
}
