//! A defect in the program, in the middle of a card: everything is wiped before the process ends. Played
//! by a child that runs the lane's own charge and falls at a chosen place; its memory is read when
//! it falls, and again at the very end.

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::process::ExitStatusExt,
    panic,
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    time::Duration,
};

use sealpoint_cardsim::{VirtualReader, profile};
use sealpoint_emv::{Charge, ChargeKind, OnlineRequest, demo_profile};
use sealpoint_lane::{
    bench::{self, Attendant, HostSaid},
    last_act::wiped_or,
    reader::{self, Bounded, CardError, Missing, PadAnswer, Powered, Reader, Slot},
};
use sealpoint_secret::SecretBytes;
use sealpoint_wire::lane::CardPrompt;
use tempfile::TempDir;

use crate::{
    host::Host,
    memory::{count, forms},
};

/// What tells the child where the card is and where it falls.
const SOCKET: &str = "SEALPOINT_DEFECT_SOCKET";
const PLACE: &str = "SEALPOINT_DEFECT_PLACE";
/// What the child says when it falls, and when all is wiped.
const FALLS: &str = "falls";
const WIPED: &str = "wiped";
const SIGABRT: i32 = 6;

/// A reader that falls once the card has told its number.
struct Falling(reader::VirtualReader);

impl Reader for Falling {
    fn slots(&mut self) -> Result<Vec<Slot>, Missing> {
        self.0.slots()
    }

    fn power_on(&mut self, slot: &Slot) -> Result<Powered, CardError> {
        self.0.power_on(slot)
    }

    fn transmit(&mut self, command: &[u8], answer: &mut SecretBytes) -> Result<(), CardError> {
        self.0.transmit(command, answer)?;
        let has_number = answer.expose().windows(2).any(|two| two == [0x5A, 0x08]);
        assert!(!has_number, "a defect in the reader");
        Ok(())
    }

    fn verify_pin(&mut self) -> Result<PadAnswer, CardError> {
        self.0.verify_pin()
    }

    fn power_off(&mut self) {
        self.0.power_off();
    }
}

/// Falls with the card data for the host in its hands.
struct FallingAtHost;

impl Attendant for FallingAtHost {
    fn prompt(&mut self, _: CardPrompt) {}

    fn host(&mut self, request: OnlineRequest) -> HostSaid {
        let digits = request.card.pan.digits();
        panic!("a defect with a number of {digits} digits");
    }
}

/// Says a word, and goes on when it is told to.
fn say_and_wait(word: &str) {
    println!("\n{word}");
    io::stdout().flush().expect("the test listens");
    io::stdin().read_exact(&mut [0]).expect("the test answers");
}

#[test]
#[ignore = "falls; run by the tests below"]
fn inside() {
    let socket = PathBuf::from(env::var_os(SOCKET).expect("started by a test below"));
    let place = env::var(PLACE).expect("started by a test below");
    panic::set_hook(Box::new(|_| say_and_wait(FALLS)));
    let charge = || {
        let reader = reader::VirtualReader::new(socket);
        let mut reader: Box<dyn Reader> = match place.as_str() {
            "reader" => Box::new(Falling(reader)),
            "thread" => Box::new(Bounded::new(Falling(reader), Duration::from_secs(30))),
            _ => Box::new(reader),
        };
        let terminal = demo_profile();
        let purchase = Charge {
            amount_minor: 1_299,
            currency: 978,
            exponent: 2,
            cashback_minor: 0,
            kind: ChargeKind::Purchase,
            date: [0x26, 0x11, 0x22],
            time: [0x20, 0x15, 0x00],
            unpredictable_number: [0; 4],
            random_draw: 1,
            forced_online: false,
            offline_up_to_minor: i64::MAX,
            counter: 1,
            terminal_id: *b"BENCH001",
        };
        let wait = Duration::from_secs(20);
        let mut attendant = FallingAtHost;
        bench::charge(
            reader.as_mut(),
            &terminal,
            purchase,
            wait,
            &mut attendant,
            None,
        );
    };
    wiped_or(charge, end);
}

#[expect(clippy::disallowed_methods, reason = "as the lane ends")]
fn end() {
    say_and_wait(WIPED);
    process::abort()
}

/// The child, and what it says.
struct Inside {
    child: Child,
    said: BufReader<process::ChildStdout>,
}

impl Inside {
    fn start(place: &str, socket: &std::path::Path) -> Self {
        let mut child = Command::new(env::current_exe().expect("this test's program"))
            .args(["--exact", "defect::inside", "--ignored", "--nocapture"])
            .env(SOCKET, socket)
            .env(PLACE, place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let said = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, said }
    }

    fn until(&mut self, word: &str) {
        let mut line = String::new();
        while line.trim() != word {
            line.clear();
            let read = self.said.read_line(&mut line).expect("text");
            assert!(read > 0, "it ended before it said {word}");
        }
    }

    fn go_on(&mut self) {
        let input = self.child.stdin.as_mut().expect("a pipe");
        input.write_all(b"\n").expect("it listens");
    }

    /// How often the number stands in its memory.
    fn numbers(&self, pan: &str) -> usize {
        let forms = forms(pan);
        forms.iter().map(|form| count(self.child.id(), form)).sum()
    }
}

/// Has the child fall there, and looks.
fn falls_clean(place: &str) {
    let folder = TempDir::new().expect("a folder");
    let host = Host::create(folder.path());
    let cards = profile::shipped();
    let slot = sealpoint_cardsim::Slot::new(&cards, &host.issuer).expect("cards");
    let socket = folder.path().join("reader");
    let _reader = VirtualReader::bind(&socket, slot.clone()).expect("the virtual reader starts");
    slot.insert("visa-approved").expect("inserted");
    let pan = "4761739001010119";
    let mut inside = Inside::start(place, &socket);
    inside.until(FALLS);
    assert!(
        inside.numbers(pan) > 0,
        "{place}: it fell with a number in its hands"
    );
    inside.go_on();
    inside.until(WIPED);
    assert_eq!(inside.numbers(pan), 0, "{place}: just before it ends");
    inside.go_on();
    let ended = inside.child.wait().expect("our child");
    assert_eq!(ended.signal(), Some(SIGABRT), "{place}");
}

#[test]
fn a_defect_while_a_card_is_read_leaves_no_card_number() {
    falls_clean("reader");
}

#[test]
fn a_defect_in_the_readers_thread_ends_the_lane_and_leaves_no_card_number() {
    falls_clean("thread");
}

#[test]
fn a_defect_while_the_host_is_asked_leaves_no_card_number() {
    falls_clean("host");
}

/// What the three tests above stand on: wiping happens only where the stack is unwound.
#[test]
fn the_release_profile_unwinds() {
    let manifest = include_str!("../../../../Cargo.toml");
    let release = manifest
        .split("[profile.release]")
        .nth(1)
        .expect("a profile");
    let release = release.split("\n[").next().expect("its lines");
    assert!(!release.contains("panic = \"abort\""), "{release}");
}
