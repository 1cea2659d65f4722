//! No card number is in the memory of `till` and `uplink` at any moment, nor in that of `lane` once
//! a charge is over, however it ended. The processes are the real ones; their memory is read as a RAM
//! scraper would.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::rig::{Reader, Shop, Till, assert_says};
use crate::scan::{NOTHING, Scanner, count, files, forms};

const ITEM: &str = "2900000011014";
/// Sales in a plain run; more with this variable: `SEALPOINT_SCAN=1000`.
const SALES: usize = 20;
const MORE: &str = "SEALPOINT_SCAN";
/// The time that a lane has after the outcome (issue: 0 hits 50 ms after it).
const GRACE: Duration = Duration::from_millis(50);

/// Cards of the demo with their numbers.
const CARDS: [(&str, &str); 3] = [
    ("visa-approved", "4761739001010119"),
    ("mastercard-approved", "5413330089020011"),
    ("visa-declined", "4761739001010127"),
];
const SLOW: (&str, &str) = ("slow", "4761739001010150");

/// Begins a charge with that card; the till's answer is not waited for.
fn put_in(till: &mut Till, card: &str) {
    let view = till.act(json!({ "do": "card" }));
    assert_eq!(view["pane"], "card", "{}", view["notice"]);
    till.act(json!({ "do": "demo", "insert": card }));
}

#[track_caller]
fn assert_clean(process: u32, pan: &str, when: &str) {
    let (found, first) = count(process, &forms(pan));
    assert_eq!(found, 0, "{when}: {first}");
}

#[test]
fn no_card_number_is_ever_in_till_or_uplink_nor_in_lane_after_the_outcome() {
    let sales = std::env::var(MORE).map_or(SALES, |text| text.parse().expect("a number"));
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    let lane = till.child("lane").expect("it runs");
    let uplink = till.child("uplink").expect("it runs");
    let scanner = Scanner::watch(&[till.process.pid(), uplink]);
    let start = Instant::now();
    for sale in 0..sales {
        let (card, pan) = CARDS[sale % CARDS.len()];
        till.scan(ITEM);
        put_in(&mut till, card);
        let view = till.wait("no_card");
        thread::sleep(GRACE);
        let (found, first) = count(lane, &forms(pan));
        assert_eq!(found, 0, "sale {sale}, {card}: {first}");
        till.take_card_out();
        if view["pane"] != "paid" {
            assert_says(&view, "card_declined_by_host");
            assert_eq!(till.act(json!({ "do": "cash_exact" }))["pane"], "paid");
        }
    }
    let took = start.elapsed();
    till.wait("drained");
    // The search does find what is there: the terminal's name is in each process.
    assert!(count(lane, &[b"T0000001".to_vec()]).0 > 0);
    till.close();
    let report = scanner.report();
    assert_eq!(report["hit_count"], 0, "{report:#}");
    assert_eq!(
        report["self_test"]["found_in_memory"],
        report["self_test"]["planted"]
    );
    let passes = |name: &str| {
        let searched = report["searched"].as_array().expect("a list");
        let is_it = |entry: &&serde_json::Value| {
            entry["name"]
                .as_str()
                .is_some_and(|text| text.starts_with(name))
        };
        let entry = searched.iter().find(is_it).expect("it was searched");
        entry["passes"].as_u64().expect("a number")
    };
    let (till, uplink) = (passes("till"), passes("uplink"));
    // Memory is watched while cards are read, not once at the end.
    assert!(
        till as usize >= sales / 4 && uplink as usize >= sales / 4,
        "{report:#}"
    );
    println!("{sales} card sales in {took:?}; passes: till {till}, uplink {uplink}; 0 hits");
}

/// The control of the test above: the number is in the lane while its card is read, and is found
/// there. A search that never found one would prove nothing.
#[test]
fn while_a_card_is_read_its_number_is_in_the_lane_and_nowhere_else() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    let (card, pan) = SLOW;
    let lane = till.child("lane").expect("it runs");
    let uplink = till.child("uplink").expect("it runs");
    till.scan(ITEM);
    put_in(&mut till, card);
    let mut seen = false;
    while !seen {
        seen = count(lane, &forms(pan)).0 > 0;
        assert_clean(till.process.pid(), pan, "till while the card is read");
        assert_clean(uplink, pan, "uplink while the card is read");
        let over = till.act(json!({ "do": "view" }))["card"].is_null();
        assert!(seen || !over, "the number was never seen in the lane");
    }
    till.wait("no_card");
    thread::sleep(GRACE);
    assert_clean(lane, pan, "lane after the outcome");
    till.take_card_out();
    till.close();
}

#[test]
fn however_a_charge_ends_no_card_number_is_left_in_the_lane_or_on_the_disk() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    let lane = till.child("lane").expect("it runs");
    till.scan(ITEM);
    for (card, pan, says) in [
        ("visa-declined", "4761739001010127", "card_declined_by_host"),
        (
            "offline-declined",
            "4761739001010135",
            "card_declined_by_card",
        ),
        (
            "removed-too-soon",
            "4761739001010143",
            "card_removed_reversing",
        ),
        ("expired", "4761739001010044", ""),
        ("repeated-tag", "", ""),
        ("stray-data", "", ""),
        ("garbage", "", ""),
        ("blocked", "", ""),
        ("unknown-aid", "", ""),
    ] {
        put_in(&mut till, card);
        let view = till.wait("no_card");
        thread::sleep(GRACE);
        if !says.is_empty() {
            assert_says(&view, says);
        }
        for pan in every_number()
            .iter()
            .filter(|known| pan.is_empty() || *known == pan)
        {
            assert_clean(lane, pan, card);
        }
        till.take_card_out();
        till.wait("drained");
    }
    // Given up while the card is read.
    put_in(&mut till, SLOW.0);
    till.act(json!({ "do": "cancel_card" }));
    till.wait("no_card");
    thread::sleep(GRACE);
    assert_clean(lane, SLOW.1, "cancelled");
    till.take_card_out();
    till.wait("drained");
    assert_eq!(
        till.child("lane"),
        Some(lane),
        "it was one lane all the time"
    );
    till.act(json!({ "do": "cash_exact" }));
    till.wait("drained");
    till.close();
    assert_nothing_on_disk(&shop);
}

/// Whatever a lane was doing when it was killed or crashed: no core, nothing on the disk.
#[test]
fn a_lane_that_dies_while_it_reads_a_card_leaves_no_core_and_nothing_on_the_disk() {
    let shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    for signal in ["KILL", "ABRT", "SEGV"] {
        till.wait_for_cards();
        let lane = till.child("lane").expect("it runs");
        let folder = fs::read_link(format!("/proc/{lane}/cwd")).expect("it runs in a folder");
        till.scan(ITEM);
        put_in(&mut till, SLOW.0);
        while count(lane, &forms(SLOW.1)).0 == 0 {
            let over = till.act(json!({ "do": "view" }))["card"].is_null();
            assert!(!over, "the number was never seen in the lane");
        }
        let before = names(&folder);
        assert!(till.signal_child("lane", signal));
        till.wait("no_card");
        till.act(json!({ "do": "demo" }));
        let new: Vec<_> = names(&folder)
            .into_iter()
            .filter(|name| name.contains("core") && !before.contains(name))
            .collect();
        assert!(
            new.is_empty(),
            "SIG{signal}: {new:?} in {}",
            folder.display()
        );
        till.act(json!({ "do": "cash_exact" }));
    }
    till.wait("drained");
    till.close();
    assert_nothing_on_disk(&shop);
}

fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    entries.flatten().map(name).collect()
}

/// The till's folder, its database deciphered, and its log.
fn assert_nothing_on_disk(shop: &Shop) {
    let log = shop.at("till.log");
    let (code, report) = files(&shop.at("till"), &[&log]);
    assert_eq!(code, NOTHING, "{report:#}");
    let searched = report["searched"].to_string();
    for kind in ["files", "logs", "database", "values"] {
        assert!(searched.contains(&format!("\"{kind}\"")), "{searched}");
    }
}

/// The numbers of all the demo's cards that are used here.
fn every_number() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/cardsim/profiles");
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("our profiles").flatten() {
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let pan = text.lines().find_map(|line| line.strip_prefix("pan = \""));
        all.extend(pan.map(|pan| pan.trim_end_matches('"').to_owned()));
    }
    assert!(all.len() > 20);
    all
}
