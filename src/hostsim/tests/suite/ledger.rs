use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use sealpoint_hostsim::{AnswerMode, HostSim};

use crate::rig::{Charge, Folder, Line8583, MASTERCARD, VISA};

#[test]
fn the_ledger_tells_an_auditor_everything_but_the_card_number() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    line.authorise(&folder.request(&Charge::numbered(1)));
    let false_card = Charge {
        pan: MASTERCARD,
        ..Charge::numbered(2)
    };
    line.authorise(&folder.request(&false_card));

    let text = fs::read_to_string(folder.ledger_file()).expect("a ledger");
    for pan in [VISA, MASTERCARD] {
        assert!(!text.contains(pan));
        assert!(!text.contains(&pan[6..12]));
    }
    let lines = folder.ledger();
    assert_eq!(lines[0].truncated_pan.as_deref(), Some("476173******0119"));
    assert_eq!(lines[0].response_code, "00");
    assert_eq!(
        (lines[0].trace.stan, lines[0].trace.amount_minor),
        (1, 1234)
    );
    let mode = fs::metadata(folder.ledger_file())
        .expect("a ledger")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn half_a_last_line_is_removed_and_its_attempt_is_new() {
    let folder = Folder::new();
    let request = folder.request(&Charge::numbered(1));
    Line8583::to(folder.start().addr()).authorise(&request);
    let whole = fs::read(folder.ledger_file()).expect("a ledger");
    fs::write(folder.ledger_file(), &whole[..whole.len() - 1]).expect("cut");

    let host = folder.start();
    assert_eq!(host.captured(), 0);
    assert_eq!(
        Line8583::to(host.addr()).authorise(&request).response_code,
        "00"
    );
    assert_eq!(folder.ledger().len(), 1);
}

#[test]
fn a_line_that_is_not_ours_stops_the_start_and_is_named() {
    let folder = Folder::new();
    Line8583::to(folder.start().addr()).authorise(&folder.request(&Charge::numbered(1)));
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(folder.ledger_file())
        .expect("a ledger");
    file.write_all(b"{\"event\":\"gift\"}\n").expect("written");
    let error = HostSim::start(&folder.config(AnswerMode::Normal))
        .err()
        .expect("refused");
    assert!(error.to_string().starts_with("line 2 of "), "{error}");
}

#[test]
fn a_second_host_on_the_same_ledger_is_refused() {
    let folder = Folder::new();
    let _first = folder.start();
    let error = HostSim::start(&folder.config(AnswerMode::Normal))
        .err()
        .expect("refused");
    assert!(error.to_string().contains("running hostsim"), "{error}");
}
