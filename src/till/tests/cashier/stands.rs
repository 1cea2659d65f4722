//! What the collector says of the till itself: revoked, lost, its clock, and undoing that hangs.

use sealpoint_till::effect::{Figures, QueueFigures};
use sealpoint_till::offline::OfflineUsed;
use sealpoint_till::view::{Pane, View};
use sealpoint_till::{Action, Input, NoticeCode};
use sealpoint_wire::{AttemptId, FromLane, FromUplink, Standing, ToLane};
use uuid::Uuid;

use crate::world::{MILK, World, open, said};

fn stands(world: &mut World, standing: Standing) -> View {
    world.input(Input::Uplink(FromUplink::Standing { standing }))
}

fn lost(stolen: bool) -> Standing {
    Standing::Lost {
        order: "an order".to_owned(),
        stolen,
    }
}

fn warned(view: &View, code: NoticeCode) -> bool {
    view.warnings.iter().any(|warning| warning.code == code)
}

fn erase(world: &World) -> ToLane {
    ToLane::Erase {
        order: "an order".to_owned(),
        terminal: world.till_terminal(),
    }
}

#[test]
fn a_revoked_till_takes_cash_and_no_card_until_it_is_active() {
    let mut world = open();
    let why = "The retailer revoked it. Enrol it again.".to_owned();
    let view = stands(&mut world, Standing::Revoked { why });
    assert!(warned(&view, NoticeCode::TillRevoked));
    world.scan(MILK);
    let view = world.act(Action::Card { amount_minor: None });
    assert_eq!(said(&view), Some(NoticeCode::TillRevoked));
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
    let view = stands(&mut world, Standing::Active);
    assert!(!warned(&view, NoticeCode::TillRevoked));
    world.scan(MILK);
    assert_eq!(world.card_approved().pane, Pane::Paid);
}

#[test]
fn a_lost_till_uploads_first_and_is_erased_then() {
    let mut world = open();
    let waiting = |count| {
        Input::Figures(Figures {
            queue: QueueFigures {
                count,
                ..QueueFigures::default()
            },
            ..Figures::default()
        })
    };
    world.input(waiting(3));
    let view = stands(&mut world, lost(false));
    assert_eq!(said(&view), Some(NoticeCode::TillLost));
    assert!(world.told_lane.is_empty(), "three records wait");
    let advice = Figures {
        offline: OfflineUsed {
            count: 1,
            ..OfflineUsed::default()
        },
        ..Figures::default()
    };
    world.input(Input::Figures(advice));
    assert!(world.told_lane.is_empty(), "the bank is owed an advice");
    world.input(waiting(0));
    assert_eq!(world.told_lane, [erase(&world)]);
    let view = world.lane(FromLane::Erased { refused: None });
    assert!(world.erased);
    assert_eq!(
        (view.pane, said(&view)),
        (Pane::Blocked, Some(NoticeCode::OutOfService))
    );
    let view = world.scan(MILK);
    assert!(view.basket.lines.is_empty(), "it sells no more");
}

#[test]
fn a_stolen_till_is_erased_at_once() {
    let mut world = open();
    world.input(Input::Figures(Figures {
        reversals_due: 2,
        ..Figures::default()
    }));
    stands(&mut world, lost(true));
    assert_eq!(world.told_lane, [erase(&world)]);
    stands(&mut world, lost(true));
    assert_eq!(world.told_lane.len(), 1, "one order, once");
}

#[test]
fn an_order_that_the_card_process_does_not_believe_erases_nothing() {
    let mut world = open();
    stands(&mut world, lost(true));
    let refused = Some("The order is not signed by this till's retailer.".to_owned());
    let view = world.lane(FromLane::Erased { refused });
    assert!(!world.erased);
    assert_eq!(said(&view), Some(NoticeCode::EraseRefused));
    world.scan(MILK);
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
    let view = stands(&mut world, lost(true));
    assert!(warned(&view, NoticeCode::TillLost), "nobody took it back");
    assert_eq!(world.told_lane.len(), 1, "one order, once");
    let view = stands(&mut world, Standing::Active);
    assert!(!warned(&view, NoticeCode::TillLost));
    world.scan(MILK);
    assert_eq!(world.card_approved().pane, Pane::Paid);
}

#[test]
fn a_reversal_that_hangs_is_an_alarm_until_it_is_acknowledged() {
    let mut world = open();
    let attempt = AttemptId::new(Uuid::from_u128(9));
    let pending = |tries| {
        Input::Uplink(FromUplink::ReversalPending {
            attempt,
            tries,
            why: "no answer".to_owned(),
        })
    };
    let view = world.input(pending(5));
    assert!(!warned(&view, NoticeCode::ReversalsStuck));
    let view = world.input(pending(6));
    assert_eq!(said(&view), Some(NoticeCode::ReversalStuck));
    assert!(warned(&view, NoticeCode::ReversalsStuck));
    let view = world.input(pending(7));
    assert_eq!(view.notice.map(|n| n.times), Some(1), "said once");
    let view = world.input(Input::Uplink(FromUplink::Reversed { attempt }));
    assert!(!warned(&view, NoticeCode::ReversalsStuck));
}

#[test]
fn a_clock_that_is_off_is_warned_of() {
    let mut world = open();
    for (off_ms, warns) in [
        (0, false),
        (119_000, false),
        (-600_000, true),
        (600_000, true),
    ] {
        let at_ms = world.now_ms + off_ms;
        let view = world.input(Input::Uplink(FromUplink::Time { at_ms }));
        assert_eq!(warned(&view, NoticeCode::ClockOff), warns, "{off_ms}");
    }
}

#[test]
fn what_a_person_must_settle_is_said_when_it_grows() {
    let mut world = open();
    let items = |work_items| {
        Input::Figures(Figures {
            work_items,
            ..Figures::default()
        })
    };
    let view = world.input(items(2));
    assert_eq!(
        (said(&view), view.work_items),
        (Some(NoticeCode::WorkItems), 2)
    );
    world.act(Action::Dismiss);
    assert_eq!(said(&world.input(items(1))), None);
}
