//! The link's state is what the collector's last answer says.

use sealpoint_sync::machine::{BACKOFF_MAX_MS, Input, Machine, Moment, Output, PROBE_EVERY_MS};
use sealpoint_wire::{AuthoriseResult, FromUplink, LinkState};

use crate::rig::{Rig, authorise, lost, not_sent, offer, reverse};

fn is_down(rig: &Rig, words: &str) -> bool {
    matches!(rig.link(), Some(LinkState::Down { why }) if why.contains(words))
}

#[test]
fn a_start_says_hello_and_connecting_and_probes_at_once() {
    let rig = Rig::connecting();
    assert!(matches!(rig.told[0], FromUplink::Hello { .. }));
    assert_eq!(
        rig.told[1],
        FromUplink::Link {
            state: LinkState::Connecting
        }
    );
    assert_eq!(rig.paths(), ["/v1/health"]);
}

#[test]
fn an_idle_link_is_probed_every_five_seconds_and_said_only_when_it_changes() {
    let mut rig = Rig::up();
    for _ in 0..3 {
        assert_eq!(rig.wake(), PROBE_EVERY_MS);
        rig.answer_ok("/v1/health", &serde_json::json!({}));
    }
    assert!(rig.told.is_empty());
}

#[test]
fn a_collector_that_is_gone_is_probed_with_growing_waits_up_to_thirty_seconds() {
    let mut rig = Rig::up();
    rig.wake();
    let mut waits = vec![];
    for _ in 0..12 {
        rig.end("/v1/health", not_sent());
        waits.push(rig.wake());
    }
    assert!(is_down(&rig, "No collector listens"));
    assert!(waits.windows(2).all(|w| w[0] <= w[1]), "{waits:?}");
    assert!(waits[0] >= 250 && waits[0] <= 500, "{waits:?}");
    assert!(
        waits[11] >= BACKOFF_MAX_MS / 2 && waits[11] <= BACKOFF_MAX_MS,
        "{waits:?}"
    );
    rig.answer_ok("/v1/health", &serde_json::json!({}));
    assert_eq!(rig.link(), Some(LinkState::Up));
}

#[test]
fn a_collector_that_refuses_this_till_is_down_with_its_reason() {
    let mut rig = Rig::connecting();
    rig.answer_error("/v1/health", 403, "forbidden");
    assert!(is_down(&rig, "forbidden happened"));
}

#[test]
fn a_lost_host_request_makes_a_probe_due_and_the_probe_decides() {
    let mut rig = Rig::up();
    rig.till(authorise(1));
    rig.end("/v1/authorisations", lost());
    assert_eq!(rig.link(), None, "not said down yet");
    assert_eq!(rig.paths(), ["/v1/health"]);
    rig.end("/v1/health", not_sent());
    assert!(is_down(&rig, "No collector listens"));
}

#[test]
fn without_a_collector_everything_is_answered_and_nothing_is_sent() {
    let mut machine = Machine::new(false);
    let moment = Moment {
        now_ms: 0,
        jitter: 0,
    };
    for message in [offer(1), authorise(1), reverse(2)] {
        machine.input(moment, Input::Till(message));
    }
    let mut told = vec![];
    while let Some(output) = machine.poll() {
        let Output::Till(message) = output else {
            panic!("asked for {output:?}")
        };
        told.push(message);
    }
    assert_eq!(machine.wake_at_ms(), None);
    assert_eq!(
        told[1],
        FromUplink::Link {
            state: LinkState::NotSetUp
        }
    );
    assert!(matches!(told[2], FromUplink::NotAcked { offer: 1, .. }));
    let FromUplink::Authorised {
        result: AuthoriseResult::NotSent { .. },
        ..
    } = &told[3]
    else {
        panic!("{told:?}");
    };
    assert!(matches!(
        told[4],
        FromUplink::ReversalPending { tries: 0, .. }
    ));
}
