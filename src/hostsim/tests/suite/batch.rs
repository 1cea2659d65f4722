//! What a settlement would pay.

use std::fs;
use std::process::Command;

use sealpoint_hostsim::batch::{self, HEAD};
use sealpoint_hostsim::{AnswerMode, Handle};
use sealpoint_wire::AdviceKind;

use crate::rig::{Charge, Folder, Line8583, advice, attempt};

/// An authorisation, a part of one, an advice, one that is reversed and one that is declined.
fn a_day() -> (Folder, Handle) {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    let request = |number| folder.request(&Charge::numbered(number));
    line.authorise(&request(1));
    line.advise(&advice(&request(2), AdviceKind::Deferred), false);
    line.authorise(&request(3));
    line.reverse(&request(3), false);
    host.set_answer(AnswerMode::Partial(1000));
    line.authorise(&request(4));
    host.set_answer(AnswerMode::Decline);
    line.authorise(&request(5));
    (folder, host)
}

#[test]
fn the_batch_holds_what_stands_and_nothing_else() {
    let (folder, host) = a_day();
    let rows = batch::of_ledger(&folder.ledger_file(), None).expect("a ledger");
    assert_eq!(rows.len(), host.captured());
    let text = batch::csv(&rows);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(HEAD));
    for (number, amount, kind) in [
        (1, 1234, "authorisation"),
        (2, 1234, "advice"),
        (4, 1000, "authorisation"),
    ] {
        let line = lines.next().expect("a row");
        let id = attempt(number);
        let row = format!("{id},T0000001,{number},1122180509,{amount},EUR,{kind},");
        assert!(line.starts_with(&row), "{line}");
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn the_program_writes_it_while_the_host_runs_and_for_one_day() {
    let (folder, _host) = a_day();
    let dir = folder.path().to_str().expect("text");
    let file = folder.path().join("batch.csv");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_hostsim"))
            .args(["batch", "--dir", dir])
            .args(arguments)
            .output()
            .expect("the program runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let whole = run(&[]);
    assert_eq!(whole.lines().count(), 4);
    let path = file.to_str().expect("text");
    assert_eq!(run(&["--batch-file", path]), "");
    assert_eq!(fs::read_to_string(&file).expect("written"), whole);
    assert_eq!(run(&["--day", "1999-12-31"]).lines().count(), 1);
}

#[test]
fn days_are_counted_as_the_calendar_does() {
    for (text, day) in [
        ("1970-01-01", 0),
        ("1970-03-01", 59),
        ("2000-02-29", 11_016),
        ("2026-11-23", 20_780),
    ] {
        assert_eq!(batch::day(text), Some(day), "{text}");
    }
    for text in [
        "",
        "2026-11",
        "2026-13-01",
        "2026-00-01",
        "26-11-23",
        "2026-11-32",
    ] {
        assert_eq!(batch::day(text), None, "{text}");
    }
}
