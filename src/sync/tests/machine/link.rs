//! The link's state is what the collector's last answer says.

use sealpoint_sync::machine::{
    BACKOFF_MAX_MS, Input, Machine, Moment, Output, PROBE_EVERY_MS, STANDING_EVERY_MS,
};
use sealpoint_wire::{AuthoriseResult, FromUplink, LinkState, Standing};

use crate::rig::{
    Rig, advise, authorise, inquire, lost, not_sent, offer, refused_for, reverse, standing,
};

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
    rig.link_comes_up();
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
    for message in [offer(1), authorise(1), reverse(2), advise(3), inquire(4)] {
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
    assert!(matches!(told[5], FromUplink::Advised { .. }));
    assert!(matches!(told[6], FromUplink::Inquired { fate: None, .. }));
}

fn standings(rig: &Rig) -> Vec<Standing> {
    let told = rig.told.iter().filter_map(|message| match message {
        FromUplink::Standing { standing } => Some(standing.clone()),
        _ => None,
    });
    told.collect()
}

#[test]
fn how_the_till_stands_is_asked_before_the_link_is_up_and_every_few_minutes() {
    let mut rig = Rig::connecting();
    rig.answer_ok("/v1/health", &serde_json::json!({}));
    assert_eq!(rig.paths(), ["/v1/standing"]);
    assert_eq!(
        rig.link(),
        Some(LinkState::Connecting),
        "not up before it is known"
    );
    rig.answer_ok("/v1/standing", &standing(Standing::Active, None));
    assert_eq!(rig.link(), Some(LinkState::Up));
    assert_eq!(standings(&rig), [Standing::Active]);
    let waited = rig.wake_until("/v1/standing");
    assert!((STANDING_EVERY_MS..STANDING_EVERY_MS + PROBE_EVERY_MS).contains(&waited));
    rig.answer_ok("/v1/standing", &standing(Standing::Active, None));
    assert_eq!(standings(&rig).len(), 1, "that all is well is no news");
}

/// A till in quarantine that has shown what it runs does not wait for minutes.
#[test]
fn how_the_till_stands_is_asked_at_once_when_it_may_have_changed() {
    let mut rig = Rig::connecting();
    rig.answer_ok("/v1/health", &serde_json::json!({}));
    let why = Some("It does not show what it runs.");
    rig.answer_ok("/v1/standing", &standing(Standing::Active, why));
    assert!(matches!(rig.link(), Some(LinkState::Quarantined { .. })));
    rig.input(Input::Stands);
    assert_eq!(rig.paths(), ["/v1/standing"]);
    rig.answer_ok("/v1/standing", &standing(Standing::Active, None));
    assert_eq!(rig.link(), Some(LinkState::Up));
}

#[test]
fn a_collector_of_an_earlier_release_that_knows_no_standing_is_up() {
    let mut rig = Rig::connecting();
    rig.answer_ok("/v1/health", &serde_json::json!({}));
    rig.answer_error("/v1/standing", 404, "not_found");
    assert_eq!(rig.link(), Some(LinkState::Up));
    assert!(standings(&rig).is_empty());
}

#[test]
fn an_order_to_erase_is_told_at_each_poll() {
    let lost = Standing::Lost {
        order: "erase".to_owned(),
        stolen: false,
    };
    let mut rig = Rig::connecting();
    rig.answer_ok("/v1/health", &serde_json::json!({}));
    rig.answer_ok("/v1/standing", &standing(lost.clone(), None));
    rig.wake_until("/v1/standing");
    rig.answer_ok("/v1/standing", &standing(lost.clone(), None));
    assert_eq!(standings(&rig), [lost.clone(), lost]);
}

#[test]
fn a_till_whose_certificate_expired_uploads_into_quarantine_and_says_so() {
    let why = "The certificate expired. Enrol this till again.";
    let mut rig = Rig::connecting();
    rig.answer_ok("/v1/health", &serde_json::json!({}));
    rig.answer_ok("/v1/standing", &standing(Standing::Active, Some(why)));
    let quarantined = LinkState::Quarantined {
        why: why.to_owned(),
    };
    assert_eq!(rig.link(), Some(quarantined));
    rig.till(offer(1));
    rig.acknowledge_push();
    assert!(
        rig.told
            .iter()
            .any(|m| matches!(m, FromUplink::Acked { offer: 1, .. }))
    );
    rig.wake_until("/v1/standing");
    rig.answer_ok("/v1/standing", &standing(Standing::Active, None));
    assert_eq!(rig.link(), Some(LinkState::Up), "enrolled again");
}

#[test]
fn a_refusal_of_the_tills_certificate_has_it_ask_how_it_stands() {
    let why = "The certificate is revoked. Take the till to the office.";
    let mut rig = Rig::up();
    rig.till(authorise(1));
    rig.answer_error("/v1/authorisations", 403, "quarantined");
    rig.answer_ok("/v1/standing", &standing(Standing::Active, Some(why)));
    assert!(matches!(rig.link(), Some(LinkState::Quarantined { .. })));

    let mut rig = Rig::connecting();
    rig.answer_error("/v1/health", 403, "quarantined");
    rig.answer_ok("/v1/standing", &standing(Standing::Active, Some(why)));
    assert!(matches!(rig.link(), Some(LinkState::Quarantined { .. })));
}

#[test]
fn a_collector_that_hears_too_much_of_this_till_is_asked_less_and_stays_up() {
    let mut rig = Rig::up();
    rig.wake();
    rig.end("/v1/health", refused_for(429, "rate", 9));
    assert_eq!(rig.link(), None);
    assert!(rig.wake() >= 9_000);
    let mut rig = Rig::connecting();
    rig.end("/v1/health", refused_for(429, "rate", 9));
    assert!(is_down(&rig, "rate happened"), "it has not been up");
}
