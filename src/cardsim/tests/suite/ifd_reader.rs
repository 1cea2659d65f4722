//! The reader behind `pcscd`, seen by a driver without a `pcscd` around it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use sealpoint_cardsim::faults::{Faults, Garble};
use sealpoint_cardsim::profile::Interface;
use sealpoint_cardsim::slot::SlotError;
use sealpoint_cardsim::{IfdReader, Slot, profile};
use sealpoint_readersim::protocol::{Facts, Hello, Reply, Request, Role, Sighting, receive, send};
use tempfile::TempDir;

use crate::terminal::issuer;

const SELECT_PSE: &[u8] = b"\x00\xA4\x04\x00\x0E1PAY.SYS.DDF01\x00";

struct Bench {
    folder: TempDir,
    reader: IfdReader,
    slots: Vec<Slot>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let first = Slot::new(&profile::all(), &issuer()).expect("all cards");
        let slots = vec![first.clone(), first.beside(Interface::Contactless)];
        let reader = IfdReader::bind(&folder.path().join("ifd"), slots.clone()).expect("a reader");
        Self {
            folder,
            reader,
            slots,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("ifd")
    }

    fn dial(&self, hello: &[u8]) -> Line {
        let mut line = Line(UnixStream::connect(self.path()).expect("a connection"));
        line.say(hello);
        line
    }

    fn connect(&self, role: Role, slot: u8) -> (Line, Facts) {
        let mut line = self.dial(&Hello { role, slot }.encode());
        let facts = Facts::decode(&line.hear().expect("facts")).expect("facts");
        (line, facts)
    }
}

struct Line(UnixStream);

impl Line {
    fn say(&mut self, frame: &[u8]) {
        send(&mut self.0, frame).expect("sent");
    }

    /// Nothing if the reader hung up.
    fn hear(&mut self) -> Option<Vec<u8>> {
        receive(&mut self.0).ok().flatten()
    }

    fn ask(&mut self, request: Request) -> Reply {
        self.say(&request.encode());
        Reply::decode(&self.hear().expect("a reply")).expect("a reply")
    }

    fn select(&mut self) -> Reply {
        self.ask(Request::Apdu(SELECT_PSE.into()))
    }

    fn sighting(&mut self) -> Sighting {
        Sighting::decode(&self.hear().expect("a sighting")).expect("a sighting")
    }

    /// Skips what says nothing new.
    fn next_but(&mut self, known: Sighting) -> Sighting {
        loop {
            let sighting = self.sighting();
            if sighting != known {
                return sighting;
            }
        }
    }
}

#[test]
fn each_insertion_has_a_number_of_its_own() {
    let bench = Bench::new();
    let (mut news, facts) = bench.connect(Role::Events, 0);
    assert!(facts.pin_pad);
    assert_eq!(news.sighting(), Sighting::Empty);
    bench.slots[0].insert("visa-approved").expect("inserted");
    let first = news.next_but(Sighting::Empty);
    assert!(matches!(first, Sighting::Card(_)));
    bench.slots[0].remove();
    assert_eq!(news.next_but(first), Sighting::Empty);
    bench.slots[0].insert("visa-approved").expect("inserted");
    let second = news.next_but(Sighting::Empty);
    assert!(matches!(second, Sighting::Card(_)) && second != first);
}

#[test]
fn a_card_loses_its_power_with_the_driver() {
    let bench = Bench::new();
    bench.slots[0].insert("visa-approved").expect("inserted");
    let (mut driver, _) = bench.connect(Role::Commands, 0);
    assert_eq!(driver.select(), Reply::NoPower);
    assert!(matches!(driver.ask(Request::PowerUp), Reply::Done(atr) if atr[0] == 0x3B));
    assert!(matches!(driver.select(), Reply::Done(_)));
    drop(driver);
    // The next driver is welcome once the first has gone.
    let (mut driver, _) = bench.connect(Role::Commands, 0);
    assert_eq!(driver.select(), Reply::NoPower);
    assert!(matches!(driver.ask(Request::PowerUp), Reply::Done(_)));
    assert_eq!(driver.ask(Request::PowerDown), Reply::Done(Vec::new()));
    assert_eq!(driver.select(), Reply::NoPower);
    bench.slots[0].remove();
    assert_eq!(driver.select(), Reply::NoCard);
    assert_eq!(driver.ask(Request::PowerUp), Reply::NoCard);
}

#[test]
fn a_contactless_slot_has_no_pad_and_takes_tapped_cards_alone() {
    let bench = Bench::new();
    let (mut driver, facts) = bench.connect(Role::Commands, 1);
    assert!(!facts.pin_pad);
    assert_eq!(driver.ask(Request::VerifyPin(vec![0; 32])), Reply::Refused);
    let refused = bench.slots[1].insert("visa-approved");
    assert_eq!(refused, Err(SlotError::OtherSide("visa-approved".into())));
    bench.slots[1].insert("qvsdc").expect("held");
    let elsewhere = bench.slots[0].insert("qvsdc");
    assert_eq!(elsewhere, Err(SlotError::Elsewhere("qvsdc".into())));
    // The ATR that a reader makes for a tapped card (PC/SC part 3).
    let answer = driver.ask(Request::PowerUp);
    assert!(
        matches!(&answer, Reply::Done(atr) if atr[1] & 0xF0 == 0x80),
        "{answer:?}"
    );
    bench.slots[1].remove();
    bench.slots[0].insert("qvsdc").expect("free again");
}

#[test]
fn who_asks_for_no_slot_of_ours_is_hung_up_on() {
    let bench = Bench::new();
    let nobody = Hello {
        role: Role::Events,
        slot: 2,
    };
    for hello in [&nobody.encode()[..], &[], &[9, 1, 0], b"GET / HTTP/1.0"] {
        assert_eq!(bench.dial(hello).hear(), None, "{hello:?}");
    }
    let (mut driver, _) = bench.connect(Role::Commands, 0);
    driver.say(b"\xFFnonsense");
    assert_eq!(driver.hear(), None);
}

#[test]
fn a_pulled_plug_ends_every_connection_and_can_be_put_back() {
    let bench = Bench::new();
    bench.slots[0].insert("visa-approved").expect("inserted");
    let (mut news, _) = bench.connect(Role::Events, 0);
    let (mut driver, _) = bench.connect(Role::Commands, 0);
    assert!(matches!(driver.ask(Request::PowerUp), Reply::Done(_)));
    bench.reader.unplug();
    bench.reader.unplug();
    assert!(UnixStream::connect(bench.path()).is_err());
    assert_eq!(driver.hear(), None);
    assert!(
        std::iter::from_fn(|| news.hear()).count() < 10,
        "and then hung up"
    );
    bench.reader.plug().expect("the path is free");
    bench.reader.plug().expect("it is plugged in");
    let (mut driver, _) = bench.connect(Role::Commands, 0);
    assert_eq!(driver.select(), Reply::NoPower);
}

#[test]
fn faults_happen_at_the_command_that_they_name() {
    let bench = Bench::new();
    let slot = &bench.slots[0];
    let (mut driver, _) = bench.connect(Role::Commands, 0);
    let mut replies = |faults: Faults| {
        slot.set_faults(faults);
        slot.remove();
        slot.insert("visa-approved").expect("inserted");
        assert!(matches!(driver.ask(Request::PowerUp), Reply::Done(_)));
        [(); 3].map(|()| match driver.select() {
            Reply::Done(_) => "answer",
            Reply::NoCard => "no card",
            Reply::Mute => "mute",
            other => panic!("{other:?}"),
        })
    };
    let well = Faults::default;
    assert_eq!(replies(well()), ["answer"; 3]);
    let remove_at = Some(2);
    let removed = replies(Faults {
        remove_at,
        ..well()
    });
    assert_eq!(removed, ["answer", "no card", "no card"]);
    let drop_at = Some(2);
    let dropped = replies(Faults { drop_at, ..well() });
    assert_eq!(dropped, ["answer", "mute", "answer"]);
    let mute_from = Some(2);
    let mute = replies(Faults {
        mute_from,
        ..well()
    });
    assert_eq!(mute, ["answer", "mute", "mute"]);
}

#[test]
fn damage_is_the_same_for_the_same_seed_and_never_takes_the_card_away() {
    let bench = Bench::new();
    let slot = &bench.slots[0];
    let (mut driver, _) = bench.connect(Role::Commands, 0);
    slot.insert("visa-approved").expect("inserted");
    let mut answers = |garble: Option<Garble>| {
        slot.set_faults(Faults {
            garble,
            ..Faults::default()
        });
        assert!(matches!(driver.ask(Request::PowerUp), Reply::Done(_)));
        let answers = (0..50).map(|_| match driver.select() {
            Reply::Done(answer) => answer,
            other => panic!("{other:?}"),
        });
        answers.collect::<Vec<_>>()
    };
    let garble = |seed| Some(Garble { seed, percent: 50 });
    let (whole, one, again, other) = (
        answers(None),
        answers(garble(1)),
        answers(garble(1)),
        answers(garble(2)),
    );
    assert_eq!(one, again);
    assert_ne!(one, other);
    let damaged = one.iter().zip(&whole).filter(|(one, whole)| one != whole);
    assert!((5..46).contains(&damaged.count()));
}

/// What the documentation says goes in.
fn examples() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reader.md");
    let page = fs::read_to_string(page).expect("the page");
    let blocks = page.split("```control\n").skip(1);
    let lines = blocks.flat_map(|block| block.lines().take_while(|line| *line != "```"));
    lines.map(str::to_owned).collect()
}

/// Ends with the test, whatever comes of it.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // If it ended by itself, there is nothing to end.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

#[test]
fn the_program_understands_every_example_of_the_documentation() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    let program = || Command::new(env!("CARGO_BIN_EXE_cardsim"));
    let keys = program()
        .arg("keys")
        .arg("--out")
        .arg(path("issuer"))
        .status();
    assert!(keys.expect("it runs").success());
    let started = program()
        .args(["ifd", "--slots", "2"])
        .arg("--socket")
        .arg(path("ifd"))
        .arg("--control")
        .arg(path("control"))
        .arg("--issuer")
        .arg(path("issuer"))
        .stdout(Stdio::piped())
        .spawn();
    let mut reader = Program(started.expect("it runs"));
    let mut said = BufReader::new(reader.0.stdout.take().expect("piped"));
    let mut ready = String::new();
    said.read_line(&mut ready).expect("a line");
    assert_eq!(ready, "ready\n");

    let mut control = UnixStream::connect(path("control")).expect("a connection");
    let mut answers = BufReader::new(control.try_clone().expect("a clone"));
    let examples = examples();
    assert!(examples.len() > 15, "{examples:?}");
    for line in examples {
        writeln!(control, "{line}").expect("sent");
        let mut answer = String::new();
        answers.read_line(&mut answer).expect("an answer");
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("one JSON object");
        assert!(answer["error"].is_null(), "{line}: {answer}");
        assert_eq!(answer["slots"].as_array().map(Vec::len), Some(2));
    }
}
