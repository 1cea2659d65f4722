//! Reading plain files. Whoever owns a folder may put a pipe or a link there in order to hold up or
//! mislead an administrator who reads it: no pipe is waited for, and a link is followed only where
//! somebody named it.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
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
    fn what_is_longer_than_it_may_be_is_refused_and_not_cut() {
        assert_eq!(bounded(&b"text"[..], 4).expect("short enough"), b"text");
        let why = bounded(&b"text"[..], 3).expect_err("too long");
        assert_eq!(why.to_string(), "it has more than 3 bytes");
    }
}
