use sealpoint_acquirer::{AnswerTo, NetworkCode, authorisation, network, parse_answer, reversal};
use sealpoint_hostsim::AnswerMode;

use crate::rig::{Charge, Folder, Line8583, undo};

#[test]
fn a_silent_host_takes_everything_and_does_nothing() {
    let folder = Folder::new();
    let host = folder.start();
    host.set_answer(AnswerMode::Silent);
    let request = folder.request(&Charge::numbered(1));
    let mut line = Line8583::to(host.addr());
    line.send(&authorisation(&request).expect("an ordinary request"));
    line.send(&network(NetworkCode::Echo, 1).expect("an ordinary request"));
    line.finish();
    assert_eq!(line.receive(), None);
    assert_eq!((host.captured(), folder.ledger().len()), (0, 0));

    host.set_answer(AnswerMode::Normal);
    let mut line = Line8583::to(host.addr());
    assert!(line.reverse(&request, false).is_reversed());
    assert_eq!(line.authorise(&request).response_code, "12");
}

#[test]
fn a_lost_answer_leaves_an_authorisation_that_a_reversal_undoes() {
    let folder = Folder::new();
    let host = folder.start();
    host.set_answer(AnswerMode::DropAnswer);
    let request = folder.request(&Charge::numbered(1));
    let mut line = Line8583::to(host.addr());
    line.send(&authorisation(&request).expect("an ordinary request"));
    assert!(
        line.ask(&network(NetworkCode::Echo, 1).expect("a request"))
            .is_network_ok()
    );
    assert_eq!(host.captured(), 1);
    assert!(line.reverse(&request, false).is_reversed());
    assert_eq!(host.captured(), 0);
}

#[test]
fn a_late_answer_comes_even_if_the_attempt_is_reversed_meanwhile() {
    let folder = Folder::new();
    let host = folder.start();
    host.set_answer(AnswerMode::Late(50));
    let request = folder.request(&Charge::numbered(1));
    let mut line = Line8583::to(host.addr());
    line.send(&authorisation(&request).expect("an ordinary request"));
    line.send(&reversal(&undo(&request), false).expect("an ordinary request"));
    let mut answers = [(); 2].map(|()| {
        let answer = parse_answer(&line.receive().expect("both answers")).expect("whole");
        (answer.key.to, answer.response_code)
    });
    answers.sort();
    assert_eq!(
        answers,
        [
            (AnswerTo::Authorisation, "00".to_owned()),
            (AnswerTo::Reversal, "00".to_owned())
        ]
    );
    assert_eq!(host.captured(), 0);
}

#[test]
fn a_late_answer_does_not_hold_up_the_line() {
    let folder = Folder::new();
    let host = folder.start();
    host.set_answer(AnswerMode::Late(600_000));
    let request = folder.request(&Charge::numbered(1));
    let mut line = Line8583::to(host.addr());
    line.send(&authorisation(&request).expect("an ordinary request"));
    assert!(line.reverse(&request, false).is_reversed());
}

#[test]
fn a_stopping_host_does_not_wait_for_late_answers() {
    let folder = Folder::new();
    let host = folder.start();
    host.set_answer(AnswerMode::Late(600_000));
    let mut line = Line8583::to(host.addr());
    line.send(&authorisation(&folder.request(&Charge::numbered(1))).expect("a request"));
    assert!(
        line.ask(&network(NetworkCode::Echo, 1).expect("a request"))
            .is_network_ok()
    );
    drop(host);
    assert_eq!(line.receive(), None);
    assert_eq!(
        folder.start().captured(),
        1,
        "port, ledger and lock are free again"
    );
}

#[test]
fn a_garbled_answer_is_no_answer_and_the_authorisation_stands() {
    let folder = Folder::new();
    let host = folder.start();
    host.set_answer(AnswerMode::Garble);
    let mut line = Line8583::to(host.addr());
    line.send(&authorisation(&folder.request(&Charge::numbered(1))).expect("a request"));
    let garbled = line.receive().expect("bytes");
    assert!(parse_answer(&garbled).is_err());
    assert_eq!(host.captured(), 1);
}

#[test]
fn modes_are_read_as_they_are_written() {
    for text in [
        "normal",
        "decline",
        "silent",
        "late:1500",
        "drop-answer",
        "garble",
        "decline-over:5000",
        "partial:1000",
        "refuse-reversals",
    ] {
        let mode: AnswerMode = text.parse().expect("a mode");
        assert_eq!(mode.to_string(), text);
    }
    for text in [
        "",
        "loud",
        "late",
        "late:",
        "late:-1",
        "late:600001",
        "partial:0",
        "partial",
        "decline-over:x",
    ] {
        let error = text.parse::<AnswerMode>().expect_err("no mode");
        assert!(error.to_string().contains("use normal"), "{error}");
    }
}
