//! The code that a process has loaded, by `/proc/PID/maps` (proc_pid_maps(5)).

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{super::super::places::Places, text};

/// At most this many mappings are looked at.
const MAX_MAPPINGS: usize = 65_536;

/// What of a process's memory can be run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Code {
    /// Files that code was loaded from, each once.
    pub files: Vec<Mapped>,
    /// Pieces of memory that can be written and run.
    pub writable: usize,
    /// Pieces of memory that can be run and come from no file.
    pub nameless: usize,
}

/// A file that code was loaded from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mapped {
    /// The file.
    pub path: PathBuf,
    /// Whether it was removed or replaced since.
    pub gone: bool,
    /// Whether somebody other than root may change it; `None` if that cannot be seen.
    pub open_to_others: Option<bool>,
}

/// Reads the lines of `maps`.
pub fn read(places: &Places, lines: &str) -> Code {
    let mut code = Code::default();
    let mut files = BTreeMap::new();
    for line in lines.lines().take(MAX_MAPPINGS) {
        // Address, rights, offset, device, inode, and then the path, which may hold spaces.
        let mut columns = line.splitn(6, ' ');
        let Some(rights) = columns.nth(1) else {
            continue;
        };
        let path = columns.nth(3).unwrap_or_default().trim_start();
        if !rights.contains('x') {
            continue;
        }
        if rights.contains('w') {
            code.writable += 1;
        }
        if path.starts_with('/') {
            let (path, gone) = text::without_deleted(path);
            files.insert(path.to_owned(), gone);
        } else if path.is_empty() {
            code.nameless += 1;
        }
    }
    code.files = files
        .into_iter()
        .map(|(path, gone)| mapped(places, &path, gone))
        .collect();
    code
}

fn mapped(places: &Places, path: &str, gone: bool) -> Mapped {
    let found = fs::metadata(places.path(path.trim_start_matches('/')));
    let open = |found: fs::Metadata| {
        let world = found.mode() & 0o002 != 0;
        let group = found.mode() & 0o020 != 0 && found.gid() != 0;
        world || group || found.uid() != 0
    };
    Mapped {
        path: Path::new(path).to_owned(),
        gone,
        open_to_others: found.ok().map(open),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_by_its_file_and_by_what_may_be_done_with_it() {
        let lines = "\
            55d0-55d1 r-xp 00000000 fe:00 42   /usr/bin/till\n\
            55d1-55d2 rw-p 00000000 fe:00 42   /usr/bin/till\n\
            7f00-7f01 r-xp 00000000 fe:00 43   /tmp/with space.so (deleted)\n\
            7f01-7f02 rwxp 00000000 00:00 0 \n\
            7f02-7f03 r-xp 00000000 00:00 0 \n\
            7f03-7f04 r-xp 00000000 00:00 0    [vdso]\n";
        let code = read(&Places::here(), lines);
        let files: Vec<_> = code
            .files
            .iter()
            .map(|file| (file.path.to_str().expect("text"), file.gone))
            .collect();
        assert_eq!(
            files,
            [("/tmp/with space.so", true), ("/usr/bin/till", false)]
        );
        assert_eq!((code.writable, code.nameless), (1, 2));
        assert_eq!(read(&Places::here(), "nonsense\n\n"), Code::default());
    }
}
