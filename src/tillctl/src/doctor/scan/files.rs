//! Files and folders.

use std::{
    fs::{self, File},
    io::{Read, Seek},
    path::{Path, PathBuf},
    time::Instant,
};

use super::{
    report::{Report, Searched, shown},
    search::Search,
};
use crate::plain_file::{self, Links};

/// Files that are searched, at most, in one folder and all that are below.
const MAX_FILES: u64 = 1_000_000;
/// Folders in folders.
const MAX_DEPTH: usize = 32;
/// How a file begins in which a search finds nothing: what it is, and what to do.
const UNREADABLE_KINDS: &[(&[u8], &str)] = &[
    (
        b"\x1F\x8B",
        "It is compressed (gzip). Unpack it and name the result with --log.",
    ),
    (
        b"\xFD7zXZ\0",
        "It is compressed (xz). Unpack it and name the result with --log.",
    ),
    (
        b"\x28\xB5\x2F\xFD",
        "It is compressed (zstd). Unpack it and name the result with --core.",
    ),
    (
        b"\x04\x22\x4D\x18",
        "It is compressed (lz4). Unpack it and name the result with --core.",
    ),
    (
        b"BZh",
        "It is compressed (bzip2). Unpack it and name the result with --log.",
    ),
    (
        b"PK\x03\x04",
        "It is an archive (zip). Unpack it and name the result with --log.",
    ),
    (
        b"LPKSHHRH",
        "It is a journal of the system, in part compressed. Export it with `journalctl --output \
         export` and name the result with --log.",
    ),
];
/// Where the system may have put the core of a crashed process.
const CORE_FOLDERS: [&str; 2] = ["/var/lib/systemd/coredump", "/var/crash"];
/// The till's programs.
const PROGRAMS: [&str; 3] = ["till", "lane", "uplink"];

/// What a search of files notes in.
pub struct Files<'a> {
    pub search: &'a Search,
    pub report: &'a mut Report,
    pub start: Instant,
}

impl Files<'_> {
    /// Searches a file, or a folder and all below. `loosely` for logs.
    pub fn search(&mut self, kind: &'static str, path: &Path, loosely: bool) {
        let (mut files, mut bytes) = (0, 0);
        // What is named may be a link; what is found in a folder is not followed.
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                self.folder(path, loosely, MAX_DEPTH, &mut files, &mut bytes);
            }
            Ok(_) => self.file(path, loosely, true, &mut files, &mut bytes),
            Err(why) => return self.report.gap(shown(path), why.to_string()),
        }
        self.report.searched.push(Searched {
            kind,
            name: shown(path),
            parts: files,
            bytes,
            passes: 1,
        });
    }

    /// Searches the cores that the system keeps of the till's programs.
    pub fn system_cores(&mut self) {
        for folder in CORE_FOLDERS {
            let entries = match fs::read_dir(folder) {
                Ok(entries) => entries,
                Err(why) if why.kind() == std::io::ErrorKind::NotFound => continue,
                Err(why) => {
                    self.report.gap(folder, why.to_string());
                    continue;
                }
            };
            for entry in entries.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_ours = |program: &str| {
                    name.starts_with(&format!("core.{program}."))
                        || name.contains(&format!("_{program}."))
                };
                if PROGRAMS.iter().any(|program| is_ours(program)) {
                    self.search("cores", &entry.path(), false);
                }
            }
        }
    }

    fn folder(
        &mut self,
        path: &Path,
        loosely: bool,
        depth: usize,
        files: &mut u64,
        bytes: &mut u64,
    ) {
        let entries = match fs::read_dir(path) {
            Ok(entries) if depth > 0 => entries,
            Ok(_) => {
                return self.report.gap(
                    shown(path),
                    format!("It lies more than {MAX_DEPTH} folders deep. Name it by itself."),
                );
            }
            Err(why) => return self.report.gap(shown(path), why.to_string()),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(why) => return self.report.gap(shown(path), why.to_string()),
            };
            let below = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.folder(&below, loosely, depth - 1, files, bytes),
                Ok(kind) if kind.is_file() => self.file(&below, loosely, false, files, bytes),
                Ok(kind) if kind.is_symlink() => self.link(&below),
                // Sockets, pipes and devices hold nothing.
                Ok(_) => {}
                Err(why) => self.report.gap(shown(&below), why.to_string()),
            }
        }
    }

    /// A link leads to something else, which is not the till's to have searched without being named.
    fn link(&mut self, path: &Path) {
        let target = fs::read_link(path).map(|target| shown(&target));
        let why = match target {
            Ok(target) => format!("It is a link to {target}. Name that with --core."),
            Err(why) => why.to_string(),
        };
        self.report.gap(shown(path), why);
    }

    fn file(&mut self, path: &Path, loosely: bool, named: bool, files: &mut u64, bytes: &mut u64) {
        *files += 1;
        let gap = |report: &mut Report, why: String| report.gap(shown(path), why);
        if *files > MAX_FILES {
            let why = format!("There are more than {MAX_FILES} files. Name its folder by itself.");
            return gap(self.report, why);
        }
        let links = if named {
            Links::Followed
        } else {
            Links::Refused
        };
        // Swap may be a device.
        let mut file = match plain_file::open_anything(path, links) {
            Ok(file) => file,
            // It went while the folder was read: a till at work does that.
            Err(why) if why.kind() == std::io::ErrorKind::NotFound && !named => return,
            Err(why) => return gap(self.report, why.to_string()),
        };
        match unreadable_kind(&mut file) {
            Ok(None) => {}
            Ok(Some(why)) => gap(self.report, why.to_owned()),
            Err(why) => return gap(self.report, why.to_string()),
        }
        let place = shown(path);
        let start = self.start;
        let report = &mut *self.report;
        let read = self.search.read(file, loosely, &mut |hit| {
            report.found(&place, hit, start.elapsed());
        });
        match read {
            Ok(read) => *bytes += read,
            Err(why) => gap(self.report, why.to_string()),
        }
    }
}

fn unreadable_kind(file: &mut File) -> std::io::Result<Option<&'static str>> {
    let mut head = [0; 8];
    let mut filled = 0;
    while let Some(room) = head.get_mut(filled..).filter(|room| !room.is_empty()) {
        match file.read(room)? {
            0 => break,
            read => filled += read,
        }
    }
    file.rewind()?;
    let kind = UNREADABLE_KINDS
        .iter()
        .find(|(magic, _)| head[..filled].starts_with(magic));
    Ok(kind.map(|(_, why)| *why))
}

/// The machine's swap, as the kernel lists it.
pub fn swaps() -> Vec<PathBuf> {
    let listed = fs::read_to_string("/proc/swaps").unwrap_or_default();
    let names = listed.lines().skip(1);
    names
        .filter_map(|line| line.split_whitespace().next())
        .map(|name| PathBuf::from(name.replace("\\040", " ")))
        .collect()
}
