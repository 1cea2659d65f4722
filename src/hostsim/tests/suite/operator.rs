//! What an operator does with `hostsim` by hand: base keys, key blocks, and one look at a card.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sealpoint_hostsim::HostSim;

use crate::rig::{Charge, Folder, MASTERCARD, VISA};

const KBPK: &str = "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6";

fn hostsim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hostsim"))
        .args(arguments)
        .env_remove("SEALPOINT_LOG")
        .output()
        .expect("the program runs")
}

fn done(arguments: &[&str]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = hostsim(arguments);
    let said = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{arguments:?}: {said}");
    String::from_utf8(stdout).expect("text")
}

fn refused(arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = hostsim(arguments);
    let said = String::from_utf8(stderr).expect("text");
    assert_eq!(status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "one sentence: {said}");
    said
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are text")
}

fn key_file(dir: &Path, name: &str, hex: &str) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, format!("{hex}\n")).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
    path
}

#[test]
fn base_keys_are_added_one_by_one_and_kept_from_others() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let host = dir.path().join("host");
    let host = text(&host);
    for (id, scheme) in [("aes", "aes256"), ("legacy", "tdes2")] {
        let said = done(&["bdk", "--dir", host, "--key-id", id, "--scheme", scheme]);
        assert_eq!(said, format!("{id}\n"));
    }
    let said = refused(&[
        "bdk", "--dir", host, "--key-id", "aes", "--scheme", "aes128",
    ]);
    assert!(said.contains("aes exists already"), "{said}");
    let file = Path::new(host).join("bdk.toml");
    let mode = |path: &Path| fs::metadata(path).expect("made").permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(Path::new(host))), (0o600, 0o700));
    let written = fs::read_to_string(&file).expect("readable");
    assert_eq!(written.matches("[[set]]").count(), 2);
}

#[test]
fn a_host_does_not_start_with_base_keys_that_others_can_read_or_that_are_none() {
    let folder = Folder::new();
    let dir = text(folder.path());
    done(&["bdk", "--dir", dir, "--key-id", "a", "--scheme", "aes128"]);
    let file = folder.path().join("bdk.toml");
    let why = |folder: &Folder| {
        let config = folder.config(sealpoint_hostsim::AnswerMode::Normal);
        HostSim::start(&config).err().expect("refused").to_string()
    };
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("ours");
    assert!(why(&folder).contains("chmod 600"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("ours");
    let good = fs::read_to_string(&file).expect("readable");
    let twice = format!("{good}\n{}", good.replace("# ", "## "));
    for bad in [
        good.replace("aes128", "aes192"),
        good.replace("aes128", "rot13"),
        good.replace("bdk = \"", "bdk = \"0"),
        good.replace("prefix = \"", "prefix = \"00"),
        twice,
    ] {
        fs::write(&file, bad).expect("written");
        assert!(why(&folder).contains("is not a file of base derivation keys"));
    }
}

#[test]
fn a_key_block_is_another_for_each_till_and_says_what_its_manifest_needs() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| dir.path().join(name);
    let host = at("host");
    let kbpk = key_file(dir.path(), "kbpk", KBPK);
    let base = key_file(dir.path(), "bdk", "FEDCBA9876543210F1F1F1F1F1F1F1F1");
    done(&[
        "bdk",
        "--dir",
        text(&host),
        "--key-id",
        "aes",
        "--scheme",
        "aes128",
        "--bdk-file",
        text(&base),
    ]);
    let block = |out: &str| {
        let (out, kbpk) = (at(out), kbpk.clone());
        let said = done(&[
            "key-block",
            "--dir",
            text(&host),
            "--key-id",
            "aes",
            "--kbpk-file",
            text(&kbpk),
            "--out",
            text(&out),
        ]);
        (said, fs::read_to_string(out).expect("written"))
    };
    let (first, block_1) = block("till-1");
    let (second, block_2) = block("till-2");
    assert_ne!(first, second);
    assert_ne!(block_1[48..], block_2[48..]);
    let id = first
        .strip_prefix("initial_key_id = \"")
        .and_then(|rest| rest.get(..16))
        .expect("an initial key id");
    assert!(block_1.starts_with(&format!("D0176B1AX00N0200IK14{id}PB0C00000000")));
    assert_eq!(block_1.trim_end().len(), 176);
    let mode = fs::metadata(at("till-1"))
        .expect("made")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let said = refused(&[
        "key-block",
        "--dir",
        text(&host),
        "--key-id",
        "aes",
        "--kbpk-file",
        text(&kbpk),
        "--out",
        text(&at("till-1")),
    ]);
    assert!(
        said.contains("cannot be written"),
        "never a block over another: {said}"
    );
}

/// X9.24-3:2017 annex B: this base key gives this terminal that initial key, whose CMAC over a block
/// of zeros begins like this (made with Python's `cryptography`).
#[test]
fn the_check_value_is_that_of_the_initial_key() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let host = dir.path().join("host");
    fs::create_dir(&host).expect("a folder");
    let kbpk = key_file(dir.path(), "kbpk", KBPK);
    key_file(
        &host,
        "bdk.toml",
        "[[set]]\nid = \"aes\"\nscheme = \"aes128\"\nprefix = \"12345678\"\n\
         bdk = \"FEDCBA9876543210F1F1F1F1F1F1F1F1\"",
    );
    let out = dir.path().join("block");
    let said = done(&[
        "key-block",
        "--dir",
        text(&host),
        "--key-id",
        "aes",
        "--kbpk-file",
        text(&kbpk),
        "--initial-key-id",
        "1234567890123456",
        "--out",
        text(&out),
    ]);
    assert_eq!(
        said,
        "initial_key_id = \"1234567890123456\"\ncheck_value = \"05EF4531EC\"\n"
    );
}

#[test]
fn what_cannot_be_wrapped_is_refused_in_one_sentence() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let host = dir.path().join("host");
    let out = dir.path().join("out");
    let kbpk = key_file(dir.path(), "kbpk", &KBPK[..48]);
    done(&[
        "bdk",
        "--dir",
        text(&host),
        "--key-id",
        "aes",
        "--scheme",
        "aes128",
    ]);
    let with = |key_id: &str, kbpk: &Path, more: &[&str]| {
        let mut arguments = vec![
            "key-block",
            "--dir",
            text(&host),
            "--key-id",
            key_id,
            "--kbpk-file",
            text(kbpk),
            "--out",
            text(&out),
        ];
        arguments.extend_from_slice(more);
        refused(&arguments)
    };
    assert!(with("other", &kbpk, &[]).contains("there is no key set other"));
    assert!(with("aes", &kbpk, &["--kbpk", "tdes"]).contains("does not go under a TDES key"));
    let short = key_file(dir.path(), "short", &KBPK[..40]);
    assert!(with("aes", &short, &[]).contains("another length"));
    let open = key_file(dir.path(), "open", KBPK);
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).expect("ours");
    assert!(with("aes", &open, &[]).contains("chmod 600"));
    assert!(with("aes", &kbpk, &["--initial-key-id", "00"]).contains("leave it away"));
    let nonsense = key_file(dir.path(), "nonsense", "not a key");
    let said = with("aes", &nonsense, &[]);
    assert!(said.contains("no key in hexadecimal") && !said.to_lowercase().contains("not a key"));
    assert!(!out.exists());
}

#[test]
fn an_operator_sees_the_truncated_number_of_a_sealed_card_and_no_more() {
    let folder = Folder::new();
    let request = folder.request(&Charge {
        pan: MASTERCARD,
        ..Charge::numbered(1)
    });
    let file = folder.path().join("request.json");
    let write = |json: &str| fs::write(&file, json).expect("written");
    let json = serde_json::to_string(&request).expect("serialises");
    let arguments = ["open", "--dir", text(folder.path()), text(&file)];
    write(&json);
    assert_eq!(done(&arguments), "541333******0011\n");
    write(&json.replace("1234", "1235"));
    assert!(refused(&arguments).contains("the seal does not hold"));
    write("{}");
    assert!(refused(&arguments).contains("is no authorisation"));
    let other = Folder::new();
    write(&serde_json::to_string(&other.request(&Charge::numbered(1))).expect("serialises"));
    let said = refused(&arguments);
    assert!(said.contains("sealed to another key") && !said.contains(VISA));
}
