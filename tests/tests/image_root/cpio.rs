//! The archive that a kernel unpacks first: cpio in its "new ASCII" format, several in a row, each
//! alone or compressed with zstd (Linux, Documentation/driver-api/early-userspace/buffer-format.rst).

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::tree::{Entry, Kind, Tree};

/// The most that an unpacked archive may take.
const MAX_UNPACKED_BYTES: usize = 1 << 30;
/// A member's head: a magic and 13 numbers of eight hexadecimal digits.
const HEAD: usize = 110;
const MAGIC: &[u8] = b"070701";
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// No path is longer (PATH_MAX).
const MAX_NAME_BYTES: usize = 4096;

/// Unpacks all archives of an initrd, later ones over earlier ones, as the kernel does.
pub fn unpack(bytes: &[u8]) -> Result<Tree, String> {
    let mut tree = Tree::default();
    let mut rest = bytes;
    let mut archives = 0;
    loop {
        rest = &rest[rest.iter().take_while(|byte| **byte == 0).count()..];
        if rest.is_empty() {
            break;
        }
        if rest.starts_with(ZSTD) {
            // Zeros may lie between two frames, which zstd by itself does not take.
            let length = frame_length(rest)?;
            let unpacked = decompress(&rest[..length])?;
            let inner = unpack_plain(&unpacked, &mut tree)?;
            if inner.iter().any(|byte| *byte != 0) {
                return Err("something follows an archive inside of its compression".to_owned());
            }
            archives += 1;
            rest = &rest[length..];
            continue;
        }
        rest = unpack_plain(rest, &mut tree)?;
        archives += 1;
    }
    if archives == 0 || tree.entries().next().is_none() {
        return Err("the initrd holds no archive".to_owned());
    }
    Ok(tree)
}

/// Unpacks archives until there is something else; returns what is left.
fn unpack_plain<'a>(bytes: &'a [u8], tree: &mut Tree) -> Result<&'a [u8], String> {
    let mut at = 0;
    let mut links: Vec<(String, u32)> = vec![];
    while bytes[at..].starts_with(MAGIC) {
        let head = &bytes[at..];
        let number = |index: usize| field(head, index);
        let (inode, mode) = (number(0)?, number(1)?);
        let (user, group) = (number(2)?, number(3)?);
        let (size, name_size) = (number(6)? as usize, number(11)? as usize);
        if name_size == 0 || name_size > MAX_NAME_BYTES {
            return Err(format!("a name of {name_size} bytes at {at}"));
        }
        let name = slice(bytes, at + HEAD, name_size - 1)?;
        let name = String::from_utf8_lossy(name).into_owned();
        let data_at = (at + HEAD + name_size).next_multiple_of(4);
        let data = slice(bytes, data_at, size)?;
        at = (data_at + size).next_multiple_of(4).min(bytes.len());
        if name == "TRAILER!!!" {
            let zeros = bytes[at..].iter().take_while(|byte| **byte == 0).count();
            at += zeros;
            links.clear();
            continue;
        }
        let path = name.trim_start_matches("./").trim_matches('/').to_owned();
        if path.is_empty() || path == "." {
            continue;
        }
        let kind = match mode & 0o170_000 {
            0o040_000 => Kind::Folder,
            0o100_000 => Kind::File,
            0o120_000 => Kind::Link(String::from_utf8_lossy(data).into_owned()),
            _ => Kind::Special,
        };
        let hard = number(4)? > 1 && kind == Kind::File;
        tree.insert(
            &path,
            Entry::in_memory(kind, mode & 0o7777, user, group, data.to_vec()),
        )?;
        if hard {
            share(tree, &mut links, &path, inode, data)?;
        }
    }
    if at == 0 {
        return Err("neither a cpio archive nor one compressed with zstd".to_owned());
    }
    Ok(&bytes[at..])
}

/// Of several names of one file, only the last carries what it holds: the others get it too.
fn share(
    tree: &mut Tree,
    links: &mut Vec<(String, u32)>,
    path: &str,
    inode: u32,
    data: &[u8],
) -> Result<(), String> {
    links.push((path.to_owned(), inode));
    if data.is_empty() {
        return Ok(());
    }
    for (name, _) in links.iter().filter(|(_, of)| *of == inode) {
        if let Some(entry) = tree.entry(name) {
            let entry = Entry::in_memory(
                Kind::File,
                entry.mode,
                entry.user,
                entry.group,
                data.to_vec(),
            );
            tree.insert(name, entry)?;
        }
    }
    Ok(())
}

fn field(head: &[u8], index: usize) -> Result<u32, String> {
    let digits = slice(head, MAGIC.len() + index * 8, 8)?;
    std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .ok_or_else(|| "a head of the archive is damaged".to_owned())
}

fn slice(bytes: &[u8], at: usize, length: usize) -> Result<&[u8], String> {
    at.checked_add(length)
        .and_then(|end| bytes.get(at..end))
        .ok_or_else(|| "the archive is cut off".to_owned())
}

/// How long the first frame is, with its checksum (RFC 8878, 3.1.1).
fn frame_length(bytes: &[u8]) -> Result<usize, String> {
    let cut = || "a compressed archive is cut off".to_owned();
    let descriptor = *bytes.get(ZSTD.len()).ok_or_else(cut)?;
    let (single, checksum) = (descriptor & 0x20 != 0, descriptor & 0x04 != 0);
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content = match descriptor >> 6 {
        0 => usize::from(single),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    let mut at = ZSTD.len() + 1 + usize::from(!single) + dictionary + content;
    loop {
        let head = slice(bytes, at, 3).map_err(|_| cut())?;
        let head = u32::from_le_bytes([head[0], head[1], head[2], 0]);
        let (last, kind, size) = (head & 1 == 1, head >> 1 & 3, head >> 3);
        // A run of one byte is that byte and how often.
        at += 3 + if kind == 1 { 1 } else { size as usize };
        if at > bytes.len() {
            return Err(cut());
        }
        if last {
            at += if checksum { 4 } else { 0 };
            return if at <= bytes.len() {
                Ok(at)
            } else {
                Err(cut())
            };
        }
    }
}

fn decompress(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut zstd = Command::new("zstd")
        .args(["--decompress", "--stdout", "--quiet"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|why| format!("zstd does not start: {why}. Install the package zstd."))?;
    let mut input = zstd.stdin.take().ok_or("zstd has no input")?;
    let output = zstd.stdout.take().ok_or("zstd has no output")?;
    let mut unpacked = vec![];
    std::thread::scope(|scope| {
        // When zstd gives up early it says so by its exit code.
        scope.spawn(move || {
            let _given_up = input.write_all(bytes);
        });
        output
            .take(MAX_UNPACKED_BYTES as u64 + 1)
            .read_to_end(&mut unpacked)
    })
    .map_err(|why| why.to_string())?;
    let ended = zstd.wait().map_err(|why| why.to_string())?;
    if unpacked.len() > MAX_UNPACKED_BYTES {
        return Err("the initrd unpacks to more than is read".to_owned());
    }
    if ended.success() {
        Ok(unpacked)
    } else {
        Err("zstd cannot unpack the initrd".to_owned())
    }
}
