//! Authorisations and reversals: at most one in flight, reversals first, never a false "not sent".

use sealpoint_sync::machine::MAX_REVERSALS;
use sealpoint_wire::{AttemptId, AuthoriseResult, FromUplink, LinkState};

use crate::rig::{
    Rig, answered, approval, attempt, authorise, lost, not_sent, offer, reverse, reversed,
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
fn every_other_end_leaves_the_fate_unknown() {
    let refusal = serde_json::json!({"error": "not_sent", "message": "The acquirer is away."});
    let ends = [
        lost(),
        answered(503, &refusal),
        answered(504, &refusal),
        answered(403, &refusal),
        answered(200, &approval(9)),
        answered(200, &"nonsense"),
    ];
    for end in ends {
        let mut rig = Rig::up();
        rig.till(authorise(1));
        rig.end("/v1/authorisations", end);
        assert!(matches!(
            results(&rig, attempt(1))[..],
            [AuthoriseResult::Unknown { .. }]
        ));
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
fn a_reversal_is_repeated_until_it_is_acknowledged_and_each_failure_is_said() {
    let mut rig = Rig::up();
    rig.till(reverse(1));
    let body = rig.asked[0].body.clone();
    for expected in 1..=5 {
        rig.answer_error("/v1/reversals", 503, "acquirer_unreachable");
        assert!(matches!(
            rig.told.last(),
            Some(FromUplink::ReversalPending { tries, .. }) if *tries == expected
        ));
        while !rig.paths().contains(&"/v1/reversals") {
            rig.wake();
            if rig.paths().contains(&"/v1/health") {
                rig.answer_ok("/v1/health", &serde_json::json!({}));
            }
        }
        assert_eq!(rig.asked[0].body, body, "the same trace number and amount");
    }
    rig.answer_ok("/v1/reversals", &reversed(1));
    assert_eq!(
        rig.told.last(),
        Some(&FromUplink::Reversed {
            attempt: attempt(1)
        })
    );
}

#[test]
fn a_reversal_that_the_collector_refuses_does_not_hold_up_the_others() {
    let mut rig = Rig::up();
    rig.till(reverse(1));
    rig.till(reverse(2));
    rig.answer_error("/v1/reversals", 409, "conflict");
    rig.wake();
    rig.answer_ok("/v1/reversals", &reversed(2));
    assert!(rig.told.contains(&FromUplink::Reversed {
        attempt: attempt(2)
    }));
}

#[test]
fn an_acknowledgement_of_another_attempt_undoes_nothing() {
    let mut rig = Rig::up();
    rig.till(reverse(1));
    rig.answer_ok("/v1/reversals", &reversed(2));
    assert!(matches!(
        rig.told.last(),
        Some(FromUplink::ReversalPending { tries: 1, .. })
    ));
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

#[test]
fn reversals_are_bounded_and_the_till_is_told() {
    let mut rig = Rig::up();
    for number in 0..=MAX_REVERSALS {
        let mut request = reverse(0);
        if let sealpoint_wire::ToUplink::Reverse(r) = &mut request {
            r.attempt = AttemptId::new(uuid::Uuid::from_u128(number as u128));
        }
        rig.till(request);
    }
    assert!(matches!(
        rig.told[..],
        [FromUplink::ReversalPending { tries: 0, .. }]
    ));
}
