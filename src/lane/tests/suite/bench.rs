//! A lane on a bench: the binary, a till's end of its socket, and a slot for cards.

use std::{
    fs,
    io::Read as _,
    net::Shutdown,
    os::{
        fd::OwnedFd,
        unix::{net::UnixStream, process::ExitStatusExt},
    },
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread::{self, JoinHandle},
    time::Duration,
};

use sealpoint_cardsim::{Profile, Slot, VirtualReader, profile};
use sealpoint_wire::{
    AttemptId, Bytes, CardOutcome, CardSummary, Currency, FromLane, ReaderState, SealedCard,
    ToLane, frame,
    lane::{CardPrompt, ReadCard},
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::host::Host;

/// How long any answer of the lane may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);
pub const TERMINAL: &str = "T0000001";

/// The lane and all that it needs. Dropping it stops the lane.
pub struct Bench {
    pub folder: TempDir,
    pub slot: Slot,
    pub host: Host,
    till: UnixStream,
    lane: Child,
    log: Option<JoinHandle<String>>,
    /// Takes commands for the virtual reader; not with another reader.
    _reader: Option<VirtualReader>,
    attempts: u128,
}

/// What the lane hands over to ask the host with.
pub struct Online {
    pub attempt: AttemptId,
    pub card: CardSummary,
    pub sealed: SealedCard,
    pub de55: Bytes,
}

impl Bench {
    /// A lane at the virtual reader with the shipped cards, everything in order.
    pub fn new() -> Self {
        Self::with_cards(&profile::shipped())
    }

    pub fn with_cards(cards: &[Profile]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let host = Host::create(folder.path());
        Self::start(folder, host, cards, None)
    }

    /// A lane in this folder, at the virtual reader or at another.
    pub fn start(folder: TempDir, host: Host, cards: &[Profile], reader: Option<&str>) -> Self {
        let slot = Slot::new(cards, &host.issuer).expect("the issuer has keys for all cards");
        let socket = folder.path().join("reader");
        let serving = reader.is_none().then(|| {
            VirtualReader::bind(&socket, slot.clone()).expect("the virtual reader starts")
        });
        let reader = match reader {
            Some(reader) => reader.to_owned(),
            None => format!("virtual:{}", socket.display()),
        };
        let (lane, till) = spawn(folder.path(), &reader);
        let mut bench = Self {
            folder,
            slot,
            host,
            till,
            lane,
            log: None,
            _reader: serving,
            attempts: 0,
        };
        let mut stderr = bench.lane.stderr.take().expect("stderr is a pipe");
        bench.log = Some(thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).expect("the log is text");
            text
        }));
        bench
    }

    pub fn tell(&mut self, message: &ToLane) {
        frame::write(&mut self.till, message).expect("the lane listens");
    }

    /// The lane's process id.
    pub fn process(&self) -> u32 {
        self.lane.id()
    }

    /// Bytes that no frame has.
    pub fn raw(&mut self) -> &mut UnixStream {
        &mut self.till
    }

    /// The next message, whatever it is.
    pub fn hear_any(&mut self) -> FromLane {
        frame::read(&mut self.till)
            .expect("the lane speaks in time")
            .expect("the lane has not closed")
    }

    /// The next message that is no news of the reader or of the set-up.
    pub fn hear(&mut self) -> FromLane {
        loop {
            match self.hear_any() {
                FromLane::Reader { .. } | FromLane::SetUp { .. } => {}
                message => return message,
            }
        }
    }

    /// The first message: why no card can be charged, if so.
    pub fn hello(&mut self) -> Option<String> {
        match self.hear_any() {
            FromLane::Hello {
                version,
                cannot_charge,
                ..
            } => {
                assert_eq!(version, sealpoint_wire::WIRE_VERSION);
                cannot_charge
            }
            other => panic!("no hello but {other:?}"),
        }
    }

    /// Waits for news of the set-up: why no card can be charged, and the warnings.
    pub fn await_set_up(&mut self) -> (Option<String>, Vec<String>) {
        loop {
            if let FromLane::SetUp {
                cannot_charge,
                warnings,
                ..
            } = self.hear_any()
            {
                return (cannot_charge, warnings);
            }
        }
    }

    /// Waits for this news of the reader.
    pub fn await_reader(&mut self, wanted: impl Fn(&ReaderState) -> bool) -> ReaderState {
        loop {
            if let FromLane::Reader { state } = self.hear_any()
                && wanted(&state)
            {
                return state;
            }
        }
    }

    /// An order for a new attempt, not sent yet.
    pub fn order(&mut self) -> ReadCard {
        self.attempts += 1;
        ReadCard {
            attempt: AttemptId::new(Uuid::from_u128(self.attempts)),
            terminal: TERMINAL.parse().expect("a terminal id"),
            amount_minor: 1_299,
            currency: Currency::Eur,
            local_time: "20261122201500".to_owned(),
            stan: 7,
            insert_timeout_ms: 20_000,
            offline_up_to_minor: 0,
        }
    }

    /// Orders a new attempt.
    pub fn read(&mut self) -> AttemptId {
        let order = self.order();
        let attempt = order.attempt;
        self.tell(&ToLane::Read(order));
        attempt
    }

    pub fn expect_prompt(&mut self, attempt: AttemptId, wanted: CardPrompt) {
        let message = self.hear();
        assert_eq!(
            message,
            FromLane::Prompt {
                attempt,
                prompt: wanted
            }
        );
    }

    pub fn expect_online(&mut self, attempt: AttemptId) -> Online {
        match self.hear() {
            FromLane::Online {
                attempt: of,
                card,
                sealed,
                de55,
            } if of == attempt => Online {
                attempt,
                card,
                sealed,
                de55,
            },
            other => panic!("not online but {other:?}"),
        }
    }

    pub fn expect_outcome(&mut self, attempt: AttemptId) -> CardOutcome {
        match self.hear() {
            FromLane::Outcome {
                attempt: of,
                outcome,
            } if of == attempt => outcome,
            other => panic!("no outcome but {other:?}"),
        }
    }

    /// Takes the attempt to its outcome, with the host answering whenever it is asked, and the
    /// cardholder choosing what is offered first.
    pub fn outcome_with_host(&mut self, attempt: AttemptId) -> CardOutcome {
        loop {
            match self.hear() {
                FromLane::Prompt { attempt: of, .. } => assert_eq!(of, attempt),
                FromLane::Choose { attempt: of, .. } => {
                    assert_eq!(of, attempt);
                    self.tell(&ToLane::Chosen { attempt, index: 0 });
                }
                FromLane::Online {
                    attempt: of,
                    card,
                    sealed,
                    de55,
                } => {
                    assert_eq!(of, attempt);
                    let online = Online {
                        attempt,
                        card,
                        sealed,
                        de55,
                    };
                    let answer = self.host.answer(&online);
                    self.tell(&ToLane::Host { attempt, answer });
                }
                FromLane::Outcome {
                    attempt: of,
                    outcome,
                } => {
                    assert_eq!(of, attempt);
                    return outcome;
                }
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// Takes the card out and waits until the lane has noticed.
    pub fn take_card_out(&mut self) {
        self.slot.remove();
        self.await_reader(|state| matches!(state, ReaderState::Ready { .. }));
    }

    /// Closes the till's end and gives the lane's exit and its whole log.
    pub fn close(mut self) -> (ExitStatus, String) {
        self.till
            .shutdown(Shutdown::Write)
            .expect("the socket is open");
        self.wait()
    }

    /// Waits for the lane to end by itself.
    pub fn wait(&mut self) -> (ExitStatus, String) {
        let status = self.lane.wait().expect("the lane ends");
        let log = self.log.take().expect("the log is taken once");
        (status, log.join().expect("the log is read"))
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _gone = self.lane.kill();
        let status = self.lane.wait();
        if let Some(log) = self.log.take()
            && let Ok(log) = log.join()
            && thread::panicking()
        {
            let signal = status.ok().and_then(|status| status.signal());
            println!("the lane's log (ended by signal {signal:?}):\n{log}");
        }
    }
}

fn spawn(folder: &Path, reader: &str) -> (Child, UnixStream) {
    let (till, lane_end) = UnixStream::pair().expect("a socket pair");
    till.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let profile = folder.join("profile.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_lane"));
    command.arg("--keys").arg(folder);
    command.args(["--terminal", TERMINAL, "--reader", reader]);
    if fs::exists(&profile).expect("the folder is readable") {
        command.arg("--profile").arg(profile);
    }
    let lane = command
        .env("SEALPOINT_LOG", "trace")
        .stdin(Stdio::from(OwnedFd::from(lane_end)))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the lane starts");
    (lane, till)
}
