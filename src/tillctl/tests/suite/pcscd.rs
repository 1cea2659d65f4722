//! The same through a real card service, with vsmartcard's reader and with our own: each test runs
//! again inside `tests/pcsc/with-pcscd`, which gives it a service of its own.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use sealpoint_cardsim::{
    IfdReader, Slot, VpcdClient,
    faults::{Faults, Garble},
    hostile,
    keypad::Press,
    profile::Interface,
    vpcd::VPCD_PORT,
};
use tempfile::TempDir;

use crate::{
    bench::{Ran, assert_no_pan, card, folder, slot, tillctl},
    doctor::{level, what},
};

/// The folder of the sockets, set for the test inside.
const FOLDER: &str = "SEALPOINT_TILLCTL_FOLDER";
/// What the tests need of Debian.
const PACKAGES: &str = "pcscd vsmartcard-vpcd iproute2";

/// Runs the ignored test `name` beside a card service with that kind of reader.
fn beside_pcscd(name: &str, ours: bool) {
    let folder = TempDir::new().expect("a folder");
    let program = env::current_exe().expect("this test's program");
    let mut command = Command::new(script());
    if ours {
        let socket = folder.path().join("ifd");
        command
            .arg("--reader")
            .arg(format!("{}:2", socket.display()))
            .arg("--driver")
            .arg(program.with_file_name("libsealpoint_readersim.so"));
    } else {
        command.arg("--vpcd");
    }
    let output = command
        .arg(program)
        .args([
            "--exact",
            &format!("pcscd::{name}"),
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder.path())
        .output()
        .expect("tests/pcsc/with-pcscd runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "This test needs the Debian packages {PACKAGES}: apt-get install {PACKAGES}\n{said}"
    );
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pcsc/with-pcscd")
}

fn inside() -> PathBuf {
    let folder = env::var_os(FOLDER).map(PathBuf::from);
    folder.expect("run the test that runs this one inside with-pcscd")
}

fn charge(arguments: &[&str]) -> Ran {
    tillctl(&[&["card", "--json", "--wait", "20"], arguments].concat())
}

#[test]
fn a_shelf_of_cards_goes_through_vpcd() {
    beside_pcscd("vpcd_inside", false);
}

#[test]
#[ignore = "runs inside with-pcscd"]
fn vpcd_inside() {
    let own = folder();
    let names = ["cda", "dda", "sda", "t0", "declines-offline", "unknown-aid"];
    let cards: Vec<_> = names.into_iter().map(card).collect();
    let slot = slot(own.path(), &cards);
    let _client = VpcdClient::start("127.0.0.1", VPCD_PORT, slot.clone()).expect("threads");
    for (name, code, outcome, ac) in [
        ("cda", 0, "approved", "TC"),
        ("dda", 0, "approved", "TC"),
        ("sda", 0, "approved", "TC"),
        ("t0", 0, "approved", "TC"),
        ("declines-offline", 10, "declined_offline", "AAC"),
        ("unknown-aid", 22, "not_accepted", "null"),
    ] {
        slot.insert(name).expect("a card");
        let ran = charge(&[]);
        assert_eq!(
            (ran.code, ran.text("outcome").as_str()),
            (code, outcome),
            "{name}: {}",
            ran.out
        );
        assert_eq!(ran.text("ac_type"), ac, "{name}");
        assert!(
            ran.text("reader").contains("Virtual PCD"),
            "{}",
            ran.text("reader")
        );
        assert_no_pan(&ran, &card(name));
        slot.remove();
        await_empty();
    }
    let nobody = tillctl(&["card", "--json", "--reader", "no such reader"]);
    assert_eq!(
        (nobody.code, nobody.text("outcome").as_str()),
        (30, "reader_fault")
    );
}

#[test]
fn the_doctor_names_the_reader_of_a_card_service() {
    beside_pcscd("doctor_inside", false);
}

#[test]
#[ignore = "runs inside with-pcscd"]
fn doctor_inside() {
    let state = folder();
    let path = state.path().to_str().expect("text");
    let report = tillctl(&["doctor", "--json", "--state", path]).json();
    // Its two slots are one device.
    assert_eq!(level(&report, "reader_ready").as_deref(), Some("ok"));
    assert!(what(&report, "reader_ready").contains("Virtual PCD"));
    assert_eq!(level(&report, "reader_extra"), None);
    assert_eq!(level(&report, "card_service_missing"), None);
}

/// Until the service has seen that no slot has a card any more.
fn await_empty() {
    for _ in 0..200 {
        let list = tillctl(&["card", "--list", "--json"]).json();
        let slots = list["readers"].as_array().expect("a list");
        if slots.iter().all(|slot| slot["card"] == false) {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("the card stays in the reader");
}

/// Our own reader with these cards and two slots, the second without contacts.
fn ours(names: &[&str]) -> (TempDir, IfdReader, [Slot; 2]) {
    let own = folder();
    let cards: Vec<_> = names.iter().map(|name| card(name)).collect();
    let contacts = slot(own.path(), &cards);
    let field = contacts.beside(Interface::Contactless);
    let reader = IfdReader::bind(&inside().join("ifd"), vec![contacts.clone(), field.clone()])
        .expect("a socket");
    (own, reader, [contacts, field])
}

#[test]
fn our_own_reader_takes_pins_taps_and_pulled_cards() {
    beside_pcscd("ours_inside", true);
}

#[test]
#[ignore = "runs inside with-pcscd"]
fn ours_inside() {
    let names = ["cda", "pin-plaintext", "removed-too-soon", "qvsdc"];
    let (_own, _reader, slots) = ours(&names);
    slots[0].insert("cda").expect("a card");
    let approved = charge(&[]);
    assert_eq!(approved.code, 0, "{}", approved.out);
    assert!(approved.json()["times_ms"]["card"].as_f64().is_some());
    slots[0].remove();
    await_empty();

    slots[0].insert("removed-too-soon").expect("a card");
    let pulled = charge(&[]);
    assert_eq!(
        (pulled.code, pulled.text("outcome").as_str()),
        (21, "card_removed")
    );

    await_empty();
    slots[1].insert("qvsdc").expect("a card");
    let tapped = charge(&[]);
    assert_eq!(
        (tapped.code, tapped.text("interface").as_str()),
        (0, "contactless"),
        "{}",
        tapped.out
    );
    slots[1].remove();
    await_empty();

    // The reader's own keys: nothing of the PIN comes to tillctl.
    slots[0].insert("pin-plaintext").expect("a card");
    let charging = thread::spawn(|| charge(&[]));
    let mut entered = Err(String::new());
    for _ in 0..1_000 {
        if slots[0].asks_for_pin() {
            let press = Press::Pin("1234".into());
            entered = slots[0].press(press).map_err(|error| error.to_string());
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    let ran = charging.join().expect("it ends");
    assert_eq!(entered, Ok(()), "{}", ran.out);
    assert_eq!(
        (ran.code, ran.text("cvm_results").as_str()),
        (0, "010302"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("1234") && !ran.err.contains("1234"));

    // The card service ends: said, and no hang.
    assert!(
        Command::new(script())
            .arg("stop")
            .status()
            .expect("it runs")
            .success()
    );
    let without = tillctl(&["card", "--json"]);
    assert_eq!(
        (without.code, without.text("outcome").as_str()),
        (30, "reader_fault")
    );
}

/// Charges with damaged answers that go through the service.
const HOSTILE: u64 = 100;
/// How a charge may end for `tillctl`, but with its own panic or a reader that is not there.
const ENDINGS: [i32; 8] = [0, 10, 11, 20, 21, 22, 23, 24];

/// The suite of the `emv` room plays these by the ten thousand without a service in between.
#[test]
fn a_hundred_hostile_cards_end_in_words_behind_a_real_card_service() {
    beside_pcscd("hostile_inside", true);
}

#[test]
#[ignore = "runs inside with-pcscd"]
fn hostile_inside() {
    let names = ["cda", "dda", "sda", "no-cvm", "t0", "mchip-17"];
    let (_own, _reader, [contacts, _]) = ours(&names);
    let mut codes = BTreeMap::<i32, u64>::new();
    for (seed, name) in (0..HOSTILE).zip(names.iter().cycle()) {
        contacts.set_faults(Faults {
            garble: Some(Garble {
                seed,
                percent: hostile::PERCENT,
            }),
            ..Faults::default()
        });
        contacts.insert(name).expect("a card");
        let ran = tillctl(&["card", "--json", "--wait", "2", "--de55", "--transcript"]);
        assert!(
            ENDINGS.contains(&ran.code) && !ran.text("outcome").is_empty(),
            "{name}, seed {seed}: {}\n{}\n{}",
            ran.code,
            ran.out,
            ran.err
        );
        assert_no_pan(&ran, &card(name));
        *codes.entry(ran.code).or_default() += 1;
        contacts.remove();
        await_empty();
    }
    assert!(
        codes.contains_key(&0) && codes.contains_key(&23),
        "{codes:?}"
    );
}
