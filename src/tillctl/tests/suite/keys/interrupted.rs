//! A load that is interrupted leaves the old or the new, and never a half.

use std::{
    fs,
    process::{Command, Stdio},
};

use sealpoint_vault::{Manifest, signed::RootPublicKey};

use super::office::{Office, acquirer, text};

#[test]
fn a_load_that_is_killed_at_any_moment_leaves_a_manifest_that_counts() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    let root = fs::read_to_string(office.file("retailer.pub.toml")).expect("a root key");
    let root = RootPublicKey::parse(&root).expect("a root key");
    let mut highest = 1;
    for version in 2..40 {
        let file = office.manifest(version, "", &[acquirer("acq-1", -10, 100, "")]);
        let mut child = Command::new(env!("CARGO_BIN_EXE_tillctl"))
            .args(["keys", "load", text(&file), "--keys", text(&office.keys)])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("tillctl runs");
        // Another moment each time; where it falls does not matter to what must hold.
        for _ in 0..version * 40_000 {
            std::hint::spin_loop();
        }
        let _gone = child.kill();
        child.wait().expect("our child");
        let text = fs::read_to_string(office.keys.join("manifest.toml")).expect("a manifest");
        let manifest = Manifest::verify(&text, &root).expect("whole, the old or the new");
        assert!((highest..=version).contains(&manifest.version()));
        highest = manifest.version();
        assert_eq!(office.shown()["cannot_charge"], serde_json::Value::Null);
    }
    let ran = office.load_manifest(40, &[acquirer("acq-2", -10, 100, "")]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn what_an_interrupted_load_left_is_in_nobodys_way() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    fs::write(office.keys.join(".manifest.toml.part"), b"half a mani").expect("written");
    let ran = office.load_manifest(2, &[acquirer("acq-2", -10, 100, "")]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(!office.keys.join(".manifest.toml.part").exists());
}

#[test]
fn a_change_of_root_that_was_interrupted_is_finished_by_loading_again() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    office.root("root-2");
    let next = office.manifest(2, "", &[acquirer("acq-2", -10, 100, "")]);
    // The root key is replaced first; here the power went before the manifest was.
    fs::copy(
        office.file("retailer.pub.toml"),
        office.keys.join("retailer.pub.toml"),
    )
    .expect("copied");
    assert_eq!(office.ran(&["show"]).code, 71);
    let ran = office.load_file(&next);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(office.of("acq-2", "state"), "in_use");
}

#[test]
fn a_folder_that_cannot_be_written_is_said_and_left_alone() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    // A folder where the file should go: writing fails at the last moment.
    let manifest = office.keys.join("manifest.toml");
    fs::remove_file(&manifest).expect("removed");
    fs::create_dir(&manifest).expect("made");
    let ran = office.load_manifest(2, &[acquirer("acq-2", -10, 100, "")]);
    assert_eq!(ran.code, 73, "{}{}", ran.out, ran.err);
    fs::remove_dir(&manifest).expect("still an empty folder");
}
