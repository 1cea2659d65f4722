//! What boots is what the builder signed: firmware, loader, kernel image, root.

use std::fs;
use std::path::PathBuf;

use sealpoint_tests::child::run;

use crate::machine::{Disk, Extra, Machine, Partition, State, Tools};
use crate::office::machines;
use crate::till::{Till, evidence, image, looks_like_a_window};

/// Where a signed program (PE32+) says where its signature lies: UEFI reads no other signature.
/// From the optional header's beginning, as Microsoft's PE format has it: the fifth data directory.
const SIGNATURE: usize = 112 + 4 * 8;
/// What firmware and loader say of a program that no enrolled key has signed.
const REFUSED: &[&str] = &["Access Denied", "Access denied", "Security Violation"];
/// What the kernel says of a root that is not the one that was signed.
const CORRUPTED: &[&str] = &[
    "dm-verity device corrupted",
    "dm-verity device has I/O error",
];

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn a_kernel_image_with_one_bit_turned_over_is_refused() {
    refused("chain-kernel-bit", |disk| {
        let (at, kernel) = kernel_image(disk);
        disk.flip(at + kernel.len() as u64 / 2);
    });
}

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn a_kernel_image_without_a_signature_is_refused() {
    refused("chain-kernel-unsigned", |disk| {
        let (at, kernel) = kernel_image(disk);
        let entry = signature_entry(&kernel);
        assert_ne!(kernel[entry..entry + 8], [0; 8], "it was signed");
        let mut head = disk.read(at, 4096);
        head[entry..entry + 8].fill(0);
        disk.write(at, &head);
    });
}

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn a_loader_with_one_bit_turned_over_is_refused() {
    refused("chain-loader-bit", |disk| {
        // The loader is the one program on the partition that begins so and says so.
        let esp = disk.partition("esp");
        let bytes = disk.read(esp.at, esp.bytes as usize);
        let mut at = 0;
        let mut turned = 0;
        while let Some(found) = find(&bytes[at..], b"systemd-boot") {
            // Both copies: that which firmware looks for by itself, and the one by name.
            disk.flip(esp.at + (at + found) as u64);
            turned += 1;
            at += found + 1;
        }
        assert!(turned > 0, "a loader is there");
    });
}

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn a_bit_turned_over_in_the_root_s_first_block_stops_the_machine() {
    let name = "chain-root-head";
    let state = State::new(&Tools::find(), &machines().join(name), &image());
    let disk = state.disk();
    disk.flip(root(&disk).at + 1024);
    stops(&mut Machine::start(
        &state,
        &evidence(name),
        &Extra::default(),
    ));
}

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn a_bit_turned_over_in_the_till_itself_stops_the_machine() {
    let name = "chain-root-till";
    let (state, mut office) = Till::copy(name);
    let disk = state.disk();
    disk.flip(root(&disk).at + extent_of("/usr/lib/sealpoint/till"));
    office.open();
    let mut till = Till::switch_on(&state, office, name, &Extra::default());
    stops(&mut till.machine);
    assert_eq!(till.sold(), 1, "the collector has heard of no sale");
}

/// Changes the disk of a new machine, and sees that firmware or loader has nothing to do with it.
fn refused(name: &str, change: impl FnOnce(&Disk)) {
    let state = State::new(&Tools::find(), &machines().join(name), &image());
    change(&state.disk());
    let mut machine = Machine::start(&state, &evidence(name), &Extra::default());
    machine.wait_for_any(REFUSED);
    machine.keep_picture("refused");
    let said = machine.said();
    assert!(!said.contains("systemd 2"), "no system began");
    assert!(!looks_like_a_window(&machine.screen()));
}

/// Sees that the kernel stops and the machine starts again, without a till in between.
fn stops(machine: &mut Machine) {
    machine.wait_for_any(CORRUPTED);
    let screen = machine.keep_picture("stopped");
    assert!(
        !looks_like_a_window(&screen),
        "no till before the kernel stopped"
    );
    machine.until("the machine starts again", |machine| {
        machine.happened("RESET").then_some(())
    });
}

/// The kernel image on the disk: where it begins, and what it is.
pub fn kernel_image(disk: &Disk) -> (u64, Vec<u8>) {
    let built = fs::read(image().with_extension("efi")).expect("the build leaves the kernel image");
    let esp = disk.partition("esp");
    let bytes = disk.read(esp.at, esp.bytes as usize);
    let head = built.get(..4096).expect("a kernel image is long");
    let at = find(&bytes, head).expect("the kernel image is on the disk");
    assert!(
        bytes.get(at..at + built.len()) == Some(built.as_slice()),
        "it lies there in one piece"
    );
    (esp.at + at as u64, built)
}

/// Where a program's head says where its signature is.
fn signature_entry(program: &[u8]) -> usize {
    let at = program
        .get(0x3C..0x40)
        .and_then(|four| four.try_into().ok())
        .map(u32::from_le_bytes)
        .expect("a PE file");
    let head = at as usize;
    assert_eq!(program.get(head..head + 4), Some(b"PE\0\0".as_slice()));
    head + 24 + SIGNATURE
}

/// The partition with the root that boots.
fn root(disk: &Disk) -> Partition {
    let all = disk.partitions();
    let slot = all
        .iter()
        .find(|one| one.label.starts_with("sealpoint_") && one.bytes > 64 << 20);
    slot.expect("a slot with a root").clone()
}

/// Where in the root a file's bytes lie, by the file system's own tool.
fn extent_of(path: &str) -> u64 {
    let image = image();
    let disk = fs::File::open(&image).expect("the image");
    let table = {
        use std::os::unix::fs::FileExt;
        let mut table = vec![0; crate::machine::TABLE_BYTES];
        disk.read_exact_at(&mut table, 0)
            .expect("a partition table");
        table
    };
    let slots = crate::machine::partitions(&table);
    let root = slots
        .iter()
        .find(|one| one.label.starts_with("sealpoint_") && one.bytes > 64 << 20)
        .expect("a slot with a root");
    let said = run(Tools::find()
        .command("dump.erofs")
        .arg(format!("--offset={}", root.at))
        .arg(format!("--path={path}"))
        .arg("-e")
        .arg(PathBuf::from(&image)));
    // A line of it: "   0:        0..   65536 |   65536 :   12345344..  12386304 |   40960"
    let extents: Vec<u64> = said
        .lines()
        .filter_map(|line| {
            let (_, physical) = line.split_once('|')?;
            let (_, range) = physical.split_once(':')?;
            range.split("..").next()?.trim().parse().ok()
        })
        .collect();
    let middle = extents.get(extents.len() / 2);
    *middle.unwrap_or_else(|| panic!("no extents of {path}: {said}"))
}

/// Where bytes are found first.
pub fn find(all: &[u8], part: &[u8]) -> Option<usize> {
    let first = *part.first()?;
    let mut from = 0;
    while let Some(next) = all.get(from..)?.iter().position(|byte| *byte == first) {
        from += next;
        if all[from..].starts_with(part) {
            return Some(from);
        }
        from += 1;
    }
    None
}
