//! A card service with our driver, a reader for it, and a client.

use std::env;
use std::ffi::{CStr, CString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pcsc::{Card, Context, Protocols, ReaderState, Scope, ShareMode, State};
use sealpoint_cardsim::profile::Interface;
use sealpoint_cardsim::{IfdReader, IssuerKeys, Profile, Slot, profile};
use tempfile::TempDir;

/// The folder of the sockets, set for the test inside.
const FOLDER: &str = "SEALPOINT_READERSIM_FOLDER";

/// What the tests need of Debian.
const PACKAGES: &str = "pcscd iproute2";

/// How long anything may take before a test is given up. Nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// SELECT the Payment System Environment: a command that any card answers, if only with "not here".
pub const SELECT_PSE: &[u8] = b"\x00\xA4\x04\x00\x0E1PAY.SYS.DDF01\x00";

/// Longest answer: 256 bytes and a status word.
const ANSWER: usize = 258;

/// Runs the ignored test `name`, `module::function`, beside a `pcscd` with so many readers of
/// so many slots.
pub fn beside_pcscd(name: &str, readers: &[u8]) {
    let numbered = readers.iter().enumerate();
    let readers: Vec<_> = numbered
        .map(|(number, slots)| ("", number, slots.to_string()))
        .collect();
    beside_named(name, &readers);
}

/// The same, with readers that have a name of their own, the number of their socket, and slots.
pub fn beside_named(name: &str, readers: &[(&str, usize, String)]) {
    beside(name, &[], readers);
}

/// The same, with a reader of ours and one of vsmartcard's.
pub fn beside_both(name: &str) {
    beside(name, &["--vpcd"], &[("", 0, "1".to_owned())]);
}

fn beside(name: &str, options: &[&str], readers: &[(&str, usize, String)]) {
    let folder = TempDir::new().expect("a folder");
    let program = env::current_exe().expect("this test's program");
    let driver = program.with_file_name("libsealpoint_readersim.so");
    let mut command = Command::new(script());
    command.args(options);
    for (called, number, slots) in readers {
        let socket = socket(folder.path(), *number);
        command.arg("--reader");
        command.arg(format!("{called}={}:{slots}", socket.display()));
    }
    let output = command
        .arg("--driver")
        .arg(driver)
        .arg(program)
        .args(["--exact", name, "--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .expect("tests/pcsc/with-pcscd runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "This test needs the Debian packages {PACKAGES}: apt-get install {PACKAGES}\n{said}"
    );
    print!("{said}");
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pcsc/with-pcscd")
}

fn socket(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("ifd{number}"))
}

/// Tells the card service inside: stop, kill, start or restart.
pub fn service(word: &str) {
    let status = Command::new(script()).arg(word).status();
    assert!(status.expect("the script runs").success(), "{word}");
}

/// The folder that this test may use, given by the one that started it.
pub fn folder() -> PathBuf {
    let folder = env::var_os(FOLDER);
    folder
        .map(PathBuf::from)
        .expect("run the test that runs this one inside with-pcscd")
}

/// The shipped card of this name.
pub fn card(name: &str) -> Profile {
    let mut shipped = profile::all().into_iter();
    shipped
        .find(|card| card.name == name)
        .expect("a shipped card")
}

/// The same card, with contacts that speak T=0.
pub fn t0(name: &str) -> Profile {
    let mut card = card(name);
    card.name = "t0".into();
    card.behaviour.t0 = true;
    card
}

/// A reader at the first, second or third socket, with so many slots.
pub fn reader(number: usize, slots: u8, cards: &[Profile]) -> Arc<IfdReader> {
    let keys = folder().join(format!("issuer{number}"));
    let issuer = IssuerKeys::create(&keys).expect("keys");
    let first = Slot::new(cards, &issuer).expect("cards");
    let others = (1..slots).map(|_| first.beside(Interface::Contactless));
    let slots = [first.clone()].into_iter().chain(others).collect();
    let reader = IfdReader::bind(&socket(&folder(), number), slots).expect("a reader");
    Arc::new(reader)
}

/// A client of the card service.
pub struct Client(pub Context);

impl Client {
    /// Connects to the card service.
    pub fn start() -> Self {
        Self(Context::establish(Scope::System).expect("the card service"))
    }

    /// The names of the readers, in order.
    pub fn readers(&self) -> Vec<CString> {
        let mut names = self.0.list_readers_owned().expect("readers");
        names.sort();
        names
    }

    /// Waits until the reader's state is as wanted, and gives it. The service says when it
    /// changes; nothing is looked at twice.
    pub fn await_state(&self, name: &CStr, wanted: impl Fn(&ReaderState) -> bool) -> ReaderState {
        let deadline = Instant::now() + PATIENCE;
        let mut states = [ReaderState::new(name, State::UNAWARE)];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let changed = self.0.get_status_change(left, &mut states);
            let [state] = &mut states;
            changed.unwrap_or_else(|error| panic!("{error}, {:?}", state.event_state()));
            if wanted(state) {
                return states.into_iter().next().expect("one");
            }
            state.sync_current_state();
        }
    }

    /// Waits for a card.
    pub fn await_card(&self, name: &CStr) -> ReaderState {
        self.await_state(name, |state| state.event_state().contains(State::PRESENT))
    }

    /// Waits until there is none, in a reader that works.
    pub fn await_empty(&self, name: &CStr) -> ReaderState {
        self.await_state(name, |state| state.event_state().contains(State::EMPTY))
    }

    /// Waits until the reader cannot be used.
    pub fn await_unavailable(&self, name: &CStr) -> ReaderState {
        self.await_state(name, |state| {
            state
                .event_state()
                .intersects(State::UNAVAILABLE | State::UNKNOWN)
        })
    }

    /// Waits for a card and connects to it.
    pub fn connect(&self, name: &CStr) -> Card {
        self.await_card(name);
        let card = self.0.connect(name, ShareMode::Exclusive, Protocols::ANY);
        card.expect("a card that answers")
    }
}

/// One command, one answer.
pub fn ask(card: &Card, command: &[u8]) -> Result<Vec<u8>, pcsc::Error> {
    let mut buffer = [0; ANSWER];
    card.transmit(command, &mut buffer).map(<[u8]>::to_vec)
}

/// Asserts that the card answers SELECT.
pub fn expect_answer(card: &Card) {
    let answer = ask(card, SELECT_PSE).expect("an answer");
    assert!(
        answer.ends_with(&[0x90, 0x00]) || answer == [0x6A, 0x82],
        "{answer:02X?}"
    );
}
