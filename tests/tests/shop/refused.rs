//! In production a lane or uplink that cannot protect itself does not run. Nobody at a till reads a
//! log, so the reason is on the screen and in what the till writes down; cash goes on.

use std::process::Command;

use sealpoint_tests::built::program;
use serde_json::{Value, json};

use crate::production::{put_in_production, status_until};
use crate::rig::{Reader, Shop, Till};

const ITEM: &str = "2900000011014";
/// Less memory may be locked than a lane needs, and no right is there to change that.
const SMALL_LIMIT: &[&str] = &[
    "setpriv",
    "--bounding-set=-ipc_lock,-sys_resource",
    "--inh-caps=-ipc_lock,-sys_resource",
    "prlimit",
    "--memlock=65536:65536",
];

fn till_by_way_of(starter: &[&str], shop: &Shop) -> Till {
    let (first, rest) = starter.split_first().expect("a command");
    let mut command = Command::new(first);
    command.args(rest).arg(program("till"));
    command.env("CREDENTIALS_DIRECTORY", shop.at("credentials"));
    Till::run(&mut command, &shop.at("till"), &[])
}

fn reach<'a>(status: &'a Value, process: &str, measure: &str) -> &'a Value {
    let processes = status["processes"].as_array().expect("a list");
    let found = processes.iter().find(|one| one["process"] == process);
    let measures = found.expect("it runs")["measures"].as_array();
    let measure = measures
        .expect("a list")
        .iter()
        .find(|one| one["measure"] == measure);
    &measure.expect("a measure")["reach"]
}

#[test]
fn a_lane_without_locked_memory_says_so_on_the_screen_and_to_the_doctor_and_cash_goes_on() {
    let shop = Shop::open(&Reader::Virtual);
    put_in_production(&shop);
    let mut till = till_by_way_of(SMALL_LIMIT, &shop);
    till.wait("link_up");
    let status = status_until(&shop, |status| {
        status["lane"]["cannot_charge"].is_string() && status["lane"]["up"] == false
    });
    let whole = status["lane"]["cannot_charge"].as_str().expect("a reason");
    for sentence in [
        "lane does not start in production without its whole protection.",
        "memory_locked: Its memory may be written to swap: it may lock 64 KiB",
        "Write `LimitMEMLOCK=infinity` into its unit",
    ] {
        assert!(whole.contains(sentence), "{whole}");
    }
    // The till itself is whole: it has no card number to keep out of swap.
    assert_eq!(reach(&status, "till", "memory_locked"), "full");
    let view = till.scan(ITEM);
    let on_screen = view["card_unavailable"]["text"].as_str().expect("a reason");
    assert!(
        on_screen.contains("it may lock 64 KiB") && on_screen.ends_with("Cash goes on."),
        "{on_screen}"
    );
    let doctor = Command::new(program("tillctl"))
        .args(["doctor", "--json", "--state"])
        .arg(shop.at("till"))
        .output()
        .expect("tillctl runs");
    assert_eq!(doctor.status.code(), Some(61));
    let report: Value = serde_json::from_slice(&doctor.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    let lane = findings.iter().find(|one| one["id"] == "lane_down");
    let what = lane.expect("it is found")["what"].as_str().expect("text");
    assert!(what.contains("it may lock 64 KiB"), "{what}");
    assert_eq!(till.act(json!({ "do": "cash_exact" }))["pane"], "paid");
    till.wait("drained");
    assert_eq!(shop.summary()["sales"], 1);
    till.close();
}

#[test]
fn a_till_without_landlock_does_not_start_in_production_and_says_why() {
    let shop = Shop::open(&Reader::Virtual);
    put_in_production(&shop);
    let done = Command::new(program("examples/without"))
        .arg("landlock")
        .arg(program("till"))
        .args(["--stdio", "--state"])
        .arg(shop.at("till"))
        .env("CREDENTIALS_DIRECTORY", shop.at("credentials"))
        .output()
        .expect("a built program starts");
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(
        said.contains("till does not start in production without its whole protection. files: This kernel has no Landlock"),
        "{said}"
    );
    assert!(!shop.at("till/journal.db").exists(), "nothing was begun");
}
