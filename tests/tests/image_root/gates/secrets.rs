//! What would be the same on every till, or known to everybody who has the image.

use crate::image::Image;
use crate::tree::{Kind, Tree};

const MARK: &[u8] = b"PRIVATE KEY-----";
/// A key in a text is at least this many characters of Base64 right behind the mark; a library that
/// reads keys has the mark alone.
const KEY_CHARACTERS: usize = 24;

/// Libraries that try their own arithmetic on keys that stand in their published source.
const SELF_TESTS: &[&str] = &["usr/lib/x86_64-linux-gnu/libgnutls.so."];

/// Files that belong to one machine, which an image may not bring.
const ONE_MACHINES: &[&str] = &[
    "var/lib/systemd/random-seed",
    "var/lib/systemd/credential.secret",
    "etc/ssl/private",
    "etc/ssh",
    "etc/ld.so.preload",
    "root/.ssh",
];
/// Folders that hold credentials: empty in an image.
const EMPTY: &[&str] = &[
    "etc/credstore",
    "etc/credstore.encrypted",
    "usr/lib/credstore",
    "usr/lib/credstore.encrypted",
    "root",
    "home",
    "var/lib/sealpoint",
];
/// Endings of key files.
const ENDINGS: &[&str] = &[".key", ".p12", ".pfx", ".jks", ".keytab", ".pkcs8"];

/// Private keys, credentials, and the identity of a machine.
pub fn check(image: &Image) -> Result<Vec<String>, String> {
    let mut faults = vec![];
    for (where_, tree) in [("", &image.root), ("first stage: ", &image.initrd)] {
        for (path, entry) in tree.entries() {
            if entry.kind != Kind::File {
                continue;
            }
            let name = path.rsplit('/').next().unwrap_or(path);
            if ENDINGS.iter().any(|end| name.ends_with(end)) || name.starts_with("id_rsa") {
                faults.push(format!("{where_}{path}: called as a private key is"));
            }
            let own = SELF_TESTS.iter().any(|start| path.starts_with(start));
            if !own && holds_key(&entry.bytes()?) {
                faults.push(format!("{where_}{path}: holds a private key"));
            }
        }
    }
    let root = &image.root;
    let own = ONE_MACHINES
        .iter()
        .filter(|path| root.entry(path).is_some());
    faults.extend(own.map(|path| format!("{path}: belongs to one machine")));
    for folder in EMPTY {
        let inside = root.folder(folder);
        faults.extend(
            inside
                .iter()
                .filter(|(_, entry)| entry.kind != Kind::Folder)
                .map(|(name, _)| format!("{folder}/{name}: a folder that an image leaves empty")),
        );
    }
    faults.extend(machine_id(root)?);
    Ok(faults)
}

/// Every till would be the same one to its logs and its network.
fn machine_id(root: &Tree) -> Result<Option<String>, String> {
    if root.entry("etc/machine-id").is_none() {
        return Ok(None);
    }
    let id = root.text("etc/machine-id")?;
    let none = matches!(id.trim(), "" | "uninitialized");
    Ok((!none).then(|| "etc/machine-id: every till would have this id".to_owned()))
}

fn holds_key(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = find(rest, MARK) {
        rest = &rest[at + MARK.len()..];
        let key = rest
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .take(KEY_CHARACTERS)
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
            .count();
        if key == KEY_CHARACTERS {
            return true;
        }
    }
    false
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    let first = what[0];
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == first) {
        let at = from + at;
        if bytes[at..].starts_with(what) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}
