//! Which USB devices udev lets in, by its own rules engine: devices are made in a /sys that is not
//! the machine's (umockdev), and what udev writes there is read back.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::inside::{packaging, run, unshare};

/// An interface's class, subclass and protocol.
type Interface = (u8, u8, u8);

const HUB: Interface = (0x09, 0, 0);
const KEYBOARD: Interface = (0x03, 1, 1);
const TOUCH: Interface = (0x03, 0, 0);
const CARD_READER: Interface = (0x0B, 0, 0);
const PRINTER: Interface = (0x07, 1, 2);
const MAKERS_OWN: Interface = (0xFF, 0, 0);
const STORAGE: Interface = (0x08, 6, 0x50);
const ETHERNET: Interface = (0x02, 6, 0);
const RNDIS: Interface = (0xE0, 1, 3);
const SOUND: Interface = (0x01, 1, 0);
const CAMERA: Interface = (0x0E, 1, 0);
const MODEM: Interface = (0x02, 2, 1);
const PICTURES: Interface = (0x06, 1, 1);
const UPGRADE: Interface = (0xFE, 1, 1);

/// Where the device under test is plugged in.
const DEVICE: &str = "/devices/pci0000:00/0000:00:14.0/usb1/1-1";

/// The rules as they are.
fn rules() -> String {
    fs::read_to_string(packaging("udev/91-sealpoint-usb.rules")).expect("the rules")
}

/// As the shop's signed settings name a device.
const LISTED: &str = "ACTION!=\"remove\", SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", \
    ATTR{idVendor}==\"04b8\", ATTR{idProduct}==\"0e15\", ENV{SEALPOINT_USB_LISTED}=\"1\"\n";

/// What a device says of itself (USB 2.0, 9.6), one endpoint behind each interface.
fn descriptors(interfaces: &[Interface]) -> String {
    let mut body = vec![];
    for (number, (class, subclass, protocol)) in (0_u8..).zip(interfaces) {
        body.extend([9, 4, number, 0, 1, *class, *subclass, *protocol, 0]);
        body.extend([7, 5, 0x81 + number, 3, 8, 0, 10]);
    }
    let total = u16::try_from(9 + body.len()).expect("a few interfaces");
    let count = u8::try_from(interfaces.len()).expect("a few interfaces");
    let mut all = vec![
        18, 1, 0, 2, 0, 0, 0, 8, 0xB8, 4, 0x15, 0xE, 0, 1, 1, 2, 0, 1, 9, 2,
    ];
    all.extend(total.to_le_bytes());
    all.extend([count, 1, 0, 0x80, 50]);
    all.extend(body);
    all.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02X}").expect("a text takes all");
        hex
    })
}

/// A device that the kernel waits with, in umockdev's words.
fn waiting(interfaces: &[Interface]) -> String {
    format!(
        "P: {DEVICE}\nN: bus/usb/001/002\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\n\
         A: authorized=0\\n\nA: idVendor=04b8\\n\nA: idProduct=0e15\\n\n\
         H: descriptors={}\n",
        descriptors(interfaces)
    )
}

/// What udev makes of a device: the words of these files below it, before and after.
fn after_udev(rules: &str, listed: bool, world: &str, device: &str, files: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("run/rules.d")).expect("a folder in it");
    fs::write(at("run/rules.d/91-sealpoint-usb.rules"), rules).expect("a file in it");
    if listed {
        fs::write(at("run/rules.d/90-sealpoint-site.rules"), LISTED).expect("a file in it");
    }
    fs::write(at("world"), world).expect("a file in it");
    let read: Vec<String> = files
        .iter()
        .map(|file| format!("cat \"$UMOCKDEV_DIR/sys{device}/{file}\"; echo"))
        .collect();
    let script = format!(
        "mkdir -p /run/udev && mount --bind {run} /run/udev && \
         exec umockdev-run --device {world} -- sh -c '\
         : > \"$UMOCKDEV_DIR/sys/bus/usb/drivers_probe\"; \
         udevadm test --action=add /sys{device} >{said} 2>&1; {read}'",
        run = show(&at("run")),
        world = show(&at("world")),
        said = show(&at("said")),
        read = read.join(";")
    );
    let found = run(unshare(&["--mount"]).args(["sh", "-c", &script]));
    let said = fs::read_to_string(at("said")).expect("udev spoke");
    assert!(
        said.contains("91-sealpoint-usb.rules"),
        "udev did not read the rules: {said}"
    );
    let mut words: Vec<String> = found.lines().map(|line| line.trim().to_owned()).collect();
    words.retain(|word| !word.is_empty());
    words
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

fn let_in_by(rules: &str, listed: bool, interfaces: &[Interface]) -> bool {
    let words = after_udev(rules, listed, &waiting(interfaces), DEVICE, &["authorized"]);
    match words.first().map(String::as_str) {
        Some("0") => false,
        Some("1") => true,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_till_needs_is_let_in_and_nothing_else() {
    let rules = rules();
    for (what, interfaces, unlisted, listed) in [
        ("keyboard or scanner", &[KEYBOARD][..], true, true),
        ("touch screen", &[TOUCH], true, true),
        ("card reader", &[CARD_READER], true, true),
        ("hub", &[HUB], true, true),
        (
            "card reader with keys",
            &[CARD_READER, KEYBOARD],
            true,
            true,
        ),
        ("printer", &[PRINTER], false, true),
        (
            "printer of its maker's own kind",
            &[MAKERS_OWN],
            false,
            true,
        ),
        ("storage", &[STORAGE], false, false),
        (
            "keyboard with storage in it",
            &[KEYBOARD, STORAGE],
            false,
            false,
        ),
        (
            "printer with storage in it",
            &[PRINTER, STORAGE],
            false,
            false,
        ),
        ("network", &[ETHERNET], false, false),
        ("network of a telephone", &[RNDIS], false, false),
        (
            "keyboard with network in it",
            &[KEYBOARD, ETHERNET],
            false,
            false,
        ),
        ("sound", &[SOUND], false, false),
        ("camera", &[CAMERA], false, false),
        ("modem", &[MODEM], false, false),
        ("pictures", &[PICTURES], false, false),
        ("upgrade of its own program", &[UPGRADE], false, false),
        ("a device that names nothing", &[], false, false),
    ] {
        assert_eq!(let_in_by(&rules, false, interfaces), unlisted, "{what}");
        assert_eq!(
            let_in_by(&rules, true, interfaces),
            listed,
            "{what}, listed"
        );
    }
}

#[test]
fn each_interface_is_looked_at_by_itself() {
    let interface = format!("{DEVICE}/1-1:1.0");
    for (class, so) in [
        ("03", true),
        ("0b", true),
        ("08", false),
        ("07", false),
        ("ff", false),
    ] {
        let world = format!(
            "P: {DEVICE}\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\nA: authorized=1\\n\n\n\
             P: {interface}\nE: DEVTYPE=usb_interface\nE: SUBSYSTEM=usb\n\
             A: authorized=0\\n\nA: bInterfaceClass={class}\\n\n"
        );
        let files = ["authorized", "subsystem/drivers_probe"];
        let words = after_udev(&rules(), false, &world, &interface, &files);
        if so {
            // And the kernel is told to look for a driver.
            assert_eq!(words, ["1", "1-1:1.0"], "class {class}");
        } else {
            assert_eq!(words, ["0"], "class {class}");
        }
    }
}

#[test]
fn a_hub_of_the_machine_has_interfaces_wait_where_devices_wait() {
    let hub = "/devices/pci0000:00/0000:00:14.0/usb1";
    for (devices, interfaces) in [("0", "0"), ("1", "1")] {
        let world = format!(
            "P: {hub}\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\nA: authorized=1\\n\n\
             A: authorized_default={devices}\\n\nA: interface_authorized_default=1\\n\n"
        );
        let files = ["interface_authorized_default"];
        let words = after_udev(&rules(), false, &world, hub, &files);
        assert_eq!(words, [interfaces], "with devices at {devices}");
    }
}

#[test]
fn rules_without_their_refusals_let_storage_in() {
    let rules = rules();
    let weak: Vec<&str> = rules
        .lines()
        .filter(|line| !line.starts_with("ENV{ID_USB_INTERFACES}==\"*:0["))
        .collect();
    let weak = weak.join("\n") + "\n";
    assert_ne!(weak, rules);
    assert!(let_in_by(&weak, false, &[KEYBOARD, STORAGE]));
}
