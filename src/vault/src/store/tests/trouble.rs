//! A disk that is full or read-only, a lock that is held, a key set at its end.

use std::{
    env,
    fs::{self, File},
    path::Path,
    process::Command,
};

use sealpoint_secret::SecretBytes;
use sealpoint_wire::seal::DukptScheme;

use super::{NOW_S, draw, id, loaded, open};
use crate::{
    Registers,
    store::{DrawError, STORE_FILE, Secret, StoreError},
};

/// Folder of a store that cannot be written, for a test that runs in a process of its own.
const FOLDER: &str = "SEALPOINT_TEST_UNWRITABLE";

/// Runs the test below by a shell that prepares its process; how its store was refused.
fn refused_after(prepare: &str, folder: &Path) -> String {
    let program = env::current_exe().expect("this program");
    let script = format!(
        "{prepare}\nexec \"$0\" --ignored --exact --nocapture \
         store::tests::trouble::draws_from_a_store_that_cannot_be_written"
    );
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", &script])
        .arg(program)
        .env(FOLDER, folder)
        .output()
        .expect("unshare is there");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}{told}");
    said.lines()
        .find_map(|line| line.split_once("refused: "))
        .map(|(_, why)| why.to_owned())
        .unwrap_or_else(|| panic!("nothing was refused: {said}{told}"))
}

#[test]
#[ignore = "runs in a process of its own, started by the tests below"]
fn draws_from_a_store_that_cannot_be_written() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let mut store = open(Path::new(&folder));
    for name in ["aes", "tdes"] {
        match store.next_key(&id(name), NOW_S) {
            Ok(_) => panic!("a key came out, and its number is on no disk"),
            Err(error) => println!("refused: {error}"),
        }
    }
}

#[test]
fn no_key_comes_out_of_a_read_only_folder() {
    let (folder, mut store) = loaded();
    let path = folder.path().display();
    let prepare =
        format!("mount --bind {path} {path} && mount -o remount,ro,bind {path} || exit 1");
    let why = refused_after(&prepare, folder.path());
    assert!(
        why.contains("cannot be written (Read-only file system"),
        "{why}"
    );
    assert_eq!(draw(&mut store, "tdes", NOW_S), 1, "no number was used up");
}

#[test]
fn no_key_comes_out_of_a_full_disk_and_the_store_stays_whole() {
    let (folder, mut store) = loaded();
    // As on a disk without room: no file may grow beyond nothing.
    let why = refused_after("trap '' XFSZ; ulimit -f 0", folder.path());
    assert!(why.contains("cannot be written (File too large"), "{why}");
    assert_eq!(draw(&mut store, "tdes", NOW_S), 1, "no number was used up");
    assert_eq!(store.list().expect("read").len(), 2);
}

#[test]
fn what_a_crash_left_beside_the_store_is_in_nobodys_way() {
    let (folder, mut store) = loaded();
    fs::write(folder.path().join("keys.store.next"), b"cut off").expect("written");
    assert_eq!(draw(&mut store, "tdes", NOW_S), 1);
    let names: Vec<_> = fs::read_dir(folder.path())
        .expect("read")
        .map(|entry| entry.expect("read").file_name())
        .collect();
    assert_eq!(names, [STORE_FILE]);
}

#[test]
fn a_store_that_another_program_holds_is_busy_and_then_free() {
    let (folder, mut store) = loaded();
    let held = File::open(folder.path()).expect("opened");
    held.lock().expect("locked");
    let why = store.next_key(&id("tdes"), NOW_S).err().expect("refused");
    assert!(
        matches!(why, DrawError::Store(StoreError::Busy(_))),
        "{why}"
    );
    drop(held);
    assert_eq!(draw(&mut store, "tdes", NOW_S), 1);
}

#[test]
fn a_key_set_at_its_end_warns_and_then_gives_no_key() {
    let (_folder, mut store) = loaded();
    let key = SecretBytes::from_slice(&[
        0x31, 0x92, 0x55, 0x07, 0x13, 0x64, 0xA1, 0x08, 0x97, 0x52, 0x61, 0x34, 0x0D, 0x1C, 0xE5,
        0x76,
    ]);
    let ksn = [0xFF, 0xFF, 0x98, 0x76, 0x54, 0x32, 0x11, 0x00, 0x00, 0x00];
    let mut registers =
        Registers::from_initial_key(DukptScheme::Tdes2, &key, &ksn).expect("an initial key");
    // The last three numbers with ten one-bits in 21.
    registers.skip_to(0x1F_F200).expect("not at the end");
    store
        .add(&id("old"), Secret::Dukpt(registers), "", NOW_S)
        .expect("added");
    let dukpt = |store: &crate::KeyStore| {
        let list = store.list().expect("read");
        let found = list.into_iter().find(|loaded| loaded.id == id("old"));
        found.and_then(|loaded| loaded.dukpt).expect("a DUKPT key")
    };
    let left = dukpt(&store);
    assert!(left.is_low && left.remaining > 0, "{left:?}");
    for _ in 0..left.remaining {
        draw(&mut store, "old", NOW_S);
    }
    assert_eq!(dukpt(&store).remaining, 0);
    let why = store.next_key(&id("old"), NOW_S).err().expect("exhausted");
    assert_eq!(
        why.to_string(),
        "every key of \"old\" is used up; load a new initial key, which your acquirer gives you"
    );
}
