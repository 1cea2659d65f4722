//! Reading plain files, and putting them where others are. Whoever owns a folder may put a pipe or a link there in order to hold up or
//! mislead an administrator who reads it: no pipe is waited for, and a link is followed only where
//! somebody named it.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

/// What becomes of a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Links {
    /// It is followed: somebody named this path.
    Followed,
    /// It is an error: the path was found in a folder.
    Refused,
}

/// Opens whatever is there to read it, without waiting for a pipe's other end.
pub fn open_anything(path: &Path, links: Links) -> io::Result<File> {
    let flags = match links {
        Links::Followed => OFlags::NONBLOCK,
        Links::Refused => OFlags::NONBLOCK | OFlags::NOFOLLOW,
    };
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

/// Opens a plain file to read it.
pub fn open(path: &Path, links: Links) -> io::Result<File> {
    let file = open_anything(path, links)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is no plain file"))
    }
}

/// What a plain file holds, if that is no more than `max` bytes.
pub fn read(path: &Path, max: u64, links: Links) -> io::Result<Vec<u8>> {
    bounded(open(path, links)?, max)
}

/// What there is to read, if that is no more than `max` bytes.
pub fn bounded(from: impl Read, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(too_long(max));
    }
    Ok(bytes)
}

/// There is more to read than there may be.
pub fn too_long(max: u64) -> io::Error {
    io::Error::other(format!("it has more than {max} bytes"))
}

/// Puts a file where another may be: whole, or not at all. On the disk when this returns.
pub fn replace(path: &Path, mode: u32, content: &[u8]) -> io::Result<()> {
    let part = write_beside(path, mode, content)?;
    fs::rename(part, path)?;
    sync_folder(path)
}

/// Puts a file where none may be: whole, or not at all. On the disk when this returns.
pub fn put_new(path: &Path, mode: u32, content: &[u8]) -> io::Result<()> {
    let part = write_beside(path, mode, content)?;
    // A link, and no rename: that would replace what is there.
    fs::hard_link(&part, path)?;
    fs::remove_file(part)?;
    sync_folder(path)
}

/// Takes a file away, if there is one.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes what is to be at `path` to a file beside it, and says which.
fn write_beside(path: &Path, mode: u32, content: &[u8]) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::other("it names no file"))?;
    let mut part = std::ffi::OsString::from(".");
    part.push(name);
    part.push(".part");
    let part = path.with_file_name(part);
    // What an interrupted run left.
    remove_if_there(&part)?;
    let mut new = OpenOptions::new();
    let mut file = new.write(true).create_new(true).mode(mode).open(&part)?;
    // Whatever this process's mask is.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(content)?;
    file.sync_all()?;
    Ok(part)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_pipe_is_not_waited_for_and_a_link_followed_only_if_it_was_named() {
        let folder = TempDir::new().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "text").expect("written");
        symlink(at("file"), at("link")).expect("linked");
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, at("pipe"), FileType::Fifo, mode, 0).expect("a pipe");

        for links in [Links::Followed, Links::Refused] {
            let read = read(&at("file"), 4, links).expect("a plain file");
            assert_eq!(read, b"text");
            let why = super::read(&at("pipe"), 4, links).expect_err("a pipe");
            assert_eq!(why.to_string(), "it is no plain file");
            assert!(super::read(folder.path(), 4, links).is_err());
        }
        assert!(read(&at("link"), 4, Links::Followed).is_ok());
        assert!(read(&at("link"), 4, Links::Refused).is_err());
    }

    #[test]
    fn a_file_is_replaced_whole_with_its_mode_and_after_an_interrupted_run() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("file");
        fs::write(folder.path().join(".file.part"), "half a te").expect("written");
        for text in ["one", "another"] {
            replace(&path, 0o640, text.as_bytes()).expect("replaced");
            assert_eq!(fs::read_to_string(&path).expect("it is there"), text);
        }
        let mode = fs::metadata(&path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640);
        let there = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(there, 1, "nothing is left beside it");
    }

    #[test]
    fn a_new_file_never_replaces_one() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("file");
        put_new(&path, 0o600, b"one").expect("put");
        let error = put_new(&path, 0o600, b"another").expect_err("one is there");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).expect("it is there"), b"one");
        remove_if_there(&path).expect("removed");
        remove_if_there(&path).expect("there is none");
        put_new(&path, 0o600, b"another").expect("put, after an interrupted run");
    }

    #[test]
    fn what_is_longer_than_it_may_be_is_refused_and_not_cut() {
        assert_eq!(bounded(&b"text"[..], 4).expect("short enough"), b"text");
        let why = bounded(&b"text"[..], 3).expect_err("too long");
        assert_eq!(why.to_string(), "it has more than 3 bytes");
    }
}
