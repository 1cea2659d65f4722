use sealpoint_hostsim::AnswerMode;
use sealpoint_wire::{Currency, HostDecision};

use crate::rig::{Charge, Folder, Line8583};

#[test]
fn an_inquiry_is_told_what_the_authorisation_was_told() {
    let folder = Folder::new();
    let host = folder.start();
    host.set_answer(AnswerMode::DropAnswer);
    let request = folder.request(&Charge::numbered(1));
    let mut line = Line8583::to(host.addr());
    line.send(&sealpoint_acquirer::authorisation(&request).expect("an ordinary request"));
    let answer = line.inquire(&request);
    let told = answer
        .host_answer(1234, Currency::Eur)
        .expect("the same amount");
    assert_eq!(told.decision, HostDecision::Approved);
    assert!(!answer.issuer_authentication.as_slice().is_empty());
    host.set_answer(AnswerMode::Normal);
    let again = line.authorise(&request);
    assert_eq!(again.approval_code, answer.approval_code);
}

#[test]
fn what_never_came_and_what_is_undone_has_no_original() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    let request = folder.request(&Charge::numbered(1));
    assert_eq!(line.inquire(&request).response_code, "25");
    line.authorise(&request);
    line.reverse(&request, false);
    assert_eq!(line.inquire(&request).response_code, "25");
    let mut dearer = folder.request(&Charge::numbered(2));
    line.authorise(&dearer);
    dearer.amount_minor += 1;
    assert_eq!(line.inquire(&dearer).response_code, "25");
}

#[test]
fn a_host_that_refuses_reversals_keeps_the_charge() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    let request = folder.request(&Charge::numbered(1));
    line.authorise(&request);
    host.set_answer(AnswerMode::RefuseReversals);
    assert!(!line.reverse(&request, false).is_reversed());
    assert_eq!(host.captured(), 1);
    host.set_answer(AnswerMode::Normal);
    assert!(line.reverse(&request, true).is_reversed());
    assert_eq!(host.captured(), 0);
}
