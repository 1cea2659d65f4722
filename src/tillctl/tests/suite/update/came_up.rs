//! Whether a new image's till is up, and what follows.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::system::{NEXT, System};
use crate::bench::Ran;

const TRIAL: &str =
    "sys/firmware/efi/efivars/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/// Waits for the till, which says that after the waiting began, and again.
fn wait(system: &System, word: serde_json::Value) -> Ran {
    thread::scope(|scope| {
        let waiting = scope.spawn(|| system.update(&["healthy", "--within", "2"]));
        let mut at = 0;
        while !waiting.is_finished() {
            // Each word is another one, as a running till's are.
            at += 1;
            let mut word = word.clone();
            word["pid"] = json!(at);
            system.says(word);
            thread::sleep(Duration::from_millis(100));
        }
        waiting.join().expect("no defect")
    })
}

#[test]
fn a_till_that_says_something_new_with_its_card_process_is_up() {
    let system = System::new();
    system.write(TRIAL, "");
    let ran = wait(&system, json!({}));
    assert_eq!(
        (ran.code, ran.text("state")),
        (0, "up".to_owned()),
        "{}",
        ran.out
    );
    assert_eq!(system.called(), [] as [&str; 0]);
}

#[test]
fn on_trial_a_till_that_is_not_up_has_the_machine_start_again() {
    for (word, says) in [
        (
            json!({ "lane": { "up": false } }),
            "its card process does not run",
        ),
        (
            json!({ "journal": { "integrity": "page 7" } }),
            "its journal is damaged",
        ),
        (json!({ "ended": true }), "has not said anything"),
    ] {
        let system = System::new();
        system.write(TRIAL, "");
        let ran = wait(&system, word);
        assert_eq!(ran.code, 127, "{}", ran.out);
        assert!(ran.text("error").contains(says), "{}", ran.out);
        assert_eq!(
            system.called(),
            [
                "systemctl --quiet stop sealpoint-till.service",
                "systemctl --quiet start --no-block --job-mode=replace-irreversibly reboot.target"
            ]
        );
    }
}

#[test]
fn what_a_till_said_before_this_boot_does_not_count() {
    let system = System::new();
    let began = Instant::now();
    let ran = system.update(&["healthy", "--within", "1"]);
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(ran.code, 127, "{}", ran.out);
    assert!(
        ran.text("error").contains("since the machine started"),
        "{}",
        ran.out
    );
    fs::remove_file(system.at("var/lib/sealpoint/till/status.json")).expect("it was there");
    assert_eq!(system.update(&["healthy", "--within", "0"]).code, 127);
    // An image that was good before is not started again for it.
    assert_eq!(system.called(), [] as [&str; 0]);
}

#[test]
fn an_image_that_stays_raises_the_counter_against_older_ones() {
    let system = System::new();
    system.release("release", &NEXT);
    assert_eq!(system.update(&["apply", system.text("release")]).code, 0);
    system.runs("1.1.0");
    system.boots("boot-2");
    let _installed = system.called();

    system.write(TRIAL, "");
    system.write("efi/EFI/Linux/sealpoint_1.1.0+2-1.efi", "");
    let ran = system.update(&["blessed"]);
    assert_eq!(ran.code, 127, "{}", ran.out);
    assert_eq!(system.called(), [] as [&str; 0]);

    let counted = system.at("efi/EFI/Linux/sealpoint_1.1.0+2-1.efi");
    fs::rename(counted, system.at("efi/EFI/Linux/sealpoint_1.1.0.efi")).expect("it is there");
    let ran = system.update(&["blessed"]);
    assert_eq!(
        (ran.code, ran.text("state")),
        (0, "blessed".to_owned()),
        "{}",
        ran.out
    );
    assert_eq!(system.called(), ["attest rollback raise --to 3"]);
    assert_eq!(system.remembers()["installed"], json!(null));

    fs::remove_file(system.at(TRIAL)).expect("it was there");
    assert_eq!(system.update(&["blessed"]).code, 0);
    assert_eq!(system.called(), ["attest rollback raise --to 3"]);
    system.stands_in("usr/lib/sealpoint/attest", "exit 1");
    let ran = system.update(&["blessed"]);
    assert_eq!(ran.code, 126, "{}", ran.out);
    assert!(ran.text("error").contains("not raised to 3"), "{}", ran.out);
}
