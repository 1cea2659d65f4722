//! `issuer.toml`: made once, private, and precise about mistakes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sealpoint_cardsim::IssuerKeys;
use tempfile::TempDir;

const KEY: &str = "[[key]]\nprefix = \"4\"\nindex = 1\nac = \"0123456789ABCDEFFEDCBA9876543210\"\n";

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("issuer.toml");
    (folder, path)
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("mode set");
}

fn refusal(path: &Path) -> String {
    IssuerKeys::load(path).err().expect("a refusal").to_string()
}

#[test]
fn new_keys_are_private_differ_each_time_and_list_the_declined_cards() {
    let (folder, path) = folder();
    let keys = IssuerKeys::create(&path).expect("created");
    let mode = fs::metadata(&path).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(keys.declines("4761739001010010"), Some(*b"51"));
    assert_eq!(keys.declines("4761739001010119"), None);
    let other = folder.path().join("other.toml");
    IssuerKeys::create(&other).expect("created");
    assert_ne!(
        fs::read(&path).expect("read"),
        fs::read(&other).expect("read")
    );
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let (_folder, path) = folder();
    write(&path, KEY, 0o600);
    let refusal = IssuerKeys::create(&path)
        .err()
        .expect("a refusal")
        .to_string();
    assert!(refusal.contains("already exists"), "{refusal}");
    assert_eq!(fs::read_to_string(&path).expect("read"), KEY);
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let (_folder, path) = folder();
    write(&path, KEY, 0o640);
    assert!(refusal(&path).contains("chmod 600"));
}

#[test]
fn a_missing_file_says_how_to_make_one() {
    let (_folder, path) = folder();
    assert!(refusal(&path).contains("cardsim keys --out"));
}

#[test]
fn a_mistake_names_its_line_and_never_the_key() {
    let cases = [
        (KEY.replace("index", "indx"), "line 3", "indx"),
        (KEY.replace("3210", "32"), "line 4", "32 hexadecimal digits"),
        (
            format!("{KEY}\n[[decline]]\npan = 4761739001010010\n"),
            "line 7",
            "string",
        ),
        (
            format!("{KEY}\n[[decline]]\npan = \"1\"\nresponse_code = \"511\"\n"),
            "line 8",
            "two letters",
        ),
    ];
    for (text, line, hint) in cases {
        let (_folder, path) = folder();
        write(&path, &text, 0o600);
        let refusal = refusal(&path);
        assert!(
            refusal.contains(line) && refusal.contains(hint),
            "{refusal}"
        );
        assert!(
            !refusal.contains("0123") && !refusal.contains("4761"),
            "{refusal}"
        );
    }
}

#[test]
fn the_longest_prefix_wins_and_a_missing_key_is_an_error() {
    let (_folder, path) = folder();
    write(&path, KEY, 0o600);
    let short = IssuerKeys::load(&path).expect("loaded");
    let longer = KEY.replace("\"4\"", "\"476173\"").replace("0123", "3210");
    write(&path, &format!("{KEY}{longer}"), 0o600);
    let long = IssuerKeys::load(&path).expect("loaded");
    let iad = [0x06, 1, 0x12, 3, 0xA0, 0, 0];
    let mac = |keys: &IssuerKeys, pan: &str| {
        let (version, key) = keys.session_key(pan, 1, [0, 1], &iad).ok()?;
        Some(key.arpc(version).application_cryptogram(&[]))
    };
    assert_ne!(
        mac(&short, "4761739001010119"),
        mac(&long, "4761739001010119")
    );
    assert_eq!(
        mac(&short, "4000000000000002"),
        mac(&long, "4000000000000002")
    );
    assert_eq!(mac(&long, "5413330089020011"), None);
}
