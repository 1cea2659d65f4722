//! The retailer's order to destroy every key: obeyed once it counts, to its end, and for good.

use std::{fs, path::Path};

use sealpoint_cardsim::profile;
use sealpoint_lane::SetUp;
use sealpoint_vault::{
    ERASED_FILE, HOT_LIST_FILE, MANIFEST_FILE, mark_erased,
    signed::ROOT_FILE,
    store::{STORAGE_KEY_FILE, STORE_FILE},
};
use sealpoint_wire::{
    FromLane, ToLane,
    lane::{CardPrompt, OutcomeKind},
};
use tempfile::TempDir;

use crate::{
    bench::{Bench, TERMINAL},
    host::Host,
    retailer::{LONG, Retailer, key, load_aes, load_token, public},
};

/// What is secret, or names cards.
const SECRETS: [&str; 3] = [STORAGE_KEY_FILE, STORE_FILE, HOT_LIST_FILE];

/// A till that charges, with a key in its store and a hot list.
fn till() -> (TempDir, Host, Retailer) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path();
    let host = Host::create(path);
    let retailer = Retailer::of(path);
    let token = key("token-1", "token", LONG, "check_value = \"0102030405\"");
    let differs = key("aes-1", "dukpt_aes128", LONG, "check_value = \"differs\"");
    retailer.manifest(path, 1, &[public(path, "acq-1", LONG, ""), token, differs]);
    retailer.hot_list(path, 1, "2026-11-23", &[]);
    load_aes(path, "aes-1");
    load_token(path, "token-1", 0x5D);
    (folder, host, retailer)
}

fn open(folder: TempDir, host: Host) -> Bench {
    Bench::start(folder, host, &profile::shipped(), None)
}

/// Passes an order on; why nothing was erased, if so.
fn obeyed(bench: &mut Bench, order: &str, terminal: &str) -> Option<String> {
    bench.tell(&ToLane::Erase {
        order: order.to_owned(),
        terminal: terminal.parse().expect("a terminal id"),
    });
    match bench.hear() {
        FromLane::Erased { refused } => refused,
        other => panic!("no word on the order but {other:?}"),
    }
}

fn left(folder: &Path) -> Vec<&'static str> {
    let is_there = |name: &&str| folder.join(name).exists();
    SECRETS.into_iter().filter(is_there).collect()
}

fn charges(bench: &mut Bench) -> OutcomeKind {
    bench.slot.insert("visa-approved").expect("inserted");
    let attempt = bench.read();
    let kind = bench.outcome_with_host(attempt).kind;
    if kind == OutcomeKind::Approved {
        bench.take_card_out();
    } else {
        bench.slot.remove();
    }
    kind
}

#[test]
fn an_order_that_counts_leaves_no_secret_and_no_charge_also_after_a_restart() {
    let (folder, host, retailer) = till();
    let mut bench = open(folder, host);
    assert_eq!(bench.hello(), None);
    bench.await_set_up();
    let path = bench.folder.path().to_owned();
    assert_eq!(left(&path), SECRETS);
    assert_eq!(charges(&mut bench), OutcomeKind::Approved);

    let order = retailer.erase_order(TERMINAL);
    assert_eq!(obeyed(&mut bench, &order, TERMINAL), None);
    assert_eq!(left(&path), [""; 0]);
    let (why, _) = bench.await_set_up();
    let why = why.expect("no card can be charged");
    assert!(
        why.contains("the retailer took this till out of service"),
        "{why}"
    );
    assert_eq!(charges(&mut bench), OutcomeKind::CannotSeal);
    // The same order again: there is nothing left to do.
    assert_eq!(obeyed(&mut bench, &order, TERMINAL), None);

    // Another lane in the folder, which would find all that a charge to the public key needs.
    for name in [ROOT_FILE, MANIFEST_FILE, ERASED_FILE] {
        assert!(path.join(name).exists(), "{name}");
    }
    for production in [false, true] {
        let outlook = SetUp::new(&path, None).in_production(production).outlook();
        assert_eq!(outlook.cannot_charge.as_ref(), Some(&why));
        assert_eq!(outlook.offline, None);
    }
    assert_eq!(left(&path), [""; 0], "and no new store is begun");
}

#[test]
fn an_order_that_does_not_count_changes_nothing() {
    let (folder, host, retailer) = till();
    let path = folder.path().to_owned();
    let mut bench = open(folder, host);
    assert_eq!(bench.hello(), None);
    let order = retailer.erase_order(TERMINAL);
    let other = retailer.erase_order("T0000002");
    let stranger = Retailer::stranger().erase_order(TERMINAL);
    let hot_list = fs::read_to_string(path.join(HOT_LIST_FILE)).expect("read");
    for (text, terminal, part) in [
        (other.as_str(), TERMINAL, "for the terminal T0000002"),
        (&order, "T0000002", "belongs to terminal T0000001"),
        (&other, "T0000002", "belongs to terminal T0000001"),
        (&stranger, TERMINAL, "one of the two was changed"),
        (
            &order.replace("2026-11-23", "2026-11-24"),
            TERMINAL,
            "one of the two was changed",
        ),
        (
            &other.replace("T0000002", TERMINAL),
            TERMINAL,
            "one of the two was changed",
        ),
        (&hot_list, TERMINAL, "signed as \"hot list\""),
        ("", TERMINAL, "does not end with a signature"),
    ] {
        let why = obeyed(&mut bench, text, terminal).expect("refused");
        assert!(why.starts_with("Nothing was erased: "), "{why}");
        assert!(why.contains(part), "{why}");
        assert_eq!(left(&path), SECRETS);
    }
    assert_eq!(charges(&mut bench), OutcomeKind::Approved);
}

#[test]
fn where_there_is_no_retailer_nobody_can_order_it() {
    let mut bench = Bench::new();
    assert_eq!(bench.hello(), None);
    let order = Retailer::stranger().erase_order(TERMINAL);
    let why = obeyed(&mut bench, &order, TERMINAL).expect("refused");
    assert!(why.contains("has no root key of a retailer"), "{why}");
    assert_eq!(charges(&mut bench), OutcomeKind::Approved);
}

#[test]
fn who_writes_in_the_folder_gives_no_orders() {
    let (folder, host, _retailer) = till();
    let path = folder.path().to_owned();
    let mut bench = open(folder, host);
    assert_eq!(bench.hello(), None);
    bench.await_set_up();
    let thief = Retailer::of(&path);
    let why = obeyed(&mut bench, &thief.erase_order(TERMINAL), TERMINAL).expect("refused");
    assert!(
        why.contains("is not the one that this till accepted"),
        "{why}"
    );
    assert_eq!(left(&path), SECRETS);
}

#[test]
fn a_till_whose_manifest_does_not_count_is_erased_as_well() {
    let (folder, host, retailer) = till();
    let path = folder.path().to_owned();
    fs::write(path.join(MANIFEST_FILE), "thrown away").expect("written");
    let mut bench = open(folder, host);
    assert!(bench.hello().is_some());
    assert_eq!(
        obeyed(&mut bench, &retailer.erase_order(TERMINAL), TERMINAL),
        None
    );
    assert_eq!(left(&path), [""; 0]);
}

#[test]
fn an_order_during_a_charge_is_obeyed_after_it() {
    let (folder, host, retailer) = till();
    let path = folder.path().to_owned();
    let mut bench = open(folder, host);
    assert_eq!(bench.hello(), None);
    bench.slot.insert("visa-approved").expect("inserted");
    let attempt = bench.read();
    bench.expect_prompt(attempt, CardPrompt::Reading);
    bench.expect_prompt(attempt, CardPrompt::Authorising);
    let online = bench.expect_online(attempt);
    bench.tell(&ToLane::Erase {
        order: retailer.erase_order(TERMINAL),
        terminal: TERMINAL.parse().expect("a terminal id"),
    });
    let answer = bench.host.answer(&online);
    bench.tell(&ToLane::Host { attempt, answer });
    assert_eq!(bench.expect_outcome(attempt).kind, OutcomeKind::Approved);
    bench.expect_prompt(attempt, CardPrompt::RemoveCard);
    assert_eq!(bench.hear(), FromLane::Erased { refused: None });
    assert_eq!(left(&path), [""; 0]);
}

#[test]
fn a_lane_that_was_killed_over_an_order_finishes_it_when_it_starts() {
    for gone in 0..SECRETS.len() {
        let (folder, host, retailer) = till();
        let path = folder.path().to_owned();
        // What a kill leaves: the mark, and the first of the secrets already gone.
        mark_erased(&path, &retailer.erase_order(TERMINAL)).expect("marked");
        for name in &SECRETS[..gone] {
            fs::remove_file(path.join(name)).expect("removed");
        }
        let mut bench = open(folder, host);
        let why = bench.hello().expect("no card can be charged");
        assert!(why.contains("out of service"), "{why}");
        assert_eq!(left(&path), [""; 0], "{gone} were gone");
    }
}

#[test]
fn what_cannot_be_erased_is_said_and_tried_again() {
    let (folder, host, retailer) = till();
    let path = folder.path().to_owned();
    // A folder in the store's place cannot be written over.
    fs::remove_file(path.join(STORE_FILE)).expect("removed");
    fs::create_dir(path.join(STORE_FILE)).expect("made");
    let mut bench = open(folder, host);
    bench.hello();
    let why = obeyed(&mut bench, &retailer.erase_order(TERMINAL), TERMINAL).expect("a reason");
    assert!(why.contains("not all of its keys are erased yet"), "{why}");
    assert_eq!(charges(&mut bench), OutcomeKind::CannotSeal);
    assert!(
        !path.join(STORAGE_KEY_FILE).exists(),
        "what can go has gone"
    );
    fs::remove_dir(path.join(STORE_FILE)).expect("removed");
    assert_eq!(bench.hear(), FromLane::Erased { refused: None });
    assert_eq!(left(&path), [""; 0]);
}
