//! The disk below the state folder, and swap.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{
    super::places::{Places, names},
    Seen,
};

/// Devices may lie on one another this deep: LUKS on LVM on RAID on a partition.
const MAX_DEPTH: usize = 8;
/// How device-mapper begins the name of an encrypted device.
const CRYPT: &str = "CRYPT-";

/// Disk and swap.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Disk {
    /// Room for the state folder.
    pub room: Option<Room>,
    /// How the file system of the state folder is mounted.
    pub mount: Option<Mount>,
    /// Whether that lies on an encrypted device; `None` if that cannot be told.
    pub encrypted: Option<bool>,
    /// Each place for swap and whether it is safe.
    pub swap: Seen<Vec<Swap>>,
}

/// Room on a disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// Bytes for an ordinary user.
    pub free: u64,
    /// Bytes in all.
    pub size: u64,
    /// Files that may still be made.
    pub free_files: u64,
    /// Files in all; 0 where there is no such bound.
    pub files: u64,
}

/// How a file system is mounted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mount {
    /// Where.
    pub at: PathBuf,
    /// Its kind: `ext4`.
    pub kind: String,
    /// What is mounted: `/dev/vda1`.
    pub source: String,
    /// `ro`, `nosuid` and so on.
    pub options: Vec<String>,
}

/// A place for swap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Swap {
    /// The device or file.
    pub name: String,
    /// Whether it is in memory or encrypted; `None` if that cannot be told.
    pub safe: Option<bool>,
}

/// Looks.
pub fn gather(state: &Path, places: &Places) -> Disk {
    let mount = places
        .text("proc/self/mountinfo")
        .ok()
        .and_then(|table| mount_of(&table, state));
    let encrypted = mount.as_ref().and_then(|mount| {
        let number = fs::metadata(state).ok().map(|found| found.dev());
        encrypted(places, mount, number)
    });
    Disk {
        room: room(state),
        encrypted,
        swap: swap(places),
        mount,
    }
}

fn room(state: &Path) -> Option<Room> {
    let told = rustix::fs::statvfs(state).ok()?;
    Some(Room {
        free: told.f_bavail.saturating_mul(told.f_frsize),
        size: told.f_blocks.saturating_mul(told.f_frsize),
        free_files: told.f_favail,
        files: told.f_files,
    })
}

/// The mount that a path lies in: the last of those with the longest folder
/// (proc_pid_mountinfo(5)).
fn mount_of(table: &str, path: &Path) -> Option<Mount> {
    table
        .lines()
        .filter_map(mount)
        .filter(|mount| path.starts_with(&mount.at))
        .max_by_key(|mount| mount.at.as_os_str().len())
}

/// `36 35 98:0 /sub /var rw,nosuid shared:1 - ext4 /dev/vda1 rw`.
fn mount(line: &str) -> Option<Mount> {
    let (before, behind) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(4);
    let (at, options) = (before.next()?, before.next()?);
    let mut behind = behind.split(' ');
    let (kind, source, whole) = (behind.next()?, behind.next()?, behind.next()?);
    // Read-only may be said of the mount or of the file system.
    let options = options.split(',').chain(whole.split(','));
    Some(Mount {
        at: unescaped(at).into(),
        kind: kind.to_owned(),
        source: unescaped(source),
        options: options.map(str::to_owned).collect(),
    })
}

/// The kernel writes white space and a backslash as three octal digits.
fn unescaped(text: &str) -> String {
    [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Whether a mounted device is encrypted, by its number or else by its name.
fn encrypted(places: &Places, mount: &Mount, number: Option<u64>) -> Option<bool> {
    if mount.kind == "tmpfs" || mount.kind == "ramfs" {
        return Some(true);
    }
    let by_number = number.map(|number| {
        let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
        places.path(&format!("sys/dev/block/{major}:{minor}"))
    });
    let by_number = by_number.filter(|device| device.exists());
    device_is_encrypted(
        &by_number.or_else(|| block_device(places, &mount.source))?,
        0,
    )
}

/// The folder in `/sys` of a device that is called by its path.
fn block_device(places: &Places, source: &str) -> Option<PathBuf> {
    let path = fs::canonicalize(places.path(source.trim_start_matches('/'))).ok()?;
    let name = path.file_name()?.to_str()?.to_owned();
    let device = places.path(&format!("sys/class/block/{name}"));
    device.exists().then_some(device)
}

/// Whether a device or every device below it is encrypted by device-mapper.
fn device_is_encrypted(device: &Path, depth: usize) -> Option<bool> {
    if depth > MAX_DEPTH {
        return None;
    }
    let id = fs::read_to_string(device.join("dm/uuid")).unwrap_or_default();
    if id.starts_with(CRYPT) {
        return Some(true);
    }
    let below = names(&device.join("slaves")).unwrap_or_default();
    if below.is_empty() {
        // Nothing below and not encrypted itself: a disk, or a part of one.
        return Some(false);
    }
    below.iter().try_fold(true, |all, name| {
        let its = device_is_encrypted(&device.join("slaves").join(name), depth + 1)?;
        Some(all && its)
    })
}

fn swap(places: &Places) -> Seen<Vec<Swap>> {
    let table = match places.text("proc/swaps") {
        Ok(table) => table,
        Err(error) => return Seen::from_error(&error),
    };
    let place = |line: &str| {
        let mut columns = line.split_whitespace();
        let (name, kind) = (unescaped(columns.next()?), columns.next()?);
        let safe = if name.starts_with("/dev/zram") {
            Some(true)
        } else if kind == "file" {
            swap_file_is_safe(places, &name)
        } else {
            block_device(places, &name).and_then(|device| device_is_encrypted(&device, 0))
        };
        Some(Swap { name, safe })
    };
    Seen::There(table.lines().skip(1).filter_map(place).collect())
}

fn swap_file_is_safe(places: &Places, name: &str) -> Option<bool> {
    let table = places.text("proc/self/mountinfo").ok()?;
    let number = fs::metadata(name).ok().map(|found| found.dev());
    encrypted(places, &mount_of(&table, Path::new(name))?, number)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const MOUNTS: &str = "\
        20 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard\n\
        30 20 254:1 / /var/lib rw,nosuid,nodev - ext4 /dev/mapper/a\\040b ro\n\
        nonsense\n";

    #[test]
    fn the_mount_with_the_longest_folder_holds_a_path() {
        let mount = mount_of(MOUNTS, Path::new("/var/lib/sealpoint/till")).expect("a mount");
        assert_eq!(mount.at, Path::new("/var/lib"));
        assert_eq!(mount.source, "/dev/mapper/a b");
        assert_eq!(mount.options, ["rw", "nosuid", "nodev", "ro"]);
        let mount = mount_of(MOUNTS, Path::new("/var/library")).expect("a mount");
        assert_eq!(mount.at, Path::new("/"));
    }

    /// A machine with LVM on LUKS, a plain disk, and swap on each.
    fn machine() -> tempfile::TempDir {
        let folder = tempfile::TempDir::new().expect("a folder");
        let make = |path: &str| fs::create_dir_all(folder.path().join(path)).expect("a folder");
        let write = |path: &str, text: &str| {
            fs::write(folder.path().join(path), text).expect("a file");
        };
        for device in [
            "dm-1/dm",
            "dm-1/slaves",
            "dm-0/dm",
            "dm-0/slaves",
            "sda",
            "zram0",
        ] {
            make(&format!("sys/class/block/{device}"));
        }
        make("dev");
        make("proc");
        for device in ["dm-1", "dm-0", "sda", "zram0"] {
            write(&format!("dev/{device}"), "");
        }
        write("sys/class/block/dm-1/dm/uuid", "LVM-x\n");
        write("sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-x\n");
        let blocks = folder.path().join("sys/class/block");
        symlink(blocks.join("dm-0"), blocks.join("dm-1/slaves/dm-0")).expect("a link");
        symlink(blocks.join("sda"), blocks.join("dm-0/slaves/sda")).expect("a link");
        let swaps = "Filename Type Size Used Priority\n\
            /dev/zram0 partition 1 0 -2\n/dev/dm-1 partition 1 0 -2\n\
            /dev/sda partition 1 0 -2\n/dev/gone partition 1 0 -2\n";
        write("proc/swaps", swaps);
        folder
    }

    #[test]
    fn encryption_is_found_through_the_devices_below() {
        let folder = machine();
        let places = Places::at(folder.path());
        let on = |source: &str| {
            let line = format!("20 1 254:0 / / rw - ext4 {source} rw");
            encrypted(&places, &mount(&line).expect("a mount"), None)
        };
        assert_eq!(on("/dev/dm-1"), Some(true), "LVM on LUKS");
        assert_eq!(on("/dev/sda"), Some(false), "a plain disk");
        assert_eq!(on("/dev/gone"), None, "no such device");
        assert_eq!(on("overlay"), None, "no device at all");
    }

    #[test]
    fn swap_in_memory_and_on_an_encrypted_device_is_safe() {
        let folder = machine();
        let found = swap(&Places::at(folder.path()));
        let safe: Vec<_> = found
            .there()
            .expect("a table")
            .iter()
            .map(|s| s.safe)
            .collect();
        assert_eq!(safe, [Some(true), Some(true), Some(false), None]);
    }
}
