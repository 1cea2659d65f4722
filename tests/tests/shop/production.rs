//! A till in production, whole: the system's credentials, the retailer's manifest, a real card
//! service, every process with its whole protection; what the doctor and the search say of it; keys
//! that change and end while it sells.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use sealpoint_tests::built::program;
use serde_json::{Value, json};

use crate::keys::Retailer;
use crate::pcscd::inside_private_namespaces;
use crate::rig::{Reader, Shop, Till};
use crate::scan;

const ITEM: &str = "2900000011014";
/// How long the till may take to write something down.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the doctor judges of the till itself. Clock, disk, firmware and updates are the machine's.
const AREAS_OF_THE_TILL: &[&str] = &[
    "till",
    "cards",
    "reader",
    "keys",
    "queue",
    "database",
    "processes",
    "certificate",
    "files",
    "network",
];

/// Gives a shop's till the system's two credentials and sets it to production.
pub fn put_in_production(shop: &Shop) {
    let folder = shop.at("credentials");
    fs::create_dir(&folder).expect("a folder in a temporary folder");
    for (name, key) in [("db.key", [0x5A; 32]), ("lane.key", [0xA5; 32])] {
        let path = folder.join(name);
        fs::write(&path, key).expect("a file in it");
        // As the system gives them: systemd.exec(5), LoadCredential=.
        fs::set_permissions(path, fs::Permissions::from_mode(0o400)).expect("it is ours");
    }
    let config = shop.at("till/till.toml");
    let text = fs::read_to_string(&config).expect("the shop's");
    fs::write(&config, format!("mode = \"production\"\n{text}")).expect("the shop's");
    // What the doctor says to do about files that others may read.
    let private = Command::new("chmod")
        .args(["-R", "go="])
        .arg(shop.at("till"))
        .status();
    assert!(private.expect("chmod runs").success());
}

/// Waits until the till has written down what this looks for.
pub fn status_until(shop: &Shop, so: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        // It is written whole or not at all; before the first time it is not there.
        let status = match fs::read(shop.at("till/status.json")) {
            Ok(text) => serde_json::from_slice(&text).expect("JSON"),
            Err(_) => Value::Null,
        };
        if so(&status) {
            return status;
        }
        assert!(Instant::now() < end, "it never came to that: {status:#}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// The doctor's report, and its exit code.
fn doctor(shop: &Shop) -> (Option<i32>, Value) {
    let done = Command::new(program("tillctl"))
        .args(["doctor", "--json", "--state"])
        .arg(shop.at("till"))
        .output()
        .expect("tillctl runs");
    let report = serde_json::from_slice(&done.stdout).expect("JSON");
    (done.status.code(), report)
}

/// The ids of those findings on the till itself that are a warning or worse, worst first.
fn troubles(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().expect("a list").iter();
    let mut troubles: Vec<&str> = findings
        .filter(|one| one["level"] == "warning" || one["level"] == "critical")
        .filter(|one| AREAS_OF_THE_TILL.iter().any(|area| one["area"] == *area))
        .filter_map(|one| one["id"].as_str())
        .collect();
    troubles.dedup();
    troubles
}

fn has(report: &Value, id: &str) -> bool {
    let findings = report["findings"].as_array().expect("a list");
    findings.iter().any(|one| one["id"] == id)
}

fn sell(till: &mut Till, card: &str) {
    till.scan(ITEM);
    let paid = till.pay_by_card(card);
    assert_eq!(paid["pane"], "paid", "{card}: {}", paid["notice"]);
}

#[test]
fn a_till_in_production_sells_changes_keys_and_leaves_nothing_behind() {
    inside_private_namespaces("production::inner_shift");
}

#[test]
#[ignore = "runs inside with-pcscd, started by the test above"]
fn inner_shift() {
    let mut shop = Shop::open(&Reader::Pcsc);
    put_in_production(&shop);
    let retailer = Retailer::sets_up_in_production(&mut shop, "aes128");
    let shop = retailer.shop();
    retailer.gives_profile("method = \"aes_dukpt\"");
    // There is a token key, so hot cards are asked for; none is known.
    retailer.lists_as_hot(&[]);
    let (_, report) = doctor(shop);
    assert_eq!(troubles(&report), ["till_stopped", "mark_in_production"]);

    let mut till = shop.till_with_credentials(&shop.at("credentials"));
    till.wait_for_cards();
    sell(&mut till, "visa-approved");
    let status = status_until(shop, |status| {
        status["processes"].as_array().map(Vec::len) == Some(3)
    });
    assert_eq!(status["production"], true);
    assert_eq!(status["journal"]["key_source"], "credential");
    for process in status["processes"].as_array().expect("a list") {
        assert_eq!(process["production"], true);
        for measure in process["measures"].as_array().expect("a list") {
            assert_eq!(
                measure["reach"], "full",
                "{}: {measure}",
                process["process"]
            );
        }
    }
    // A test runs everything as root, and marks its receipts; else there is nothing to find.
    let (code, report) = doctor(shop);
    let of_the_rig = ["process_is_root", "mark_in_production"];
    assert_eq!(troubles(&report), of_the_rig, "{report:#}");
    assert_eq!(code, Some(61));
    for good in [
        "till_running",
        "mode_production",
        "cards_charged",
        "keys_usable",
        "database_key_bound",
        "no_listener",
        "files_private",
    ] {
        assert!(has(&report, good), "{good}: {report:#}");
    }

    // The next key comes while the till sells, then the old one is erased.
    retailer.rotates();
    sell(&mut till, "mastercard-approved");
    retailer.tillctl(&["rotate", "--to", "dukpt-2"], "");
    sell(&mut till, "visa-approved");
    till.wait("drained");
    assert_eq!(shop.captured(), 3);
    let ledger = fs::read_to_string(shop.at("host/ledger.ndjson")).expect("a ledger");
    let used: Vec<String> = ledger
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a ledger line"))
        .filter_map(|line| {
            line["serial"]["ksn"]
                .as_str()
                .map(|ksn| ksn[..16].to_owned())
        })
        .collect();
    assert_eq!(used.len(), 3);
    assert_ne!(used[0], used[1], "another initial key from then on");
    assert_eq!(used[1], used[2]);

    // An older manifest is not taken; a newer one that revokes stops cards, and not cash.
    let refusal = retailer.loads_the_first_manifest();
    assert!(
        refusal.contains("version 2 was accepted before"),
        "{refusal}"
    );
    retailer.revokes();
    till.scan(ITEM);
    status_until(shop, |status| {
        let why = status["lane"]["cannot_charge"].as_str();
        why.is_some_and(|why| why.contains("revoked"))
    });
    let view = till.act(json!({ "do": "card" }));
    assert_eq!(view["notice"]["code"], "cannot_seal", "{}", view["notice"]);
    assert_eq!(till.act(json!({ "do": "cash_exact" }))["pane"], "paid");
    till.wait("drained");
    let (code, report) = doctor(shop);
    assert_eq!(code, Some(61));
    assert!(has(&report, "cards_not_charged"), "{report:#}");
    till.close();

    assert_nothing_lies_around(shop);
}

/// No card number on the disk, the database read with the system's key; no key beside the data.
fn assert_nothing_lies_around(shop: &Shop) {
    for made in ["till/db.key", "till/lane/storage.key"] {
        assert!(!shop.at(made).exists(), "{made}");
    }
    let log = shop.at("till.log");
    let said = fs::read_to_string(&log).expect("the log of all three");
    for process in ["till", "lane", "uplink"] {
        let mine = format!("\"message\":\"protected\",\"process\":\"{process}\"");
        assert_eq!(said.matches(&mine).count(), 11, "{process}: {said}");
    }
    let key = shop.at("credentials/db.key");
    let (code, report) = scan::files_with(&shop.at("till"), &[&log], Some(&key));
    assert_eq!(code, scan::NOTHING, "{report:#}");
    assert_eq!(report["hit_count"], 0);
    let searched = report["searched"].to_string();
    for kind in ["files", "logs", "database", "values"] {
        assert!(searched.contains(&format!("\"{kind}\"")), "{searched}");
    }
}
