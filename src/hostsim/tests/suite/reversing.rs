use sealpoint_acquirer::reversal;
use sealpoint_hostsim::ledger::Event;

use crate::rig::{Charge, Folder, Line8583, undo};

#[test]
fn a_reversal_undoes_and_is_acknowledged_each_time() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    let request = folder.request(&Charge::numbered(1));
    line.authorise(&request);
    assert_eq!(host.captured(), 1);
    assert!(line.reverse(&request, false).is_reversed());
    assert!(line.reverse(&request, true).is_reversed());
    assert_eq!(host.captured(), 0);
    let events: Vec<_> = folder.ledger().into_iter().map(|line| line.event).collect();
    assert_eq!(events, [Event::Approved, Event::Reversed]);
}

#[test]
fn an_authorisation_that_comes_after_its_reversal_is_declined() {
    let folder = Folder::new();
    let request = folder.request(&Charge::numbered(1));
    {
        let host = folder.start();
        assert!(
            Line8583::to(host.addr())
                .reverse(&request, true)
                .is_reversed()
        );
        assert_eq!(folder.ledger()[0].event, Event::ReversedUnknown);
    }
    let host = folder.start();
    let answer = Line8583::to(host.addr()).authorise(&request);
    assert_eq!((answer.response_code.as_str(), host.captured()), ("12", 0));
}

#[test]
fn a_reversed_authorisation_does_not_come_back() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    let request = folder.request(&Charge::numbered(1));
    line.authorise(&request);
    line.reverse(&request, false);
    assert_eq!(line.authorise(&request).response_code, "12");
    assert_eq!(host.captured(), 0);
}

#[test]
fn a_reversal_for_another_amount_or_terminal_undoes_nothing() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    let request = folder.request(&Charge::numbered(1));
    line.authorise(&request);
    let (mut amount, mut terminal) = (undo(&request), undo(&request));
    amount.amount_minor = 1;
    terminal.terminal = "T0000002".parse().expect("a terminal id");
    for wrong in [amount, terminal] {
        let answer = line.ask(&reversal(&wrong, false).expect("an ordinary request"));
        assert!(!answer.is_reversed(), "{answer:?}");
    }
    assert_eq!(host.captured(), 1);
}

#[test]
fn a_reversal_whose_original_is_another_message_is_a_format_error() {
    let folder = Folder::new();
    let host = folder.start();
    let mut message =
        reversal(&undo(&folder.request(&Charge::numbered(1))), false).expect("an ordinary request");
    let original = [&b"0100999999"[..], &[b'0'; 32]].concat();
    message.set(90, &original).expect("42 digits");
    assert_eq!(Line8583::to(host.addr()).ask(&message).response_code, "30");
}
