//! Cards that do not pay: nothing is charged, or what was charged is undone by the machine.

use sealpoint_till::view::Pane;
use sealpoint_till::{Input, NoticeCode};
use sealpoint_wire::lane::{CardPrompt, OutcomeKind};
use sealpoint_wire::{FromLane, ToLane};

use crate::journal::State;
use crate::world::{
    MILK, World, approved, declined, is_error, not_sent, open, said, text, unknown,
};

fn with_card() -> World {
    let mut world = open();
    world.scan(MILK);
    world.press_card();
    world
}

fn ended(world: &World) -> State {
    world.journal.attempts[&world.attempt()].state
}

/// After whatever went wrong, the sale is as it was and cash pays for it.
fn can_still_be_paid(world: &mut World) {
    let view = world.view();
    assert_eq!((view.pane, view.due_minor), (Pane::Tender, 109));
    assert!(view.card.is_none());
    let view = world.cash(200);
    assert_eq!(view.pane, Pane::Paid);
    assert!(!is_error(&view), "{}", text(&view));
    assert!(world.journal.commits[0].attempts.is_empty());
}

#[test]
fn before_the_bank_is_asked_nothing_is_charged() {
    for (kind, code) in [
        (OutcomeKind::CardRemoved, NoticeCode::CardRemoved),
        (OutcomeKind::NoCard, NoticeCode::NoCard),
        (OutcomeKind::Cancelled, NoticeCode::CardCancelled),
        (OutcomeKind::NotAccepted, NoticeCode::CardNotAccepted),
        (OutcomeKind::CardFault, NoticeCode::CardFault),
        (OutcomeKind::ReaderFault, NoticeCode::ReaderFault),
        (OutcomeKind::CannotSeal, NoticeCode::CannotSeal),
        (OutcomeKind::DeclinedByCard, NoticeCode::CardDeclinedByCard),
        // A lane that says "approved" without a host is not believed.
        (OutcomeKind::Approved, NoticeCode::CardFault),
    ] {
        let mut world = with_card();
        let view = world.outcome(kind);
        assert_eq!(said(&view), Some(code), "{kind:?}");
        assert_eq!(ended(&world), State::Declined, "{kind:?}");
        can_still_be_paid(&mut world);
    }
}

#[test]
fn a_decline_by_the_bank_is_final_whatever_the_card_says() {
    for kind in [
        OutcomeKind::DeclinedByHost,
        OutcomeKind::CardRemoved,
        OutcomeKind::ReaderFault,
        OutcomeKind::Approved,
    ] {
        let mut world = with_card();
        world.online();
        world.host(declined());
        let view = world.outcome(kind);
        assert!(
            text(&view).starts_with("The card was declined by its bank (code 51)."),
            "{kind:?}"
        );
        assert_eq!(ended(&world), State::Declined);
        can_still_be_paid(&mut world);
    }
}

#[test]
fn an_approval_that_the_card_does_not_finish_is_undone() {
    for (kind, code) in [
        (OutcomeKind::CardRemoved, NoticeCode::CardRemovedReversing),
        (OutcomeKind::DeclinedByCard, NoticeCode::CardReversing),
        (OutcomeKind::CardFault, NoticeCode::CardReversing),
        (OutcomeKind::ReaderFault, NoticeCode::CardReversing),
    ] {
        let mut world = with_card();
        world.online();
        world.host(approved());
        let view = world.outcome(kind);
        assert_eq!(said(&view), Some(code), "{kind:?}");
        assert!(text(&view).contains("The charge of 1.09 is undone automatically."));
        assert_eq!(ended(&world), State::ReversalDue);
        can_still_be_paid(&mut world);
    }
}

#[test]
fn a_card_taken_out_before_the_bank_answers_is_undone_and_a_late_answer_changes_nothing() {
    let mut world = with_card();
    world.online();
    let view = world.outcome(OutcomeKind::CardRemoved);
    assert_eq!(said(&view), Some(NoticeCode::CardRemovedReversing));
    assert_eq!(ended(&world), State::ReversalDue);
    let before = world.view();
    let after = world.host(approved());
    assert_eq!(
        (after.tenders, after.due_minor, after.pane),
        (before.tenders, 109, before.pane)
    );
    can_still_be_paid(&mut world);
}

#[test]
fn nothing_sent_is_nothing_charged() {
    let mut world = with_card();
    world.online();
    let attempt = world.attempt();
    world.host(not_sent());
    assert_eq!(
        world.told_lane.last(),
        Some(&ToLane::UnableToGoOnline { attempt })
    );
    let view = world.outcome(OutcomeKind::UnableToGoOnline);
    assert_eq!(said(&view), Some(NoticeCode::LinkNeeded));
    assert_eq!(ended(&world), State::Declined);
    can_still_be_paid(&mut world);
}

#[test]
fn an_unknown_fate_is_undone_before_the_card_is_let_go() {
    for kind in [
        OutcomeKind::UnableToGoOnline,
        OutcomeKind::CardRemoved,
        OutcomeKind::Approved,
        OutcomeKind::ApprovedOffline,
    ] {
        let mut world = with_card();
        world.online();
        world.host(unknown());
        assert_eq!(ended(&world), State::ReversalDue, "durable at once");
        let attempt = world.attempt();
        // Not "unable to go online": the card could approve that, beside a bank that may have too.
        assert_eq!(world.told_lane, [ToLane::Cancel { attempt }]);
        world.host(approved());
        let view = world.outcome(kind);
        assert_eq!(said(&view), Some(NoticeCode::FateUnknown), "{kind:?}");
        assert_eq!(ended(&world), State::ReversalDue, "and not a second time");
        can_still_be_paid(&mut world);
    }
}

#[test]
fn the_lane_may_die_at_any_moment() {
    type Step = fn(&mut World);
    let steps: [Step; 4] = [
        |_| {},
        |w| drop(w.prompt(CardPrompt::Reading)),
        |w| drop(w.online()),
        |w| drop(w.host(approved())),
    ];
    for reached in 1..=steps.len() {
        let mut world = with_card();
        for step in &steps[..reached] {
            step(&mut world);
        }
        let view = world.input(Input::LaneDown);
        assert!(view.card.is_none(), "{reached}");
        let wanted = if reached <= 2 {
            State::Declined
        } else {
            State::ReversalDue
        };
        assert_eq!(ended(&world), wanted, "{reached}");
        assert_eq!(
            view.card_unavailable.map(|n| n.code),
            Some(NoticeCode::LaneDown)
        );
        world.outcome(OutcomeKind::Approved);
        world.host(approved());
        can_still_be_paid(&mut world);
    }
}

#[test]
fn a_lane_that_died_with_the_fate_unknown_leaves_that_on_the_screen() {
    let mut world = with_card();
    world.online();
    world.host(unknown());
    let view = world.input(Input::LaneDown);
    assert_eq!(said(&view), Some(NoticeCode::FateUnknown));
    can_still_be_paid(&mut world);
}

#[test]
fn a_lane_that_died_between_cards_is_said_until_it_is_back() {
    let mut world = open();
    assert_eq!(
        said(&world.input(Input::LaneDown)),
        Some(NoticeCode::LaneDown)
    );
    let view = world.lane(FromLane::Hello {
        version: 1,
        cannot_charge: None,
        posture: None,
    });
    assert_eq!(said(&view), Some(NoticeCode::LaneBack));
}

#[test]
fn the_uplink_may_die_at_any_moment() {
    let mut world = with_card();
    world.input(Input::UplinkDown);
    assert_eq!(ended(&world), State::Intent, "the bank was not asked yet");
    let mut world = with_card();
    world.online();
    let view = world.input(Input::UplinkDown);
    assert_eq!(ended(&world), State::ReversalDue);
    assert_eq!(view.pane, Pane::Card, "the card is let go first");
    let view = world.outcome(OutcomeKind::UnableToGoOnline);
    assert_eq!(said(&view), Some(NoticeCode::FateUnknown));
    can_still_be_paid(&mut world);
    let mut world = with_card();
    world.online();
    world.host(approved());
    world.input(Input::UplinkDown);
    assert_eq!(
        world.outcome(OutcomeKind::Approved).pane,
        Pane::Paid,
        "the answer was here"
    );
}

#[test]
fn silence_has_an_end_in_every_phase() {
    let mut world = with_card();
    world.passes(39_000);
    assert!(world.view().card.is_some());
    let attempt = world.attempt();
    let view = world.passes(2_000);
    assert_eq!(said(&view), Some(NoticeCode::ReaderFault));
    assert_eq!(
        world.told_lane,
        [ToLane::Cancel { attempt }],
        "a slow lane stops reading"
    );
    assert_eq!(ended(&world), State::Declined);
    can_still_be_paid(&mut world);

    let mut world = with_card();
    world.online();
    world.passes(51_000);
    assert_eq!(ended(&world), State::ReversalDue, "the bank kept silent");
    world.passes(71_000);
    assert!(world.view().card.is_none(), "and so did the lane");
    can_still_be_paid(&mut world);

    let mut world = with_card();
    world.online();
    world.host(approved());
    world.passes(71_000);
    assert_eq!(ended(&world), State::ReversalDue);
    can_still_be_paid(&mut world);
}

#[test]
fn a_clock_set_back_does_not_make_a_wait_endless() {
    let mut world = with_card();
    world.passes(-86_400_000);
    world.passes(41_000);
    assert!(world.view().card.is_none());
    can_still_be_paid(&mut world);
}

#[test]
fn the_countdown_runs_and_never_below_nothing() {
    let mut world = with_card();
    assert_eq!(world.passes(10_000).card.map(|c| c.left_ms), Some(20_000));
    assert_eq!(world.passes(25_000).card.map(|c| c.left_ms), Some(0));
    world.now_ms -= 1_000_000;
    let card = world.view().card.expect("still waits");
    assert_eq!(card.left_ms, card.wait_ms);
}
