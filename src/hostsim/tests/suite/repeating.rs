use sealpoint_hostsim::ledger::Event;

use crate::rig::{Charge, Folder, Line8583};

#[test]
fn the_same_request_again_gets_the_same_answer_and_captures_once() {
    let folder = Folder::new();
    let request = folder.request(&Charge::numbered(1));
    let first = {
        let host = folder.start();
        let first = Line8583::to(host.addr()).authorise(&request);
        assert_eq!(Line8583::to(host.addr()).authorise(&request), first);
        first
    };
    let host = folder.start();
    assert_eq!(
        Line8583::to(host.addr()).authorise(&request),
        first,
        "after a restart too"
    );
    assert_eq!((first.response_code.as_str(), host.captured()), ("00", 1));
    let events: Vec<_> = folder.ledger().into_iter().map(|line| line.event).collect();
    assert_eq!(events, [Event::Approved, Event::Repeated, Event::Repeated]);
}

#[test]
fn an_attempt_cannot_be_used_for_another_amount() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    let charge = Charge::numbered(1);
    assert_eq!(line.authorise(&folder.request(&charge)).response_code, "00");
    let dearer = Charge {
        amount_minor: 999_999,
        ..charge.clone()
    };
    assert_eq!(line.authorise(&folder.request(&dearer)).response_code, "94");
    assert_eq!(line.authorise(&folder.request(&charge)).response_code, "00");
    assert_eq!(host.captured(), 1);
}

#[test]
fn a_trace_number_cannot_be_used_for_another_attempt() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    assert_eq!(
        line.authorise(&folder.request(&Charge::numbered(1)))
            .response_code,
        "00"
    );
    let same_trace = Charge {
        attempt: 2,
        ..Charge::numbered(1)
    };
    assert_eq!(
        line.authorise(&folder.request(&same_trace)).response_code,
        "94"
    );
    let other_terminal = Charge {
        attempt: 3,
        terminal: "T0000002",
        ..Charge::numbered(1)
    };
    assert_eq!(
        line.authorise(&folder.request(&other_terminal))
            .response_code,
        "00"
    );
}
