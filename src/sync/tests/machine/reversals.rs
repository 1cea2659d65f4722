//! Reversals: repeated until each is acknowledged; one that is refused for good is put aside.

use sealpoint_sync::machine::{
    ASIDE_EVERY_MS, BACKOFF_MAX_MS, MAX_REVERSALS, REFUSALS_BEFORE_ASIDE,
};
use sealpoint_wire::{AttemptId, AuthoriseResult, FromUplink};

use crate::rig::{Rig, attempt, authorise, lost, not_sent, refused, reverse, reversed};

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

/// Has the collector refuse the reversal in flight for good until it is put aside.
fn refuse_until_aside(rig: &mut Rig) {
    for _ in 0..REFUSALS_BEFORE_ASIDE {
        rig.wake_until("/v1/reversals");
        rig.answer_error("/v1/reversals", 403, "forbidden");
    }
}

fn pending(rig: &Rig, of: AttemptId) -> Vec<(u32, String)> {
    let told = rig.told.iter().filter_map(|message| match message {
        FromUplink::ReversalPending {
            attempt,
            tries,
            why,
        } if *attempt == of => Some((*tries, why.clone())),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_reversal_that_is_refused_for_good_is_kept_and_told_and_lets_other_charges_go_on() {
    let mut rig = Rig::up();
    rig.till(reverse(1));
    refuse_until_aside(&mut rig);
    let told = pending(&rig, attempt(1));
    assert_eq!(told.len(), 6, "each refusal is said");
    assert!(
        told[5].0 == 6 && told[5].1.contains("a person settles it"),
        "{told:?}"
    );
    assert!(
        !told[4].1.contains("a person settles it"),
        "not before the sixth"
    );

    rig.till(authorise(1));
    assert!(
        matches!(
            rig.told.last(),
            Some(FromUplink::Authorised {
                attempt: a,
                result: AuthoriseResult::NotSent { why },
            }) if *a == attempt(1) && why.contains("is to be reversed")
        ),
        "the attempt itself is never charged again"
    );
    rig.till(authorise(2));
    assert!(rig.paths().contains(&"/v1/authorisations"));
    rig.answer_ok("/v1/authorisations", &crate::rig::approval(2));

    let waited = rig.wake_until("/v1/reversals");
    assert!(
        waited > BACKOFF_MAX_MS && waited <= ASIDE_EVERY_MS,
        "{waited}"
    );
    rig.answer_ok("/v1/reversals", &reversed(1));
    assert_eq!(
        rig.told.last(),
        Some(&FromUplink::Reversed {
            attempt: attempt(1)
        })
    );
}

#[test]
fn a_reversal_that_stands_aside_stays_there_and_is_tried_when_the_link_returns() {
    let mut rig = Rig::up();
    rig.till(reverse(1));
    refuse_until_aside(&mut rig);
    rig.settle();
    rig.wake_until("/v1/health");
    rig.end("/v1/health", not_sent());
    rig.wake();
    rig.link_comes_up();
    assert_eq!(rig.paths(), ["/v1/reversals"], "at once");
    rig.end("/v1/reversals", lost());
    rig.till(authorise(2));
    assert!(
        rig.paths().contains(&"/v1/authorisations"),
        "it does not block again"
    );
}

#[test]
fn a_new_reversal_goes_first_even_while_another_stands_aside() {
    let mut rig = Rig::up();
    rig.till(reverse(1));
    refuse_until_aside(&mut rig);
    rig.till(reverse(2));
    rig.wake_until("/v1/reversals");
    assert_eq!(rig.body("/v1/reversals")["stan"], 3);
    rig.till(authorise(3));
    assert!(matches!(
        rig.told.last(),
        Some(FromUplink::Authorised {
            result: AuthoriseResult::NotSent { .. },
            ..
        })
    ));
    rig.answer_ok("/v1/reversals", &reversed(2));
    rig.till(authorise(4));
    assert!(rig.paths().contains(&"/v1/authorisations"));
}

#[test]
fn what_a_later_try_may_mend_never_stands_aside() {
    let passing = [
        lost(),
        not_sent(),
        refused(503, "not_acknowledged"),
        refused(500, "store"),
        refused(409, "under_way"),
        refused(403, "quarantined"),
        refused(429, "busy"),
        refused(408, "too_slow"),
    ];
    for end in passing {
        let mut rig = Rig::up();
        rig.till(reverse(1));
        for _ in 0..2 * REFUSALS_BEFORE_ASIDE {
            rig.wake_until("/v1/reversals");
            rig.end("/v1/reversals", end.clone());
        }
        rig.till(authorise(2));
        assert!(
            matches!(
                rig.told.last(),
                Some(FromUplink::Authorised {
                    result: AuthoriseResult::NotSent { .. },
                    ..
                })
            ),
            "{end:?}"
        );
    }
}

#[test]
fn a_customer_does_not_wait_for_the_try_of_one_that_stands_aside() {
    let mut rig = Rig::up();
    rig.till(reverse(1));
    refuse_until_aside(&mut rig);
    rig.wake_until("/v1/reversals");
    rig.till(authorise(2));
    assert_eq!(rig.abandoned, 1);
    assert_eq!(rig.paths(), ["/v1/authorisations"]);
    rig.answer_ok("/v1/authorisations", &crate::rig::approval(2));
    assert_eq!(rig.paths(), ["/v1/reversals"], "it was not lost");
}

#[test]
fn a_new_reversal_does_not_wait_for_the_back_off_of_another() {
    let mut rig = Rig::up();
    rig.till(reverse(1));
    for _ in 0..5 {
        rig.wake_until("/v1/reversals");
        rig.end("/v1/reversals", refused(503, "not_acknowledged"));
    }
    assert!(!rig.paths().contains(&"/v1/reversals"));
    rig.till(reverse(2));
    assert!(rig.paths().contains(&"/v1/reversals"));
}
