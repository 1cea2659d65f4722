//! What may be plugged in: keyboards, scanners, card readers; nothing that stores, speaks or listens.

use serde_json::json;

use crate::machine::{Extra, Machine};
use crate::till::Till;

/// Foreign devices of QEMU's, and what the kernel says once one works.
const FOREIGN: &[(&str, &str)] = &[
    ("usb-storage", "USB Mass Storage"),
    ("usb-net", "CDC Ethernet"),
    ("usb-audio", "snd-usb"),
    ("usb-serial", "ttyUSB"),
    ("usb-braille", "brltty"),
];
/// What the kernel says of a device that nobody has let in, yet or for good.
const WAITS: &str = "Device is not authorized for usage";
/// Where nothing is plugged in.
const FREE_PORTS: &[&str] = &["3", "4"];
/// Where the machine's own keyboard is.
const KEYBOARD_PORT: &str = "1";

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn a_device_of_a_foreign_kind_is_not_let_in_and_a_keyboard_is() {
    let mut till = Till::start("usb", &Extra::default());
    till.until_ready();
    let stick = till.machine.scratch_file("stick.raw", 8 << 20);
    till.machine
        .ask(
            "blockdev-add",
            &json!({ "driver": "raw", "node-name": "stick",
                     "file": { "driver": "file", "filename": stick } }),
        )
        .expect("a disk for a stick");
    let mut ports = FREE_PORTS.iter();
    let mut tried = vec![];
    for (driver, works) in FOREIGN {
        let Some(port) = ports.as_slice().first() else {
            break;
        };
        let before = waiting(&till.machine);
        let mut device = json!({ "driver": driver, "id": driver, "bus": "usb.0", "port": port });
        if *driver == "usb-storage" {
            device["drive"] = json!("stick");
        }
        if let Err(why) = till.machine.ask("device_add", &device) {
            println!("{driver} cannot be had here: {why}");
            continue;
        }
        ports.next();
        tried.push((driver, works));
        let what = format!("{driver} is noticed");
        till.machine
            .until(&what, |machine| (waiting(machine) > before).then_some(()));
    }
    assert!(tried.len() >= 2, "only {tried:?} could be tried");
    // The rule is no wall: without its keyboard the till hears nothing, and another is let in. It comes
    // last, so the rules have looked at the others when it works; they are still plugged in.
    unplug(&mut till.machine, "keyboard");
    let keyboard = json!({ "driver": "usb-kbd", "id": "second", "bus": "usb.0",
                           "port": KEYBOARD_PORT });
    let before = waiting(&till.machine);
    till.machine
        .ask("device_add", &keyboard)
        .expect("a keyboard");
    till.machine
        .until("the second keyboard is noticed", |machine| {
            (waiting(machine) > before).then_some(())
        });
    till.sells_with_patience();
    till.machine.keep_picture("sold");
    let said = till.machine.said();
    for (driver, works) in tried {
        assert!(!said.contains(works), "{driver} works: {works}");
    }
    let (of_stick, of_all) = reads(&mut till.machine);
    assert_eq!(of_stick, 0, "nobody has read the stick's first block");
    assert!(of_all > 0, "the machine's own disk is read, and counted");
}

/// How often the stick was read, and how often all disks.
fn reads(machine: &mut Machine) -> (u64, u64) {
    let answer = machine
        .ask("query-blockstats", &json!({}))
        .expect("QEMU counts");
    let disks = answer.as_array().expect("a list of disks");
    let count = |disk: &serde_json::Value| {
        let count = disk["stats"]["rd_operations"].as_u64();
        count.expect("a number of reads")
    };
    let stick = disks.iter().find(|disk| disk["node-name"] == "stick");
    (
        count(stick.expect("the stick is one of them")),
        disks.iter().map(count).sum(),
    )
}

fn waiting(machine: &Machine) -> usize {
    machine.said().matches(WAITS).count()
}

fn unplug(machine: &mut Machine, id: &str) {
    machine
        .ask("device_del", &json!({ "id": id }))
        .expect("it is plugged in");
    machine.until("a device that is gone", |machine| {
        machine.happened("DEVICE_DELETED").then_some(())
    });
}
