//! The link to the collector: cash goes on without it, and what waited is told when it is gone.

use sealpoint_till::effect::{Figures, QueueFigures};
use sealpoint_till::view::{Pane, View};
use sealpoint_till::{Action, Input, NoticeCode};
use sealpoint_wire::api::{AckOutcome, RecordAck};
use sealpoint_wire::{FromUplink, LinkState, RecordHash, RecordId};
use uuid::Uuid;

use crate::world::{MILK, NOBODYS, World, open, said, text};

fn queue(world: &mut World, count: u64) -> View {
    let queue = QueueFigures {
        count,
        at_risk_minor: 109 * i64::try_from(count).expect("small"),
        oldest_at_ms: (count > 0).then_some(world.now_ms - 5_000),
        held: 0,
    };
    world.input(Input::Figures(Figures {
        queue,
        ..Figures::default()
    }))
}

#[test]
fn without_a_link_cash_goes_on_and_cards_wait() {
    let mut world = open();
    world.scan(MILK);
    let view = world.link_down();
    assert_eq!(
        view.card_unavailable.map(|n| n.code),
        Some(NoticeCode::LinkNeeded)
    );
    assert_eq!(
        said(&world.act(Action::Card { amount_minor: None })),
        Some(NoticeCode::LinkNeeded)
    );
    assert_eq!(world.act(Action::CashExact).pane, Pane::Paid);
    world.link(LinkState::Up);
    world.scan(MILK);
    assert_eq!(world.card_approved().pane, Pane::Paid);
}

#[test]
fn a_drained_queue_is_told_once() {
    let mut world = open();
    world.link_down();
    for count in 1..=10 {
        let view = queue(&mut world, count);
        assert_eq!(
            (view.queue.count, view.queue.oldest_ms),
            (count, Some(5_000))
        );
    }
    world.link(LinkState::Up);
    assert_eq!(said(&queue(&mut world, 4)), None);
    let view = queue(&mut world, 0);
    assert_eq!(
        text(&view),
        "All 10 waiting records have reached the collector."
    );
    world.act(Action::Dismiss);
    queue(&mut world, 1);
    assert_eq!(
        said(&queue(&mut world, 0)),
        None,
        "nothing had waited for a link"
    );
}

#[test]
fn a_full_queue_stops_cards_and_not_cash() {
    let mut world = open();
    world.scan(MILK);
    queue(&mut world, 100);
    let view = world.act(Action::Card { amount_minor: None });
    assert_eq!(said(&view), Some(NoticeCode::QueueFull));
    let view = world.act(Action::CashExact);
    assert_eq!((view.pane, said(&view)), (Pane::Paid, None));
}

#[test]
fn a_refused_record_is_an_alarm_with_a_bounded_reason() {
    let mut world = open();
    let ack = RecordAck {
        id: RecordId::new(Uuid::nil()),
        hash: RecordHash::new([7; 32]),
        outcome: AckOutcome::Refused,
        why: Some(format!(
            "Another body.\u{202e}\u{1b}[2J{}",
            "x".repeat(1_000_000)
        )),
    };
    let view = world.input(Input::Uplink(FromUplink::Acked {
        offer: 1,
        contiguous_seq: 0,
        results: vec![ack],
    }));
    assert_eq!(said(&view), Some(NoticeCode::RecordHeld));
    let shown = text(&view);
    assert!(
        shown.len() < 500 && !shown.contains(['\u{202e}', '\u{1b}']),
        "{shown}"
    );
}

#[test]
fn a_link_process_that_stops_is_said_until_it_is_back_and_hides_no_error() {
    let mut world = open();
    world.scan(NOBODYS);
    assert_eq!(
        said(&world.input(Input::UplinkDown)),
        Some(NoticeCode::UplinkDown)
    );
    let view = world.input(Input::Uplink(FromUplink::Hello {
        version: 1,
        posture: None,
    }));
    assert_eq!(said(&view), Some(NoticeCode::UnknownBarcode));
}
