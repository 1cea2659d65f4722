//! `tillctl doctor` on folders as IT may find them.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::bench::{Ran, folder, tillctl};

/// What was found under that id: its level.
pub fn level(report: &Value, id: &str) -> Option<String> {
    let findings = report["findings"].as_array().expect("a list");
    let found = findings.iter().find(|finding| finding["id"] == id)?;
    Some(found["level"].as_str().expect("a word").to_owned())
}

/// What was found under that id, in words.
pub fn what(report: &Value, id: &str) -> String {
    let findings = report["findings"].as_array().expect("a list");
    let found = findings.iter().find(|finding| finding["id"] == id);
    found.map_or_else(String::new, |found| found["what"].to_string())
}

pub fn doctor(state: &Path) -> Ran {
    tillctl(&["doctor", "--json", "--state", state.to_str().expect("text")])
}

/// A state folder as a till makes it, with nothing in it.
fn state() -> TempDir {
    let state = folder();
    for name in ["lane", "uplink", "receipts"] {
        private(&state.path().join(name));
    }
    fs::set_permissions(state.path(), Permissions::from_mode(0o700)).expect("a mode");
    state
}

fn private(path: &Path) {
    fs::create_dir(path).expect("a folder");
    fs::set_permissions(path, Permissions::from_mode(0o700)).expect("a mode");
}

fn write(path: &Path, content: impl AsRef<[u8]>, mode: u32) {
    fs::write(path, content).expect("a file");
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

#[test]
fn a_machine_without_a_till_is_told_so_and_is_not_healthy() {
    let nowhere = folder();
    let ran = doctor(&nowhere.path().join("nothing"));
    assert_eq!(ran.code, 61);
    let report = ran.json();
    assert_eq!(level(&report, "state_missing").as_deref(), Some("critical"));
    assert_eq!(report["running"], false);
    assert_eq!(
        (report["level"].as_str(), report["exit_code"].as_i64()),
        (Some("critical"), Some(61))
    );
    // The machine is judged all the same.
    assert!(level(&report, "clock_plausible").is_some());
}

#[test]
fn a_till_that_does_not_run_is_a_warning_at_least() {
    let state = state();
    let report = doctor(state.path()).json();
    assert_eq!(level(&report, "till_stopped").as_deref(), Some("warning"));
    assert_eq!(level(&report, "keys_missing").as_deref(), Some("critical"));
    assert_eq!(level(&report, "files_private").as_deref(), Some("ok"));
    assert!(report["processes"].as_array().is_some_and(Vec::is_empty));
}

#[test]
fn the_page_for_people_says_the_same_in_eighty_columns() {
    let state = state();
    let path = state.path().to_str().expect("text");
    let ran = tillctl(&["doctor", "--state", path]);
    let report = doctor(state.path()).json();
    assert_eq!(
        i64::from(ran.code),
        report["exit_code"].as_i64().expect("a number")
    );
    for finding in report["findings"].as_array().expect("a list") {
        if finding["level"] != "ok" {
            let id = format!("[{}]", finding["id"].as_str().expect("a word"));
            assert!(ran.out.contains(&id), "{id}: {}", ran.out);
        }
    }
    let place = |word: &str| ran.out.find(word).unwrap_or(usize::MAX);
    assert!(
        place("BROKEN OR DANGEROUS") < place("GOOD TO KNOW"),
        "{}",
        ran.out
    );
    let wide = |line: &&str| line.chars().count() > 80 && !line.contains(path);
    assert_eq!(ran.out.lines().find(wide), None);
}

#[test]
fn users_of_lane_and_uplink_may_pass_through_the_state_folder_and_not_look_into_it() {
    let state = state();
    let set = |mode| {
        fs::set_permissions(state.path(), Permissions::from_mode(mode)).expect("a mode");
        doctor(state.path()).json()
    };
    assert_eq!(level(&set(0o711), "file_open"), None);
    for (mode, worst) in [(0o751, "warning"), (0o713, "critical")] {
        assert_eq!(level(&set(mode), "file_open").as_deref(), Some(worst));
    }
}

#[test]
fn what_others_may_read_or_change_is_found() {
    let state = state();
    write(&state.path().join("receipts/1.txt"), "x", 0o644);
    let report = doctor(state.path()).json();
    assert_eq!(level(&report, "file_open").as_deref(), Some("warning"));
    assert!(what(&report, "file_open").contains("receipts/1.txt (0644)"));

    write(&state.path().join("db.key"), [7; 32], 0o604);
    let report = doctor(state.path()).json();
    assert_eq!(level(&report, "file_open").as_deref(), Some("critical"));
    assert_eq!(level(&report, "files_private"), None);

    fs::remove_file(state.path().join("db.key")).expect("removed");
    fs::set_permissions(
        state.path().join("receipts/1.txt"),
        Permissions::from_mode(0o600),
    )
    .expect("a mode");
    symlink("/etc/passwd", state.path().join("lane/manifest.toml")).expect("a link");
    let report = doctor(state.path()).json();
    assert_eq!(level(&report, "file_open"), None);
    assert_eq!(level(&report, "file_strange").as_deref(), Some("warning"));
    assert_eq!(
        level(&report, "manifest_broken").as_deref(),
        Some("critical"),
        "it is not followed"
    );
}

/// Every file that is read, as junk, as a folder and as a pipe: no panic, nobody waits for ever.
#[test]
fn broken_files_are_findings() {
    let files = [
        "status.json",
        "till.toml",
        "till.lock",
        "journal.db",
        "db.key",
        "lane/acquirer.pub.toml",
        "lane/retailer.pub.toml",
        "lane/manifest.toml",
        "lane/keys.store",
        "lane/storage.key",
        "uplink/cert.pem",
        "uplink/ca.pem",
        "uplink/key.pem",
    ];
    for kind in ["junk", "empty", "large", "folder", "pipe"] {
        let state = state();
        for file in files {
            let path = state.path().join(file);
            match kind {
                "junk" => write(&path, b"\xff\x00junk = [\n", 0o600),
                "empty" => write(&path, b"", 0o600),
                "large" => write(&path, vec![b'#'; 2 << 20], 0o600),
                "folder" => private(&path),
                _ => pipe(&path),
            }
        }
        let ran = doctor(state.path());
        assert_eq!((ran.code, ran.err.as_str()), (61, ""), "{kind}");
        let report = ran.json();
        assert_eq!(
            level(&report, "config_broken").as_deref() == Some("warning"),
            kind != "empty",
            "{kind}"
        );
        for id in ["keys_unusable", "keys_missing", "manifest_broken"] {
            if let Some(found) = level(&report, id) {
                assert_eq!(found, "critical", "{kind}: {id}");
            }
        }
        assert!(
            report["findings"].as_array().expect("a list").len() > 10,
            "{kind}"
        );
    }
}

fn pipe(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.expect("mkfifo runs").success());
}

/// A CA, and a certificate of it for that terminal with these years, in the uplink's folder.
fn enrolled(state: &Path, terminal: &str, years: (i32, i32)) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(vec![]).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "Retailer");
    params.not_after = date_time_ymd(2090, 1, 1);
    let ca =
        CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA");
    let mut params = CertificateParams::new(vec![]).expect("no names");
    params.distinguished_name.push(DnType::CommonName, terminal);
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, &ca).expect("a certificate");
    let uplink = state.join("uplink");
    write(&uplink.join("ca.pem"), ca.pem(), 0o600);
    write(&uplink.join("cert.pem"), certificate.pem(), 0o600);
    write(&uplink.join("key.pem"), key.serialize_pem(), 0o600);
    ca
}

const CONFIG: &str =
    "terminal = \"T0000001\"\ncollector = \"https://127.0.0.1:1\"\nmode = \"demo\"\n";

#[test]
fn a_certificate_is_judged_by_its_days_its_name_and_its_ca() {
    let state = state();
    write(&state.path().join("till.toml"), CONFIG, 0o600);
    let look = || doctor(state.path()).json();
    assert_eq!(
        level(&look(), "certificate_missing").as_deref(),
        Some("critical")
    );

    enrolled(state.path(), "T0000001", (2020, 2090));
    let report = look();
    assert_eq!(
        level(&report, "certificate_valid").as_deref(),
        Some("ok"),
        "{report}"
    );
    for id in [
        "certificate_of_another",
        "certificate_unsigned",
        "ca_missing",
        "certificate_key_open",
    ] {
        assert_eq!(level(&report, id), None, "{id}");
    }
    enrolled(state.path(), "T0000001", (2020, 2024));
    assert_eq!(
        level(&look(), "certificate_expired").as_deref(),
        Some("critical")
    );
    enrolled(state.path(), "T0000001", (2080, 2090));
    assert_eq!(
        level(&look(), "certificate_not_yet").as_deref(),
        Some("critical")
    );
    enrolled(state.path(), "T0000002", (2020, 2090));
    assert_eq!(
        level(&look(), "certificate_of_another").as_deref(),
        Some("critical")
    );

    // Another CA of the same name, with another key.
    let certificate = fs::read(state.path().join("uplink/cert.pem")).expect("a certificate");
    enrolled(state.path(), "T0000001", (2020, 2090));
    fs::write(state.path().join("uplink/cert.pem"), certificate).expect("a file");
    assert_eq!(
        level(&look(), "certificate_unsigned").as_deref(),
        Some("critical")
    );

    fs::set_permissions(
        state.path().join("uplink/key.pem"),
        Permissions::from_mode(0o640),
    )
    .expect("a mode");
    assert_eq!(
        level(&look(), "certificate_key_open").as_deref(),
        Some("critical")
    );
}

#[test]
fn a_clock_behind_the_tills_own_files_is_found() {
    let state = state();
    write(&state.path().join("receipts/1.txt"), "x", 0o600);
    let file = fs::File::options()
        .write(true)
        .open(state.path().join("receipts/1.txt"))
        .expect("a file");
    let tomorrow = std::time::SystemTime::now() + std::time::Duration::from_secs(86_400);
    file.set_modified(tomorrow).expect("a time");
    let report = doctor(state.path()).json();
    assert_eq!(
        level(&report, "clock_behind_files").as_deref(),
        Some("critical")
    );
}

#[test]
fn an_ordinary_user_is_told_what_was_not_seen() {
    let state = state();
    let beside = folder();
    fs::set_permissions(beside.path(), Permissions::from_mode(0o755)).expect("a mode");
    let program = beside.path().join("tillctl");
    fs::copy(env!("CARGO_BIN_EXE_tillctl"), &program).expect("a copy");
    let ran = std::process::Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(["doctor", "--json", "--state"])
        .arg(state.path())
        .output();
    let Ok(ran) = ran else {
        // Only root can become another user, and not every machine has the program for it.
        return;
    };
    let report: Value = serde_json::from_slice(&ran.stdout).expect("one JSON object");
    assert_eq!(level(&report, "state_unseen").as_deref(), Some("warning"));
    assert!(what(&report, "state_unseen").contains("may not read"));
    assert_eq!(report["root"], false);
}

#[test]
fn wrong_arguments_are_named() {
    for (arguments, named) in [
        (&["doctor", "--colour"][..], "--colour"),
        (&["doctor", "--state"], "--state"),
        (&["doctor", "more"], "more"),
    ] {
        let ran = tillctl(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}");
        assert!(ran.err.contains(named) && ran.out.is_empty(), "{}", ran.err);
    }
    let help = tillctl(&["doctor", "--help"]);
    assert_eq!(help.code, 0);
    assert!(
        help.out.contains("60") && help.out.contains("61"),
        "{}",
        help.out
    );
}
