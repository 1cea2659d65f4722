//! Files that are read again only after they changed, so that a charge does not pay for them.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Permission bit that lets every user of the machine change a file.
const WRITABLE_BY_OTHERS: u32 = 0o002;

/// What was made of some files, as long as they stay the same.
pub(crate) struct Watched<T> {
    paths: Vec<PathBuf>,
    seen: Option<(Vec<Option<Stamp>>, T)>,
}

/// A state of a file: which one it is, how long, and when content or rights last changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stamp {
    file: (u64, u64),
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl<T> Watched<T> {
    pub(crate) fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, seen: None }
    }

    /// What `read` makes of the files; what it made last if they did not change.
    pub(crate) fn look(&mut self, read: impl FnOnce(&[PathBuf]) -> T) -> &T {
        // Before reading: a change in between is seen at the next look.
        let now: Vec<_> = self.paths.iter().map(|path| Stamp::of(path)).collect();
        let seen = match self.seen.take() {
            Some((then, made)) if then == now => (then, made),
            _ => (now, read(&self.paths)),
        };
        &self.seen.insert(seen).1
    }

    /// Reads the files again at the next look.
    pub(crate) fn forget(&mut self) {
        self.seen = None;
    }
}

impl Stamp {
    /// None where there is nothing.
    fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        Some(Self {
            file: (found.dev(), found.ino()),
            len: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }
}

/// The text of a file that only its owner may change; none if there is no file.
///
/// # Errors
/// What is wrong with it and what to do, in a sentence that begins with the file.
pub(crate) fn read_text(path: &Path, max: usize) -> Result<Option<String>, String> {
    let unreadable = |error: io::Error| {
        format!(
            "{path:?} cannot be read ({error}). Make it readable for the user that runs the lane."
        )
    };
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found.map_err(unreadable)?,
    };
    // Asked before opening: to open a named pipe would wait for its other end.
    if !found.is_file() {
        return Err(unreadable(io::Error::other("not a file")));
    }
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.mode() & WRITABLE_BY_OTHERS != 0 {
        return Err(format!(
            "every user of this machine may change {path:?}. Check it and run `chmod o-w` on it."
        ));
    }
    let mut bytes = Vec::new();
    file.take(max as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() > max {
        return Err(format!(
            "{path:?} has more than {max} bytes. Load it again with `tillctl keys load`."
        ));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| {
        format!("{path:?} is not a text file. Load it again with `tillctl keys load`.")
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_file_is_read_again_only_after_it_changed() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("file");
        let mut watched = Watched::new(vec![path.clone()]);
        let mut reads = 0;
        let mut look = |watched: &mut Watched<Option<String>>| {
            watched
                .look(|paths| {
                    reads += 1;
                    fs::read_to_string(&paths[0]).ok()
                })
                .clone()
        };
        assert_eq!(look(&mut watched), None);
        assert_eq!(look(&mut watched), None);
        fs::write(&path, "one").expect("written");
        assert_eq!(look(&mut watched).as_deref(), Some("one"));
        assert_eq!(look(&mut watched).as_deref(), Some("one"));
        // Another file of the same length under the same name.
        fs::write(folder.path().join("new"), "two").expect("written");
        fs::rename(folder.path().join("new"), &path).expect("renamed");
        assert_eq!(look(&mut watched).as_deref(), Some("two"));
        watched.forget();
        assert_eq!(look(&mut watched).as_deref(), Some("two"));
        assert_eq!(reads, 4);
    }

    #[test]
    fn what_is_no_small_text_of_its_owner_is_named_with_what_to_do() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("file");
        assert_eq!(read_text(&path, 10), Ok(None));
        fs::write(&path, "short").expect("written");
        assert_eq!(read_text(&path, 5), Ok(Some("short".to_owned())));
        let why = read_text(&path, 4).expect_err("too long");
        assert!(why.contains("more than 4 bytes"), "{why}");
        fs::write(&path, [0xFF]).expect("written");
        let why = read_text(&path, 10).expect_err("no text");
        assert!(why.contains("not a text file"), "{why}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("opened up");
        let why = read_text(&path, 10).expect_err("open to all");
        assert!(why.contains("chmod o-w"), "{why}");
        let why = read_text(folder.path(), 10).expect_err("a folder");
        assert!(why.contains("not a file"), "{why}");
    }
}
