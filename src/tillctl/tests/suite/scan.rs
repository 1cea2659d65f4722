//! The search for test card numbers: what IT runs after a shift with test cards.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use sealpoint_journal::{DbKey, Journal, Parked};
use sealpoint_sale::SaleId;
use serde_json::Value;
use uuid::Uuid;

use crate::bench::{Ran, folder, tillctl};

const PAN: &str = "4761739001010119";
const SHOWN: &str = "476173******0119";
/// Valid, and on no list.
const STRANGER: &str = "4929123456789015";

/// A scan of that folder, without this machine's own processes and swap.
fn scan(state: &Path, more: &[&str]) -> Ran {
    let state = state.to_str().expect("text");
    let mut arguments = vec!["doctor", "--scan-for-test-cards", "--json", "--no-swap"];
    arguments.extend(["--state", state]);
    arguments.extend(more);
    if !more.contains(&"--pid") {
        arguments.push("--no-memory");
    }
    let ran = tillctl(&arguments);
    assert!(
        !ran.out.contains(PAN) && !ran.err.contains(PAN),
        "it printed the number"
    );
    ran
}

/// Where something was found, as (place, offset, form).
fn hits(ran: &Ran) -> Vec<(String, u64, String)> {
    let json = ran.json();
    let hit = |hit: &Value| {
        let text = |field: &str| hit[field].as_str().expect("text").to_owned();
        (
            text("place"),
            hit["at"].as_u64().expect("a number"),
            text("form"),
        )
    };
    json["hits"]
        .as_array()
        .expect("a list")
        .iter()
        .map(hit)
        .collect()
}

fn gaps(ran: &Ran) -> String {
    ran.json()["not_searched"].to_string()
}

#[test]
fn each_run_first_shows_that_the_search_finds_what_is_there() {
    for more in [&["--self-test"][..], &[]] {
        let folder = folder();
        let ran = scan(folder.path(), more);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        let test = &ran.json()["self_test"];
        assert!(
            test["planted"].as_u64().is_some_and(|planted| planted > 15),
            "{test}"
        );
        assert_eq!(test["found_in_file"], test["planted"]);
        assert_eq!(test["found_in_memory"], test["planted"]);
    }
}

#[test]
fn a_clean_folder_is_searched_and_nothing_is_found() {
    let folder = folder();
    fs::create_dir(folder.path().join("receipts")).expect("a folder");
    fs::write(
        folder.path().join("receipts/1.txt"),
        "VISA 476173******0119",
    )
    .expect("a file");
    fs::write(folder.path().join("till.toml"), "store = \"x\"\n").expect("a file");
    let ran = scan(folder.path(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let report = ran.json();
    assert_eq!(report["result"], "nothing_found");
    assert_eq!(report["searched"][0]["parts"], 2, "{report}");
    // What was not looked at is said, even where that is in order.
    assert!(
        report["left_out"].to_string().contains("memory"),
        "{report}"
    );
    assert!(
        report["left_out"].to_string().contains("journal.db"),
        "{report}"
    );
}

#[test]
fn a_number_in_a_file_is_found_with_its_place_and_never_printed() {
    let folder = folder();
    let deep = folder.path().join("a/b");
    fs::create_dir_all(&deep).expect("a folder");
    fs::write(deep.join("till.log"), format!("{{\"card\":\"{PAN}\"}}")).expect("a file");
    let packed = [0, 0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19];
    fs::write(deep.join("core"), packed).expect("a file");
    let ran = scan(folder.path(), &[]);
    assert_eq!(ran.code, 62, "{}", ran.out);
    assert!(ran.out.contains(SHOWN), "{}", ran.out);
    let at =
        |name: &str, at, form: &str| (deep.join(name).display().to_string(), at, form.to_owned());
    let found = hits(&ran);
    assert!(found.contains(&at("till.log", 9, "text")), "{found:?}");
    assert!(found.contains(&at("core", 1, "packed")), "{found:?}");
    // The same for people.
    let state = folder.path().to_str().expect("text");
    let page = tillctl(&[
        "doctor",
        "--scan-for-test-cards",
        "--no-memory",
        "--no-swap",
        "--state",
        state,
    ]);
    assert_eq!(page.code, 62);
    assert!(page.out.starts_with("CARD DATA FOUND"), "{}", page.out);
    assert!(
        page.out.contains(SHOWN) && !page.out.contains(PAN),
        "{}",
        page.out
    );
}

#[test]
fn a_log_is_searched_also_for_numbers_that_nobody_named() {
    let folder = folder();
    let log = folder.path().join("syslog");
    let text = format!("till: card {STRANGER} declined\ntrack ;{STRANGER}=30122010000000000?\n");
    fs::write(&log, text).expect("a file");
    let state = folder.path().join("state");
    fs::create_dir(&state).expect("a folder");
    let ran = scan(&state, &["--log", log.to_str().expect("text")]);
    assert_eq!(ran.code, 62, "{}", ran.out);
    let forms: Vec<String> = hits(&ran).into_iter().map(|(_, _, form)| form).collect();
    assert_eq!(forms, ["possible_card_number", "track_2"]);
    assert!(!ran.out.contains(STRANGER), "{}", ran.out);
    assert!(ran.out.contains("till: card [...] declined"), "{}", ran.out);
}

#[test]
fn keys_and_pin_blocks_that_a_file_names_are_looked_for_too() {
    let folder = folder();
    let cards = folder.path().join("wanted.txt");
    let key = "00112233445566778899AABBCCDDEEFF";
    fs::write(&cards, format!("# ours\nbase key = {key}\n")).expect("a file");
    let state = folder.path().join("state");
    fs::create_dir(&state).expect("a folder");
    fs::write(state.join("x"), format!("k={}", key.to_lowercase())).expect("a file");
    let ran = scan(&state, &["--cards", cards.to_str().expect("text")]);
    assert_eq!(ran.code, 62, "{}", ran.out);
    assert!(ran.out.contains("base key"), "{}", ran.out);
    assert!(!ran.out.to_uppercase().contains(key), "{}", ran.out);
}

/// A process with a number in its memory.
struct Holder(Child);

impl Holder {
    fn of(text: &str) -> Self {
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cat is everywhere");
        let mut input = child.stdin.take().expect("a pipe");
        writeln!(input, "{text}").expect("cat reads");
        child.stdin = Some(input);
        // It has said it back, so it has it in its buffer.
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        output.read_line(&mut line).expect("cat writes");
        assert_eq!(line.trim(), text);
        Self(child)
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_number_in_the_memory_of_a_process_is_found() {
    let folder = folder();
    let clean = Holder::of("nothing to see");
    let ran = scan(folder.path(), &["--pid", &clean.pid()]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let searched = ran.json()["searched"].clone();
    assert_eq!(searched[0]["kind"], "memory", "{searched}");
    assert_eq!(searched[0]["passes"], 1);
    assert!(
        searched[0]["bytes"]
            .as_u64()
            .is_some_and(|bytes| bytes > 100_000),
        "{searched}"
    );

    let holder = Holder::of(PAN);
    let ran = scan(folder.path(), &["--pid", &holder.pid()]);
    assert_eq!(ran.code, 62, "{}", ran.out);
    let found = hits(&ran);
    let place = format!("cat (process {})", holder.pid());
    assert!(
        found
            .iter()
            .any(|(at, _, form)| at.starts_with(&place) && form == "text"),
        "{found:?}"
    );
}

#[test]
fn memory_that_cannot_be_read_is_said_and_is_no_success() {
    let folder = folder();
    let mut gone = Holder::of("x");
    gone.0.kill().expect("ours");
    gone.0.wait().expect("ours");
    let ran = scan(folder.path(), &["--pid", &gone.pid()]);
    assert_eq!(ran.code, 63, "{}", ran.out);
    assert!(gaps(&ran).contains("cannot be read"), "{}", ran.out);
}

fn journal_with(state: &Path, body: &str) -> Journal {
    let (path, key) = (state.join("journal.db"), state.join("db.key"));
    let key = DbKey::for_journal(&key, &path).expect("a key");
    let terminal = "T0000001".parse().expect("a terminal");
    let mut journal = Journal::open(&path, &key, &terminal).expect("a journal");
    let parked = Parked {
        id: SaleId::new(Uuid::now_v7()),
        parked_at_ms: 1,
        title: "a basket".to_owned(),
        body: format!("{{\"note\":\"{body}\"}}"),
    };
    journal.park(&parked).expect("there is room");
    journal
}

#[test]
fn the_database_is_searched_deciphered_while_the_till_has_it_and_when_it_has_not() {
    let folder = folder();
    let journal = journal_with(folder.path(), PAN);
    let running = scan(folder.path(), &[]);
    drop(journal);
    let stopped = scan(folder.path(), &[]);
    for (ran, file) in [(running, "journal.db-wal"), (stopped, "journal.db")] {
        assert_eq!(ran.code, 62, "{}", ran.out);
        let found = hits(&ran);
        let page = format!("{}, deciphered", folder.path().join(file).display());
        assert!(found.iter().any(|(place, ..)| *place == page), "{found:?}");
        let table = "table parked";
        assert!(
            found.iter().any(|(place, ..)| place.ends_with(table)),
            "{found:?}"
        );
    }
    // The scan left the till's files as they were.
    drop(journal_with(folder.path(), "still good"));
}

#[test]
fn a_clean_database_is_evidence_only_with_its_key() {
    let folder = folder();
    drop(journal_with(folder.path(), "nothing"));
    let ran = scan(folder.path(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let kinds = ran.json()["searched"].to_string();
    assert!(
        kinds.contains("\"database\"") && kinds.contains("\"values\""),
        "{kinds}"
    );
    let elsewhere = folder.path().join("elsewhere.key");
    fs::rename(folder.path().join("db.key"), &elsewhere).expect("moved");
    let ran = scan(folder.path(), &[]);
    assert_eq!(ran.code, 63, "{}", ran.out);
    assert!(gaps(&ran).contains("ciphertext"), "{}", ran.out);
    let named = ["--journal-key", elsewhere.to_str().expect("text")];
    assert_eq!(scan(folder.path(), &named).code, 0);
}

#[test]
fn what_a_search_cannot_see_into_is_said_with_what_to_do() {
    for (name, content, said) in [
        ("old.log.gz", &b"\x1F\x8B\x08\x00"[..], "Unpack it"),
        ("system.journal", b"LPKSHHRH\0\0\0\0", "journalctl"),
    ] {
        let folder = folder();
        fs::write(folder.path().join(name), content).expect("a file");
        let ran = scan(folder.path(), &[]);
        assert_eq!(ran.code, 63, "{name}: {}", ran.out);
        assert!(gaps(&ran).contains(said), "{name}: {}", ran.out);
    }
    let folder = folder();
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("link")).expect("a link");
    let ran = scan(folder.path(), &[]);
    assert_eq!(ran.code, 63, "{}", ran.out);
    assert!(gaps(&ran).contains("/etc/hostname"), "{}", ran.out);
}

#[test]
fn a_folder_that_is_not_there_is_no_clean_one() {
    let folder = folder();
    let ran = scan(&folder.path().join("nothing"), &[]);
    assert_eq!(ran.code, 63, "{}", ran.out);
}

#[test]
fn wrong_arguments_are_named() {
    for (arguments, named) in [
        (&["--for", "soon"][..], "soon"),
        (&["--for", "999999"], "86400"),
        (&["--pid", "me"], "me"),
        (&["--cards", "/nowhere"], "/nowhere"),
        (&["--colour"], "--colour"),
    ] {
        let mut all = vec!["doctor", "--scan-for-test-cards"];
        all.extend(arguments);
        let ran = tillctl(&all);
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(named), "{arguments:?}: {}", ran.err);
    }
    let help = tillctl(&["doctor", "--scan-for-test-cards", "--help"]);
    assert_eq!(help.code, 0);
    assert!(help.out.contains("--self-test"), "{}", help.out);
}
