//! Offers that are more than a request carries, and collectors that have enough for now.

use sealpoint_sync::machine::{MAX_PUSH, MAX_REST_MS};
use sealpoint_wire::api::{AckOutcome, PushRequest, RecordAck};
use sealpoint_wire::record::MAX_BODY;
use sealpoint_wire::{FromUplink, Record, ToUplink};

use crate::rig::{Rig, authorise, lost, push_answer, record, refused, refused_for};

fn with_body(seq: u64, bytes: usize) -> Record {
    let mut record = record(seq);
    record.body = "x".repeat(bytes);
    record.hash = record.compute_hash();
    record
}

fn offer_of(records: Vec<Record>) -> ToUplink {
    ToUplink::Offer { offer: 1, records }
}

fn pushed(rig: &Rig) -> Vec<u64> {
    let push: PushRequest = serde_json::from_value(rig.body("/v1/records")).expect("a push");
    push.records.iter().map(|record| record.seq).collect()
}

fn acks(rig: &Rig) -> Option<Vec<RecordAck>> {
    rig.told.iter().find_map(|message| match message {
        FromUplink::Acked { results, .. } => Some(results.clone()),
        _ => None,
    })
}

#[test]
fn an_offer_is_cut_to_what_a_request_carries_and_answered_as_one() {
    let mut rig = Rig::up();
    rig.till(offer_of(
        (1..=40).map(|seq| with_body(seq, 100_000)).collect(),
    ));
    let mut seen = vec![];
    while acks(&rig).is_none() {
        let open = rig
            .asked
            .iter()
            .find(|r| r.path == "/v1/records")
            .expect("open");
        assert!(open.body.len() <= MAX_PUSH + 16);
        seen.extend(pushed(&rig));
        rig.acknowledge_push();
    }
    assert_eq!(seen, (1..=40).collect::<Vec<_>>(), "each once, in order");
    let ids: Vec<_> = acks(&rig)
        .expect("acked")
        .iter()
        .map(|ack| ack.id)
        .collect();
    assert_eq!(ids, (1..=40).map(|seq| record(seq).id).collect::<Vec<_>>());
}

#[test]
fn the_highest_sequence_without_a_gap_reaches_the_till() {
    let mut rig = Rig::up();
    rig.till(offer_of(vec![record(1)]));
    let mut answer = push_answer(&[record(1)]);
    answer.contiguous_seq = 41;
    rig.answer_ok("/v1/records", &answer);
    assert!(matches!(
        rig.told.last(),
        Some(FromUplink::Acked {
            contiguous_seq: 41,
            ..
        })
    ));
}

#[test]
fn a_record_that_no_collector_takes_is_refused_with_its_reason_and_holds_nothing_up() {
    let mut rig = Rig::up();
    rig.till(offer_of(vec![
        record(1),
        with_body(2, MAX_BODY + 1),
        record(3),
    ]));
    while acks(&rig).is_none() {
        assert!(!pushed(&rig).contains(&2));
        rig.acknowledge_push();
    }
    let acks = acks(&rig).expect("acked");
    let outcomes: Vec<_> = acks.iter().map(|ack| ack.outcome).collect();
    use AckOutcome::{Created, Refused};
    assert_eq!(outcomes, [Created, Refused, Created]);
    assert!(
        acks[1]
            .why
            .as_ref()
            .is_some_and(|why| why.contains("larger than 262144 bytes"))
    );

    let mut rig = Rig::up();
    rig.till(offer_of(vec![with_body(1, MAX_BODY + 1)]));
    assert!(rig.asked.is_empty(), "nothing is sent for it");
}

#[test]
fn a_collector_that_finds_a_push_too_large_gets_half_of_it_at_once() {
    let mut rig = Rig::up();
    rig.till(offer_of((1..=10).map(record).collect()));
    rig.answer_error("/v1/records", 413, "too_large");
    assert_eq!(pushed(&rig), [1, 2, 3, 4, 5]);
    rig.answer_error("/v1/records", 408, "too_slow");
    assert_eq!(pushed(&rig), [1, 2]);
    assert_eq!(rig.link(), None, "the link is as good as before");
    rig.acknowledge_push();
    assert_eq!(
        pushed(&rig),
        [3, 4, 5, 6],
        "more again with each that it takes"
    );
}

#[test]
fn a_record_that_alone_is_too_large_for_the_collector_is_a_persons_work() {
    let mut rig = Rig::up();
    rig.till(offer_of(vec![record(1), record(2)]));
    rig.answer_error("/v1/records", 413, "too_large");
    rig.answer_error("/v1/records", 413, "too_large");
    rig.acknowledge_push();
    let acks = acks(&rig).expect("acked");
    assert_eq!(acks[0].outcome, AckOutcome::Refused);
    assert!(
        acks[0]
            .why
            .as_ref()
            .is_some_and(|why| why.contains("too_large happened"))
    );
    assert_eq!(acks[1].outcome, AckOutcome::Created);
}

#[test]
fn a_large_push_that_got_lost_is_smaller_the_next_time() {
    let mut rig = Rig::up();
    rig.till(offer_of(
        (1..=8).map(|seq| with_body(seq, 50_000)).collect(),
    ));
    assert_eq!(pushed(&rig).len(), 8);
    rig.end("/v1/records", lost());
    rig.wake();
    rig.link_comes_up();
    assert_eq!(pushed(&rig), [1, 2, 3, 4]);
}

#[test]
fn a_busy_collector_is_left_alone_for_as_long_as_it_asks_and_cards_go_on() {
    for (code, word) in [(429, "rate"), (503, "busy")] {
        let mut rig = Rig::up();
        rig.till(offer_of(vec![record(1)]));
        rig.end("/v1/records", refused_for(code, word, 7));
        assert_eq!(rig.link(), None, "the link stays up");
        rig.till(authorise(1));
        assert!(rig.paths().contains(&"/v1/authorisations"));
        rig.answer_ok("/v1/authorisations", &crate::rig::approval(1));
        let waited = rig.wake();
        assert!((7_000..=8_000).contains(&waited), "{waited}");
        assert_eq!(rig.paths(), ["/v1/records"]);
        rig.acknowledge_push();
        assert!(acks(&rig).is_some());
    }
}

#[test]
fn no_collector_can_keep_a_till_away_for_good() {
    let mut rig = Rig::up();
    rig.till(offer_of(vec![record(1)]));
    rig.end("/v1/records", refused_for(429, "rate", u32::MAX));
    assert!(rig.wake() <= MAX_REST_MS + 30_000);
}

#[test]
fn a_busy_answer_without_a_time_waits_longer_each_time() {
    let mut rig = Rig::up();
    rig.till(offer_of(vec![record(1)]));
    let mut waits = vec![];
    for _ in 0..4 {
        rig.end("/v1/records", refused(503, "busy"));
        waits.push(rig.wake());
    }
    assert!(waits[0] > 0 && waits[3] > waits[0], "{waits:?}");
    assert_eq!(rig.link(), None);
}
