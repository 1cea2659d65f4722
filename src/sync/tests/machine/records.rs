//! Offers: held until the collector has answered for each record.

use sealpoint_wire::api::AckOutcome;
use sealpoint_wire::{FromUplink, LinkState, ToUplink};

use crate::rig::{Rig, answered, lost, not_sent, offer, push_answer, record};

fn acked(rig: &Rig, number: u64) -> bool {
    rig.told
        .iter()
        .any(|m| matches!(m, FromUplink::Acked { offer, .. } if *offer == number))
}

#[test]
fn an_offer_is_pushed_at_once_while_the_link_is_up() {
    let mut rig = Rig::up();
    rig.till(offer(1));
    assert_eq!(rig.paths(), ["/v1/records"]);
    rig.acknowledge_push();
    assert!(acked(&rig, 1));
}

#[test]
fn an_offer_made_while_the_link_is_down_is_held_and_pushed_when_it_is_up() {
    let mut rig = Rig::connecting();
    rig.till(offer(1));
    rig.end("/v1/health", not_sent());
    rig.wake();
    assert_eq!(rig.paths(), ["/v1/health"], "the cheap request goes first");
    rig.link_comes_up();
    rig.acknowledge_push();
    assert!(acked(&rig, 1));
}

#[test]
fn a_push_that_got_lost_is_repeated_with_the_same_records() {
    let mut rig = Rig::up();
    rig.till(offer(1));
    let first = rig.asked[0].body.clone();
    rig.end("/v1/records", lost());
    assert!(matches!(rig.link(), Some(LinkState::Down { .. })));
    rig.wake();
    rig.link_comes_up();
    assert_eq!(rig.asked[0].body, first);
    rig.acknowledge_push();
    assert!(acked(&rig, 1));
}

#[test]
fn a_collector_that_cannot_store_is_down_until_it_takes_the_push() {
    let mut rig = Rig::up();
    rig.till(offer(1));
    let mut waits = vec![];
    for _ in 0..4 {
        rig.answer_error("/v1/records", 500, "store");
        assert!(
            matches!(rig.link(), Some(LinkState::Down { why }) if why.contains("store happened"))
        );
        waits.push(rig.wake());
        assert_eq!(rig.paths(), ["/v1/records"], "a probe would prove nothing");
    }
    assert!(waits[3] > waits[0], "{waits:?}");
    rig.acknowledge_push();
    rig.settle();
    assert_eq!(rig.link(), Some(LinkState::Up));
}

#[test]
fn refused_records_are_passed_on_to_the_till() {
    let mut rig = Rig::up();
    let records = vec![record(1), record(2)];
    rig.till(ToUplink::Offer {
        offer: 1,
        records: records.clone(),
    });
    let mut answer = push_answer(&records);
    answer.results[1].outcome = AckOutcome::Refused;
    answer.results[1].why = Some("The same id holds another body.".to_owned());
    rig.answer_ok("/v1/records", &answer);
    let told = rig.told.last().expect("told");
    assert_eq!(
        *told,
        FromUplink::Acked {
            offer: 1,
            results: answer.results,
            contiguous_seq: 1,
        }
    );
}

#[test]
fn acknowledgements_for_other_records_acknowledge_nothing() {
    for wrong in [
        vec![record(1)],
        vec![record(2), record(1)],
        vec![record(8), record(9)],
        vec![],
    ] {
        let mut rig = Rig::up();
        rig.till(ToUplink::Offer {
            offer: 1,
            records: vec![record(1), record(2)],
        });
        rig.answer_ok("/v1/records", &push_answer(&wrong));
        assert!(!acked(&rig, 1));
        assert!(matches!(rig.link(), Some(LinkState::Down { .. })));
    }
}

#[test]
fn a_second_offer_and_one_over_a_batch_are_told_off() {
    let mut rig = Rig::up();
    rig.till(ToUplink::Offer {
        offer: 1,
        records: (1..=101).map(record).collect(),
    });
    assert!(matches!(rig.told[0], FromUplink::NotAcked { offer: 1, .. }));
    rig.till(offer(2));
    rig.till(offer(3));
    assert!(matches!(rig.told[1], FromUplink::NotAcked { offer: 3, .. }));
    assert_eq!(rig.paths(), ["/v1/records"]);
}

#[test]
fn an_answer_that_is_not_the_collectors_is_no_acknowledgement() {
    let mut rig = Rig::up();
    rig.till(offer(1));
    rig.end(
        "/v1/records",
        answered(200, &"<html>log in to the hotel network</html>"),
    );
    assert!(!acked(&rig, 1));
}
