//! What a program asked of its files, call by call, as `strace` wrote it down (strace(1): `-f -ttt
//! -y -xx`, so that each string is hexadecimal and each descriptor comes with its path).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The calls that change a file, a name, or what survives; and those that say where a `write` goes.
pub const TRACED: &str = "trace=openat,open,creat,close,lseek,write,writev,pwrite64,pwritev,pwritev2,\
ftruncate,truncate,fallocate,fsync,fdatasync,sync_file_range,msync,rename,renameat,renameat2,link,\
linkat,unlink,unlinkat,copy_file_range,sendfile";

/// One thing that happened, in the order in which it took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// The name was made, with an empty file.
    Make(PathBuf),
    /// The name, made or not, was emptied.
    Empty(PathBuf),
    Write {
        path: PathBuf,
        at: u64,
        bytes: Vec<u8>,
    },
    Resize {
        path: PathBuf,
        len: u64,
    },
    /// A sync that began with call number `begun` ended well: what was written before is safe.
    Synced {
        path: PathBuf,
        begun: usize,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Link {
        from: PathBuf,
        to: PathBuf,
    },
    Unlink(PathBuf),
}

/// A call and when it took effect.
#[derive(Clone, Debug)]
pub struct Timed {
    /// Microseconds since the Unix epoch.
    pub at_us: u64,
    pub call: Call,
}

/// Adds the calls in a log that concern files below `folder` to those of earlier programs.
pub fn append(calls: &mut Vec<Timed>, log: &Path, folder: &Path) {
    let known = lengths(calls);
    let mut reader = Reader {
        folder,
        calls,
        positions: BTreeMap::new(),
        unfinished: BTreeMap::new(),
        known,
    };
    let file = BufReader::new(File::open(log).expect("strace wrote a log"));
    for line in file.lines() {
        reader.line(&line.expect("a log is text"));
    }
}

/// How long each file is after these calls.
fn lengths(calls: &[Timed]) -> BTreeMap<PathBuf, u64> {
    let mut known = BTreeMap::new();
    for Timed { call, .. } in calls {
        match call {
            Call::Write { path, at, bytes } => {
                let len = known.entry(path.clone()).or_insert(0);
                *len = (at + bytes.len() as u64).max(*len);
            }
            Call::Empty(path) | Call::Unlink(path) => drop(known.remove(path)),
            Call::Resize { path, len } => drop(known.insert(path.clone(), *len)),
            _ => {}
        }
    }
    known
}

/// A call that another thread's call interrupted in the log.
struct Unfinished {
    text: String,
    begun: usize,
}

struct Reader<'a> {
    folder: &'a Path,
    calls: &'a mut Vec<Timed>,
    /// Where the next `write` of a descriptor goes; none if at the end of the file.
    positions: BTreeMap<String, Option<u64>>,
    /// By thread.
    unfinished: BTreeMap<String, Unfinished>,
    /// How long each file is, for what is appended.
    known: BTreeMap<PathBuf, u64>,
}

impl Reader<'_> {
    fn line(&mut self, line: &str) {
        // Numbers of threads are padded.
        let Some((thread, rest)) = line.split_once(' ') else {
            return;
        };
        let Some((time, rest)) = rest.trim_start().split_once(' ') else {
            return;
        };
        let rest = rest.trim_start();
        let at_us = microseconds(time);
        if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            let unfinished = Unfinished {
                text: begun.trim_end().to_owned(),
                begun: self.calls.len(),
            };
            // A write may have reached the file before the call came back.
            if begun.starts_with("pwrite64(") || begun.starts_with("write(") {
                self.call(&unfinished.text, self.calls.len(), at_us);
            }
            self.unfinished.insert(thread.to_owned(), unfinished);
        } else if let Some(resumed) = rest.strip_prefix("<... ") {
            let Some(before) = self.unfinished.remove(thread) else {
                return;
            };
            let end = resumed
                .split_once("resumed>")
                .map_or("", |(_, end)| end)
                .trim_start();
            if before.text.starts_with("pwrite64(") || before.text.starts_with("write(") {
                return;
            }
            let text = format!("{}{end}", before.text);
            self.call(&text, before.begun, at_us);
        } else {
            self.call(rest, self.calls.len(), at_us);
        }
    }

    fn call(&mut self, text: &str, begun: usize, at_us: u64) {
        let Some((name, rest)) = text.split_once('(') else {
            return;
        };
        let result = rest.rsplit_once(" = ").map_or("", |(_, result)| result);
        // A write without a result is one that another thread interrupted in the log.
        if result.starts_with('-') || (result.is_empty() && !name.contains("write")) {
            return;
        }
        let strings = strings(rest);
        let number = |place: usize| -> u64 {
            let plain = rest.rsplit_once(" = ").map_or(rest, |(before, _)| before);
            let field = plain.trim_end_matches(')').split(", ").nth(place);
            field.and_then(|field| field.parse().ok()).unwrap_or(0)
        };
        let mut add = |call| self.calls.push(Timed { at_us, call });
        match name {
            "openat" | "open" | "creat" => self.open(rest, result, &strings, at_us),
            "close" => {
                self.positions.remove(&descriptor(rest));
            }
            "lseek" => {
                let to = result.parse().ok();
                self.positions.insert(descriptor(rest), to);
            }
            "pwrite64" => {
                let (Some(path), Some(bytes)) = (self.ours(rest), strings.into_iter().next())
                else {
                    return;
                };
                let at = number(3);
                self.write(path, at, bytes, at_us);
            }
            "write" | "writev" => {
                let Some(path) = self.ours(rest) else { return };
                let key = descriptor(rest);
                let bytes = strings.concat();
                let at = self.positions.get(&key).copied().flatten();
                let at = at.unwrap_or_else(|| self.known.get(&path).copied().unwrap_or(0));
                if let Some(Some(position)) = self.positions.get_mut(&key) {
                    *position += bytes.len() as u64;
                }
                self.write(path, at, bytes, at_us);
            }
            "ftruncate" | "fallocate" => {
                let Some(path) = self.ours(rest) else { return };
                assert_eq!(name, "ftruncate", "the model does not know {name}");
                let len = number(1);
                self.known.insert(path.clone(), len);
                let call = Call::Resize { path, len };
                self.calls.push(Timed { at_us, call });
            }
            "fsync" | "fdatasync" => {
                let Some(path) = self.ours(rest) else { return };
                let call = Call::Synced { path, begun };
                self.calls.push(Timed { at_us, call });
            }
            "rename" | "renameat" | "renameat2" | "link" | "linkat" => {
                let [from, to] = [0, 1].map(|n| strings.get(n).map(|name| path_of(name)));
                let (Some(from), Some(to)) = (from, to) else {
                    return;
                };
                if to.starts_with(self.folder) {
                    add(if name.starts_with('l') {
                        Call::Link { from, to }
                    } else {
                        Call::Rename { from, to }
                    });
                }
            }
            "unlink" | "unlinkat" => {
                let path = strings.first().map(|name| path_of(name));
                if let Some(path) = path.filter(|path| path.starts_with(self.folder)) {
                    self.known.remove(&path);
                    self.calls.push(Timed {
                        at_us,
                        call: Call::Unlink(path),
                    });
                }
            }
            other => {
                let ours = self.ours(rest);
                assert!(
                    ours.is_none(),
                    "the model does not know {other} of {ours:?}"
                );
            }
        }
    }

    fn open(&mut self, rest: &str, result: &str, strings: &[Vec<u8>], at_us: u64) {
        let Some(path) = strings.first().map(|name| path_of(name)) else {
            return;
        };
        if !path.starts_with(self.folder) {
            return;
        }
        let begins = if rest.contains("O_APPEND") {
            None
        } else {
            Some(0)
        };
        let opened = result.split('<').next().unwrap_or_default();
        self.positions.insert(opened.to_owned(), begins);
        let mut add = |call| self.calls.push(Timed { at_us, call });
        if rest.contains("O_CREAT") {
            add(Call::Make(path.clone()));
            self.known.entry(path.clone()).or_insert(0);
        }
        if rest.contains("O_TRUNC") {
            self.known.insert(path.clone(), 0);
            add(Call::Empty(path));
        }
    }

    fn write(&mut self, path: PathBuf, at: u64, bytes: Vec<u8>, at_us: u64) {
        let end = at + bytes.len() as u64;
        let len = self.known.entry(path.clone()).or_insert(0);
        *len = (*len).max(end);
        let call = Call::Write { path, at, bytes };
        self.calls.push(Timed { at_us, call });
    }

    /// The path behind the descriptor that is the first argument, if it is in the folder.
    fn ours(&self, rest: &str) -> Option<PathBuf> {
        let inside = rest.split_once('<')?.1.split_once('>')?.0;
        let path = path_of(&unescape(inside));
        path.starts_with(self.folder).then_some(path)
    }
}

/// The descriptor's number.
fn descriptor(rest: &str) -> String {
    rest.split(['<', ',', ')'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn path_of(name: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(name).into_owned())
}

/// Every text in quotation marks.
fn strings(rest: &str) -> Vec<Vec<u8>> {
    let quoted = rest.split('"').skip(1).step_by(2);
    quoted.map(unescape).collect()
}

/// Bytes of `\x2f\x74`.
fn unescape(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0);
    let (fours, _) = text.as_bytes().as_chunks::<4>();
    let byte = |four: &[u8; 4]| u8::try_from(digit(four[2]) << 4 | digit(four[3]));
    fours.iter().filter_map(|four| byte(four).ok()).collect()
}

fn microseconds(time: &str) -> u64 {
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let seconds: u64 = seconds.parse().unwrap_or(0);
    seconds * 1_000_000 + fraction.parse::<u64>().unwrap_or(0)
}
