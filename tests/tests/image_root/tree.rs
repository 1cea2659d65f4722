//! A file system, wherever it comes from: a folder, or the archive that a kernel starts from.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// More entries than a till's image has by far.
pub const MAX_ENTRIES: usize = 200_000;
/// The largest file that is read: the kernel's modules and libraries are far smaller.
pub const MAX_FILE_BYTES: u64 = 256 << 20;
/// A chain of links longer than this is a circle.
const MAX_LINKS: usize = 16;

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    File,
    Folder,
    /// A symbolic link and where it leads, as written.
    Link(String),
    /// A device, a pipe or a socket.
    Special,
}

/// One entry of a file system.
#[derive(Debug, Clone)]
pub struct Entry {
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    pub user: u32,
    pub group: u32,
    /// Extended attributes that give rights to who runs it.
    pub capabilities: bool,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    OnDisk(PathBuf),
    InMemory(Vec<u8>),
    None,
}

impl Entry {
    /// An entry of an archive.
    pub fn in_memory(kind: Kind, mode: u32, user: u32, group: u32, bytes: Vec<u8>) -> Self {
        Self {
            kind,
            mode,
            user,
            group,
            capabilities: false,
            content: Content::InMemory(bytes),
        }
    }

    /// What the file holds.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        match &self.content {
            Content::InMemory(bytes) => Ok(bytes.clone()),
            Content::OnDisk(path) => {
                let said = |why| format!("{}: {why}", path.display());
                let size = fs::metadata(path)
                    .map_err(|why| said(why.to_string()))?
                    .len();
                if size > MAX_FILE_BYTES {
                    return Err(said(format!("{size} bytes are more than is read")));
                }
                fs::read(path).map_err(|why| said(why.to_string()))
            }
            Content::None => Ok(vec![]),
        }
    }
}

/// A file system: paths from its root, without a leading slash.
#[derive(Debug, Default)]
pub struct Tree {
    entries: BTreeMap<String, Entry>,
}

impl Tree {
    /// Everything below a folder, read without following links.
    pub fn of_folder(root: &Path) -> Result<Self, String> {
        let mut tree = Self::default();
        let mut waiting = vec![root.to_owned()];
        while let Some(folder) = waiting.pop() {
            let said = |why| format!("{} cannot be read: {why}", folder.display());
            for found in fs::read_dir(&folder).map_err(said)? {
                let path = found.map_err(said)?.path();
                let entry = on_disk(&path)?;
                if entry.kind == Kind::Folder {
                    waiting.push(path.clone());
                }
                tree.insert(&name_below(root, &path)?, entry)?;
            }
        }
        if tree.entries.is_empty() {
            return Err(format!("{} is empty", root.display()));
        }
        Ok(tree)
    }

    /// Adds an entry; in an archive a later one takes an earlier one's place.
    pub fn insert(&mut self, path: &str, entry: Entry) -> Result<(), String> {
        if self.entries.len() >= MAX_ENTRIES {
            return Err(format!("more than {MAX_ENTRIES} entries"));
        }
        self.entries.insert(path.to_owned(), entry);
        Ok(())
    }

    /// Every path with its entry, sorted.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries
            .iter()
            .map(|(path, entry)| (path.as_str(), entry))
    }

    /// What lies at a path itself: a link is not followed.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// Everything directly in a folder: names and entries.
    pub fn folder(&self, path: &str) -> Vec<(&str, &Entry)> {
        let below = format!("{path}/");
        self.entries
            .range(below.clone()..)
            .take_while(|(at, _)| at.starts_with(&below))
            .filter_map(|(at, entry)| {
                let name = &at[below.len()..];
                (!name.contains('/')).then_some((name, entry))
            })
            .collect()
    }

    /// Where a path ends up when every link on the way is followed, if something is there.
    pub fn resolve(&self, path: &str) -> Option<String> {
        let mut todo: Vec<String> = parts(path).rev().map(str::to_owned).collect();
        let mut done: Vec<String> = vec![];
        let mut links = 0;
        while let Some(part) = todo.pop() {
            if part == ".." {
                done.pop();
                continue;
            }
            done.push(part);
            let here = done.join("/");
            if let Kind::Link(to) = &self.entries.get(&here)?.kind {
                links += 1;
                if links > MAX_LINKS {
                    return None;
                }
                done.pop();
                if to.starts_with('/') {
                    done.clear();
                }
                todo.extend(parts(to).rev().map(str::to_owned));
            }
        }
        Some(done.join("/"))
    }

    /// A text file, links followed.
    pub fn text(&self, path: &str) -> Result<String, String> {
        let at = self
            .resolve(path)
            .ok_or_else(|| format!("/{path} is not in the image"))?;
        let bytes = self.entries[&at].bytes()?;
        String::from_utf8(bytes).map_err(|_| format!("/{path} is no text"))
    }
}

fn parts(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|part| !matches!(*part, "" | "."))
}

fn name_below(root: &Path, path: &Path) -> Result<String, String> {
    let below = path.strip_prefix(root).map_err(|why| why.to_string())?;
    // A name that is no UTF-8 is shown as one that is; no list can hold it, so it is found.
    Ok(String::from_utf8_lossy(below.as_os_str().as_bytes()).into_owned())
}

fn on_disk(path: &Path) -> Result<Entry, String> {
    let said = |why: std::io::Error| format!("{} cannot be looked at: {why}", path.display());
    let about = fs::symlink_metadata(path).map_err(said)?;
    let kind = match about.file_type() {
        kind if kind.is_dir() => Kind::Folder,
        kind if kind.is_file() => Kind::File,
        kind if kind.is_symlink() => {
            let to = fs::read_link(path).map_err(said)?;
            Kind::Link(to.to_string_lossy().into_owned())
        }
        kind if kind.is_block_device() || kind.is_char_device() => Kind::Special,
        _ => Kind::Special,
    };
    let content = if kind == Kind::File {
        Content::OnDisk(path.to_owned())
    } else {
        Content::None
    };
    Ok(Entry {
        capabilities: kind == Kind::File && has_capabilities(path)?,
        kind,
        mode: about.mode() & 0o7777,
        user: about.uid(),
        group: about.gid(),
        content,
    })
}

/// Whether the file has the attribute of capabilities(7). Not being able to tell is no "no".
fn has_capabilities(path: &Path) -> Result<bool, String> {
    use rustix::io::Errno;
    let mut buffer = [0_u8; 64];
    match rustix::fs::lgetxattr(path, "security.capability", &mut buffer[..]) {
        Ok(length) => Ok(length > 0),
        Err(Errno::NODATA) => Ok(false),
        Err(why) => Err(format!(
            "the attributes of {} cannot be read: {why}",
            path.display()
        )),
    }
}
