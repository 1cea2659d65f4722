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
    let first = fs::read(office.file("retailer.key.toml")).expect("a root key");
    office.root("root-2");
    let second = fs::read(office.file("retailer.key.toml")).expect("a root key");
    let root = fs::read_to_string(office.file("retailer.pub.toml")).expect("a root key");
    let public = root.lines().find(|line| line.starts_with("public = "));
    let public = public.expect("a public key");
    let head = format!("next_root = {{ id = \"root-2\", {public} }}\n");
    office.write("retailer.key.toml", &first);
    let naming = office.manifest(2, &head, &[acquirer("acq-1", -10, 100, "")]);
    assert_eq!(office.load_file(&naming).code, 0);
    let files = ["retailer.pub.toml", "manifest.toml"].map(|name| office.keys.join(name));
    let before = files.each_ref().map(|file| fs::read(file).expect("read"));
    office.write("retailer.key.toml", &second);
    let next = office.manifest(3, "", &[acquirer("acq-2", -10, 100, "")]);

    // The store takes note first, then the root key is replaced, then the manifest: the power goes
    // before the last two, and before the last.
    for untouched in [&[0, 1][..], &[1]] {
        assert_eq!(office.load_file(&next).code, 0);
        for file in untouched {
            fs::write(&files[*file], &before[*file]).expect("put back");
        }
        let ran = office.load_file(&next);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert_eq!(office.of("acq-2", "state"), "in_use");
    }
}

#[test]
fn a_root_that_somebody_copied_into_the_folder_is_refused_until_two_people_bring_it() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    office.root("root-2");
    let next = office.manifest(2, "", &[acquirer("acq-2", -10, 100, "")]);
    let root = office.file("retailer.pub.toml");
    fs::copy(&root, office.keys.join("retailer.pub.toml")).expect("copied");
    let ran = office.load_file(&next);
    assert_eq!(ran.code, 72, "{}", ran.out);
    assert!(ran.err.contains("--replace-root"), "{}", ran.err);
    let people = ["--person", "Anna Berg", "--person", "Cem Demir"];
    let replace = ["load", text(&root), "--replace-root"];
    assert_eq!(office.ran(&[&replace[..], &people].concat()).code, 0);
    assert_eq!(office.load_file(&next).code, 0);
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

#[test]
fn a_till_without_key_blocks_gets_a_restored_store_going_by_its_manifest() {
    let office = Office::managed(&[acquirer("acq-1", -10, 100, "")]);
    let store = office.keys.join("keys.store");
    let kept = fs::read(&store).expect("a store");
    let ran = office.load_manifest(2, &[acquirer("acq-1", -10, 100, "")]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    fs::write(&store, kept).expect("put back");
    let why = office.shown()["cannot_charge"].to_string();
    assert!(why.contains("copied or restored"), "{why}");

    let ran = office.load_manifest(1, &[acquirer("acq-1", -10, 100, "")]);
    assert_ne!(
        ran.code, 0,
        "an older one than that which is there: {}",
        ran.out
    );
    let ran = office.load_manifest(3, &[acquirer("acq-1", -10, 100, "")]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(office.shown()["cannot_charge"], serde_json::Value::Null);
}
