//! A new image comes from the collector, is tried, and stays; or it does not come up, and the one before
//! is back. An old one does not get the state.
//!
//! Besides the image under test these want one with a higher version, and one with a lower version and a
//! lower roll-back index: `cargo xtask image --boot` builds all three.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

use sealpoint_tests::built::target;
use sealpoint_tests::child::run;

use crate::machine::{Extra, Machine, State};
use crate::office::{Office, TERMINAL, machines, program, root};
use crate::till::{Till, evidence, image};

/// What the updater says when the other slot has the new image.
const INSTALLED: &str = "is in the other slot and waits for a restart";
/// What the roll-back counter's keeper says of an image that is too old.
const TOO_OLD: &str = "older than what this till has run";
/// What the kernel says of a root that is not the one that was signed.
const CORRUPTED: &str = "dm-verity device corrupted";

#[test]
#[ignore = "wants three images and minutes: cargo xtask test --image"]
fn a_new_image_from_the_collector_is_installed_tried_and_kept() {
    let (state, office, newer) = installed("update-good");
    let mut till = Till::switch_on(&state, office, "update-good", &Extra::default());
    till.machine
        .wait_for(&format!("The till of {newer} is up."));
    till.machine.wait_for(&format!("{newer} stays;"));
    till.until_ready();
    till.machine.keep_picture("ready-again");
    let office = &till.office;
    till.machine
        .until("the new image's version at the collector", |_| {
            let tills = office.tills();
            let all = tills["tills"].as_array()?.clone();
            let one = all.into_iter().find(|one| one["terminal"] == TERMINAL)?;
            one.to_string().contains(&newer).then_some(())
        });
    assert_eq!(till.sold(), 1, "the state is the one from before");
    till.sells();
    till.machine.keep_picture("sold");
}

#[test]
#[ignore = "wants three images and minutes: cargo xtask test --image"]
fn a_new_image_that_does_not_come_up_gives_way_to_the_one_before() {
    let (state, office, newer) = installed("update-broken");
    // The new slot decays after it was written: each try ends in the kernel's stop.
    let slots = state.disk().partitions();
    let slot = slots
        .iter()
        .find(|one| one.label.contains(&newer) && one.bytes > 64 << 20)
        .expect("the new root's slot");
    state.disk().flip(slot.at + 1024);
    let mut till = Till::switch_on(&state, office, "update-broken", &Extra::default());
    till.machine.wait_for(CORRUPTED);
    till.machine.keep_picture("new-image-stops");
    till.until_ready();
    till.machine.keep_picture("old-image-is-back");
    let stops = till.machine.said().matches(CORRUPTED).count();
    assert!(stops >= 3, "it was tried three times: {stops}");
    till.sells();
}

#[test]
#[ignore = "wants three images and minutes: cargo xtask test --image"]
fn an_older_image_with_the_builder_s_signature_does_not_get_the_state() {
    let name = "update-older";
    let (golden, _office) = Till::copy(name);
    // Whoever has the disk puts yesterday's image back, whole: kernel image, root and signature.
    let folder = machines().join("update-older-disk");
    let older = State::new(golden.tools(), &folder, &neighbour(Ordering::Less));
    older.takes_the_board_of(&golden);
    let mut machine = Machine::start(&older, &evidence(name), &Extra::default());
    machine.wait_for(TOO_OLD);
    machine.until_off();
}

/// A machine that has downloaded the next image into its other slot; and the image's version. Somebody
/// pulled its plug as soon as it said so.
fn installed(name: &str) -> (State, Office, String) {
    let (state, mut office) = Till::copy(name);
    let (folder, newer) = release(&office);
    let offered = office.file("updates");
    run(program("collector")
        .args(["update", "publish"])
        .arg(&folder)
        .arg("--updates")
        .arg(&offered));
    office.offer(&offered);
    office.open();
    let mut till = Till::switch_on(&state, office, name, &Extra::default());
    till.until_ready();
    till.machine.wait_for(INSTALLED);
    till.machine.keep_picture("installed");
    let office = till.off();
    (state, office, newer)
}

/// A folder with the next image, signed by the retailer.
fn release(office: &Office) -> (PathBuf, String) {
    let newer = neighbour(Ordering::Greater);
    let (version, _) = name_of(&newer).expect("it was found by its version");
    let name = newer.file_stem().expect("an image has a name");
    let built = target().join("image/release").join(name);
    let folder = office.file("release");
    fs::create_dir_all(&folder).expect("a folder of this test");
    for file in fs::read_dir(&built).expect("the build leaves a release") {
        let file = file.expect("a folder that was built");
        fs::copy(file.path(), folder.join(file.file_name())).expect("room on the disk");
    }
    run(program("tillctl")
        .args(["update", "make"])
        .arg(&folder)
        .arg("--root")
        .arg(root())
        .args(["--version", &version, "--from", "0.0.1"])
        .args(["--rollback-index", "2", "--journal-reads", "1,2"]));
    (folder, version)
}

/// The image beside the one under test with a version that is so, drawn the same way.
fn neighbour(wanted: Ordering) -> PathBuf {
    let this = image();
    let (version, display) = name_of(&this).expect("an image has a version");
    let files = fs::read_dir(target().join("image/out")).expect("the image's folder");
    files
        .flatten()
        .map(|file| file.path())
        .find(|path| {
            name_of(path).is_some_and(|(other, its_display)| {
                its_display == display && numbers(&other).cmp(&numbers(&version)) == wanted
            })
        })
        .unwrap_or_else(|| {
            panic!(
                "there is no image with another version ({wanted:?}) beside {}: `cargo xtask image \
                 --boot` builds them",
                this.display()
            )
        })
}

/// Version and display of an image, by its file's name: `sealpoint_VERSION_DISPLAY.raw`.
fn name_of(image: &Path) -> Option<(String, String)> {
    let name = image.file_name()?.to_str()?.strip_suffix(".raw")?;
    let (version, display) = name.strip_prefix("sealpoint_")?.split_once('_')?;
    let plain = !display.contains('.');
    plain.then(|| (version.to_owned(), display.to_owned()))
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').filter_map(|n| n.parse().ok()).collect()
}
