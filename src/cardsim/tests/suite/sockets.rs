//! The virtual reader and the control socket, over real Unix sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use sealpoint_cardsim::{Control, Slot, VirtualReader, profile};
use tempfile::TempDir;

use crate::terminal::issuer;

const SELECT_PSE: &[u8] = b"\x00\xA4\x04\x00\x0E1PAY.SYS.DDF01\x00";

struct Bench {
    folder: TempDir,
    slot: Slot,
}

impl Bench {
    fn new() -> Self {
        let slot = Slot::new(&profile::shipped(), &issuer()).expect("all cards");
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            slot,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn reader(&self) -> VirtualReader {
        VirtualReader::bind(&self.path("reader"), self.slot.clone()).expect("a reader")
    }

    fn lane(&self) -> Lane {
        Lane(UnixStream::connect(self.path("reader")).expect("a connection"))
    }
}

/// The reader's side of the conversation.
struct Lane(UnixStream);

impl Lane {
    fn send(&mut self, payload: &[u8]) {
        let length = u16::try_from(payload.len()).expect("a short frame");
        self.0
            .write_all(&[&length.to_be_bytes()[..], payload].concat())
            .expect("sent");
    }

    fn ask(&mut self, payload: &[u8]) -> Vec<u8> {
        self.send(payload);
        let mut length = [0; 2];
        self.0.read_exact(&mut length).expect("a length");
        let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
        self.0.read_exact(&mut answer).expect("a payload");
        answer
    }
}

#[test]
fn an_empty_reader_has_no_atr_and_no_answer() {
    let bench = Bench::new();
    let _reader = bench.reader();
    let mut lane = bench.lane();
    lane.send(&[0x01]);
    assert_eq!(lane.ask(&[0x04]), b"");
    assert_eq!(lane.ask(SELECT_PSE), b"");
}

#[test]
fn a_card_answers_once_it_has_power_until_it_is_removed() {
    let bench = Bench::new();
    let _reader = bench.reader();
    let mut lane = bench.lane();
    bench.slot.insert("visa-approved").expect("inserted");
    assert_eq!(lane.ask(&[0x04])[0], 0x3B);
    assert_eq!(lane.ask(SELECT_PSE), b"");
    lane.send(&[0x01]);
    assert!(lane.ask(SELECT_PSE).ends_with(&[0x90, 0x00]));
    // A reset forgets the selection: READ RECORD is out of order then.
    assert!(
        lane.ask(&[0x00, 0xB2, 0x01, 0x0C, 0x00])
            .ends_with(&[0x90, 0x00])
    );
    lane.send(&[0x02]);
    assert_eq!(lane.ask(&[0x00, 0xB2, 0x01, 0x0C, 0x00]), [0x69, 0x85]);
    lane.send(&[0x00]);
    assert_eq!(lane.ask(SELECT_PSE), b"");
    bench.slot.remove();
    assert_eq!(lane.ask(&[0x04]), b"");
}

#[test]
fn a_second_lane_is_turned_away_and_the_next_one_is_welcome() {
    let bench = Bench::new();
    let _reader = bench.reader();
    bench.slot.insert("visa-approved").expect("inserted");
    let mut first = bench.lane();
    assert_eq!(first.ask(&[0x04])[0], 0x3B);
    let mut second = bench.lane();
    assert_eq!(second.0.read(&mut [0]).expect("closed"), 0);
    assert_eq!(first.ask(&[0x04])[0], 0x3B);
    first.send(&[0x01]);
    drop(first);
    let mut third = bench.lane();
    assert_eq!(third.ask(&[0x04])[0], 0x3B);
    // The card lost its power with the first lane.
    assert_eq!(third.ask(SELECT_PSE), b"");
}

#[test]
fn sockets_are_private_replace_stale_ones_and_leave_nothing_behind() {
    let bench = Bench::new();
    // A stale socket, as after a crash.
    drop(UnixListener::bind(bench.path("reader")).expect("bound"));
    let reader = bench.reader();
    let mode = std::fs::metadata(bench.path("reader"))
        .expect("a socket")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let refusal = VirtualReader::bind(&bench.path("reader"), bench.slot.clone()).err();
    assert!(
        refusal
            .expect("refused")
            .to_string()
            .contains("already listens")
    );
    let mut lane = bench.lane();
    assert_eq!(lane.ask(&[0x04]), b"");
    drop(reader);
    assert_eq!(lane.0.read(&mut [0]).expect("closed"), 0);
    assert_eq!(
        std::fs::read_dir(bench.folder.path())
            .expect("the folder")
            .count(),
        0
    );
}

#[test]
fn a_file_in_the_sockets_place_is_not_touched() {
    let bench = Bench::new();
    std::fs::write(bench.path("reader"), "precious").expect("written");
    let refusal = VirtualReader::bind(&bench.path("reader"), bench.slot.clone()).err();
    assert!(
        refusal
            .expect("refused")
            .to_string()
            .contains("not a socket")
    );
    assert_eq!(
        std::fs::read(bench.path("reader")).expect("read"),
        b"precious"
    );
}

fn converse(bench: &Bench, requests: &[&str]) -> Vec<serde_json::Value> {
    let stream = UnixStream::connect(bench.path("control")).expect("a connection");
    let mut answers = BufReader::new(stream.try_clone().expect("a clone"));
    let mut writer = stream;
    requests
        .iter()
        .map(|request| {
            writer
                .write_all(format!("{request}\n").as_bytes())
                .expect("sent");
            let mut line = String::new();
            answers.read_line(&mut line).expect("an answer");
            serde_json::from_str(&line).expect("one JSON object")
        })
        .collect()
}

#[test]
fn the_control_socket_inserts_lists_and_removes() {
    let bench = Bench::new();
    let _control = Control::bind(&bench.path("control"), bench.slot.clone()).expect("a control");
    let answers = converse(
        &bench,
        &[
            r#"{"list":true}"#,
            r#"{"insert":"visa-approved"}"#,
            r#"{"state":true}"#,
            r#"{"insert":"blocked"}"#,
            r#"{"remove":true}"#,
        ],
    );
    assert_eq!(answers[0]["card"], serde_json::Value::Null);
    assert_eq!(answers[0]["cards"].as_array().expect("a list").len(), 14);
    assert_eq!(answers[0]["cards"][0]["name"], "visa-approved");
    assert_eq!(answers[0]["cards"][0]["title"], "Visa, approved");
    assert_eq!(answers[1]["card"], "visa-approved");
    assert_eq!(answers[2], answers[1]);
    assert_eq!(
        answers[3]["error"],
        "visa-approved is still inserted; remove it first"
    );
    assert_eq!(answers[4]["card"], serde_json::Value::Null);
}

#[test]
fn the_control_socket_explains_what_it_does_not_understand() {
    let bench = Bench::new();
    let _control = Control::bind(&bench.path("control"), bench.slot.clone()).expect("a control");
    let requests = [
        "",
        "{}",
        "nonsense",
        r#"{"remove":false}"#,
        r#"{"insert":"gold-card"}"#,
    ];
    let answers = converse(&bench, &requests);
    for answer in &answers[..4] {
        assert!(
            answer["error"]
                .as_str()
                .expect("an error")
                .starts_with("not understood")
        );
    }
    assert!(
        answers[4]["error"]
            .as_str()
            .expect("an error")
            .starts_with("there is no card")
    );
    let long = converse(&bench, &[&"x".repeat(5000)]);
    assert!(
        long[0]["error"]
            .as_str()
            .expect("an error")
            .starts_with("the line is too long")
    );
}

#[test]
fn the_panel_sees_a_card_that_removes_itself() {
    let bench = Bench::new();
    let profile = include_str!("../../profiles/visa-approved.toml");
    let profile = format!("{profile}\n[behaviour]\nremove_at = 2\n");
    let profile = sealpoint_cardsim::Profile::parse(&profile).expect("a profile");
    let slot = Slot::new(&[profile], &issuer()).expect("a card");
    let bench = Bench { slot, ..bench };
    let _reader = bench.reader();
    let _control = Control::bind(&bench.path("control"), bench.slot.clone()).expect("a control");
    converse(&bench, &[r#"{"insert":"visa-approved"}"#]);
    let mut lane = bench.lane();
    lane.send(&[0x01]);
    assert!(lane.ask(SELECT_PSE).ends_with(&[0x90, 0x00]));
    assert_eq!(lane.ask(SELECT_PSE), b"");
    assert_eq!(
        converse(&bench, &[r#"{"state":true}"#])[0]["card"],
        serde_json::Value::Null
    );
}
