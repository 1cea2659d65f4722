//! The transfers of an update, by the real systemd-sysupdate on a disk in a file, without a machine:
//! which slot is written, which is not, and what is booted. It has the rights that its unit leaves it.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use sealpoint_tests::child::run;
use tempfile::TempDir;

use crate::machine::Tools;

/// Type, size in MiB and name on its file, of each partition of a slot.
const SLOT: [(&str, u64, &str); 3] = [
    ("4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", 8, "root"),
    ("2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5", 1, "verity"),
    ("41092B05-9FC8-4523-994F-2DEF0408B176", 1, "sig"),
];
const MIB: u64 = 1024 * 1024;

struct Slots {
    folder: TempDir,
    tools: Tools,
}

/// A partition, as the table on the disk has it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Found {
    at: u64,
    kind: String,
    uuid: String,
    label: String,
}

impl Slots {
    /// A disk with 1.0.0 in its first slot, and nothing in its second.
    fn new() -> Self {
        let slots = Self {
            folder: TempDir::new().expect("a folder"),
            tools: Tools::find(),
        };
        for folder in ["transfers", "esp", "spool"] {
            fs::create_dir(slots.at(folder)).expect("a folder");
        }
        slots.write("esp/sealpoint_1.0.0.efi", "kernel 1.0.0");
        let mut table = String::from("label: gpt\n");
        for label in ["sealpoint_1.0.0", "_empty"] {
            for (kind, mib, _) in SLOT {
                table.push_str(&format!("name={label}, size={mib}MiB, type={kind}\n"));
            }
        }
        slots.write("table", &table);
        let disk = fs::File::create(slots.at("disk")).expect("a file");
        disk.set_len(32 * MIB).expect("it is empty");
        slots.inside("sfdisk --quiet /mnt/disk < /mnt/table");
        // What an earlier image left in both.
        for found in slots.partitions() {
            disk.write_all_at(&[0xA5; 4096], found.at).expect("ours");
        }
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/image/sysupdate.d");
        for entry in fs::read_dir(from).expect("the transfers") {
            let entry = entry.expect("readable");
            let text = fs::read_to_string(entry.path()).expect("text");
            // The disk that / is on, and the boot partition, are others here.
            let here = text
                .replace("Path=auto\n", "Path=/mnt/disk\n")
                .replace("Path=/efi/EFI/Linux\n", "Path=/mnt/esp\n");
            assert_ne!(here, text);
            let name = entry.file_name().into_string().expect("text");
            slots.write(&format!("transfers/{name}"), &here);
        }
        slots
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        fs::write(self.at(path), content).expect("a file");
    }

    /// A command in the tools tree, which has this folder as `/mnt`.
    fn inside(&self, command: &str) -> String {
        let tree = self.tools.file("");
        let mounts = "mount --bind \"$1\" \"$2/mnt\" && mount --rbind /proc \"$2/proc\" \
                      && mount --rbind /dev \"$2/dev\" && exec chroot \"$2\" /bin/sh -c \"$3\"";
        let mut unshare = Command::new("unshare");
        unshare
            .args([
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-c",
                mounts,
                "sh",
            ])
            .arg(self.folder.path())
            .arg(tree)
            .arg(command);
        run(&mut unshare)
    }

    /// Puts a version into the spool: its root is shorter than the slot and ends with zeros.
    fn offer(&self, version: &str) {
        for (number, (_, _, name)) in (1..).zip(SLOT) {
            let uuid = uuid(version, number);
            let mut content = format!("{name} {version} ").repeat(1000).into_bytes();
            content.extend([0; 4096]);
            let file = format!("sealpoint_{version}.{name}_{uuid}.raw");
            self.write(&format!("spool/{file}"), content);
            if name != "sig" {
                self.inside(&format!("xz -0 /mnt/spool/{file}"));
            }
        }
        self.write(
            &format!("spool/sealpoint_{version}.efi"),
            format!("kernel {version}"),
        );
    }

    /// Updates to that version while the other runs, with the rights that the unit leaves.
    fn update(&self, running: &str, version: &str) {
        self.write("os-release", format!("IMAGE_VERSION={running}\n"));
        self.inside(&format!(
            "mount --bind /mnt/os-release /etc/os-release && setpriv --no-new-privs \
             --inh-caps -all --bounding-set -all,+dac_read_search \
             /usr/lib/systemd/systemd-sysupdate --definitions /mnt/transfers \
             --transfer-source /mnt/spool update {version} 2>&1"
        ));
    }

    fn partitions(&self) -> Vec<Found> {
        let dump = self.inside("sfdisk --dump /mnt/disk");
        let lines = dump.lines().filter(|line| line.contains("start="));
        let of = |line: &str, name: &str| {
            let value = line.split_once(&format!("{name}=")).expect("it has it").1;
            let value = value.split(',').next().unwrap_or_default();
            value.trim().trim_matches('"').to_owned()
        };
        lines
            .map(|line| Found {
                at: of(line, "start").parse::<u64>().expect("a number") * 512,
                kind: of(line, "type"),
                uuid: of(line, "uuid"),
                label: of(line, "name"),
            })
            .collect()
    }

    /// Asserts that this version is whole in the partitions with its label.
    fn holds(&self, version: &str) {
        let partitions = self.partitions();
        let disk = fs::File::open(self.at("disk")).expect("there");
        for (number, (kind, _, name)) in (1..).zip(SLOT) {
            let label = format!("sealpoint_{version}");
            let is_it = |found: &&Found| found.label == label && found.kind == kind;
            let found = partitions.iter().find(is_it).expect("it was installed");
            assert_eq!(found.uuid, uuid(version, number).to_uppercase());
            let mut wanted = format!("{name} {version} ").repeat(1000).into_bytes();
            wanted.extend([0; 4096]);
            let mut read = vec![0; wanted.len()];
            disk.read_exact_at(&mut read, found.at).expect("there");
            assert!(
                read == wanted,
                "{name} of {version}, with the zeros at its end"
            );
        }
    }

    fn kernels(&self) -> Vec<String> {
        let names = fs::read_dir(self.at("esp")).expect("a folder");
        let name = |entry: fs::DirEntry| entry.file_name().into_string().expect("text");
        let mut names: Vec<String> = names.map(|entry| name(entry.expect("one"))).collect();
        names.sort();
        names
    }
}

fn uuid(version: &str, number: u32) -> String {
    let digits: String = version.chars().filter(char::is_ascii_digit).collect();
    format!("{number:08}-0000-4000-8000-{digits:0>12}")
}

#[test]
#[ignore = "wants the tools tree: cargo xtask test --image"]
fn an_update_goes_into_the_free_slot_and_its_kernel_has_three_tries() {
    let slots = Slots::new();
    let before = slots.partitions();
    slots.offer("1.1.0");
    slots.update("1.0.0", "1.1.0");
    slots.holds("1.1.0");
    assert_eq!(
        slots.partitions()[..3],
        before[..3],
        "the slot that runs is as it was"
    );
    assert_eq!(
        slots.kernels(),
        ["sealpoint_1.0.0.efi", "sealpoint_1.1.0+3-0.efi"]
    );
}

#[test]
#[ignore = "wants the tools tree: cargo xtask test --image"]
fn the_slot_that_runs_is_never_written_even_when_a_newer_one_did_not_come_up() {
    let slots = Slots::new();
    slots.offer("1.1.0");
    slots.update("1.0.0", "1.1.0");
    // It did not come up, and a corrected one follows it.
    let failed = slots.at("esp/sealpoint_1.1.0+3-0.efi");
    fs::rename(failed, slots.at("esp/sealpoint_1.1.0+0-3.efi")).expect("it is there");
    let before = slots.partitions();
    slots.offer("1.2.0");
    slots.update("1.0.0", "1.2.0");
    slots.holds("1.2.0");
    assert_eq!(
        slots.partitions()[..3],
        before[..3],
        "the slot that runs is as it was"
    );
    assert_eq!(
        slots.kernels(),
        ["sealpoint_1.0.0.efi", "sealpoint_1.2.0+3-0.efi"]
    );
}

#[test]
#[ignore = "wants the tools tree: cargo xtask test --image"]
fn without_its_protection_the_slot_that_runs_would_be_written() {
    let slots = Slots::new();
    for entry in fs::read_dir(slots.at("transfers")).expect("a folder") {
        let path = entry.expect("one").path();
        let text = fs::read_to_string(&path).expect("text");
        fs::write(&path, text.replace("ProtectVersion=%A\n", "")).expect("ours");
    }
    slots.offer("1.1.0");
    slots.update("1.0.0", "1.1.0");
    slots.offer("1.2.0");
    slots.update("1.0.0", "1.2.0");
    let labels: Vec<String> = slots.partitions().into_iter().map(|it| it.label).collect();
    assert!(
        !labels.contains(&"sealpoint_1.0.0".to_owned()),
        "{labels:?}"
    );
}
