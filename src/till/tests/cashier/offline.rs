//! The bank cannot be reached, and the retailer's policy allows some charges without it.

use sealpoint_till::effect::{CardUsed, Failed};
use sealpoint_till::view::{Pane, View};
use sealpoint_till::{Action, NoticeCode};
use sealpoint_wire::lane::OutcomeKind;
use sealpoint_wire::{Currency, LinkState, OfflinePolicy, ToLane};

use crate::journal::State;
use crate::world::{MILK, World, not_sent, open, said};

const HOUR_MS: i64 = 3_600_000;

fn policy() -> OfflinePolicy {
    OfflinePolicy {
        currency: Currency::Eur,
        per_sale_minor: 5_000,
        per_till_minor: 20_000,
        per_card_day_minor: 8_000,
        per_card_day_count: 2,
        max_records: 10,
        max_hours: 24,
        deferred: true,
    }
}

/// One litre of milk, 1.09, and no bank.
fn without_bank(policy: OfflinePolicy) -> World {
    let mut world = open();
    world.policy(policy);
    world.link_down();
    world.scan(MILK);
    world
}

fn state(world: &World) -> State {
    world.journal.attempts[&world.attempt()].state
}

fn refused(view: &View, code: NoticeCode) {
    assert_eq!(said(view), Some(code));
    assert_eq!((view.due_minor, view.tenders.len()), (109, 0));
}

#[test]
fn a_card_that_approves_by_itself_pays() {
    let mut world = without_bank(policy());
    assert_eq!(world.view().card_unavailable, None);
    world.press_card();
    let view = world.outcome(OutcomeKind::ApprovedOffline);
    assert_eq!(
        (view.pane, said(&view)),
        (Pane::Paid, Some(NoticeCode::CardTakenOffline))
    );
    assert!(world.asked_host.is_empty());
    assert_eq!(state(&world), State::Committed);
    assert!(
        world.journal.commits[0]
            .receipt
            .contains("Approved by the card")
    );
}

#[test]
fn a_card_that_wants_its_bank_pays_if_the_retailer_takes_the_risk() {
    let mut world = without_bank(policy());
    let attempt = world.press_card();
    world.online();
    assert_eq!(world.told_lane, [ToLane::UnableToGoOnline { attempt }]);
    let view = world.outcome(OutcomeKind::UnableToGoOnline);
    assert_eq!(view.pane, Pane::Paid);
    assert!(world.asked_host.is_empty());
    assert!(
        world.journal.commits[0]
            .receipt
            .contains("Bank is asked later")
    );

    let mut world = without_bank(OfflinePolicy {
        deferred: false,
        ..policy()
    });
    world.press_card();
    world.online();
    refused(
        &world.outcome(OutcomeKind::UnableToGoOnline),
        NoticeCode::LinkNeeded,
    );
    assert_eq!(state(&world), State::Declined);
}

/// SENT is on the disk, and then not a byte could leave.
#[test]
fn a_bank_that_turns_out_to_be_unreachable_is_asked_later() {
    let mut world = open();
    world.policy(policy());
    world.scan(MILK);
    world.press_card();
    world.online();
    world.host(not_sent());
    assert_eq!(
        world.outcome(OutcomeKind::UnableToGoOnline).pane,
        Pane::Paid
    );
    assert_eq!(
        (state(&world), world.asked_host.len()),
        (State::Committed, 1)
    );
}

/// A card that declines, or goes, declines: the policy is for the bank's absence.
#[test]
fn a_card_that_declines_is_not_overruled() {
    for kind in [
        OutcomeKind::DeclinedByCard,
        OutcomeKind::CardRemoved,
        OutcomeKind::CardFault,
        OutcomeKind::Cancelled,
        OutcomeKind::Approved,
    ] {
        let mut world = without_bank(policy());
        world.press_card();
        world.online();
        let view = world.outcome(kind);
        assert_eq!((view.due_minor, view.tenders.len()), (109, 0), "{kind:?}");
        assert_eq!(state(&world), State::Declined, "{kind:?}");
    }
}

#[test]
fn without_a_policy_no_card_is_read() {
    let mut world = open();
    world.link_down();
    world.scan(MILK);
    let view = world.act(Action::Card { amount_minor: None });
    refused(&view, NoticeCode::LinkNeeded);
    assert!(world.attempt.is_none());
    assert_eq!(view.offline, None);
}

#[test]
fn each_limit_of_the_policy_stops_a_card() {
    let limits = [
        (
            OfflinePolicy {
                per_sale_minor: 108,
                ..policy()
            },
            NoticeCode::OfflineSaleLimit,
        ),
        (
            OfflinePolicy {
                per_till_minor: 108,
                ..policy()
            },
            NoticeCode::OfflineTillLimit,
        ),
        (
            OfflinePolicy {
                max_records: 0,
                ..policy()
            },
            NoticeCode::OfflineTillLimit,
        ),
        (
            OfflinePolicy {
                max_hours: 0,
                ..policy()
            },
            NoticeCode::OfflineTooLong,
        ),
        (
            OfflinePolicy {
                currency: Currency::Chf,
                ..policy()
            },
            NoticeCode::LinkNeeded,
        ),
    ];
    for (policy, code) in limits {
        let mut world = without_bank(policy);
        refused(&world.act(Action::Card { amount_minor: None }), code);
        assert!(world.attempt.is_none(), "{code:?}: no card is read");
    }
}

#[test]
fn a_card_has_a_limit_of_its_own_for_the_day() {
    for used in [
        CardUsed {
            count: 2,
            amount_minor: 0,
        },
        CardUsed {
            count: 1,
            amount_minor: 8_000 - 108,
        },
        CardUsed {
            count: 0,
            amount_minor: i64::MAX,
        },
    ] {
        let mut world = without_bank(policy());
        world.card_used = used;
        world.press_card();
        refused(
            &world.outcome(OutcomeKind::ApprovedOffline),
            NoticeCode::OfflineCardLimit,
        );
        assert_eq!(state(&world), State::Declined, "{used:?}");
    }
    let mut world = without_bank(policy());
    world.card_used = CardUsed {
        count: 1,
        amount_minor: 8_000 - 109,
    };
    world.press_card();
    assert_eq!(world.outcome(OutcomeKind::ApprovedOffline).pane, Pane::Paid);
}

#[test]
fn the_screen_says_what_is_left_and_the_limits_count_down() {
    let mut world = without_bank(OfflinePolicy {
        max_records: 2,
        ..policy()
    });
    let left = world.view().offline.expect("a policy");
    assert_eq!(
        (left.left_minor, left.left_count, left.left_ms),
        (20_000, 2, None)
    );
    world.press_card();
    world.outcome(OutcomeKind::ApprovedOffline);
    let left = world.view().offline.expect("a policy");
    assert_eq!((left.left_minor, left.left_count), (20_000 - 109, 1));
    assert_eq!((left.taken_count, left.taken_minor), (1, 109));
    assert_eq!(left.left_ms, Some(24 * HOUR_MS));
    world.act(Action::Next);
    world.scan(MILK);
    world.press_card();
    world.outcome(OutcomeKind::ApprovedOffline);
    world.act(Action::Next);
    world.scan(MILK);
    refused(
        &world.act(Action::Card { amount_minor: None }),
        NoticeCode::OfflineTillLimit,
    );
}

#[test]
fn a_bank_that_stays_away_too_long_stops_cards_and_not_cash() {
    let mut world = without_bank(policy());
    world.press_card();
    world.outcome(OutcomeKind::ApprovedOffline);
    world.act(Action::Next);
    world.now_ms += 24 * HOUR_MS;
    world.scan(MILK);
    refused(
        &world.act(Action::Card { amount_minor: None }),
        NoticeCode::OfflineTooLong,
    );
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
}

/// A voided sale: nobody was told, so there is nothing to undo at the bank.
#[test]
fn a_voided_charge_is_told_to_nobody() {
    let mut world = without_bank(policy());
    world.act(Action::Card {
        amount_minor: Some(50),
    });
    world.outcome(OutcomeKind::ApprovedOffline);
    assert_eq!(state(&world), State::Approved);
    world.act(Action::VoidSale);
    world.yes();
    assert_eq!(state(&world), State::Declined);
}

#[test]
fn what_cannot_be_written_down_was_not_taken() {
    let mut world = without_bank(policy());
    world.press_card();
    world.journal.failing = vec![Failed::Settle];
    let view = world.outcome(OutcomeKind::ApprovedOffline);
    assert_eq!((view.tenders.len(), view.due_minor), (0, 109));
    world.journal.failing.clear();
    world.passes(3_000);
    assert_eq!(state(&world), State::Declined);
    assert!(world.journal.commits.is_empty());
}

/// While the bank can be asked, it is asked.
#[test]
fn with_a_link_no_card_approves_by_itself() {
    let mut world = open();
    world.policy(policy());
    world.scan(MILK);
    world.press_card();
    assert_eq!(world.up_to_minor, Some(0));
    world.outcome(OutcomeKind::CardRemoved);
    world.link_down();
    world.press_card();
    assert_eq!(world.up_to_minor, Some(5_000));
}

#[test]
fn a_till_that_must_enrol_again_takes_no_card() {
    let mut world = open();
    world.policy(policy());
    world.link(LinkState::Quarantined {
        why: "The certificate is over. Enrol this till again.".to_owned(),
    });
    world.scan(MILK);
    refused(
        &world.act(Action::Card { amount_minor: None }),
        NoticeCode::Quarantined,
    );
}
