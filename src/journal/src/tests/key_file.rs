//! The key file: made once, kept from others, never made anew for an old journal.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{Folder, terminal};
use crate::{CREDENTIAL, DbKey, Journal, KEY_LEN, KeyFileError};

#[test]
fn a_first_run_makes_a_key_that_only_its_owner_can_read() {
    let folder = Folder::new();
    drop(folder.key());
    let meta = fs::metadata(folder.key_file()).expect("the key was made");
    assert_eq!(meta.len(), KEY_LEN as u64);
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    let names: Vec<_> = fs::read_dir(folder.dir.path())
        .expect("the folder is there")
        .collect();
    assert_eq!(names.len(), 1, "no second copy of the key stays behind");
}

#[test]
fn two_keys_are_not_the_same() {
    let folder = Folder::new();
    let other = Folder::new();
    drop((folder.key(), other.key()));
    let bytes = |f: &Folder| fs::read(f.key_file()).expect("the key was made");
    assert_ne!(bytes(&folder), bytes(&other));
}

#[test]
fn a_key_is_not_replaced() {
    let folder = Folder::new();
    drop(folder.key());
    let before = fs::read(folder.key_file()).expect("the key was made");
    let again = DbKey::create(&folder.key_file());
    assert!(matches!(again, Err(KeyFileError::Exists(_))));
    assert_eq!(
        fs::read(folder.key_file()).expect("the key is there"),
        before
    );
}

#[test]
fn no_new_key_is_made_for_an_old_journal() {
    let folder = Folder::new();
    drop(folder.open());
    fs::remove_file(folder.key_file()).expect("the key was there");
    let lost = DbKey::for_journal(&folder.key_file(), &folder.journal());
    assert!(matches!(lost, Err(KeyFileError::Lost { .. })));
    assert!(!folder.key_file().exists());
}

#[test]
fn a_missing_key_is_said_to_be_missing() {
    let folder = Folder::new();
    assert!(matches!(
        DbKey::load(&folder.key_file()),
        Err(KeyFileError::Missing(_))
    ));
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_command_that_helps() {
    let folder = Folder::new();
    drop(folder.key());
    let open = fs::Permissions::from_mode(0o640);
    fs::set_permissions(folder.key_file(), open).expect("the file is ours");
    let refused = DbKey::load(&folder.key_file())
        .err()
        .map(|why| why.to_string());
    assert!(refused.is_some_and(|text| text.contains("chmod 600") && text.contains("640")));
}

#[test]
fn a_key_of_another_length_is_refused() {
    for len in [0, KEY_LEN - 1, KEY_LEN + 1] {
        let folder = Folder::new();
        fs::write(folder.key_file(), vec![7; len]).expect("the folder is writable");
        let own = fs::Permissions::from_mode(0o600);
        fs::set_permissions(folder.key_file(), own).expect("the file is ours");
        let loaded = DbKey::load(&folder.key_file());
        assert!(
            matches!(loaded, Err(KeyFileError::WrongLength(_))),
            "{len} bytes"
        );
    }
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = Folder::new();
    let path = folder.dir.path().join("nowhere").join("db.key");
    let made = DbKey::create(&path).err().map(|why| why.to_string());
    assert!(made.is_some_and(|text| text.contains("nowhere")));
}

/// A credential as the system gives it to a service: in a folder of its own, readable by the
/// service's user through an access control list, whose mask shows as the group's right to read.
fn credential(folder: &Folder, mode: u32) -> std::path::PathBuf {
    let path = folder.dir.path().join(CREDENTIAL);
    fs::write(&path, [7; KEY_LEN]).expect("the folder is writable");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("the file is ours");
    path
}

#[test]
fn a_credential_of_the_system_opens_the_journal_that_it_made() {
    let folder = Folder::new();
    for mode in [0o400, 0o440] {
        credential(&folder, mode);
        let key = DbKey::from_credentials(folder.dir.path()).expect("a credential");
        drop(Journal::open(&folder.journal(), &key, &terminal()).expect("the journal opens"));
        fs::remove_file(folder.dir.path().join(CREDENTIAL)).expect("the file is ours");
    }
}

#[test]
fn a_credential_that_others_may_read_or_write_is_refused() {
    for mode in [0o404, 0o460, 0o666] {
        let folder = Folder::new();
        credential(&folder, mode);
        let loaded = DbKey::from_credentials(folder.dir.path());
        assert!(
            matches!(loaded, Err(KeyFileError::TooOpen { .. })),
            "{mode:o}"
        );
    }
}
