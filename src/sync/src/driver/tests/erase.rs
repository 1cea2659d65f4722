use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::super::Credentials;
use super::identity;

fn enrolled() -> (tempfile::TempDir, Credentials) {
    let folder = tempfile::tempdir().expect("a folder");
    let files = Credentials {
        ca: folder.path().join("ca.pem"),
        cert: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
    };
    for file in [&files.ca, &files.cert, &files.key] {
        fs::write(file, "-----BEGIN").expect("written");
    }
    (folder, files)
}

#[test]
fn key_and_certificate_are_gone_and_the_ca_stays() {
    let (_folder, files) = enrolled();
    identity(&files).expect("erased");
    assert!(!files.key.exists() && !files.cert.exists());
    assert!(files.ca.exists());
}

#[test]
fn the_key_is_overwritten_before_it_is_removed() {
    let (folder, files) = enrolled();
    // Another name of the same file shows what became of its content.
    let other = folder.path().join("other");
    fs::hard_link(&files.key, &other).expect("linked");
    identity(&files).expect("erased");
    assert_eq!(fs::read(other).expect("still linked"), [0; 10]);
}

#[test]
fn what_a_kill_left_half_done_is_done_when_it_is_asked_again() {
    let (_folder, files) = enrolled();
    fs::remove_file(&files.key).expect("removed");
    identity(&files).expect("the rest is erased");
    assert!(!files.cert.exists());
    identity(&files).expect("nothing is left to do");
}

#[test]
fn a_key_that_cannot_be_erased_is_an_error_and_no_silence() {
    let (_folder, mut files) = enrolled();
    // A folder where a file should be: it opens for nobody, not even for root.
    let folder = files.key.with_extension("d");
    fs::create_dir(&folder).expect("made");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("set");
    files.key = folder;
    assert!(identity(&files).is_err());
    assert!(
        files.cert.exists(),
        "nothing is said to be done that is not"
    );
}
