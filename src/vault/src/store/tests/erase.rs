//! The end of every secret of a folder: all of it, also if the program is killed on the way.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write, stdout},
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use super::{NOW_S, aes, id, loaded, open};
use crate::{
    ERASED_FILE, EraseError, HOT_LIST_FILE, KeyStore, StorageKey, SystemRandom, erase_keys,
    is_erased, mark_erased,
    signed::{RootPrivateKey, RootPublicKey},
    store::{STORAGE_KEY_FILE, STORE_FILE},
    unmark_erased,
};

const FOLDER: &str = "SEALPOINT_TEST_ERASE_FOLDER";
const READY: &str = "ready to erase";
/// Kills, each a little later than the one before.
const KILLS: u64 = 40;
const STEP: Duration = Duration::from_micros(150);
const ORDER: &str = "the order\n";

/// A folder with a storage key of its own, a store with one key, and a hot list.
fn till() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let key = StorageKey::find_or_make(folder.path(), None, false).expect("a storage key");
    KeyStore::open(folder.path(), key)
        .expect("the store opens")
        .add(&id("aes"), aes(0x56), "AABBCC", NOW_S)
        .expect("added");
    fs::write(folder.path().join(HOT_LIST_FILE), [b'5'; 100_000]).expect("written");
    fs::write(folder.path().join("manifest.toml"), "public").expect("written");
    folder
}

fn root() -> RootPublicKey {
    let key = RootPrivateKey::generate(id("root-1"), &SystemRandom::new());
    key.expect("random bytes").public().clone()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name().into_string().expect("text"))
        .collect();
    names.sort();
    names
}

#[test]
fn only_what_is_public_and_the_mark_are_left() {
    let folder = till();
    let path = folder.path();
    // What crashes of older programs left.
    fs::write(path.join("storage.4711.part"), [7; 32]).expect("written");
    fs::write(path.join("keys.store.next"), "half a store").expect("written");
    fs::write(path.join("erased.txt.next"), "half a mark").expect("written");
    assert!(!is_erased(path));
    mark_erased(path, ORDER).expect("marked");
    erase_keys(path).expect("erased");
    assert_eq!(names(path), [ERASED_FILE, "manifest.toml"]);
    assert_eq!(
        fs::read_to_string(path.join(ERASED_FILE)).expect("read"),
        ORDER
    );
    assert!(is_erased(path));
    // A second order finds nothing to do.
    mark_erased(path, ORDER).expect("marked");
    erase_keys(path).expect("erased");

    assert!(unmark_erased(path).expect("taken away"));
    assert!(!unmark_erased(path).expect("nothing there"));
    assert!(!is_erased(path));
}

#[test]
fn what_was_erased_was_written_over_first() {
    let folder = till();
    // A second name for the same file shows what was done to its content.
    for name in [STORAGE_KEY_FILE, STORE_FILE, HOT_LIST_FILE] {
        let path = folder.path().join(name);
        fs::hard_link(&path, folder.path().join(format!("old {name}"))).expect("linked");
    }
    erase_keys(folder.path()).expect("erased");
    for name in [STORAGE_KEY_FILE, STORE_FILE, HOT_LIST_FILE] {
        let left = fs::read(folder.path().join(format!("old {name}"))).expect("read");
        assert!(
            !left.is_empty() && left.iter().all(|byte| *byte == 0),
            "{name}"
        );
    }
}

#[test]
fn a_mark_that_cannot_be_looked_at_counts() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path();
    symlink("nowhere", path.join(ERASED_FILE)).expect("linked");
    assert!(is_erased(path));
    assert!(!is_erased(&path.join("none")));
}

#[test]
fn a_folder_that_takes_no_mark_says_so_and_keeps_no_key_for_that() {
    let folder = till();
    let path = folder.path();
    fs::create_dir(path.join("erased.txt.next")).expect("in the way");
    let told = mark_erased(path, ORDER).expect_err("no mark");
    assert!(matches!(told, EraseError::Mark { .. }), "{told}");
    erase_keys(path).expect("erased all the same");
    assert!(!path.join(STORE_FILE).exists());
}

/// A program that obeys an order.
#[test]
#[ignore = "erases a folder in a process of its own, started by the test below"]
fn erases_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    stdout()
        .write_all(format!("{READY}\n").as_bytes())
        .and_then(|()| stdout().flush())
        .expect("said");
    mark_erased(folder, ORDER).expect("marked");
    erase_keys(folder).expect("erased");
}

#[test]
fn a_kill_leaves_all_keys_and_no_mark_or_a_mark_by_which_the_rest_goes() {
    let (mut whole, mut partly) = (0, 0);
    for kill in 0..KILLS {
        let folder = till();
        let path = folder.path();
        let mut child = Command::new(env::current_exe().expect("this program"))
            .args(["--ignored", "--exact", "--nocapture"])
            .arg("store::tests::erase::erases_until_it_is_killed")
            .env(FOLDER, path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let ready = lines.map_while(Result::ok).any(|line| line.contains(READY));
        assert!(ready, "the program came to its order");
        thread::sleep(STEP * u32::try_from(kill).expect("few"));
        // It may have ended by itself.
        let _gone = child.kill();
        child.wait().expect("our child");

        if is_erased(path) {
            partly += 1;
            erase_keys(path).expect("the rest goes");
            let left = names(path);
            for gone in [STORAGE_KEY_FILE, STORE_FILE, HOT_LIST_FILE] {
                assert!(!left.iter().any(|name| name == gone), "{left:?}");
            }
        } else {
            whole += 1;
            let key = StorageKey::find(path, None, false).expect("the storage key");
            let store = KeyStore::open(path, key).expect("the store opens");
            assert_eq!(store.list().expect("read").len(), 1);
        }
    }
    assert!(partly > 0, "{whole} whole, {partly} partly");
}

#[test]
fn a_store_that_accepted_another_root_says_so() {
    let (folder, mut store) = loaded();
    let (ours, other) = (root(), root());
    assert!(
        !store.has_other_root(&ours).expect("read"),
        "none was accepted"
    );
    store.accept_root(&ours).expect("accepted");
    let store = open(folder.path());
    assert!(!store.has_other_root(&ours).expect("read"));
    assert!(store.has_other_root(&other).expect("read"));
}
