//! The same through a real `pcscd` with our own reader: two slots, one of them without contacts, and
//! a PIN pad. What a hand can do to it takes effect at once, so nothing here waits for a poll.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use sealpoint_cardsim::{
    IfdReader, Profile, Slot, faults::Faults, keypad::Press, profile, profile::Interface,
};
use sealpoint_wire::{
    AttemptId, CardOutcome, FromLane, ReaderState, ToLane,
    lane::{CardPrompt, OutcomeKind},
};
use tempfile::TempDir;

use crate::bench::{Bench, Online};
use crate::host::Host;
use crate::logs;
use crate::memory::assert_clean;

/// The reader's socket, set inside `with-pcscd`.
const SOCKET: &str = "SEALPOINT_READER_SOCKET";
const PACKAGES: &str = "pcscd iproute2";

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pcsc/with-pcscd")
}

/// Runs the ignored test `name` of this module beside a `pcscd` with our driver.
fn beside_pcscd(name: &str) {
    let folder = TempDir::new().expect("a folder");
    let socket = folder.path().join("ifd");
    let program = env::current_exe().expect("this test's program");
    let output = Command::new(script())
        .arg("--reader")
        .arg(format!("{}:2", socket.display()))
        .arg("--driver")
        .arg(program.with_file_name("libsealpoint_readersim.so"))
        .arg(program)
        .args([
            "--exact",
            &format!("ifd::{name}"),
            "--ignored",
            "--nocapture",
        ])
        .env(SOCKET, socket)
        .output()
        .expect("tests/pcsc/with-pcscd runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "This test needs the Debian packages {PACKAGES}: apt-get install {PACKAGES}\n{said}"
    );
}

/// A lane at the card service, and the reader with its slots: contacts, then without.
struct Shop {
    bench: Bench,
    reader: IfdReader,
    air: Slot,
    /// Whether all slots were empty when the lane last said how they are.
    empty: bool,
}

impl Shop {
    fn open(cards: &[Profile]) -> Self {
        let socket = env::var_os(SOCKET).expect("run the test that runs this one");
        let folder = TempDir::new().expect("a folder");
        let host = Host::create(folder.path());
        let mut bench = Bench::start(folder, host, cards, Some("pcsc:Sealpoint"));
        let air = bench.slot.beside(Interface::Contactless);
        let slots = vec![bench.slot.clone(), air.clone()];
        let reader = IfdReader::bind(Path::new(&socket), slots).expect("a reader");
        assert_eq!(bench.hello(), None);
        bench.await_reader(|state| matches!(state, ReaderState::Ready { .. }));
        Self {
            bench,
            reader,
            air,
            empty: true,
        }
    }

    /// Follows the attempt to its outcome with the host answering, and gives the prompts and what
    /// went to the host. `at` is called with each prompt before the next message is read.
    fn follow(
        &mut self,
        attempt: AttemptId,
        mut at: impl FnMut(&mut Self, CardPrompt),
    ) -> (CardOutcome, Vec<CardPrompt>, usize) {
        let (mut prompts, mut asked) = (Vec::new(), 0);
        loop {
            match self.bench.hear_any() {
                FromLane::Reader { state } => {
                    self.empty = matches!(state, ReaderState::Ready { .. })
                }
                FromLane::Prompt {
                    attempt: of,
                    prompt,
                } if of == attempt => {
                    prompts.push(prompt);
                    at(self, prompt);
                }
                FromLane::Online {
                    attempt,
                    card,
                    sealed,
                    de55,
                } => {
                    asked += 1;
                    let online = Online {
                        attempt,
                        card,
                        sealed,
                        de55,
                    };
                    let answer = self.bench.host.answer(&online);
                    self.bench.tell(&ToLane::Host { attempt, answer });
                }
                FromLane::Outcome {
                    attempt: of,
                    outcome,
                } if of == attempt => {
                    return (outcome, prompts, asked);
                }
                // A word to take the card of the attempt before away.
                FromLane::Prompt { .. } => {}
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// Inserts a card and waits until the lane has noticed.
    fn insert(&mut self, name: &str) {
        self.bench.slot.insert(name).expect("inserted");
        self.await_card();
    }

    /// Holds a card to the reader and waits until the lane has noticed.
    fn hold(&mut self, name: &str) {
        self.air.insert(name).expect("held");
        self.await_card();
    }

    /// Waits until the lane has noticed that a card was pulled.
    fn await_empty(&mut self) {
        if !self.empty {
            self.bench
                .await_reader(|state| matches!(state, ReaderState::Ready { .. }));
            self.empty = true;
        }
    }

    fn await_card(&mut self) {
        self.bench
            .await_reader(|state| matches!(state, ReaderState::CardIn { .. }));
    }

    /// Takes all cards away and waits until the lane has noticed.
    fn clear(&mut self) {
        self.bench.slot.remove();
        self.air.remove();
        self.bench
            .await_reader(|state| matches!(state, ReaderState::Ready { .. }));
    }
}

fn card(name: &str) -> Profile {
    profile::all()
        .into_iter()
        .find(|card| card.name == name)
        .expect("a shipped card")
}

fn cards(names: &[&str]) -> Vec<Profile> {
    names.iter().map(|name| card(name)).collect()
}

#[test]
fn a_card_is_charged_with_contacts_and_without_at_one_reader() {
    beside_pcscd("both_slots");
}

#[test]
#[ignore = "run by a_card_is_charged_with_contacts_and_without_at_one_reader"]
fn both_slots() {
    let mut shop = Shop::open(&cards(&["no-cvm", "t0", "qvsdc"]));
    for name in ["no-cvm", "t0"] {
        shop.insert(name);
        let attempt = shop.bench.read();
        let (outcome, prompts, asked) = shop.follow(attempt, |_, _| {});
        assert_eq!(outcome.kind, OutcomeKind::Approved, "{name}: {outcome:?}");
        assert_eq!(prompts, [CardPrompt::Reading, CardPrompt::Authorising]);
        assert_eq!(asked, 1);
        shop.bench.expect_prompt(attempt, CardPrompt::RemoveCard);
        shop.clear();
    }
    let attempt = shop.bench.read();
    let (outcome, prompts, asked) = shop.follow(attempt, |shop, prompt| {
        if prompt == CardPrompt::InsertCard {
            shop.air.insert("qvsdc").expect("held");
        }
        // The card need not stay while the host is asked.
        if prompt == CardPrompt::Authorising {
            shop.air.remove();
        }
    });
    assert_eq!(outcome.kind, OutcomeKind::Approved, "{outcome:?}");
    use CardPrompt::{Authorising, InsertCard, Reading};
    assert_eq!(prompts, [InsertCard, Reading, Authorising]);
    assert_eq!(asked, 1);
    assert_clean(&shop.bench, "after a charge without contacts");
    // Now the lane knows that cards may be held to this reader.
    let before = attempt;
    let attempt = shop.bench.read();
    let prompt = loop {
        match shop.bench.hear() {
            FromLane::Prompt { attempt: of, .. } if of == before => {}
            FromLane::Prompt {
                attempt: of,
                prompt,
            } if of == attempt => break prompt,
            other => panic!("unexpected {other:?}"),
        }
    };
    assert_eq!(prompt, CardPrompt::PresentCard);
    shop.bench.tell(&ToLane::Cancel { attempt });
    let outcome = shop.bench.expect_outcome(attempt);
    assert_eq!(outcome.kind, OutcomeKind::Cancelled);
    let (_, log) = shop.bench.close();
    logs::assert_clean(&log, &cards(&["no-cvm", "t0", "qvsdc"]));
}

#[test]
fn a_card_that_wants_its_contacts_is_inserted_in_the_same_attempt() {
    beside_pcscd("insert_instead");
}

#[test]
#[ignore = "run by a_card_that_wants_its_contacts_is_inserted_in_the_same_attempt"]
fn insert_instead() {
    let mut shop = Shop::open(&cards(&["qvsdc-insert", "no-cvm"]));
    shop.hold("qvsdc-insert");
    let attempt = shop.bench.read();
    let (outcome, prompts, asked) = shop.follow(attempt, |shop, prompt| {
        if prompt == CardPrompt::UseContacts {
            shop.air.remove();
            shop.bench.slot.insert("no-cvm").expect("inserted");
        }
    });
    assert_eq!(outcome.kind, OutcomeKind::Approved, "{outcome:?}");
    use CardPrompt::{Authorising, Reading, UseContacts};
    assert_eq!(prompts, [Reading, UseContacts, Reading, Authorising]);
    assert_eq!(asked, 1);
}

#[test]
fn a_card_that_leaves_the_field_is_held_there_again() {
    beside_pcscd("present_again");
}

#[test]
#[ignore = "run by a_card_that_leaves_the_field_is_held_there_again"]
fn present_again() {
    let mut shop = Shop::open(&cards(&["qvsdc"]));
    let torn = Faults {
        remove_at: Some(2),
        ..Faults::default()
    };
    shop.air.set_faults(torn);
    shop.hold("qvsdc");
    let attempt = shop.bench.read();
    let (outcome, prompts, asked) = shop.follow(attempt, |shop, prompt| {
        if prompt == CardPrompt::PresentAgain {
            shop.air.set_faults(Faults::default());
            shop.air.insert("qvsdc").expect("held");
        }
    });
    assert_eq!(outcome.kind, OutcomeKind::Approved, "{outcome:?}");
    use CardPrompt::{Authorising, PresentAgain, Reading};
    assert_eq!(prompts, [Reading, PresentAgain, Reading, Authorising]);
    assert_eq!(asked, 1);

    // Not for ever.
    shop.air.remove();
    shop.air.set_faults(Faults {
        remove_at: Some(2),
        ..Faults::default()
    });
    shop.air.insert("qvsdc").expect("held");
    let attempt = shop.bench.read();
    let (outcome, prompts, asked) = shop.follow(attempt, |shop, prompt| {
        if prompt == CardPrompt::PresentAgain {
            shop.air.insert("qvsdc").expect("held");
        }
    });
    assert_eq!(outcome.kind, OutcomeKind::CardRemoved, "{outcome:?}");
    assert_eq!(asked, 0);
    let again = prompts.iter().filter(|prompt| **prompt == PresentAgain);
    assert_eq!(again.count(), 4);
}

#[test]
fn a_phone_that_wants_its_holder_is_held_there_again() {
    beside_pcscd("see_phone");
}

#[test]
#[ignore = "run by a_phone_that_wants_its_holder_is_held_there_again"]
fn see_phone() {
    let mut shop = Shop::open(&cards(&["qvsdc-see-phone", "qvsdc-device"]));
    shop.hold("qvsdc-see-phone");
    let attempt = shop.bench.read();
    let (outcome, prompts, _) = shop.follow(attempt, |shop, prompt| {
        if prompt == CardPrompt::SeePhone {
            shop.air.remove();
            shop.air.insert("qvsdc-device").expect("held");
        }
    });
    assert_eq!(outcome.kind, OutcomeKind::Approved, "{outcome:?}");
    assert_eq!(prompts[..2], [CardPrompt::Reading, CardPrompt::SeePhone]);
}

#[test]
fn a_pin_goes_from_the_readers_keys_to_the_card() {
    beside_pcscd("pins");
}

#[test]
#[ignore = "run by a_pin_goes_from_the_readers_keys_to_the_card"]
fn pins() {
    use CardPrompt::{Authorising, EnterPin, EnterPinAgain, LastPinTry, Reading};
    let mut shop = Shop::open(&cards(&["pin-plaintext"]));
    let pin = |digits: &str| Press::Pin(digits.to_owned());
    // The right one at the third and last try; the right one at once, after too short a one.
    let entries = [
        (
            vec![pin("9999"), pin("9998"), pin("1234")],
            vec![
                Reading,
                EnterPin,
                Reading,
                EnterPinAgain,
                Reading,
                LastPinTry,
                Reading,
                Authorising,
            ],
        ),
        (
            vec![Press::WrongLength, pin("1234")],
            vec![Reading, EnterPin, EnterPin, Reading, Authorising],
        ),
    ];
    for (presses, expected) in entries {
        for press in presses {
            shop.bench.slot.press(press).expect("pressed");
        }
        shop.insert("pin-plaintext");
        let attempt = shop.bench.read();
        let (outcome, prompts, _) = shop.follow(attempt, |_, _| {});
        assert_eq!(outcome.kind, OutcomeKind::Approved, "{outcome:?}");
        assert_eq!(prompts, expected);
        let results = outcome.emv.expect("a cryptogram").cvm_results;
        assert_eq!(
            (&results[..2], &results[4..]),
            ("01", "02"),
            "the card verified a PIN"
        );
        shop.bench.expect_prompt(attempt, CardPrompt::RemoveCard);
        shop.clear();
    }
    // Pressing cancel ends the attempt, and so does pressing nothing.
    shop.bench.slot.press(Press::Cancel).expect("pressed");
    shop.insert("pin-plaintext");
    let attempt = shop.bench.read();
    let (outcome, prompts, asked) = shop.follow(attempt, |_, _| {});
    assert_ne!(outcome.kind, OutcomeKind::Approved, "{outcome:?}");
    assert_eq!((prompts[1], asked), (EnterPin, 0));
    let (_, log) = shop.bench.close();
    assert!(log.contains("given a PIN by the pad"), "{log}");
    assert!(!log.contains("1234FF") && !log.contains("18, 52"), "{log}");
    logs::assert_clean(&log, &cards(&["pin-plaintext"]));
}

#[test]
fn a_pin_is_enciphered_by_the_readers_keys_for_the_card_alone() {
    beside_pcscd("enciphered_pins");
}

#[test]
#[ignore = "run by a_pin_is_enciphered_by_the_readers_keys_for_the_card_alone"]
fn enciphered_pins() {
    use CardPrompt::{Authorising, EnterPin, EnterPinAgain, LastPinTry, Reading};
    let mut shop = Shop::open(&cards(&["cda-pin"]));
    let pin = |digits: &str| Press::Pin(digits.to_owned());
    let right = vec![Reading, EnterPin, Reading, Authorising];
    let wrong_once = vec![
        Reading,
        EnterPin,
        Reading,
        EnterPinAgain,
        Reading,
        Authorising,
    ];
    let mut wrong_twice = wrong_once.clone();
    wrong_twice.splice(4..4, [Reading, LastPinTry]);
    let too_short = vec![Reading, EnterPin, EnterPin, Reading, Authorising];
    for (presses, expected) in [
        (vec![pin("1234")], right),
        (vec![pin("4321"), pin("1234")], wrong_once),
        (vec![pin("4321"), pin("4322"), pin("1234")], wrong_twice),
        (vec![pin("123"), pin("1234")], too_short),
    ] {
        for press in presses {
            shop.bench.slot.press(press).expect("pressed");
        }
        shop.insert("cda-pin");
        let attempt = shop.bench.read();
        let (outcome, prompts, _) = shop.follow(attempt, |_, _| {});
        assert_eq!(outcome.kind, OutcomeKind::Approved, "{outcome:?}");
        assert_eq!(prompts, expected);
        let emv = outcome.emv.expect("a cryptogram");
        assert_eq!(emv.cvm_results, "440302", "the card deciphered a PIN");
        assert_eq!(emv.tvr, "0000008000", "over the floor limit alone");
        shop.bench.expect_prompt(attempt, CardPrompt::RemoveCard);
        assert_clean(&shop.bench, "after an enciphered PIN");
        shop.clear();
    }
    for press in [Press::Cancel, Press::Timeout] {
        shop.bench.slot.press(press).expect("pressed");
        shop.insert("cda-pin");
        let attempt = shop.bench.read();
        let (outcome, prompts, asked) = shop.follow(attempt, |_, _| {});
        assert_eq!(outcome.kind, OutcomeKind::Cancelled, "{outcome:?}");
        assert_eq!((prompts, asked), (vec![Reading, EnterPin], 0));
        shop.bench.expect_prompt(attempt, CardPrompt::RemoveCard);
        shop.clear();
    }
    let (_, log) = shop.bench.close();
    assert!(
        log.contains("\"command\":\"VERIFY\",\"sw\":\"63C2\""),
        "{log}"
    );
    assert!(!log.contains("given a PIN by the pad"), "{log}");
    logs::assert_clean(&log, &cards(&["cda-pin"]));
}

#[test]
fn a_card_pulled_at_any_command_is_told_from_a_failed_reader() {
    beside_pcscd("pulled_anywhere");
}

#[test]
#[ignore = "run by a_card_pulled_at_any_command_is_told_from_a_failed_reader"]
fn pulled_anywhere() {
    /// More commands than the card is sent.
    const MOST_COMMANDS: u16 = 60;
    let mut shop = Shop::open(&cards(&["no-cvm"]));
    let mut pulled = 0;
    for command in 1..=MOST_COMMANDS {
        shop.bench.slot.set_faults(Faults {
            remove_at: Some(command),
            ..Faults::default()
        });
        shop.bench.slot.insert("no-cvm").expect("inserted");
        let attempt = shop.bench.read();
        let (outcome, prompts, _) = shop.follow(attempt, |_, _| {});
        if shop.bench.slot.view().card.is_some() {
            assert_eq!(
                outcome.kind,
                OutcomeKind::Approved,
                "{prompts:?} {outcome:?}"
            );
            break;
        }
        assert_eq!(
            outcome.kind,
            OutcomeKind::CardRemoved,
            "{command}: {prompts:?} {outcome:?}"
        );
        shop.await_empty();
        pulled += 1;
    }
    assert!((6..MOST_COMMANDS).contains(&pulled), "{pulled} commands");
}

#[test]
fn a_mute_card_and_a_reader_that_is_unplugged_each_have_their_word() {
    beside_pcscd("mute_or_unplugged");
}

#[test]
#[ignore = "run by a_mute_card_and_a_reader_that_is_unplugged_each_have_their_word"]
fn mute_or_unplugged() {
    let mut shop = Shop::open(&cards(&["no-cvm"]));
    shop.bench.slot.set_faults(Faults {
        mute_from: Some(3),
        ..Faults::default()
    });
    shop.insert("no-cvm");
    let attempt = shop.bench.read();
    let (outcome, ..) = shop.follow(attempt, |_, _| {});
    assert_eq!(outcome.kind, OutcomeKind::CardFault, "{outcome:?}");
    assert!(outcome.why.expect("why").contains("wipe its chip"));
    shop.clear();
    shop.bench.slot.set_faults(Faults::default());

    // Unplugged while it waits for a card, and plugged in again.
    let attempt = shop.bench.read();
    shop.bench.expect_prompt(attempt, CardPrompt::InsertCard);
    shop.reader.unplug();
    shop.bench
        .await_reader(|state| matches!(state, ReaderState::Missing { .. }));
    shop.reader.plug().expect("plugged in");
    shop.bench
        .await_reader(|state| matches!(state, ReaderState::Ready { .. }));
    shop.bench.slot.insert("no-cvm").expect("inserted");
    let (outcome, ..) = shop.follow(attempt, |_, _| {});
    assert_eq!(outcome.kind, OutcomeKind::Approved, "{outcome:?}");
    shop.bench.expect_prompt(attempt, CardPrompt::RemoveCard);

    // Unplugged with the card in, while the host is asked.
    shop.clear();
    shop.insert("no-cvm");
    let attempt = shop.bench.read();
    shop.bench.expect_prompt(attempt, CardPrompt::Reading);
    shop.bench.expect_prompt(attempt, CardPrompt::Authorising);
    shop.bench.expect_online(attempt);
    shop.reader.unplug();
    let outcome = shop.bench.expect_outcome(attempt);
    assert_eq!(outcome.kind, OutcomeKind::ReaderFault, "{outcome:?}");
}

#[test]
fn the_service_may_be_restarted_or_killed_at_any_moment() {
    beside_pcscd("service_gone");
}

#[test]
#[ignore = "run by the_service_may_be_restarted_or_killed_at_any_moment"]
fn service_gone() {
    let mut shop = Shop::open(&cards(&["no-cvm"]));
    let service = |word: &str| {
        let done = Command::new(script()).arg(word).status();
        assert!(done.expect("the script runs").success(), "{word}");
    };
    // While nobody charges.
    service("stop");
    let state = shop
        .bench
        .await_reader(|state| matches!(state, ReaderState::Missing { .. }));
    let ReaderState::Missing { why } = state else {
        unreachable!("awaited")
    };
    assert!(why.contains("Start it with `systemctl"), "{why}");
    service("start");
    shop.bench
        .await_reader(|state| matches!(state, ReaderState::Ready { .. }));
    // While the host is asked: the card's fate there is the till's to settle, and it is told.
    shop.insert("no-cvm");
    let attempt = shop.bench.read();
    shop.bench.expect_prompt(attempt, CardPrompt::Reading);
    shop.bench.expect_prompt(attempt, CardPrompt::Authorising);
    shop.bench.expect_online(attempt);
    service("kill");
    let outcome = shop.bench.expect_outcome(attempt);
    assert_eq!(outcome.kind, OutcomeKind::ReaderFault, "{outcome:?}");
    // The card that stayed in meanwhile pays for nobody else.
    service("start");
    let next = shop.bench.read();
    shop.bench.expect_prompt(next, CardPrompt::RemoveCard);
    shop.bench.slot.remove();
    shop.bench.expect_prompt(next, CardPrompt::InsertCard);
    shop.bench.slot.insert("no-cvm").expect("inserted");
    let (outcome, ..) = shop.follow(next, |_, _| {});
    assert_eq!(outcome.kind, OutcomeKind::Approved, "{outcome:?}");
}
