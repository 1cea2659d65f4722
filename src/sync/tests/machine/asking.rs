//! An authorisation without an answer: what became of it is asked for while the customer waits.

use sealpoint_sync::machine::{ASK_WITHIN_MS, Exchange, HOST_TIMEOUT_MS, INQUIRY_EVERY_MS};
use sealpoint_wire::{AuthoriseResult, Fate, FromUplink};

use crate::rig::{
    Rig, answered, approval, attempt, authorise, fate, lost, not_sent, refused, reverse,
};

fn result(rig: &Rig) -> Option<AuthoriseResult> {
    let mut results = rig.told.iter().filter_map(|message| match message {
        FromUplink::Authorised { attempt: a, result } if *a == attempt(1) => Some(result.clone()),
        _ => None,
    });
    let result = results.next();
    assert!(results.next().is_none(), "answered once");
    result
}

/// An authorisation that ended so.
fn after(end: Exchange) -> Rig {
    let mut rig = Rig::up();
    rig.till(authorise(1));
    rig.end("/v1/authorisations", end);
    rig
}

fn is_unknown(rig: &Rig) -> bool {
    matches!(result(rig), Some(AuthoriseResult::Unknown { .. }))
}

#[test]
fn each_end_that_leaves_the_fate_open_is_followed_by_an_inquiry_at_once() {
    let open = [
        lost(),
        refused(504, "unknown_fate"),
        refused(409, "under_way"),
        refused(500, "store"),
        refused(503, "busy"),
        refused(502, "not_sent"),
        answered(200, &approval(9)),
        answered(200, &"nonsense"),
    ];
    for end in open {
        let rig = after(end.clone());
        assert!(rig.paths().contains(&"/v1/inquiries"), "{end:?}");
        assert_eq!(result(&rig), None, "the till waits");
        let inquiry = rig.body("/v1/inquiries");
        assert_eq!(inquiry["attempt"], attempt(1).to_string());
        assert_eq!(
            (&inquiry["stan"], &inquiry["amount_minor"]),
            (&2.into(), &1000.into())
        );
        assert_eq!(inquiry["local_time"], "20261122120000");
    }
}

#[test]
fn an_answer_that_was_lost_on_its_way_is_honoured() {
    let mut rig = after(lost());
    let answer = approval(1).answer;
    let found = fate(
        1,
        Fate::Answered {
            answer: answer.clone(),
        },
    );
    rig.answer_ok("/v1/inquiries", &found);
    assert_eq!(result(&rig), Some(AuthoriseResult::Answered { answer }));
}

#[test]
fn what_the_collector_never_saw_was_not_sent_and_needs_no_reversal() {
    let mut rig = after(lost());
    rig.answer_ok("/v1/inquiries", &fate(1, Fate::NeverSeen));
    assert!(matches!(
        result(&rig),
        Some(AuthoriseResult::NotSent { .. })
    ));
}

#[test]
fn an_attempt_whose_reversal_the_collector_knows_is_not_asked_about_again() {
    for known in [Fate::ReversalDue, Fate::Reversed] {
        let mut rig = after(lost());
        rig.answer_ok("/v1/inquiries", &fate(1, known));
        assert!(is_unknown(&rig));
    }
}

#[test]
fn while_the_collector_still_waits_for_the_acquirer_it_is_asked_again_shortly() {
    let mut rig = after(lost());
    let mut waits = vec![];
    for _ in 0..4 {
        rig.answer_ok("/v1/inquiries", &fate(1, Fate::Unknown));
        assert_eq!(result(&rig), None);
        waits.push(rig.wake_until("/v1/inquiries"));
    }
    assert!(
        waits
            .iter()
            .all(|wait| *wait <= INQUIRY_EVERY_MS && *wait > 0),
        "{waits:?}"
    );
    let answer = approval(1).answer;
    rig.answer_ok("/v1/inquiries", &fate(1, Fate::Answered { answer }));
    assert!(matches!(
        result(&rig),
        Some(AuthoriseResult::Answered { .. })
    ));
}

#[test]
fn a_collector_whose_own_wait_is_over_is_believed_that_nobody_knows() {
    let mut rig = after(refused(504, "unknown_fate"));
    rig.answer_ok("/v1/inquiries", &fate(1, Fate::Unknown));
    assert!(is_unknown(&rig), "its word was the end of its wait");

    let mut rig = Rig::up();
    rig.till(authorise(1));
    rig.pass(HOST_TIMEOUT_MS);
    rig.end("/v1/authorisations", lost());
    rig.answer_ok("/v1/inquiries", &fate(1, Fate::Unknown));
    assert!(is_unknown(&rig), "our wait was longer than its own");
}

#[test]
fn the_whole_wait_ends_before_the_tills_own() {
    const TILL_WAITS_MS: u64 = 40_000;
    for (end, each_ms) in [
        (lost(), 0),
        (not_sent(), 5_000),
        (refused(500, "store"), 1_000),
    ] {
        let mut rig = Rig::up();
        let began = rig.now_ms;
        rig.till(authorise(1));
        rig.pass(HOST_TIMEOUT_MS);
        rig.end("/v1/authorisations", lost());
        let mut tries = 0;
        while result(&rig).is_none() {
            rig.wake_until("/v1/inquiries");
            let open = rig
                .asked
                .iter()
                .find(|r| r.path == "/v1/inquiries")
                .expect("open");
            let at_most = open.timeout_ms;
            assert!(rig.now_ms + at_most <= began + ASK_WITHIN_MS);
            // An exchange that is lost takes all of its time.
            let took = if each_ms == 0 {
                at_most
            } else {
                each_ms.min(at_most)
            };
            rig.pass(took);
            rig.end("/v1/inquiries", end.clone());
            tries += 1;
            while rig.asked.is_empty() && result(&rig).is_none() {
                rig.wake();
            }
        }
        assert!(is_unknown(&rig));
        assert!(tries >= 1);
        assert!(rig.now_ms - began <= ASK_WITHIN_MS && ASK_WITHIN_MS < TILL_WAITS_MS);
    }
}

#[test]
fn a_collector_of_an_earlier_release_leaves_the_fate_to_the_reversal() {
    let mut rig = after(lost());
    rig.answer_error("/v1/inquiries", 404, "not_found");
    assert!(is_unknown(&rig));
}

#[test]
fn a_till_whose_certificate_expires_meanwhile_does_not_keep_its_customer() {
    let mut rig = after(lost());
    rig.answer_error("/v1/inquiries", 403, "quarantined");
    assert!(is_unknown(&rig));
}

#[test]
fn a_word_about_another_attempt_is_no_word_about_this_one() {
    let mut rig = after(lost());
    rig.answer_ok("/v1/inquiries", &fate(9, Fate::NeverSeen));
    assert_eq!(result(&rig), None);
}

#[test]
fn nobody_else_is_charged_or_advised_while_the_fate_is_open() {
    let mut rig = after(lost());
    rig.till(authorise(2));
    assert!(matches!(
        rig.told.last(),
        Some(FromUplink::Authorised { attempt: a, result: AuthoriseResult::NotSent { .. } })
            if *a == attempt(2)
    ));
    rig.till(authorise(1));
    assert_eq!(result(&rig), None, "the same attempt again has one answer");
    rig.till(reverse(3));
    rig.answer_ok("/v1/inquiries", &fate(1, Fate::Unknown));
    assert!(
        !rig.paths().contains(&"/v1/reversals"),
        "the customer goes first"
    );
    rig.wake_until("/v1/inquiries");
    rig.answer_ok("/v1/inquiries", &fate(1, Fate::NeverSeen));
    assert!(rig.paths().contains(&"/v1/reversals"));
}

#[test]
fn the_reversal_of_the_attempt_ends_the_inquiries_about_it() {
    let mut rig = after(lost());
    let late = rig
        .asked
        .iter()
        .find(|r| r.path == "/v1/inquiries")
        .expect("open")
        .id;
    rig.till(reverse(1));
    assert!(is_unknown(&rig));
    assert!(rig.paths().contains(&"/v1/reversals"));
    let answer = approval(1).answer;
    rig.input(sealpoint_sync::machine::Input::Exchanged {
        request: late,
        exchange: answered(200, &fate(1, Fate::Answered { answer })),
    });
    assert!(is_unknown(&rig), "a late approval is not honoured");
}
