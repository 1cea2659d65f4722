//! The same through a real `pcscd`: each test runs again inside `tests/pcsc/with-pcscd`, which
//! gives it a card service of its own with one reader, vsmartcard's.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use sealpoint_cardsim::{Profile, VpcdClient, profile, vpcd::VPCD_PORT};
use sealpoint_wire::{
    ReaderState, ToLane,
    lane::{CardPrompt, OutcomeKind},
};
use tempfile::TempDir;

use crate::bench::Bench;
use crate::host::Host;
use crate::memory::assert_clean;

/// Set inside `with-pcscd`, so that a test by hand fails with a sentence and not with a riddle.
const INSIDE: &str = "SEALPOINT_PCSCD";
/// What the tests need of Debian.
const PACKAGES: &str = "pcscd vsmartcard-vpcd iproute2";
/// How often to look for something that takes a moment, 10 ms apart.
const LOOKS: u32 = 1_000;

/// Runs the ignored test `name` of this module beside a `pcscd` of its own.
fn beside_pcscd(name: &str) {
    beside_service(&format!("pcscd::{name}"));
}

/// Runs that ignored test beside a `pcscd` of its own.
pub fn beside_service(test: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pcsc/with-pcscd");
    let output = Command::new(script)
        .arg(env::current_exe().expect("this test's program"))
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("tests/pcsc/with-pcscd runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "This test needs the Debian packages {PACKAGES}: apt-get install {PACKAGES}\n{said}"
    );
}

/// A lane at the card service, and the card's connection to its reader.
fn bench(cards: &[Profile], reader: &str) -> (Bench, VpcdClient) {
    let folder = TempDir::new().expect("a folder");
    let host = Host::create(folder.path());
    bench_in(folder, host, cards, reader)
}

/// The same in a folder that was prepared.
pub fn bench_in(
    folder: TempDir,
    host: Host,
    cards: &[Profile],
    reader: &str,
) -> (Bench, VpcdClient) {
    assert!(
        env::var_os(INSIDE).is_some(),
        "run the test that runs this one inside with-pcscd"
    );
    let mut bench = Bench::start(folder, host, cards, Some(reader));
    let client = VpcdClient::start("127.0.0.1", VPCD_PORT, bench.slot.clone()).expect("threads");
    assert_eq!(bench.hello(), None);
    (bench, client)
}

fn card(name: &str) -> Profile {
    profile::shipped()
        .into_iter()
        .find(|card| card.name == name)
        .expect("a shipped card")
}

fn t0(name: &str) -> Profile {
    let mut card = card(name);
    card.name = format!("{name}-t0");
    card.behaviour.t0 = true;
    card
}

#[test]
fn cards_are_charged_through_a_real_pcscd() {
    beside_pcscd("charges");
}

#[test]
#[ignore = "run by cards_are_charged_through_a_real_pcscd"]
fn charges() {
    let cards = [
        card("visa-approved"),
        card("mastercard-approved"),
        t0("visa-approved"),
        t0("mastercard-approved"),
    ];
    let (mut bench, _card) = bench(&cards, "pcsc:Virtual PCD");
    let state = bench.await_reader(|state| matches!(state, ReaderState::Ready { .. }));
    let ReaderState::Ready { name } = state else {
        unreachable!("awaited")
    };
    assert!(name.starts_with("Virtual PCD"), "{name}");
    for card in &cards {
        bench.slot.insert(&card.name).expect("inserted");
        let attempt = bench.read();
        let outcome = bench.outcome_with_host(attempt);
        assert_eq!(
            outcome.kind,
            OutcomeKind::Approved,
            "{}: {outcome:?}",
            card.name
        );
        bench.expect_prompt(attempt, CardPrompt::RemoveCard);
        assert_clean(&bench, "after the outcome");
        bench.take_card_out();
    }
}

#[test]
fn a_card_pulled_out_of_a_real_reader_is_told_from_a_failed_reader() {
    beside_pcscd("pulled");
}

#[test]
#[ignore = "run by a_card_pulled_out_of_a_real_reader_is_told_from_a_failed_reader"]
fn pulled() {
    let cards = [
        card("removed-too-soon"),
        card("removed-while-online"),
        card("visa-approved"),
    ];
    let (mut bench, _card) = bench(&cards, "pcsc");
    for card in &cards[..2] {
        bench.slot.insert(&card.name).expect("inserted");
        let attempt = bench.read();
        let outcome = bench.outcome_with_host(attempt);
        assert_eq!(
            outcome.kind,
            OutcomeKind::CardRemoved,
            "{}: {outcome:?}",
            card.name
        );
        assert_eq!(outcome.emv.expect("one cryptogram").ac_type, "ARQC");
    }
    bench.slot.insert("visa-approved").expect("inserted");
    let attempt = bench.read();
    assert_eq!(bench.outcome_with_host(attempt).kind, OutcomeKind::Approved);
}

#[test]
fn another_card_in_the_reader_while_the_host_is_asked_ends_the_attempt() {
    beside_pcscd("swapped");
}

#[test]
#[ignore = "run by another_card_in_the_reader_while_the_host_is_asked_ends_the_attempt"]
fn swapped() {
    let cards = [card("visa-approved"), card("mastercard-approved")];
    let (mut bench, _card) = bench(&cards, "pcsc");
    bench.slot.insert("visa-approved").expect("inserted");
    let attempt = bench.read();
    let online = loop {
        match bench.hear() {
            sealpoint_wire::FromLane::Online {
                attempt,
                card,
                sealed,
                de55,
            } => {
                break crate::bench::Online {
                    attempt,
                    card,
                    sealed,
                    de55,
                };
            }
            sealpoint_wire::FromLane::Prompt { .. } => {}
            other => panic!("unexpected {other:?}"),
        }
    };
    bench.slot.remove();
    bench.slot.insert("mastercard-approved").expect("inserted");
    let outcome = bench.expect_outcome(attempt);
    assert_eq!(outcome.kind, OutcomeKind::CardRemoved, "{outcome:?}");
    let answer = bench.host.answer(&online);
    bench.tell(&ToLane::Host { attempt, answer });
    let next = bench.read();
    let outcome = bench.outcome_with_host(next);
    assert_eq!(outcome.kind, OutcomeKind::Approved, "{outcome:?}");
    assert_eq!(outcome.card.expect("a card").label, "MASTERCARD");
}

#[test]
fn the_card_service_may_stop_and_start_again() {
    beside_pcscd("restarted");
}

/// The running service of this test: its process id and command line.
fn service() -> (u32, Vec<String>) {
    let pid = fs::read_to_string("/run/pcscd/pcscd.pid").expect("pcscd says its process id");
    // A line end and a NUL follow the number.
    let digits: String = pid.chars().take_while(char::is_ascii_digit).collect();
    let pid = digits.parse().expect("a number");
    let line = fs::read(format!("/proc/{pid}/cmdline")).expect("it runs");
    let words = line
        .split(|byte| *byte == 0)
        .filter(|word| !word.is_empty());
    (
        pid,
        words
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect(),
    )
}

/// Stops on drop what was started again here.
struct Restarted(Child);

impl Drop for Restarted {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}

fn await_that(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..LOOKS {
        if holds() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}");
}

#[test]
#[ignore = "run by the_card_service_may_stop_and_start_again"]
fn restarted() {
    let (mut bench, _card) = bench(&[card("visa-approved")], "pcsc");
    bench.await_reader(|state| matches!(state, ReaderState::Ready { .. }));

    let (pid, command) = service();
    Command::new("kill")
        .arg(pid.to_string())
        .status()
        .expect("kill runs");
    let state = bench.await_reader(|state| matches!(state, ReaderState::Missing { .. }));
    let ReaderState::Missing { why } = state else {
        unreachable!("awaited")
    };
    assert!(!why.is_empty());
    await_that("pcscd ends", || {
        // A process that has ended and was not waited for has an empty command line.
        fs::read(PathBuf::from(format!("/proc/{pid}/cmdline"))).map_or(true, |line| line.is_empty())
    });
    let attempt = bench.read();
    let outcome = bench.expect_outcome(attempt);
    assert_eq!(outcome.kind, OutcomeKind::ReaderFault, "{outcome:?}");
    let why = outcome.why.expect("a reason");
    assert!(
        why.contains("The card service does not run. Start it"),
        "{why}"
    );

    let (program, arguments) = command.split_first().expect("a command line");
    let again = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .spawn();
    let _again = Restarted(again.expect("pcscd starts again"));
    bench.await_reader(|state| matches!(state, ReaderState::Ready { .. }));
    bench.slot.insert("visa-approved").expect("inserted");
    let attempt = bench.read();
    assert_eq!(bench.outcome_with_host(attempt).kind, OutcomeKind::Approved);
}

#[test]
fn a_reader_of_another_name_is_not_used() {
    beside_pcscd("other_name");
}

#[test]
#[ignore = "run by a_reader_of_another_name_is_not_used"]
fn other_name() {
    let (mut bench, _card) = bench(&[card("visa-approved")], "pcsc:Gemalto");
    let state = bench.await_reader(|_| true);
    let ReaderState::Missing { why } = state else {
        panic!("{state:?}")
    };
    assert_eq!(
        why,
        "No card reader whose name contains \"Gemalto\" is connected. Plug it in."
    );
}
