//! A store that is not the one that was written here last: copied, put back, or changed.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

use super::{NOW_S, aes, draw, id, loaded, open, storage, storage_of, tdes};
use crate::store::{KeyStore, STORE_FILE, StoreError};

/// Why a store is refused.
fn refused(folder: &Path) -> StoreError {
    match KeyStore::open(folder, storage()) {
        Ok(_) => panic!("the store opens"),
        Err(error) => error,
    }
}

fn run(program: &str, arguments: &[&str], folder: &Path) {
    let done = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .status()
        .expect("the program is there");
    assert!(done.success(), "{program} {arguments:?}");
}

#[test]
fn a_copy_in_another_folder_is_refused() {
    let (folder, _store) = loaded();
    let elsewhere = TempDir::new().expect("a folder");
    let to = elsewhere.path().join(STORE_FILE);
    fs::copy(folder.path().join(STORE_FILE), &to).expect("copied");
    assert_eq!(
        refused(elsewhere.path()).to_string(),
        format!(
            "the key store {to:?} was copied or restored: a key serial number could be used twice; \
             load the keys again"
        )
    );
}

/// Each way in which people and programs put a file back.
#[test]
fn an_older_store_that_is_put_back_is_refused_however_it_is_done() {
    for (keep, put_back) in [
        ("cp keys.store ../kept", "cp ../kept keys.store"),
        ("cp -a keys.store ../kept", "cp -a ../kept keys.store"),
        ("cp keys.store ../kept", "cat ../kept > keys.store"),
        (
            "cp keys.store ../kept",
            "dd if=../kept of=keys.store conv=notrunc status=none",
        ),
        ("tar -cf ../kept keys.store", "tar -xf ../kept"),
        ("cp -a . ../kept", "cp -a ../kept/. ."),
        (
            "cp -a . ../kept",
            "rm keys.store && mv ../kept/keys.store .",
        ),
        ("ln keys.store ../kept", "ln -f ../kept keys.store"),
    ] {
        let (folder, store) = loaded();
        let keys = folder.path().join("keys");
        fs::create_dir(&keys).expect("made");
        drop(store);
        // Moving a folder moves no file.
        fs::rename(folder.path().join(STORE_FILE), keys.join(STORE_FILE)).expect("moved");
        let mut store = open(&keys);
        run("sh", &["-c", keep], &keys);
        draw(&mut store, "tdes", NOW_S);
        run("sh", &["-c", put_back], &keys);
        let error = refused(&keys);
        // What was linked is the old file itself, which was overwritten.
        let gone = keep.starts_with("ln") && matches!(error, StoreError::Damaged(_));
        assert!(
            gone || matches!(error, StoreError::CopiedOrRestored(_)),
            "{put_back}: {error}"
        );
        // An open store sees it as well.
        assert!(store.next_key(&id("tdes"), NOW_S).is_err(), "{put_back}");
    }
}

#[test]
fn a_refused_store_begins_anew_without_its_counters() {
    let (folder, mut store) = loaded();
    store.accept_manifest(5).expect("accepted");
    let path = folder.path().join(STORE_FILE);
    let kept = fs::read(&path).expect("read");
    draw(&mut store, "tdes", NOW_S);
    let used = draw(&mut store, "aes", NOW_S);
    fs::write(&path, kept).expect("put back");

    let mut store = KeyStore::unchecked(folder.path(), storage());
    let dropped = store.begin_again().expect("begun anew");
    assert_eq!(dropped, [id("aes"), id("tdes")]);
    assert_eq!(open(folder.path()).manifest_version().expect("read"), 5);
    assert_eq!(store.list().expect("read"), []);
    // AES keys lie apart by the clock; of TDES keys nobody knows which were used.
    store.add(&id("aes"), aes(0x56), "", NOW_S).expect("added");
    assert!(draw(&mut store, "aes", NOW_S + 120) > used);
    let spent = store
        .add(&id("tdes"), tdes(), "", NOW_S)
        .expect_err("spent");
    assert!(matches!(spent, StoreError::SpentKey), "{spent}");
}

#[test]
fn another_storage_key_opens_nothing() {
    let (folder, _store) = loaded();
    let error = KeyStore::open(folder.path(), storage_of(8))
        .err()
        .expect("refused");
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
}

/// A file that a failing disk or an attacker changed, at every byte, cut at every length.
#[test]
fn a_store_that_is_changed_or_cut_anywhere_is_refused() {
    let (folder, _store) = loaded();
    let path = folder.path().join(STORE_FILE);
    let good = fs::read(&path).expect("read");
    // Written in place, so that the file stays the one that it is.
    let put = |bytes: &[u8]| fs::write(&path, bytes).expect("written");
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        put(&bad);
        assert!(
            KeyStore::open(folder.path(), storage()).is_err(),
            "byte {at}"
        );
        if at % 7 == 0 {
            put(&good[..at]);
            assert!(
                KeyStore::open(folder.path(), storage()).is_err(),
                "cut at {at}"
            );
        }
    }
    put(&[&good[..], &[0]].concat());
    assert!(matches!(refused(folder.path()), StoreError::Damaged(_)));
    put(&vec![0; 1 << 20]);
    assert!(matches!(refused(folder.path()), StoreError::Damaged(_)));
    let mut newer = good.clone();
    newer[17] = 2;
    put(&newer);
    assert!(matches!(
        refused(folder.path()),
        StoreError::OtherFormat(_, 2)
    ));
    put(&good);
    open(folder.path());
}
