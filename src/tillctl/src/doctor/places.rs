//! Where facts are found.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// At most this many bytes of a file in `/proc` or `/sys`.
pub const MAX_PROC: u64 = 8 * 1024 * 1024;
/// At most this many entries of a folder.
pub const MAX_ENTRIES: usize = 65_536;

/// The file system as this program sees it; another root in tests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Places {
    root: PathBuf,
}

impl Places {
    /// This machine.
    pub fn here() -> Self {
        Self { root: "/".into() }
    }

    /// A machine whose files lie in a folder.
    #[cfg(test)]
    pub fn at(root: &Path) -> Self {
        Self { root: root.into() }
    }

    /// A path of that machine: `proc/swaps`, `etc/os-release`.
    pub fn path(&self, rest: &str) -> PathBuf {
        self.root.join(rest)
    }

    /// The text of a file of the kernel's or the system's, without the white space around it.
    pub fn text(&self, rest: &str) -> io::Result<String> {
        let mut bytes = Vec::new();
        File::open(self.path(rest))?
            .take(MAX_PROC)
            .read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }
}

/// The names in a folder, at most [`MAX_ENTRIES`].
pub fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(folder)?;
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    Ok(entries.flatten().take(MAX_ENTRIES).map(name).collect())
}
