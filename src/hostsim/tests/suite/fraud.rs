//! Cryptograms that come again, PINs in the card's name, and scripts.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use sealpoint_cardsim::cryptogram::{CryptogramVersion, Messaging};
use sealpoint_cardsim::script::Script;
use sealpoint_hostsim::{AnswerMode, HostSim};

use crate::rig::{Charge, Folder, Line8583, MASTERCARD, attempt, bytes, emv};

/// The data of attempt 1 under another attempt, sealed for it.
fn replay(folder: &Folder, number: u8) -> sealpoint_wire::AuthoriseRequest {
    let mut request = folder.request(&Charge::numbered(number));
    request.de55 = bytes(&emv(&folder.emv(&Charge::numbered(1))));
    request
}

#[test]
fn a_cryptogram_that_comes_again_is_declined_and_the_alarm_outlives_the_host() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    assert_eq!(
        line.authorise(&folder.request(&Charge::numbered(1)))
            .response_code,
        "00"
    );
    assert_eq!(line.authorise(&replay(&folder, 2)).response_code, "59");
    drop(host);
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    assert_eq!(line.authorise(&replay(&folder, 3)).response_code, "59");
    assert_eq!(
        line.authorise(&folder.request(&Charge::numbered(4)))
            .response_code,
        "00"
    );
    // The counter went back: a copy of the card, made before.
    let older = Charge {
        stan: 5,
        ..Charge::numbered(2)
    };
    let mut request = folder.request(&Charge::numbered(5));
    request.de55 = bytes(&emv(&folder.emv(&older)));
    assert_eq!(line.authorise(&request).response_code, "59");
    assert_eq!(host.captured(), 2);
}

#[test]
fn the_same_request_again_is_no_replay() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    let request = folder.request(&Charge::numbered(1));
    for _ in 0..2 {
        assert_eq!(line.authorise(&request).response_code, "00");
    }
}

#[test]
fn two_cards_have_two_counters() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    assert_eq!(
        line.authorise(&folder.request(&Charge::numbered(9)))
            .response_code,
        "00"
    );
    let other = Charge {
        pan: MASTERCARD,
        version: CryptogramVersion::MChip20,
        ..Charge::numbered(3)
    };
    assert_eq!(line.authorise(&folder.request(&other)).response_code, "00");
}

#[test]
fn a_pin_that_the_card_never_saw_is_declined() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    for (number, pin_seen, code) in [(1, false, "59"), (2, true, "00")] {
        let charge = Charge {
            pin_seen,
            ..Charge::numbered(number)
        };
        let mut objects = folder.emv(&charge);
        objects.push((0x9F34, vec![0x41, 0x03, 0x02]));
        let mut request = folder.request(&charge);
        request.de55 = bytes(&emv(&objects));
        assert_eq!(line.authorise(&request).response_code, code, "{number}");
    }
}

#[test]
fn a_script_told_at_the_control_socket_goes_once_and_with_its_mac() {
    let folder = Folder::new();
    let mut config = folder.config(AnswerMode::Normal);
    let socket = folder.path().join("control");
    config.control = Some(socket.clone());
    let host = HostSim::start(&config).expect("the host starts");
    let mut control = UnixStream::connect(&socket).expect("the control socket");
    let words = "72 pin-unblock, put-data 9F58 05";
    writeln!(control, "{{\"script\":\"{words}\"}}").expect("sent");
    let mut told = String::new();
    BufReader::new(control)
        .read_line(&mut told)
        .expect("an answer");
    assert!(told.contains("\"alarms\":0"), "{told}");

    let charge = Charge::numbered(1);
    let request = folder.request(&charge);
    let mut line = Line8583::to(host.addr());
    let answer = line.authorise(&request);
    let (version, keys, arqc) = folder.messaging(&charge);
    let script: Script = words.parse().expect("a script");
    let expected = script.template(&Messaging::new(&keys, version, arqc), [0, 0, 0, 1], 0);
    assert_eq!(answer.scripts.as_slice(), expected);
    assert_eq!(folder.card_takes(&charge, &answer), Some(true));
    // Only with that attempt; and with that one again after a restart.
    let next = line.authorise(&folder.request(&Charge::numbered(2)));
    assert!(next.scripts.as_slice().is_empty());
    drop((line, host));
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    assert_eq!(line.authorise(&request).scripts.as_slice(), expected);
    assert_eq!(attempt(1), request.attempt);
}

#[test]
fn words_that_are_no_script_are_refused() {
    let folder = Folder::new();
    let mut config = folder.config(AnswerMode::Normal);
    let socket = folder.path().join("control");
    config.control = Some(socket.clone());
    let _host = HostSim::start(&config).expect("the host starts");
    let mut control = UnixStream::connect(&socket).expect("the control socket");
    writeln!(control, "{{\"script\":\"72 make-coffee\"}}").expect("sent");
    let mut told = String::new();
    BufReader::new(control)
        .read_line(&mut told)
        .expect("an answer");
    assert!(told.contains("not understood"), "{told}");
}

#[test]
fn a_card_that_its_issuer_has_something_for_gets_it_with_every_answer() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    let cards = sealpoint_cardsim::profile::all();
    let card = cards.into_iter().find(|card| card.name == "scripts");
    let pan: &'static str = card.expect("a shipped card").holder.pan.leak();
    for number in 1..=2 {
        let charge = Charge {
            pan,
            ..Charge::numbered(number)
        };
        let scripts = line.authorise(&folder.request(&charge)).scripts;
        // 71 comes first, and MACs are of this use: never the same bytes again.
        assert_eq!(scripts.as_slice()[0], 0x71);
        let (version, keys, arqc) = folder.messaging(&charge);
        let messaging = Messaging::new(&keys, version, arqc);
        let put: Script = "71 put-data 9F58 05".parse().expect("a script");
        let first = put.template(&messaging, [0, 0, 0, 1], 0);
        assert!(scripts.as_slice().starts_with(&first), "{number}");
        assert_eq!(scripts.as_slice()[first.len()], 0x72);
    }
}

#[test]
fn scripts_for_before_the_second_cryptogram_come_first() {
    let folder = Folder::new();
    let mut config = folder.config(AnswerMode::Normal);
    let socket = folder.path().join("control");
    config.control = Some(socket.clone());
    let host = HostSim::start(&config).expect("the host starts");
    let mut control = UnixStream::connect(&socket).expect("the control socket");
    writeln!(control, "{{\"script\":\"71 pin-unblock\"}}").expect("sent");
    let mut told = String::new();
    BufReader::new(control)
        .read_line(&mut told)
        .expect("an answer");
    let cards = sealpoint_cardsim::profile::all();
    let card = cards.into_iter().find(|card| card.name == "gets-blocked");
    let charge = Charge {
        pan: card.expect("a shipped card").holder.pan.leak(),
        version: CryptogramVersion::MChip20,
        ..Charge::numbered(1)
    };
    let answer = Line8583::to(host.addr()).authorise(&folder.request(&charge));
    assert_eq!(answer.response_code, "43");
    // The card's own is a 72; the one told at the socket goes before it, and counts first.
    let (version, keys, arqc) = folder.messaging(&charge);
    let messaging = Messaging::new(&keys, version, arqc);
    let script = |words: &str| words.parse::<Script>().expect("a script");
    let expected = [
        script("71 pin-unblock").template(&messaging, [0, 0, 0, 1], 0),
        script("72 application-block").template(&messaging, [0, 0, 0, 2], 1),
    ];
    assert_eq!(answer.scripts.as_slice(), expected.concat());
}
