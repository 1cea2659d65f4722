//! What the till asks about attempts of before.

use sealpoint_sync::machine::MAX_INQUIRIES;
use sealpoint_wire::{AttemptId, Fate, FromUplink, ToUplink};

use crate::rig::{
    Rig, attempt, authorise, fate, inquire, lost, not_sent, refused, reverse, reversed,
};

fn inquired(rig: &Rig, of: AttemptId) -> Vec<(Option<Fate>, bool)> {
    let told = rig.told.iter().filter_map(|message| match message {
        FromUplink::Inquired {
            attempt,
            fate,
            committed,
        } if *attempt == of => Some((fate.clone(), *committed)),
        _ => None,
    });
    told.collect()
}

#[test]
fn the_collectors_word_reaches_the_till() {
    let mut rig = Rig::up();
    rig.till(inquire(1));
    let mut answer = fate(1, Fate::NeverSeen);
    answer.committed = true;
    rig.answer_ok("/v1/inquiries", &answer);
    assert_eq!(inquired(&rig, attempt(1)), [(Some(Fate::NeverSeen), true)]);
}

#[test]
fn no_word_is_said_to_be_none_and_the_till_may_ask_again() {
    for end in [lost(), not_sent(), refused(500, "store")] {
        let mut rig = Rig::up();
        rig.till(inquire(1));
        rig.end("/v1/inquiries", end);
        assert_eq!(inquired(&rig, attempt(1)), [(None, false)]);
    }
    let mut rig = Rig::up();
    rig.till(inquire(1));
    rig.answer_ok("/v1/inquiries", &fate(2, Fate::Reversed));
    assert_eq!(
        inquired(&rig, attempt(1)),
        [(None, false)],
        "another's word"
    );
}

#[test]
fn at_the_start_inquiries_wait_for_the_link_and_not_for_each_other() {
    let mut rig = Rig::connecting();
    rig.till(inquire(1));
    rig.till(inquire(2));
    rig.till(inquire(2));
    rig.answer_ok("/v1/inquiries", &fate(1, Fate::Unknown));
    rig.answer_ok("/v1/inquiries", &fate(2, Fate::Unknown));
    assert_eq!(inquired(&rig, attempt(2)), [(Some(Fate::Unknown), false)]);
}

#[test]
fn when_the_link_goes_down_every_inquiry_is_given_back() {
    let mut rig = Rig::up();
    for number in 1..=3 {
        rig.till(inquire(number));
    }
    rig.end("/v1/inquiries", not_sent());
    for number in 1..=3 {
        assert_eq!(inquired(&rig, attempt(number)), [(None, false)]);
    }
    rig.till(inquire(4));
    assert_eq!(
        inquired(&rig, attempt(4)),
        [(None, false)],
        "at once, while it is down"
    );
    assert!(!rig.paths().contains(&"/v1/inquiries"));
}

#[test]
fn an_inquiry_that_is_under_way_when_the_link_goes_down_still_has_its_answer() {
    let mut rig = Rig::up();
    rig.pass(sealpoint_sync::machine::PROBE_EVERY_MS);
    rig.till(inquire(1));
    rig.till(inquire(2));
    rig.end("/v1/health", not_sent());
    assert_eq!(inquired(&rig, attempt(2)), [(None, false)]);
    assert!(inquired(&rig, attempt(1)).is_empty(), "it is on its way");
    rig.answer_ok("/v1/inquiries", &fate(1, Fate::NeverSeen));
    assert_eq!(inquired(&rig, attempt(1)), [(Some(Fate::NeverSeen), false)]);
}

#[test]
fn an_inquiry_gives_way_to_a_customer_and_to_a_reversal_and_goes_again() {
    let mut rig = Rig::up();
    rig.till(inquire(1));
    rig.till(authorise(2));
    assert_eq!(rig.paths(), ["/v1/authorisations"]);
    rig.answer_ok("/v1/authorisations", &crate::rig::approval(2));
    assert_eq!(rig.paths(), ["/v1/inquiries"]);
    rig.till(reverse(3));
    assert_eq!(rig.paths(), ["/v1/reversals"]);
    rig.answer_ok("/v1/reversals", &reversed(3));
    rig.answer_ok("/v1/inquiries", &fate(1, Fate::Reversed));
    assert_eq!(inquired(&rig, attempt(1)), [(Some(Fate::Reversed), false)]);
}

#[test]
fn inquiries_are_bounded() {
    let mut rig = Rig::up();
    for number in 0..=MAX_INQUIRIES {
        let mut request = inquire(0);
        if let ToUplink::Inquire(inquiry) = &mut request {
            inquiry.attempt = AttemptId::new(uuid::Uuid::from_u128(number as u128));
        }
        rig.till(request);
    }
    assert!(matches!(
        rig.told[..],
        [FromUplink::Inquired { fate: None, .. }]
    ));
}
