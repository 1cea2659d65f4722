//! Advices: one at a time, after every reversal, never before a customer.

use sealpoint_sync::machine::Exchange;
use sealpoint_wire::{AdviceResult, AttemptId, FromUplink, Standing};

use crate::rig::{
    Rig, advise, advised, approval, attempt, authorise, lost, not_sent, refused, reverse, reversed,
    standing,
};

fn results(rig: &Rig, of: AttemptId) -> Vec<AdviceResult> {
    let told = rig.told.iter().filter_map(|message| match message {
        FromUplink::Advised { attempt, result } if *attempt == of => Some(result.clone()),
        _ => None,
    });
    told.collect()
}

fn not_answered(rig: &Rig, number: u8) -> bool {
    matches!(
        results(rig, attempt(number))[..],
        [AdviceResult::NotAnswered { .. }]
    )
}

#[test]
fn an_answer_reaches_the_till_a_decline_too() {
    let mut rig = Rig::up();
    rig.till(advise(1));
    let mut declined = advised(1);
    declined.answer.decision = sealpoint_wire::HostDecision::Declined;
    declined.answer.response_code = "51".to_owned();
    rig.answer_ok("/v1/advices", &declined);
    let answer = declined.answer;
    assert_eq!(
        results(&rig, attempt(1)),
        [AdviceResult::Answered { answer }]
    );
}

#[test]
fn no_answer_is_no_end_and_the_next_try_waits_longer_each_time() {
    let mut rig = Rig::up();
    let mut waits = vec![];
    for end in [
        lost(),
        refused(503, "not_sent"),
        refused(500, "store"),
        refused(403, "forbidden"),
    ] {
        rig.told.clear();
        rig.till(advise(1));
        waits.push(rig.wake_until_or_now("/v1/advices"));
        rig.end("/v1/advices", end);
        assert!(not_answered(&rig, 1));
        rig.settle();
    }
    assert_eq!(waits[0], 0);
    assert!(waits[1] > 0 && waits[1] < waits[3], "{waits:?}");
    rig.till(advise(1));
    rig.wake_until_or_now("/v1/advices");
    rig.answer_ok("/v1/advices", &advised(9));
    assert!(
        matches!(
            results(&rig, attempt(1)).last(),
            Some(AdviceResult::NotAnswered { .. })
        ),
        "the answer to another advice is none"
    );
}

#[test]
fn what_no_repetition_mends_is_a_persons_work() {
    for end in [
        refused(409, "differs"),
        refused(409, "reversed"),
        refused(422, "not_sent"),
        refused(400, "bad_request"),
    ] {
        let mut rig = Rig::up();
        rig.till(advise(1));
        rig.end("/v1/advices", end);
        assert!(matches!(
            results(&rig, attempt(1))[..],
            [AdviceResult::Refused { .. }]
        ));
    }
}

#[test]
fn a_refusal_that_is_not_the_collectors_own_word_ends_no_advice() {
    for code in [400, 413, 422] {
        let mut rig = Rig::up();
        rig.till(advise(1));
        let end = Exchange::Answered {
            code,
            retry_after_s: None,
            body: b"<html>Bad Request</html>".to_vec(),
        };
        rig.end("/v1/advices", end);
        assert!(not_answered(&rig, 1), "{code}");
    }
}

#[test]
fn an_advice_waits_for_every_reversal() {
    let mut rig = Rig::up();
    rig.till(reverse(1));
    rig.till(advise(2));
    rig.answer_error("/v1/reversals", 503, "not_acknowledged");
    assert!(!rig.paths().contains(&"/v1/advices"));
    rig.wake_until("/v1/reversals");
    rig.answer_ok("/v1/reversals", &reversed(1));
    assert!(rig.paths().contains(&"/v1/advices"));
}

#[test]
fn a_customer_and_a_reversal_go_before_an_advice_that_is_under_way() {
    for (message, path) in [
        (authorise(2), "/v1/authorisations"),
        (reverse(2), "/v1/reversals"),
    ] {
        let mut rig = Rig::up();
        rig.till(advise(1));
        rig.till(message);
        assert_eq!(rig.abandoned, 1);
        assert_eq!(rig.paths(), [path]);
        if path == "/v1/reversals" {
            rig.answer_ok(path, &reversed(2));
        } else {
            rig.answer_ok(path, &approval(2));
        }
        assert_eq!(
            rig.paths(),
            ["/v1/advices"],
            "it goes again, without a wait"
        );
        rig.answer_ok("/v1/advices", &advised(1));
        assert_eq!(results(&rig, attempt(1)).len(), 1);
    }
}

#[test]
fn while_the_link_is_down_an_advice_stays_with_the_till_which_knows_how_long_it_lives() {
    let mut rig = Rig::connecting();
    rig.till(advise(1));
    assert!(not_answered(&rig, 1));
    rig.end("/v1/health", not_sent());
    rig.till(advise(2));
    assert!(not_answered(&rig, 2));

    let mut rig = Rig::up();
    rig.till(reverse(1));
    rig.till(advise(3));
    rig.end("/v1/reversals", not_sent());
    assert!(not_answered(&rig, 3), "one that waits goes back too");
}

#[test]
fn a_till_in_quarantine_does_not_advise() {
    let mut rig = Rig::connecting();
    rig.answer_ok("/v1/health", &serde_json::json!({}));
    let why = "Its certificate expired.";
    rig.answer_ok("/v1/standing", &standing(Standing::Active, Some(why)));
    rig.till(advise(1));
    assert!(not_answered(&rig, 1));
}

#[test]
fn one_advice_is_open_at_a_time() {
    let mut rig = Rig::up();
    rig.till(advise(1));
    rig.till(advise(1));
    rig.till(advise(2));
    assert!(not_answered(&rig, 2));
    assert!(results(&rig, attempt(1)).is_empty());
    assert_eq!(rig.paths(), ["/v1/advices"]);
}
