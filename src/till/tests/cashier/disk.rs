//! The disk refuses: it is said, nothing is lost, and no charge is left behind.

use sealpoint_till::effect::Failed;
use sealpoint_till::view::Pane;
use sealpoint_till::{Action, Input, NoticeCode};
use sealpoint_wire::ToLane;
use sealpoint_wire::lane::OutcomeKind;

use crate::journal::State;
use crate::world::{MILK, OATS, approved, live, open, said, unknown};

#[test]
fn cash_that_was_not_written_down_was_not_taken() {
    for what in [Failed::Commit, Failed::QueueFull] {
        let mut world = open();
        world.scan(MILK);
        world.journal.failing = vec![what];
        let view = world.cash(200);
        assert_eq!(
            (view.pane, said(&view)),
            (Pane::Tender, Some(NoticeCode::JournalFailed))
        );
        assert_eq!((view.due_minor, view.tenders.len()), (109, 0));
        world.journal.failing.clear();
        let view = world.cash(200);
        assert_eq!((view.pane, said(&view)), (Pane::Paid, None));
    }
}

#[test]
fn a_card_that_paid_stays_and_the_sale_is_finished_without_charging_again() {
    for finish in [
        Action::Total,
        Action::CashExact,
        Action::Cash {
            given_minor: Some(500),
        },
        Action::Card { amount_minor: None },
    ] {
        let mut world = open();
        world.scan(MILK);
        world.journal.failing = vec![Failed::Commit];
        let view = world.card_approved();
        assert_eq!(
            (view.pane, view.due_minor, view.tenders.len()),
            (Pane::Tender, 0, 1)
        );
        assert_eq!(said(&view), Some(NoticeCode::JournalFailed));
        world.journal.failing.clear();
        let view = world.act(finish);
        assert_eq!((view.pane, said(&view)), (Pane::Paid, None));
        let commit = &world.journal.commits[0];
        assert_eq!(
            (commit.sale.tenders.len(), world.journal.attempts.len()),
            (1, 1)
        );
    }
}

#[test]
fn cash_saved_before_a_card_survives_the_failed_commit() {
    let mut world = open();
    world.scan(MILK);
    world.act(Action::Card {
        amount_minor: Some(9),
    });
    world.online();
    world.host(approved());
    world.outcome(OutcomeKind::Approved);
    world.cash(50);
    world.journal.failing = vec![Failed::Commit];
    let view = world.cash(50);
    assert_eq!((view.tenders.len(), view.due_minor), (2, 50));
    world.journal.failing.clear();
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
}

#[test]
fn without_intent_no_card_is_read() {
    let mut world = open();
    world.scan(MILK);
    world.journal.failing = vec![Failed::Attempt];
    let view = world.act(Action::Card { amount_minor: None });
    assert_eq!(
        (view.pane, said(&view)),
        (Pane::Tender, Some(NoticeCode::NotSaved))
    );
    assert!(view.card.is_none());
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
}

#[test]
fn without_sent_the_bank_is_not_asked_and_the_reason_stays_on_the_screen() {
    let mut world = open();
    world.scan(MILK);
    let attempt = world.press_card();
    world.journal.failing = vec![Failed::Send];
    world.online();
    assert!(world.asked_host.is_empty());
    assert_eq!(world.told_lane, [ToLane::Cancel { attempt }]);
    let view = world.outcome(OutcomeKind::UnableToGoOnline);
    assert_eq!(
        said(&view),
        Some(NoticeCode::NotSaved),
        "not that the bank cannot be reached"
    );
    assert_eq!(world.journal.attempts[&attempt].state, State::Declined);
}

#[test]
fn an_approval_that_cannot_be_written_is_undone_and_pays_for_nothing() {
    let mut world = open();
    world.scan(MILK);
    world.cash(9);
    world.press_card();
    world.online();
    world.host(approved());
    world.journal.failing = vec![Failed::Settle];
    let view = world.outcome(OutcomeKind::Approved);
    assert_eq!(
        (view.pane, view.due_minor, view.tenders.len()),
        (Pane::Tender, 100, 1)
    );
    assert!(world.journal.commits.is_empty());
    let attempt = world.attempt();
    assert_eq!(world.journal.attempts[&attempt].state, State::Sent);
    // Another card must wait until that is settled; the goods need not.
    let view = world.act(Action::Card { amount_minor: None });
    assert_eq!(said(&view), Some(NoticeCode::NotSaved));
    assert_eq!(world.journal.attempts.len(), 1);
    world.scan(OATS);
    world.passes(3_000);
    world.journal.failing.clear();
    world.passes(1_000);
    assert_eq!(
        world.journal.attempts[&attempt].state,
        State::Sent,
        "not every tick"
    );
    world.passes(3_000);
    assert_eq!(world.journal.attempts[&attempt].state, State::ReversalDue);
    let kept = world.journal.draft.as_ref().expect("kept");
    assert_eq!(kept.due_minor(), 189, "with the goods of meanwhile");
    // What was undone is read before it goes.
    let mut read = vec![];
    while let Some(code) = said(&world.act(Action::Dismiss)) {
        read.push(code);
    }
    assert!(read.contains(&NoticeCode::CardReversing), "{read:?}");
    assert_eq!(world.card_approved().pane, Pane::Paid);
}

#[test]
fn a_decline_or_a_reversal_that_cannot_be_written_is_written_later() {
    for (answer, wanted) in [
        (None, State::Declined),
        (Some(unknown()), State::ReversalDue),
    ] {
        let mut world = open();
        world.scan(MILK);
        world.press_card();
        world.journal.failing = vec![Failed::Settle];
        if let Some(answer) = answer {
            world.online();
            world.host(answer);
        }
        world.outcome(OutcomeKind::CardRemoved);
        for _ in 0..5 {
            world.passes(3_000);
        }
        world.journal.failing.clear();
        world.passes(3_000);
        assert_eq!(world.journal.attempts[&world.attempt()].state, wanted);
        assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
    }
}

#[test]
fn a_line_that_could_not_be_written_down_is_said_and_kept_on_the_screen() {
    let mut world = open();
    world.journal.failing = vec![Failed::Draft];
    let view = world.scan(MILK);
    assert_eq!(said(&view), Some(NoticeCode::NotSaved));
    assert_eq!(live(&view), ["Whole Milk"]);
    world.journal.failing.clear();
    world.scan(OATS);
    let kept = world.journal.draft.as_ref().expect("kept");
    assert_eq!(kept.basket.lines().len(), 2, "the next write holds both");
}

#[test]
fn no_card_is_read_for_a_basket_that_is_not_on_the_disk() {
    let mut world = open();
    world.journal.failing = vec![Failed::Draft];
    world.scan(MILK);
    // Parking it fails too, and it is still not on the disk.
    assert_eq!(live(&world.act(Action::Park)), ["Whole Milk"]);
    let view = world.act(Action::Card { amount_minor: None });
    assert_eq!(
        (view.pane, said(&view)),
        (Pane::Tender, Some(NoticeCode::NotSaved))
    );
    assert!(world.journal.attempts.is_empty());
    world.journal.failing.clear();
    world.passes(3_000);
    let kept = world.journal.draft.as_ref().expect("kept");
    assert_eq!(kept.basket.total_minor(), 109);
    assert_eq!(world.card_approved().pane, Pane::Paid);
}

#[test]
fn a_failure_out_of_nowhere_changes_nothing() {
    let mut world = open();
    world.scan(MILK);
    for what in [
        Failed::Draft,
        Failed::Send,
        Failed::Settle,
        Failed::Commit,
        Failed::QueueFull,
        Failed::NoReceipt,
    ] {
        let view = world.input(Input::Failed {
            what,
            why: "x".repeat(1_000_000),
        });
        assert_eq!(
            (live(&view), view.due_minor),
            (vec!["Whole Milk"], 109),
            "{what:?}"
        );
        assert!(view.notice.expect("said").text.len() < 500);
    }
}
