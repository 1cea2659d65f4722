//! Defects of clock, disk, files, machine and updates.

use super::{
    super::super::{
        facts::{Facts, Seen, disk::Swap},
        finding::Level::{Critical, Note, Ok, Warning},
        ids::Id,
    },
    DAY_MS, Defect, NOW_MS, STATE, word,
};

fn set(facts: &mut Facts, name: &str, value: i64) {
    for (found, old) in &mut facts.machine.settings {
        if *found == name {
            *old = value;
        }
    }
}

fn swap(safe: Option<bool>) -> Seen<Vec<Swap>> {
    Seen::There(vec![Swap {
        name: "/dev/sda2".to_owned(),
        safe,
    }])
}

fn mounted(facts: &mut Facts) -> &mut Vec<String> {
    &mut facts
        .disk
        .mount
        .as_mut()
        .expect("the fixture has it")
        .options
}

pub const DEFECTS: &[Defect] = &[
    // clock
    (
        "a clock of 1970",
        |f| {
            f.now_ms = 0;
            word(f).written_at_ms = 0;
            f.clock.newest_file_ms = None;
        },
        Id::ClockBeforeRelease,
        Critical,
    ),
    (
        "a clock set back by an hour",
        |f| f.clock.newest_file_ms = Some(NOW_MS + 3_600_000),
        Id::ClockBehindFiles,
        Critical,
    ),
    (
        "a clock set back by a year",
        |f| f.clock.newest_file_ms = Some(NOW_MS + 365 * DAY_MS),
        Id::ClockBehindFiles,
        Critical,
    ),
    (
        "no time service",
        |f| {
            f.clock.synchronised = false;
            f.clock.timekeeper = None;
        },
        Id::ClockNotSynchronised,
        Warning,
    ),
    (
        "a time service that does not say",
        |f| f.clock.synchronised = false,
        Id::ClockUnknown,
        Note,
    ),
    (
        "no time zone",
        |f| f.clock.zone = false,
        Id::ZoneUnknown,
        Note,
    ),
    // disk
    (
        "a disk nearly full",
        |f| f.disk.room.as_mut().expect("room").free = 400 << 20,
        Id::DiskFilling,
        Warning,
    ),
    (
        "a disk with hardly a file more",
        |f| f.disk.room.as_mut().expect("room").free_files = 10,
        Id::DiskFilling,
        Warning,
    ),
    (
        "a full disk",
        |f| f.disk.room.as_mut().expect("room").free = 1 << 20,
        Id::DiskFull,
        Critical,
    ),
    (
        "a disk without a file more",
        |f| f.disk.room.as_mut().expect("room").free_files = 0,
        Id::DiskFull,
        Critical,
    ),
    (
        "a disk that went read-only",
        |f| mounted(f).push("ro".to_owned()),
        Id::DiskReadOnly,
        Critical,
    ),
    (
        "a disk that takes devices",
        |f| mounted(f).retain(|option| option != "nodev"),
        Id::MountOptions,
        Note,
    ),
    (
        "a disk in clear",
        |f| f.disk.encrypted = Some(false),
        Id::DiskClear,
        Warning,
    ),
    (
        "a disk of which nothing is known",
        |f| f.disk.encrypted = None,
        Id::DiskEncryptionUnknown,
        Note,
    ),
    (
        "swap in clear",
        |f| f.disk.swap = swap(Some(false)),
        Id::SwapClear,
        Warning,
    ),
    (
        "swap of which nothing is known",
        |f| f.disk.swap = swap(None),
        Id::SwapUnknown,
        Note,
    ),
    (
        "swap that cannot be seen",
        |f| f.disk.swap = Seen::Unseen("no".to_owned()),
        Id::SwapUnknown,
        Note,
    ),
    (
        "encrypted swap",
        |f| f.disk.swap = swap(Some(true)),
        Id::SwapSafe,
        Ok,
    ),
    // files
    (
        "a receipt for everybody",
        |f| {
            f.files
                .open
                .push((format!("{STATE}/receipts/1.txt").into(), 0o644))
        },
        Id::FileOpen,
        Warning,
    ),
    (
        "a database for everybody",
        |f| {
            f.files
                .open
                .push((format!("{STATE}/journal.db").into(), 0o644))
        },
        Id::FileOpen,
        Critical,
    ),
    (
        "a folder that everybody may write in",
        |f| f.files.open.push((STATE.into(), 0o777)),
        Id::FileOpen,
        Critical,
    ),
    (
        "a file of somebody else",
        |f| f.files.strangers.push((format!("{STATE}/x").into(), 7)),
        Id::FileOwner,
        Warning,
    ),
    (
        "a link in the state folder",
        |f| {
            f.files
                .strange
                .push((format!("{STATE}/x").into(), "a link"))
        },
        Id::FileStrange,
        Warning,
    ),
    (
        "very many files",
        |f| f.files.more = true,
        Id::FilesMany,
        Note,
    ),
    (
        "a folder that cannot be looked into",
        |f| f.files.unseen.push(STATE.into()),
        Id::NotSeen,
        Note,
    ),
    (
        "a program that everybody may change",
        |f| {
            f.files
                .programs_open
                .push(("/opt/sealpoint/bin/lane".into(), 0o777))
        },
        Id::ProgramWritable,
        Critical,
    ),
    (
        "a set-id program beside the till",
        |f| f.files.programs_set_id.push("/opt/sealpoint/bin/sh".into()),
        Id::ProgramSetuid,
        Critical,
    ),
    // machine
    (
        "Secure Boot off",
        |f| f.machine.secure_boot = Some(false),
        Id::SecureBootOff,
        Warning,
    ),
    (
        "no UEFI",
        |f| {
            f.machine.secure_boot = None;
            f.machine.uefi = false;
        },
        Id::SecureBootUnknown,
        Note,
    ),
    (
        "UEFI that does not say",
        |f| f.machine.secure_boot = None,
        Id::SecureBootUnknown,
        Note,
    ),
    ("no TPM", |f| f.machine.tpm = None, Id::TpmMissing, Note),
    (
        "no Landlock",
        |f| f.machine.modules = Some(vec![]),
        Id::LandlockMissing,
        Warning,
    ),
    (
        "modules that cannot be seen",
        |f| f.machine.modules = None,
        Id::LandlockUnknown,
        Note,
    ),
    (
        "programs may look into each other",
        |f| set(f, "kernel/yama/ptrace_scope", 0),
        Id::KernelSetting,
        Note,
    ),
    (
        "cores of set-id programs",
        |f| set(f, "fs/suid_dumpable", 2),
        Id::KernelSetting,
        Note,
    ),
    (
        "every magic key",
        |f| set(f, "kernel/sysrq", 1),
        Id::KernelSetting,
        Note,
    ),
    (
        "a dump of tasks by a magic key",
        |f| set(f, "kernel/sysrq", 8),
        Id::KernelSetting,
        Note,
    ),
    (
        "harmless magic keys",
        |f| set(f, "kernel/sysrq", 176),
        Id::KernelStrong,
        Ok,
    ),
    (
        "BPF for everybody",
        |f| set(f, "kernel/unprivileged_bpf_disabled", 0),
        Id::KernelSetting,
        Note,
    ),
    (
        "no lockdown",
        |f| f.machine.lockdown = Some("none".to_owned()),
        Id::KernelSetting,
        Note,
    ),
    (
        "freed memory is kept",
        |f| f.machine.wipes_freed = Some(false),
        Id::KernelSetting,
        Note,
    ),
    (
        "any USB device",
        |f| f.machine.usb_open = Some(true),
        Id::KernelSetting,
        Note,
    ),
    (
        "cores go to a program",
        |f| f.machine.core_pattern = Some("|/usr/lib/systemd/systemd-coredump %P".to_owned()),
        Id::CorePattern,
        Note,
    ),
    // updates
    (
        "an update that waits",
        |f| f.updates.reboot_needed = true,
        Id::RebootNeeded,
        Warning,
    ),
    (
        "an old system",
        |f| f.updates.updated_ms = Some(NOW_MS - 90 * DAY_MS),
        Id::UpdatesOld,
        Warning,
    ),
    (
        "a system that does not say",
        |f| f.updates.updated_ms = None,
        Id::UpdatesUnknown,
        Note,
    ),
    (
        "a till of another release",
        |f| word(f).release = "0.0.9".to_owned(),
        Id::ReleaseMixed,
        Warning,
    ),
];
