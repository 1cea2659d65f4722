//! What may be plugged in: keyboards, scanners, card readers; nothing that stores, speaks or listens.

use serde_json::json;

use crate::machine::{Chord, Extra, Machine};
use crate::till::Till;

/// Foreign devices of QEMU's: driver, what else it wants, and what the kernel says once one works.
const FOREIGN: &[(&str, &str)] = &[
    ("usb-storage", "Direct-Access"),
    ("usb-net", "cdc_"),
    ("usb-audio", "snd"),
    ("usb-mtp", "mtp"),
    ("usb-serial", "ttyUSB"),
];
/// What the kernel says of a device that nobody let in.
const REFUSED: &str = "Device is not authorized for usage";

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
    for (driver, works) in FOREIGN {
        let before = refusals(&till.machine);
        let mut device = json!({ "driver": driver, "id": driver, "bus": "usb.0", "port": "4" });
        if *driver == "usb-storage" {
            device["drive"] = json!("stick");
        }
        if let Err(why) = till.machine.ask("device_add", &device) {
            println!("{driver} is not in this QEMU: {why}");
            continue;
        }
        till.machine
            .until(&format!("{driver} is refused"), |machine| {
                (refusals(machine) > before).then_some(())
            });
        let said = till.machine.said();
        assert!(!said.contains(works), "{driver} works: {works}");
        unplug(&mut till.machine, driver);
    }
    // The rule is no wall: a second keyboard is let in, and the till hears it.
    let keyboard = json!({ "driver": "usb-kbd", "id": "second", "bus": "usb.0", "port": "4",
                           "serial": "second" });
    till.machine
        .ask("device_add", &keyboard)
        .expect("a keyboard");
    let input = "QEMU USB Keyboard";
    let before = till.machine.said().matches(input).count();
    till.machine.until("the second keyboard", |machine| {
        (machine.said().matches(input).count() > before || before > 1).then_some(())
    });
    till.machine.press(&Chord::of(&["esc"]));
    till.sells();
    till.machine.keep_picture("sold");
}

fn refusals(machine: &Machine) -> usize {
    machine.said().matches(REFUSED).count()
}

fn unplug(machine: &mut Machine, id: &str) {
    machine
        .ask("device_del", &json!({ "id": id }))
        .expect("it is plugged in");
    machine.until("a device that is gone", |machine| {
        machine.happened("DEVICE_DELETED").then_some(())
    });
}
