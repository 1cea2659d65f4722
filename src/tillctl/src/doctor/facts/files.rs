//! Who may read or change what the till keeps, and its programs.

use std::{
    env, fs,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use super::{super::places::Places, process::Process, till::Till};

/// At most this many files and folders are looked at.
const MAX_FILES: usize = 50_000;
/// At most this many files of one kind are kept for the report.
const MAX_KEPT: usize = 200;
/// Folders are followed this deep; the till makes two.
const MAX_DEPTH: usize = 8;
/// Read, write or run by others than the owner.
const OTHERS: u32 = 0o077;
/// Going through a folder to one that is known, without looking into it.
const PASS: u32 = 0o011;
/// Write by others than the owner.
const OTHERS_WRITE: u32 = 0o022;
/// Programs that a till consists of.
const OURS: [&str; 4] = ["till", "lane", "uplink", "tillctl"];
/// Set user and group id.
const SET_ID: u32 = 0o6000;

/// Files of the till.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Files {
    /// Files and folders of the state folder that others may read or change, with their mode.
    pub open: Vec<(PathBuf, u32)>,
    /// Of those with an owner other than their folder's, with the user ids.
    pub strangers: Vec<(PathBuf, u32)>,
    /// What is neither a plain file nor a folder there, or has a set-id bit or a second name.
    pub strange: Vec<(PathBuf, &'static str)>,
    /// Files and folders that were looked at.
    pub looked_at: usize,
    /// Whether there are more than were looked at.
    pub more: bool,
    /// Folders that this user may not look into.
    pub unseen: Vec<PathBuf>,
    /// The folder with the till's programs.
    pub install: PathBuf,
    /// Programs that others than their owner or root may change, with their mode.
    pub programs_open: Vec<(PathBuf, u32)>,
    /// Files there that give their owner's rights to whoever starts them.
    pub programs_set_id: Vec<PathBuf>,
    /// The file that forces libraries into every program, if it names any (ld.so(8)).
    pub preload: Option<PathBuf>,
}

/// The folder with the till's programs: where the running one is from, or else this one.
pub fn install_folder(till: &Till, processes: &[Process]) -> PathBuf {
    let holder = till.holder.there().copied().flatten();
    let running = processes
        .iter()
        .find(|process| Some(process.pid) == holder)
        .and_then(|process| process.program.clone());
    let program = running.or_else(|| env::current_exe().ok());
    let folder = program.as_deref().and_then(Path::parent);
    folder.map_or_else(|| PathBuf::from("/usr/bin"), Path::to_owned)
}

/// Looks.
pub fn gather(state: &Path, install: &Path, places: &Places) -> Files {
    let mut found = Files {
        install: install.to_owned(),
        ..Files::default()
    };
    found.walk(state);
    found.programs(install);
    let preload = places.path("etc/ld.so.preload");
    let named = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let lines = fs::read_to_string(&preload).unwrap_or_default();
    found.preload = lines.lines().any(named).then_some(preload);
    found
}

impl Files {
    /// The state folder and everything below it. Links are seen and not followed.
    fn walk(&mut self, state: &Path) {
        let Ok(top) = fs::symlink_metadata(state) else {
            return;
        };
        let mut waiting = vec![(state.to_owned(), top.uid(), 0)];
        while let Some((path, owner, depth)) = waiting.pop() {
            if self.looked_at >= MAX_FILES {
                self.more = true;
                return;
            }
            let Ok(found) = fs::symlink_metadata(&path) else {
                continue;
            };
            self.looked_at += 1;
            // Lane and uplink, users of their own, pass through to their folders.
            let forbidden = if depth == 0 { OTHERS & !PASS } else { OTHERS };
            self.judge(&path, &found, owner, forbidden);
            if !found.is_dir() || depth >= MAX_DEPTH {
                continue;
            }
            // In a shop each process has a folder of its own user's.
            let owner = if depth == 1 { found.uid() } else { owner };
            let deeper = |path| (path, owner, depth + 1);
            match fs::read_dir(&path) {
                Ok(entries) => {
                    let below = entries.flatten().take(MAX_FILES).map(|e| e.path());
                    waiting.extend(below.map(deeper));
                }
                Err(_) => keep(&mut self.unseen, path),
            }
        }
    }

    fn judge(&mut self, path: &Path, found: &fs::Metadata, owner: u32, forbidden: u32) {
        let mode = found.mode() & 0o7777;
        let kind = found.file_type();
        let strange = if kind.is_symlink() {
            Some("a link")
        } else if kind.is_socket() {
            // The demo's card reader makes one.
            None
        } else if !kind.is_file() && !kind.is_dir() {
            Some("a device or a pipe")
        } else if kind.is_file() && mode & SET_ID != 0 {
            Some("a program that gives its owner's rights")
        } else if kind.is_file() && found.nlink() > 1 {
            Some("a file with a second name elsewhere")
        } else {
            None
        };
        if let Some(strange) = strange {
            keep(&mut self.strange, (path.to_owned(), strange));
        }
        if !kind.is_symlink() && mode & forbidden != 0 {
            keep(&mut self.open, (path.to_owned(), mode));
        }
        if !kind.is_dir() && found.uid() != owner {
            keep(&mut self.strangers, (path.to_owned(), found.uid()));
        }
    }

    /// The programs beside the till, and their folder.
    fn programs(&mut self, install: &Path) {
        let beside = fs::read_dir(install).map_or_else(
            |_| Vec::new(),
            |entries| {
                entries
                    .flatten()
                    .take(MAX_FILES)
                    .map(|e| e.path())
                    .collect()
            },
        );
        for path in beside.into_iter().chain([install.to_owned()]) {
            let Ok(found) = fs::symlink_metadata(&path) else {
                continue;
            };
            let mode = found.mode() & 0o7777;
            if found.is_file() && mode & SET_ID != 0 {
                keep(&mut self.programs_set_id, path.clone());
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let ours = path == install || OURS.contains(&name.as_ref());
            let group = mode & 0o020 != 0 && found.gid() != 0;
            if ours && (mode & OTHERS_WRITE & !0o020 != 0 || group) {
                keep(&mut self.programs_open, (path, mode));
            }
        }
    }
}

fn keep<T>(list: &mut Vec<T>, what: T) {
    if list.len() < MAX_KEPT {
        list.push(what);
    }
}
