//! Authorisations: at most one in flight, never before a reversal, never a false "not sent".

use sealpoint_wire::{AttemptId, AuthoriseResult, FromUplink, LinkState};

use crate::rig::{
    Rig, answered, approval, attempt, authorise, not_sent, offer, refused, reverse, reversed,
};

fn results(rig: &Rig, of: AttemptId) -> Vec<AuthoriseResult> {
    rig.told
        .iter()
        .filter_map(|message| match message {
            FromUplink::Authorised { attempt, result } if *attempt == of => Some(result.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn an_answer_reaches_the_till() {
    let mut rig = Rig::up();
    rig.till(authorise(1));
    rig.answer_ok("/v1/authorisations", &approval(1));
    let answer = approval(1).answer;
    assert_eq!(
        results(&rig, attempt(1)),
        [AuthoriseResult::Answered { answer }]
    );
}

#[test]
fn a_customer_does_not_wait_behind_a_batch_of_records() {
    let mut rig = Rig::up();
    rig.till(offer(1));
    rig.till(authorise(1));
    assert_eq!(rig.paths(), ["/v1/records", "/v1/authorisations"]);
}

#[test]
fn not_sent_is_said_only_if_no_byte_left() {
    let mut rig = Rig::up();
    rig.till(authorise(1));
    rig.end("/v1/authorisations", not_sent());
    assert!(matches!(
        results(&rig, attempt(1))[..],
        [AuthoriseResult::NotSent { .. }]
    ));
    assert!(matches!(rig.link(), Some(LinkState::Down { .. })));
}

#[test]
fn a_collector_that_promises_that_nothing_was_asked_is_believed() {
    let promises = [
        refused(503, "not_sent"),
        refused(422, "not_sent"),
        refused(403, "quarantined"),
    ];
    for promise in promises {
        let mut rig = Rig::up();
        rig.till(authorise(1));
        rig.end("/v1/authorisations", promise);
        assert!(matches!(
            results(&rig, attempt(1))[..],
            [AuthoriseResult::NotSent { .. }]
        ));
        assert!(!rig.paths().contains(&"/v1/inquiries"));
    }
}

#[test]
fn an_attempt_that_the_collector_has_closed_is_reversed_without_asking_again() {
    for word in ["reversed", "differs"] {
        let mut rig = Rig::up();
        rig.till(authorise(1));
        rig.end("/v1/authorisations", refused(409, word));
        assert!(matches!(
            results(&rig, attempt(1))[..],
            [AuthoriseResult::Unknown { .. }]
        ));
        assert!(rig.asked.is_empty());
    }
}

#[test]
fn an_authorisation_is_tried_even_while_the_link_is_down() {
    let mut rig = Rig::connecting();
    rig.end("/v1/health", not_sent());
    rig.till(authorise(1));
    assert_eq!(rig.paths(), ["/v1/authorisations"]);
}

#[test]
fn while_a_reversal_is_due_an_authorisation_is_not_sent() {
    let mut rig = Rig::up();
    rig.till(reverse(1));
    rig.till(authorise(2));
    assert!(matches!(
        results(&rig, attempt(2))[..],
        [AuthoriseResult::NotSent { .. }]
    ));
    rig.answer_ok("/v1/reversals", &reversed(1));
    assert!(rig.told.contains(&FromUplink::Reversed {
        attempt: attempt(1)
    }));
    rig.till(authorise(3));
    assert_eq!(rig.paths(), ["/v1/authorisations"]);
}

#[test]
fn a_reversal_of_the_authorisation_in_flight_gives_that_one_up() {
    let mut rig = Rig::up();
    rig.till(authorise(1));
    let in_flight = rig.asked[0].id;
    rig.till(reverse(1));
    assert_eq!(rig.abandoned, 1);
    assert_eq!(rig.paths(), ["/v1/reversals"]);
    rig.input(sealpoint_sync::machine::Input::Exchanged {
        request: in_flight,
        exchange: answered(200, &approval(1)),
    });
    assert!(
        matches!(
            results(&rig, attempt(1))[..],
            [AuthoriseResult::Unknown { .. }]
        ),
        "a late approval is not honoured"
    );
}

#[test]
fn the_same_request_again_is_not_a_second_one() {
    let mut rig = Rig::up();
    rig.till(authorise(1));
    rig.till(authorise(1));
    assert_eq!(rig.paths(), ["/v1/authorisations"]);
    assert!(rig.told.is_empty());
    rig.answer_ok("/v1/authorisations", &approval(1));
    assert_eq!(results(&rig, attempt(1)).len(), 1);
    rig.till(reverse(2));
    rig.till(reverse(2));
    rig.answer_ok("/v1/reversals", &reversed(2));
    assert!(rig.asked.is_empty());
}
