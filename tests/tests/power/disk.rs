//! A disk that keeps what was synced, and of the rest whatever it likes.
//!
//! * What was written before an `fsync` or `fdatasync` began that came back is there.
//! * Of what was written since, each write is there, gone, or torn: of its sectors of 512 bytes
//!   each is there or gone (NVM Express promises as much: AWUPF is one block or more). Writes to one
//!   file and to several have no order.
//! * A sector that is torn in a log, or behind what was the end of a file, may be rubbish too: blocks
//!   that the file system gave out and the disk never wrote.
//! * A new length is there or not, like a write.
//! * A name (made, linked, renamed, removed) is safe when its *folder* was synced, not when its file
//!   was. Before, it is there or not: sometimes in order, as a file system with a journal has it,
//!   sometimes each for itself. A rename is there whole or not at all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::calls::Call;
use crate::dice::Dice;

/// What a disk writes at once (SQLite calls it a sector; so does NVMe's smallest block).
const SECTOR: usize = 512;
/// Files whose every part carries a checksum of its own.
const LOGS: [&str; 2] = ["-wal", "-journal"];

/// Files by path: what is found after the power came back.
pub type Found = BTreeMap<PathBuf, Vec<u8>>;

/// A change of a file that was not synced yet.
#[derive(Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Resize(usize),
}

#[derive(Clone, Default)]
struct Content {
    safe: Vec<u8>,
    /// Since, with the number of the call.
    unsafe_yet: Vec<(usize, Change)>,
}

/// A change of a folder that was not synced yet.
#[derive(Clone)]
enum NameChange {
    Is(PathBuf, usize),
    IsNot(PathBuf),
    Moved(PathBuf, PathBuf, usize),
}

/// Which syncs the disk ignores; a sound test finds that they were needed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Deaf {
    /// None.
    No,
    /// Those of the write-ahead log: what `synchronous = NORMAL` comes to between checkpoints.
    ToTheLog,
    /// Those of folders.
    ToFolders,
}

/// The files below a folder.
pub struct Disk {
    deaf: Deaf,
    contents: Vec<Content>,
    /// As the program sees it.
    names: BTreeMap<PathBuf, usize>,
    safe_names: BTreeMap<PathBuf, usize>,
    unsafe_names: Vec<(usize, NameChange)>,
    calls: usize,
}

impl Disk {
    /// An empty folder.
    pub const fn new(deaf: Deaf) -> Self {
        Self {
            deaf,
            contents: Vec::new(),
            names: BTreeMap::new(),
            safe_names: BTreeMap::new(),
            unsafe_names: Vec::new(),
            calls: 0,
        }
    }

    /// What the program did next.
    pub fn apply(&mut self, call: &Call) {
        let number = self.calls;
        self.calls += 1;
        match call {
            Call::Make(path) => drop(self.file(path)),
            Call::Empty(path) => self.change(path, Change::Resize(0)),
            Call::Write { path, at, bytes } => {
                let at = usize::try_from(*at).expect("files here are small");
                let bytes = bytes.clone();
                self.change(path, Change::Write { at, bytes });
            }
            Call::Resize { path, len } => {
                let len = usize::try_from(*len).expect("files here are small");
                self.change(path, Change::Resize(len));
            }
            Call::Synced { path, begun } => self.sync(path, *begun),
            Call::Rename { from, to } => {
                if let Some(id) = self.names.remove(from) {
                    self.names.insert(to.clone(), id);
                    let moved = NameChange::Moved(from.clone(), to.clone(), id);
                    self.unsafe_names.push((number, moved));
                }
            }
            Call::Link { from, to } => {
                if let Some(id) = self.names.get(from).copied() {
                    self.names.insert(to.clone(), id);
                    self.unsafe_names
                        .push((number, NameChange::Is(to.clone(), id)));
                }
            }
            Call::Unlink(path) => {
                self.names.remove(path);
                self.unsafe_names
                    .push((number, NameChange::IsNot(path.clone())));
            }
        }
    }

    fn file(&mut self, path: &Path) -> usize {
        if let Some(id) = self.names.get(path) {
            return *id;
        }
        let id = self.contents.len();
        self.contents.push(Content::default());
        self.names.insert(path.to_owned(), id);
        let made = NameChange::Is(path.to_owned(), id);
        self.unsafe_names.push((self.calls - 1, made));
        id
    }

    fn change(&mut self, path: &Path, change: Change) {
        let id = self.file(path);
        self.contents[id].unsafe_yet.push((self.calls - 1, change));
    }

    fn sync(&mut self, path: &Path, begun: usize) {
        let name = path.to_string_lossy();
        match self.names.get(path) {
            // Written and synced by a name that is gone, such as a temporary file's.
            None if name.ends_with("(deleted)") => {}
            None if self.deaf == Deaf::ToFolders => {}
            None => {
                let (safe, rest) = std::mem::take(&mut self.unsafe_names)
                    .into_iter()
                    .partition(|(number, change)| *number < begun && change.is_in(path));
                self.unsafe_names = rest;
                let safe: Vec<(usize, NameChange)> = safe;
                for (_, change) in &safe {
                    change.apply(&mut self.safe_names);
                }
            }
            Some(_) if self.deaf == Deaf::ToTheLog && name.ends_with("-wal") => {}
            Some(id) => {
                let content = &mut self.contents[*id];
                let until = content
                    .unsafe_yet
                    .partition_point(|(number, _)| *number < begun);
                for (_, change) in content.unsafe_yet.drain(..until) {
                    change.apply(&mut content.safe);
                }
            }
        }
    }

    /// The power goes now.
    pub fn cut(&self, dice: &mut Dice) -> Found {
        // Mostly mixed; the two ends are worth a look of their own.
        let fate = match dice.below(8) {
            0 => Fate::AllGone,
            1 => Fate::AllThere,
            _ => Fate::Mixed,
        };
        let mut names = self.safe_names.clone();
        let in_order = dice.once_in(2);
        let until = dice.index(self.unsafe_names.len() + 1);
        for (at, (_, change)) in self.unsafe_names.iter().enumerate() {
            let there = match fate {
                Fate::AllGone => false,
                Fate::AllThere => true,
                Fate::Mixed if in_order => at < until,
                Fate::Mixed => dice.once_in(2),
            };
            if there {
                change.apply(&mut names);
            }
        }
        let contents = names.into_iter().map(|(path, id)| {
            let content = &self.contents[id];
            let mut bytes = content.safe.clone();
            for (_, change) in &content.unsafe_yet {
                match fate {
                    Fate::AllGone => {}
                    Fate::AllThere => change.apply(&mut bytes),
                    Fate::Mixed => {
                        let is_log = LOGS.iter().any(|log| path.to_string_lossy().ends_with(log));
                        let rubbish_from = if is_log { 0 } else { content.safe.len() };
                        change.half_apply(&mut bytes, rubbish_from, dice);
                    }
                }
            }
            (path, bytes)
        });
        contents.collect()
    }
}

#[derive(Clone, Copy)]
enum Fate {
    AllGone,
    AllThere,
    Mixed,
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => put(file, *at, bytes),
            Self::Resize(len) => file.resize(*len, 0),
        }
    }

    fn half_apply(&self, file: &mut Vec<u8>, rubbish_from: usize, dice: &mut Dice) {
        match (self, dice.below(3)) {
            (_, 0) => {}
            (Self::Write { at, bytes }, 1) => tear(file, *at, bytes, rubbish_from, dice),
            _ => self.apply(file),
        }
    }
}

fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(bytes);
}

/// Each sector of a write by itself.
fn tear(file: &mut Vec<u8>, at: usize, bytes: &[u8], rubbish_from: usize, dice: &mut Dice) {
    let mut from = 0;
    while from < bytes.len() {
        let until = bytes.len().min(from + SECTOR - (at + from) % SECTOR);
        match dice.below(8) {
            0..4 => put(file, at + from, &bytes[from..until]),
            4 if at + from >= rubbish_from => {
                let rubbish: Vec<u8> = (from..until)
                    .map(|_| dice.next().to_le_bytes()[0])
                    .collect();
                put(file, at + from, &rubbish);
            }
            _ => {}
        }
        from = until;
    }
}

impl NameChange {
    fn is_in(&self, folder: &Path) -> bool {
        match self {
            Self::Is(path, _) | Self::IsNot(path) | Self::Moved(_, path, _) => {
                path.parent() == Some(folder)
            }
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Is(path, id) => {
                names.insert(path.clone(), *id);
            }
            Self::IsNot(path) => {
                names.remove(path);
            }
            Self::Moved(from, to, id) => {
                names.remove(from);
                names.insert(to.clone(), *id);
            }
        }
    }
}
