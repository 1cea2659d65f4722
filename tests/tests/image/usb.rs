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
/// Where the test plugs in.
const PORT: &str = "4";

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
    let mut tried = 0;
    for (driver, _) in FOREIGN {
        let before = waiting(&till.machine);
        let mut device = json!({ "driver": driver, "id": "foreign", "bus": "usb.0", "port": PORT });
        if *driver == "usb-storage" {
            device["drive"] = json!("stick");
        }
        if let Err(why) = till.machine.ask("device_add", &device) {
            println!("{driver} cannot be had here: {why}");
            continue;
        }
        tried += 1;
        let what = format!("{driver} is noticed");
        till.machine
            .until(&what, |machine| (waiting(machine) > before).then_some(()));
        unplug(&mut till.machine, "foreign");
    }
    assert!(tried >= 2, "only {tried} kinds could be tried");
    // The rule is no wall: without its keyboard the till hears nothing, and another is let in.
    unplug(&mut till.machine, "keyboard");
    let keyboard = json!({ "driver": "usb-kbd", "id": "second", "bus": "usb.0", "port": PORT });
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
    // By now the rules have looked at all that came before the keyboard.
    let said = till.machine.said();
    for (driver, works) in FOREIGN {
        assert!(!said.contains(works), "{driver} works: {works}");
    }
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
