//! Negative controls: each defect is planted in a sound image, and the gate that is there for it
//! finds it. A gate that finds nothing anywhere would fail here.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::allowed::Allowed;
use crate::fixture::{self, Draft};
use crate::gates::ALL;
use crate::image::{Image, Lists};
use crate::tree::{Entry, Kind, Tree};
use crate::{cpio, elf, pe::Pe};

/// What is planted, the gate that must find it, and a part of what it says.
type Control = (&'static str, &'static str, fn(&mut Draft));

const CONTROLS: &[Control] = &[
    ("drivers", "usb-storage.ko.xz: a driver for disks", |d| {
        d.text("usr/lib/modules/6/kernel/drivers/usb/usb-storage.ko.xz", "");
    }),
    (
        "drivers",
        "first stage: lib/snd-usb-audio.ko: a driver for",
        |d| {
            d.initrd("lib/snd-usb-audio.ko", 0o644, b"");
        },
    ),
    ("programs", "usr/bin/extra: program that is not", |d| {
        d.program("usr/bin/extra");
    }),
    (
        "programs",
        "usr/lib/libhidden.so: program that is not",
        |d| {
            // Not executable, but the loader would start it.
            d.file("usr/lib/libhidden.so", 0o644, &fixture::elf(3, true));
        },
    ),
    ("programs", "usr/bin/gone: on the list", |d| {
        d.lists.programs =
            Allowed::parse("usr/bin/gone why\nusr/* all").expect("a list of the control");
    }),
    ("first stage", "usr/bin/mount: program that is not", |d| {
        d.initrd("usr/bin/mount", 0o755, &fixture::elf(3, true));
    }),
    ("names", "usr/bin/dash: a shell", |d| {
        d.program("usr/bin/dash")
    }),
    ("names", "usr/bin/sh: a shell", |d| {
        d.link("usr/bin/sh", "dash")
    }),
    ("names", "usr/bin/python3.13: an interpreter", |d| {
        d.program("usr/bin/python3.13");
    }),
    ("names", "usr/sbin/agetty: a way to log in", |d| {
        d.program("usr/sbin/agetty");
    }),
    ("names", "usr/bin/dpkg: a package manager", |d| {
        d.program("usr/bin/dpkg");
    }),
    ("names", "var/lib/dpkg: data of a package manager", |d| {
        d.text("var/lib/dpkg/status", "Package: x\n");
    }),
    ("names", "systemd-debug-generator: a generator", |d| {
        d.program("usr/lib/systemd/system-generators/systemd-debug-generator");
    }),
    (
        "names",
        "first stage: usr/lib/systemd/system-generators/systemd-run-generator: a generator",
        |d| {
            let path = "usr/lib/systemd/system-generators/systemd-run-generator";
            d.initrd(path, 0o755, &fixture::elf(3, true));
        },
    ),
    ("names", "first stage: bin/sh: a shell", |d| {
        d.initrd("bin/sh", 0o755, &fixture::elf(3, true));
    }),
    ("names", "usr/bin/which: a script", |d| {
        d.file("usr/bin/which", 0o755, b"#!/bin/sh\nexit 0\n");
    }),
    ("rights", "usr/bin/mount: setuid", |d| {
        d.file("usr/bin/mount", 0o4755, b"");
    }),
    ("rights", "usr/bin/wall: setgid", |d| {
        d.file("usr/bin/wall", 0o2755, b"");
    }),
    ("rights", "usr/bin/ping: has capabilities", |d| {
        let mut entry = Entry::in_memory(Kind::File, 0o755, 0, 0, vec![]);
        entry.capabilities = true;
        d.put_entry("usr/bin/ping", entry);
    }),
    (
        "rights",
        "etc/open: everybody may write to it (0666)",
        |d| {
            d.file("etc/open", 0o666, b"");
        },
    ),
    ("rights", "srv: everybody may write to it (1777)", |d| {
        d.folder("srv", 0o1777);
    }),
    ("rights", "tmp: everybody may write to it (0777)", |d| {
        d.folder("tmp", 0o777);
    }),
    ("rights", "dev/sda: a device", |d| {
        d.put("dev/sda", Kind::Special, 0o600, b"");
    }),
    ("rights", "etc/theirs: belongs to user 900", |d| {
        let entry = Entry::in_memory(Kind::File, 0o600, 900, 900, vec![]);
        d.put_entry("etc/theirs", entry);
    }),
    ("accounts", "root is not locked", |d| {
        d.change("etc/shadow", "root:!*", "root:");
    }),
    ("accounts", "sealpoint-till is not locked in", |d| {
        d.change("etc/shadow", "sealpoint-till:!*:::::::\n", "");
    }),
    (
        "accounts",
        "sealpoint-till has the shell /usr/bin/tillctl",
        |d| {
            d.change("etc/passwd", "/usr/sbin/nologin", "/usr/bin/tillctl");
        },
    ),
    ("accounts", "guest is another root", |d| {
        d.text("etc/passwd", "root:x:0:0:::\nguest:x:0:0:::\n");
    }),
    ("accounts", "root has a password field", |d| {
        d.change("etc/passwd", "root:x:", "root::");
    }),
    ("accounts", "etc/userdb/me.user: an account record", |d| {
        d.text("etc/userdb/me.user", "{}");
    }),
    ("accounts", "gives somebody the shell", |d| {
        d.program("usr/bin/zsh");
        d.text(
            "usr/lib/sysusers.d/x.conf",
            "u me 901 \"Me\" /home/me /usr/bin/zsh\n",
        );
    }),
    (
        "units",
        "multi-user.target.wants/more.service: unit that is not",
        |d| {
            let folder = "etc/systemd/system/multi-user.target.wants";
            d.text("usr/lib/systemd/system/more.service", "[Service]\n");
            d.link(
                &format!("{folder}/more.service"),
                "/usr/lib/systemd/system/more.service",
            );
        },
    ),
    ("units", "sealpoint-till.service: on the list", |d| {
        d.folder("usr/lib/systemd/system/x.target.wants", 0o755);
        let link = "usr/lib/systemd/system/x.target.wants/sealpoint-till.service";
        d.link(link, "../sealpoint-till.service");
        d.lists.units = Allowed::parse(
            "multi-user.target.wants/sealpoint-till.service a\nx.target.wants/* b\ny.target.wants/sealpoint-till.service c",
        )
        .expect("a list of the control");
    }),
    ("units", "starts /bin/sh, which is not there", |d| {
        let unit = "usr/lib/systemd/system/sealpoint-till.service";
        d.text(unit, "[Service]\nExecStart=/bin/sh -c till\n");
    }),
    ("units", "enabled, and there is no such unit", |d| {
        let folder = "etc/systemd/system/multi-user.target.wants";
        d.link(&format!("{folder}/ghost.service"), "/nowhere");
    }),
    ("consoles", "getty-static.service: a console", |d| {
        d.text("usr/lib/systemd/system/getty-static.service", "[Service]\n");
    }),
    (
        "consoles",
        "etc/systemd/system/emergency.service: a console",
        |d| {
            d.text(
                "etc/systemd/system/emergency.service",
                "[Service]\nStandardInput=tty-force\n",
            );
        },
    ),
    (
        "consoles",
        "etc/systemd/system/rescue.service: a console",
        |d| {
            d.text("etc/systemd/system/rescue.service", "[Service]\n");
            let more = "etc/systemd/system/rescue.service.d/more.conf";
            d.text(more, "[Service]\nStandardInput=tty\n");
        },
    ),
    ("consoles", "debug-shell.service: a console", |d| {
        d.text("usr/lib/systemd/system/debug-shell.service", "[Service]\n");
    }),
    ("consoles", "ctrl-alt-del.target: not masked", |d| {
        d.link("etc/systemd/system/ctrl-alt-del.target", "reboot.target");
    }),
    ("consoles", "default.target: leads to rescue.target", |d| {
        d.text("usr/lib/systemd/system/rescue.target", "[Unit]\n");
        d.link(
            "etc/systemd/system/default.target",
            "/usr/lib/systemd/system/rescue.target",
        );
    }),
    ("consoles", "NAutoVTs=0 and ReserveVT=0", |d| {
        let path = "etc/systemd/logind.conf.d/10-sealpoint.conf";
        d.change(path, "NAutoVTs=0", "NAutoVTs=6");
    }),
    ("consoles", "CtrlAltDelBurstAction=none is not set", |d| {
        let path = "etc/systemd/system.conf.d/10-sealpoint.conf";
        d.change(path, "=none", "=reboot-force");
    }),
    (
        "bus",
        "org.example.Root.service: service that is not",
        |d| {
            d.text(
                "usr/share/dbus-1/system-services/org.example.Root.service",
                "",
            );
        },
    ),
    ("settings", "kernel.sysrq is 1, not 0", |d| {
        d.text("etc/sysctl.d/99-more.conf", "kernel.sysrq=1\n");
    }),
    ("settings", "kernel.yama.ptrace_scope is not set", |d| {
        let path = "usr/lib/sysctl.d/90-sealpoint.conf";
        d.change(path, "kernel.yama.ptrace_scope = 3\n", "");
    }),
    ("settings", "kernel.sysrq is not set", |d| {
        d.link("etc/sysctl.d/90-sealpoint.conf", "/dev/null");
    }),
    ("identity", "etc/sealpoint/retailer.pub.toml: empty", |d| {
        d.text("etc/sealpoint/retailer.pub.toml", "");
    }),
    ("identity", "another version than etc/os-release", |d| {
        d.change("usr/share/sealpoint/image.toml", "\"1\"", "\"2\"");
    }),
    ("identity", "no rollback_index", |d| {
        d.change("usr/share/sealpoint/image.toml", "rollback_index = 1\n", "");
    }),
    ("boot", "init=/bin/sh: parameter that is not", |d| {
        d.section(
            ".cmdline",
            "ro lockdown=confidentiality roothash=00 init=/bin/sh",
        );
    }),
    ("boot", "lockdown=confidentiality: on the list", |d| {
        d.section(".cmdline", "ro roothash=00");
    }),
    ("boot", "roothash: a second time", |d| {
        d.section(
            ".cmdline",
            "ro lockdown=confidentiality roothash=00 roothash=11",
        );
    }),
    ("boot", "not signed", |d| d.signed = false),
    ("boot", ".profile: a section that is not known", |d| {
        d.sections.push((".profile", vec![]));
    }),
    ("boot", "no section .pcrsig", |d| {
        d.sections.retain(|(name, _)| *name != ".pcrsig");
    }),
    ("boot", "belongs to another root", |d| {
        d.section(".osrel", "ID=debian\nIMAGE_ID=sealpoint\nIMAGE_VERSION=0\n");
    }),
    ("secrets", "etc/settings: holds a private key", |d| {
        let begin = ["-----BEGIN PRIVATE", " KEY-----\n"].concat();
        d.text("etc/settings", &format!("{begin}{}\n", "Mw".repeat(32)));
    }),
    ("secrets", "first stage: etc/k: holds a private key", |d| {
        let begin = ["-----BEGIN EC PRIVATE", " KEY-----\n"].concat();
        d.initrd(
            "etc/k",
            0o600,
            format!("{begin}{}\n", "Mw".repeat(32)).as_bytes(),
        );
    }),
    (
        "secrets",
        "etc/tls/server.key: called as a private key",
        |d| {
            d.text("etc/tls/server.key", "");
        },
    ),
    ("secrets", "etc/machine-id: every till", |d| {
        d.text("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    }),
    ("secrets", "etc/credstore/db.key", |d| {
        d.text("etc/credstore/db.key", "x")
    }),
    ("secrets", "var/lib/systemd/random-seed: belongs", |d| {
        d.text("var/lib/systemd/random-seed", "x");
    }),
];

#[test]
fn a_sound_image_passes_every_gate() {
    let image = Draft::sound().image().expect("the fixture is whole");
    for (name, gate) in ALL {
        assert_eq!(gate(&image), Ok(vec![]), "{name}");
    }
}

#[test]
fn each_planted_defect_is_found_by_its_gate() {
    let mut missed = vec![];
    for (name, says, plant) in CONTROLS {
        let mut draft = Draft::sound();
        plant(&mut draft);
        let image = draft.image().expect("the fixture is whole");
        let (_, gate) = ALL
            .iter()
            .find(|(of, _)| of == name)
            .unwrap_or_else(|| panic!("there is no gate {name}"));
        let found = match gate(&image) {
            Ok(faults) => faults,
            Err(why) => vec![format!("could not look: {why}")],
        };
        if !found.iter().any(|fault| fault.contains(says)) {
            missed.push(format!("{name}: {says:?} is not in {found:?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn every_gate_has_a_control() {
    let controlled: BTreeSet<&str> = CONTROLS.iter().map(|(name, ..)| *name).collect();
    let gates: BTreeSet<&str> = ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(controlled, gates);
}

#[test]
fn a_gate_that_cannot_look_says_so_and_is_no_pass() {
    let mut draft = Draft::sound();
    draft.root = Tree::default();
    let image = draft.image().expect("the kernel image is whole");
    let silent: Vec<&str> = ALL
        .iter()
        .filter(|(_, gate)| gate(&image) == Ok(vec![]))
        .map(|(name, _)| *name)
        .collect();
    // These look for what may not be there, and in nothing there is nothing: the image as a whole
    // is refused before, as the next test shows.
    assert_eq!(silent, ["first stage", "names", "rights", "bus", "secrets"]);
}

#[test]
fn an_image_that_is_missing_empty_or_half_there_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let open = |root: &str| {
        let uki = folder.path().join("root.efi");
        Image::open(&folder.path().join(root), &uki, Lists::default())
            .err()
            .expect("no whole image")
    };
    assert!(open("nothing").contains("Run `cargo xtask image` first."));
    fs::create_dir(folder.path().join("empty")).expect("a folder");
    assert!(open("empty").contains("is empty"));
    fs::create_dir(folder.path().join("half")).expect("a folder");
    fs::write(folder.path().join("half/file"), "x").expect("a file");
    assert!(open("half").contains("no whole image"));
    let whole = folder.path().join("whole");
    fs::create_dir(&whole).expect("a folder");
    for number in 0..600 {
        fs::write(whole.join(number.to_string()), "").expect("a file");
    }
    assert!(
        open("whole").contains("root.efi"),
        "without its kernel image"
    );
    fs::write(folder.path().join("root.efi"), "MZ, and no more").expect("a file");
    assert!(open("whole").contains("cut off"));
}

#[test]
fn modes_and_links_are_read_from_a_folder_as_they_are() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("program");
    fs::write(&path, "x").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o4755)).expect("our own file");
    std::os::unix::fs::symlink("program", folder.path().join("link")).expect("a link");
    let tree = Tree::of_folder(folder.path()).expect("a folder of ours");
    assert_eq!(tree.entry("program").map(|entry| entry.mode), Some(0o4755));
    assert_eq!(
        tree.entry("link").map(|entry| entry.kind.clone()),
        Some(Kind::Link("program".to_owned()))
    );
    assert_eq!(tree.resolve("/link").as_deref(), Some("program"));
    assert_eq!(
        tree.resolve("/../link/../program").as_deref(),
        Some("program")
    );
}

#[test]
fn a_damaged_first_stage_or_kernel_image_is_an_error_and_no_panic() {
    let sound = fixture::archive(&[("etc/file".to_owned(), 0o100_644, b"text".to_vec())]);
    assert!(cpio::unpack(&sound).is_ok());
    let image = fixture::kernel_image(&[(".linux", b"kernel".to_vec())], true);
    assert!(Pe::parse(&image).is_ok());
    for cut in 0..sound.len() - 4 {
        // Cut after the first member the rest is no archive of its own: never a panic.
        let _whatever = cpio::unpack(&sound[..cut]);
    }
    for at in 0..image.len() {
        let _whatever = Pe::parse(&image[..at]);
        let mut changed = image.clone();
        changed[at] ^= 0xff;
        let _whatever = Pe::parse(&changed);
    }
    for at in 0..sound.len() {
        let mut changed = sound.clone();
        changed[at] ^= 0x11;
        let _whatever = cpio::unpack(&changed);
    }
    assert!(cpio::unpack(&[]).is_err());
    assert!(cpio::unpack(b"\x28\xb5\x2f\xfd no zstd").is_err());
}

#[test]
fn archives_in_a_row_are_all_read_compressed_or_not_with_zeros_between() {
    let one = |name: &str| fixture::archive(&[(name.to_owned(), 0o100_644, vec![b'x'; 5000])]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let compressed = |name: &str, level: &str| {
        let path = folder.path().join(name);
        fs::write(&path, one(name)).expect("a file of ours");
        let said = std::process::Command::new("zstd")
            .args([level, "--stdout", "--quiet"])
            .arg(&path)
            .output()
            .expect("zstd is installed");
        assert!(said.status.success());
        said.stdout
    };
    let zeros = vec![0_u8; 513];
    let parts = [
        one("microcode"),
        zeros.clone(),
        compressed("first", "-3"),
        zeros,
        compressed("second", "-19"),
        one("last"),
    ];
    let tree = cpio::unpack(&parts.concat()).expect("four archives");
    let names: Vec<&str> = tree.entries().map(|(name, _)| name).collect();
    assert_eq!(names, ["first", "last", "microcode", "second"]);
    let mut rubbish = parts.concat();
    rubbish.extend(b"rubbish");
    assert!(cpio::unpack(&rubbish).is_err());
}

#[test]
fn a_program_is_told_from_a_library() {
    assert!(elf::is_program(&fixture::elf(2, false)), "fixed address");
    assert!(elf::is_program(&fixture::elf(3, true)), "with a loader");
    assert!(!elf::is_program(&fixture::elf(3, false)), "a library");
    assert!(!elf::is_program(b"text"));
    let own = fs::read(std::env::current_exe().expect("this test")).expect("this test");
    assert!(elf::is_program(&own));
}

#[test]
fn a_list_wants_a_reason_for_each_line() {
    assert!(Allowed::parse("usr/bin/x\n").is_err());
    assert!(Allowed::parse("usr/bin/x why\nusr/bin/x again\n").is_err());
    assert!(Allowed::parse("# comment\n\nusr/bin/x why\n").is_ok());
    let list = Allowed::parse("a one\nb (profile kms) two\nc=* three\n").expect("a list");
    assert_eq!(list.compare("word", ["a", "c=1"]), Vec::<String>::new());
    assert_eq!(
        list.compare("word", ["b", "d"]),
        [
            "d: word that is not on the list",
            "a: on the list of words and not there",
            "c=*: on the list of words and not there",
        ]
    );
}
