//! What was destroyed is not there any more.

use std::{
    fs::{self, File},
    io::{Read, Seek},
};

use super::office::{Office, assert_refused, dukpt, protection, text};

/// An open file keeps what its name no longer leads to: it shows what became of the bytes.
fn held(office: &Office, name: &str) -> (File, Vec<u8>) {
    let path = office.keys.join(name);
    let content = fs::read(&path).expect("a file");
    (File::open(path).expect("a file"), content)
}

fn is_wiped(mut file: &File) -> bool {
    let mut content = Vec::new();
    file.rewind().expect("a file");
    file.read_to_end(&mut content).expect("a file");
    content.iter().all(|byte| *byte == 0)
}

fn loaded() -> Office {
    let office = Office::with_protection_key(&[protection(), dukpt()]);
    let block = office.initial("dukpt-1", "1234567890123456");
    assert_eq!(office.load_file(&block).code, 0);
    office
}

#[test]
fn a_key_is_destroyed_once_its_id_was_typed_again() {
    let office = loaded();
    for typed in ["", "dukpt-2\n", "yes\n", "kbpk-1\n"] {
        let ran = office.fed(&["destroy", "dukpt-1"], typed);
        assert_eq!(ran.code, 72, "{typed:?}: {}", ran.err);
        assert_eq!(office.of("dukpt-1", "loaded"), true);
    }
    let (old, content) = held(&office, "keys.store");
    let ran = office.fed(&["destroy", "dukpt-1"], "dukpt-1\n");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("flash disk"), "{}", ran.out);
    assert_eq!(office.of("dukpt-1", "loaded"), false);
    assert_eq!(office.of("kbpk-1", "loaded"), true);
    // The file that it was in is written over, not just forgotten.
    assert!(is_wiped(&old));
    assert!(office.files().iter().all(|(_, now)| *now != content));
    assert_refused(&office.ran(&["destroy", "dukpt-1", "--yes"]), 72, "No key");
}

#[test]
fn all_keys_and_the_storage_key_are_gone_beyond_what_the_folder_holds() {
    let office = loaded();
    let (storage, storage_bytes) = held(&office, "storage.key");
    let (store, store_bytes) = held(&office, "keys.store");
    assert_refused(&office.fed(&["destroy", "--all"], "dukpt-1\n"), 72, "type");
    assert!(!is_wiped(&storage));
    let ran = office.ran(&["destroy", "--all", "--yes", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.text("done"), "all_destroyed");
    assert!(is_wiped(&storage) && is_wiped(&store));
    for (name, content) in office.files() {
        assert!(
            !["storage.key", "keys.store"].contains(&name.as_str()),
            "{name}"
        );
        for secret in [&storage_bytes[..16], &store_bytes[100..132]] {
            let found = content.windows(secret.len()).any(|window| window == secret);
            assert!(!found, "{name} holds a part of a key file");
        }
    }
    // The public files stay, and the till can be set up again.
    assert!(office.keys.join("manifest.toml").exists());
    assert_eq!(office.of("dukpt-1", "state"), "missing");
}

#[test]
fn a_store_that_does_not_open_can_be_destroyed_all_the_same() {
    let office = loaded();
    let store = office.keys.join("keys.store");
    fs::write(&store, b"damaged").expect("written");
    fs::write(office.keys.join("storage.key"), b"short").expect("written");
    assert_eq!(office.ran(&["destroy", "kbpk-1", "--yes"]).code, 73);
    assert_eq!(office.ran(&["destroy", "--all", "--yes"]).code, 0);
    assert!(!store.exists());
    let again = office.ran(&["destroy", "--all", "--yes"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.out.contains("neither"), "{}", again.out);
}

#[test]
fn a_public_key_is_revoked_and_not_destroyed() {
    let office = Office::managed(&[super::office::acquirer("acq-1", -1, 10, ""), protection()]);
    let ran = office.ran(&["destroy", "acq-1", "--yes"]);
    assert_refused(&ran, 72, "manifest that revokes it");
    assert_refused(&office.ran(&["destroy"]), 2, "--all");
    let both = ["destroy", "acq-1", "--all"];
    assert_refused(&office.ran(&both), 2, "--all");
    let nowhere = office.file("nowhere");
    let ran = crate::bench::tillctl(&[
        "keys",
        "destroy",
        "--all",
        "--yes",
        "--keys",
        text(&nowhere),
    ]);
    assert_refused(&ran, 73, "cannot be looked at");
}
