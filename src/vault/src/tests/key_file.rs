//! A key file that is not right: what the cashier is told.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use data_encoding::BASE64;
use tempfile::TempDir;

use super::{KEYS, key, key_text};
use crate::{ACQUIRER_KEY_FILE, AcquirerKey, Day};

fn folder_with(content: &[u8]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(ACQUIRER_KEY_FILE);
    fs::write(&path, content).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("mode set");
    (folder, path)
}

/// The sentence for a key file with this content, with the path replaced by `FILE`.
fn told(content: &[u8]) -> String {
    let (_folder, path) = folder_with(content);
    let error = AcquirerKey::load(&path)
        .err()
        .expect("the key must be refused");
    error.to_string().replace(&format!("{path:?}"), "FILE")
}

fn with_public(bytes: &[u8]) -> String {
    key_text("demo-1", &BASE64.encode(bytes))
}

fn public() -> Vec<u8> {
    BASE64.decode(KEYS.1.as_bytes()).expect("base64")
}

#[test]
fn a_good_key_file_is_loaded() {
    let (_folder, path) = folder_with(key_text("demo-1", &KEYS.1).as_bytes());
    let key = AcquirerKey::load(&path).expect("loads");
    assert_eq!(key.key_id().as_str(), "demo-1");
}

#[test]
fn a_missing_key_says_which_file_to_put_where() {
    let error = AcquirerKey::load(&PathBuf::from("/nonexistent/acquirer.pub.toml"))
        .err()
        .expect("refused");
    assert_eq!(
        error.to_string(),
        "No card can be charged: the acquirer's key \"/nonexistent/acquirer.pub.toml\" is missing. \
         Put the key file that your acquirer gave you there."
    );
}

#[test]
fn each_defect_is_named() {
    let mut high_coefficient = public();
    high_coefficient[..2].copy_from_slice(&[0xFF, 0xFF]);
    let mut low_order = public();
    low_order[1184..].fill(0);
    let defects = [
        (key_text("demo-1", "!!"), "`public` is not base64"),
        (
            with_public(&public()[1..]),
            "`public` has 1215 bytes instead of 1216",
        ),
        (with_public(&[]), "`public` has 0 bytes instead of 1216"),
        (
            with_public(&high_coefficient),
            "its ML-KEM-768 half is not a valid key",
        ),
        (
            with_public(&low_order),
            "its X25519 half is not a valid key",
        ),
        (
            key_text("Demo 1", &KEYS.1),
            "line 1: \"Demo 1\" is no key id",
        ),
        (
            key_text("demo-1", &KEYS.1).replace("x-wing", "x25519"),
            "seals with \"x-wing\" only",
        ),
        (
            format!("{}colour = 1\n", key_text("a", &KEYS.1)),
            "line 4: unknown field `colour`",
        ),
        (
            key_text("a", &KEYS.1).replace("kem = \"x-wing\"\n", ""),
            "missing field `kem`",
        ),
        (
            format!("{}valid_until = \"soon\"\n", key_text("a", &KEYS.1)),
            "written as YYYY-MM-DD",
        ),
    ];
    for (content, expected) in defects {
        let told = told(content.as_bytes());
        assert!(told.contains(expected), "{told}");
        assert!(
            told.starts_with("No card can be charged: the acquirer's key FILE"),
            "{told}"
        );
        assert!(told.ends_with("Put the key file that your acquirer gave you there again."));
    }
}

#[test]
fn binary_oversized_and_replaceable_files_are_refused() {
    assert!(told(&[0xFF; 10]).contains("it is not a text file"));
    assert!(told(&[b'#'; 20_000]).contains("larger than 16384 bytes"));
    let (_folder, path) = folder_with(key_text("demo-1", &KEYS.1).as_bytes());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("mode set");
    let told = AcquirerKey::load(&path).err().expect("refused").to_string();
    assert!(told.contains("chmod o-w"), "{told}");
    let told = AcquirerKey::load(path.parent().expect("a folder"))
        .err()
        .expect("refused");
    assert!(told.to_string().contains("is not a file"), "{told}");
}

#[test]
fn a_key_seals_on_its_last_day_and_not_after() {
    let text = format!(
        "{}valid_until = \"2027-03-31\"\n",
        key_text("demo-1", &KEYS.1)
    );
    let limited = AcquirerKey::parse(&text).expect("valid");
    let day = |local_time| Day::from_local_time(local_time).expect("a day");
    assert!(limited.is_valid_on(day("20270331235959")));
    assert!(!limited.is_valid_on(day("20270401000000")));
    assert!(key().is_valid_on(day("20991231000000")));
    assert_eq!(
        limited.valid_until().expect("limited").to_string(),
        "2027-03-31"
    );
}

#[test]
fn what_is_no_day_is_no_day() {
    for text in [
        "",
        "2027",
        "20271301000000",
        "20270100000000",
        "2027-101000000",
        "+0270101000000",
    ] {
        assert!(Day::from_local_time(text).is_err(), "{text}");
    }
}
