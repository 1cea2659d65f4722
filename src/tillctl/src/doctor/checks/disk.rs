//! The disk below the state folder, and swap.

use super::{
    super::{
        facts::{
            Facts, Seen,
            disk::{Disk, Room},
        },
        finding::Finding,
        ids::Id,
    },
    some_of,
};

/// Below this much room a till should be seen to.
const LITTLE: u64 = 500 * 1024 * 1024;
/// Below this it may stop at any sale.
const HARDLY_ANY: u64 = 50 * 1024 * 1024;
/// Files that may still be made, likewise.
const FEW_FILES: u64 = 1_000;
/// What a folder of data needs none of.
const NEEDLESS: [&str; 3] = ["nosuid", "nodev", "noexec"];

/// What stands about the disk.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let disk = &facts.disk;
    let mut found = Vec::new();
    if let Some(room) = &disk.room {
        found.push(fullness(room));
    }
    mount(disk, &mut found);
    found.push(match disk.encrypted {
        Some(true) => Finding::ok(Id::DiskEncrypted, "The disk is encrypted."),
        Some(false) => Finding::warning(
            Id::DiskClear,
            "The disk is not encrypted: who takes it has all that is not enciphered by itself.",
            "Set the till up on LUKS with the key bound to the TPM; the database and the key store \
             are enciphered anyway.",
        ),
        None => Finding::note(
            Id::DiskEncryptionUnknown,
            "Whether the disk is encrypted cannot be told from here.",
            "Look with `lsblk`, or below the virtual machine.",
        ),
    });
    found.push(swap(disk));
    found
}

fn fullness(room: &Room) -> Finding {
    let free = format!(
        "{} MiB of {} MiB are free",
        room.free >> 20,
        room.size >> 20
    );
    let files = room.files > 0 && room.free_files < FEW_FILES;
    let remedy = "Remove what does not belong to the till; let the queue drain first.";
    if room.free < HARDLY_ANY || (room.files > 0 && room.free_files == 0) {
        Finding::critical(
            Id::DiskFull,
            format!("The disk is full: {free}. A till that cannot write does not sell."),
            remedy,
        )
    } else if room.free < LITTLE || files {
        let files = if files {
            ", and hardly a file more can be made"
        } else {
            ""
        };
        Finding::warning(
            Id::DiskFilling,
            format!("The disk is nearly full: {free}{files}."),
            remedy,
        )
    } else {
        Finding::ok(Id::DiskRoom, format!("{free}."))
    }
}

fn mount(disk: &Disk, found: &mut Vec<Finding>) {
    let Some(mount) = &disk.mount else {
        return;
    };
    let has = |option: &str| mount.options.iter().any(|one| one == option);
    let at = mount.at.display();
    if has("ro") {
        found.push(Finding::critical(
            Id::DiskReadOnly,
            format!("{at} is mounted read-only, so the till cannot sell."),
            "Look into the kernel's log: a disk that fails is often set so. Then mount it again.",
        ));
    }
    let missing: Vec<String> = NEEDLESS
        .iter()
        .filter(|option| !has(option))
        .map(|option| (*option).to_owned())
        .collect();
    if !missing.is_empty() {
        found.push(Finding::note(
            Id::MountOptions,
            format!("{at} is mounted without {}.", some_of(&missing)),
            "Give the state folder a file system of its own, with these options.",
        ));
    }
}

fn swap(disk: &Disk) -> Finding {
    let all = match &disk.swap {
        Seen::There(all) => all.as_slice(),
        Seen::Missing => &[],
        Seen::Unseen(why) | Seen::Broken(why) => {
            return Finding::note(
                Id::SwapUnknown,
                format!("Whether there is swap cannot be seen: {why}."),
                "Look with `swapon`.",
            );
        }
    };
    let of = |safe: Option<bool>| -> Vec<String> {
        let those = all.iter().filter(|swap| swap.safe == safe);
        those.map(|swap| swap.name.clone()).collect()
    };
    let (clear, unknown) = (of(Some(false)), of(None));
    if !clear.is_empty() {
        Finding::warning(
            Id::SwapClear,
            format!(
                "Memory may be written to {}, which is not encrypted.",
                some_of(&clear)
            ),
            "Turn swap off, or encrypt it with a key that each start makes anew (crypttab, swap).",
        )
    } else if !unknown.is_empty() {
        Finding::note(
            Id::SwapUnknown,
            format!(
                "Whether swap on {} is encrypted cannot be told.",
                some_of(&unknown)
            ),
            "Look with `lsblk`.",
        )
    } else if all.is_empty() {
        Finding::ok(Id::SwapSafe, "There is no swap.")
    } else {
        Finding::ok(Id::SwapSafe, "Swap is in memory or encrypted.")
    }
}
