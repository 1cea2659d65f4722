//! Where the storage key comes from, and each way in which it is wrong.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use sealpoint_wire::status::KeySource;
use tempfile::TempDir;

use super::{NOW_S, aes, id};
use crate::store::{
    KeyStore, STORAGE_CREDENTIAL, STORAGE_KEY_FILE, STORE_FILE, StorageKey, StorageKeyError,
};

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

fn write(path: &Path, len: usize, mode: u32) {
    fs::write(path, vec![5; len]).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
}

fn refused(keys: &Path, credentials: Option<&Path>, production: bool) -> StorageKeyError {
    StorageKey::find_or_make(keys, credentials, production)
        .err()
        .expect("refused")
}

#[test]
fn a_demo_makes_its_own_once_and_nobody_else_may_read_it() {
    let keys = folder();
    let missing = StorageKey::find(keys.path(), None, false)
        .err()
        .expect("missing");
    assert!(matches!(missing, StorageKeyError::Missing(_)), "{missing}");
    let made = StorageKey::find_or_make(keys.path(), None, false).expect("made");
    assert_eq!(made.source(), KeySource::File);
    let path = keys.path().join(STORAGE_KEY_FILE);
    let mode = fs::metadata(&path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let bytes = fs::read(&path).expect("read");
    assert_eq!(bytes.len(), 32);
    assert!(bytes.iter().any(|byte| *byte != bytes[0]), "random");
    let again = StorageKey::find_or_make(keys.path(), None, false).expect("found");
    assert_eq!(again.expose(), bytes);
    assert_eq!(
        fs::read_dir(keys.path()).expect("read").count(),
        1,
        "no part is left"
    );
}

#[test]
fn the_credential_counts_and_is_the_only_one_in_production() {
    let (keys, credentials) = (folder(), folder());
    let none = refused(keys.path(), Some(credentials.path()), true);
    assert!(matches!(none, StorageKeyError::NoCredential), "{none}");
    assert!(matches!(
        refused(keys.path(), None, true),
        StorageKeyError::NoCredential
    ));
    // A file beside the keys is none for production.
    write(&keys.path().join(STORAGE_KEY_FILE), 32, 0o600);
    assert!(matches!(
        refused(keys.path(), None, true),
        StorageKeyError::NoCredential
    ));

    // As systemd gives it to a service's user: by an access control list.
    let credential = credentials.path().join(STORAGE_CREDENTIAL);
    fs::write(&credential, [6; 32]).expect("written");
    fs::set_permissions(&credential, fs::Permissions::from_mode(0o440)).expect("set");
    for production in [true, false] {
        let found = StorageKey::find(keys.path(), Some(credentials.path()), production);
        let found = found.expect("found");
        assert_eq!(found.source(), KeySource::Credential);
        assert_eq!(found.expose(), [6; 32]);
    }
    write(&credential, 32, 0o444);
    let open = refused(keys.path(), Some(credentials.path()), true);
    assert!(
        open.to_string().contains("open to others (mode 444)"),
        "{open}"
    );
}

#[test]
fn one_that_is_open_too_long_too_short_or_no_file_is_refused_with_what_to_do() {
    let keys = folder();
    let path = keys.path().join(STORAGE_KEY_FILE);
    for mode in [0o640, 0o604, 0o620, 0o601] {
        write(&path, 32, mode);
        let why = refused(keys.path(), None, false).to_string();
        assert!(
            why.contains(&format!("mode {mode:03o}")) && why.contains("chmod 600"),
            "{why}"
        );
    }
    for len in [0, 31, 33, 4096] {
        write(&path, len, 0o600);
        let why = refused(keys.path(), None, false);
        assert!(
            matches!(why, StorageKeyError::WrongLength(_)),
            "{len}: {why}"
        );
    }
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("made");
    let why = refused(keys.path(), None, false).to_string();
    assert!(why.contains("cannot be read (not a file)"), "{why}");
    fs::remove_dir(&path).expect("removed");
    symlink("/dev/zero", &path).expect("linked");
    let why = refused(keys.path(), None, false).to_string();
    assert!(why.contains("cannot be read (not a file)"), "{why}");
}

#[test]
fn a_store_without_its_key_gets_no_new_one() {
    let keys = folder();
    let key = StorageKey::find_or_make(keys.path(), None, false).expect("made");
    let mut store = KeyStore::open(keys.path(), key).expect("opens");
    store.add(&id("aes"), aes(1), "", NOW_S).expect("added");
    fs::remove_file(keys.path().join(STORAGE_KEY_FILE)).expect("removed");
    let why = refused(keys.path(), None, false);
    assert!(matches!(why, StorageKeyError::Lost(_)), "{why}");
    assert!(!keys.path().join(STORAGE_KEY_FILE).exists());
    assert!(keys.path().join(STORE_FILE).exists());
}

#[test]
fn its_file_is_destroyed_overwritten() {
    let keys = folder();
    StorageKey::find_or_make(keys.path(), None, false).expect("made");
    let kept = keys.path().join("kept");
    fs::hard_link(keys.path().join(STORAGE_KEY_FILE), &kept).expect("linked");
    assert!(StorageKey::destroy_file(keys.path()).expect("destroyed"));
    assert!(!StorageKey::destroy_file(keys.path()).expect("not there"));
    assert_eq!(fs::read(&kept).expect("read"), [0; 32]);
}
