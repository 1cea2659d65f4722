//! A till that is taken out of service.

use sealpoint_sync::machine::{Input, Machine, Moment, Output};
use sealpoint_wire::ToUplink;

use crate::rig::{Rig, answered, authorise, offer, reverse};

#[test]
fn after_the_word_to_erase_nothing_is_said_or_sent() {
    let mut rig = Rig::up();
    rig.till(offer(1));
    rig.till(reverse(1));
    let open: Vec<_> = rig.asked.iter().map(|request| request.id).collect();
    let told = rig.told.len();
    rig.till(ToUplink::Erase);
    assert!(rig.erased);
    for request in open {
        let exchange = answered(200, &serde_json::json!({}));
        rig.input(Input::Exchanged { request, exchange });
    }
    rig.till(offer(2));
    rig.till(authorise(2));
    rig.pass(1_000_000);
    assert_eq!((rig.asked.len(), rig.told.len()), (2, told));
    assert_eq!(rig.machine.wake_at_ms(), None);
}

#[test]
fn what_was_to_be_done_before_is_not_done_either() {
    let mut machine = Machine::new(true);
    let moment = Moment {
        now_ms: 0,
        jitter: 0,
    };
    machine.input(moment, Input::Tick);
    machine.input(moment, Input::Till(ToUplink::Erase));
    assert_eq!(machine.poll(), Some(Output::Erase));
    assert_eq!(machine.poll(), None);
}

#[test]
fn a_till_without_a_collector_can_be_taken_out_of_service_too() {
    let mut machine = Machine::new(false);
    while machine.poll().is_some() {}
    let moment = Moment {
        now_ms: 0,
        jitter: 0,
    };
    machine.input(moment, Input::Till(ToUplink::Erase));
    assert_eq!(machine.poll(), Some(Output::Erase));
}
