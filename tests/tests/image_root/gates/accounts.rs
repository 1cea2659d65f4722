//! Accounts: none has a password, none has a shell that is there, root alone is user 0.

use std::collections::BTreeSet;

use crate::image::Image;
use crate::tree::{Kind, Tree};

/// Folders from which systemd takes further accounts (systemd-userdbd, sysusers.d).
const RECORDS: &[&str] = &["etc/userdb", "usr/lib/userdb", "run/userdb"];
/// What a field of shadow(5) begins with when no password can fit it.
const LOCKED: &[char] = &['!', '*'];

/// passwd, shadow, gshadow, records of systemd, and who is made at boot.
pub fn check(image: &Image) -> Result<Vec<String>, String> {
    let root = &image.root;
    let mut faults = vec![];
    let accounts = root.text("etc/passwd")?;
    let mut locked = BTreeSet::new();
    for (number, line) in root.text("etc/shadow")?.lines().enumerate() {
        let fields: Vec<&str> = line.split(':').collect();
        match fields[..] {
            [name, password, ..] if password.starts_with(LOCKED) => {
                locked.insert(name.to_owned());
            }
            [name, ..] => faults.push(format!("etc/shadow: {name} is not locked")),
            [] => faults.push(format!("etc/shadow: line {} is damaged", number + 1)),
        }
    }
    let mut count = 0;
    for line in accounts.lines() {
        count += 1;
        let fields: Vec<&str> = line.split(':').collect();
        let [name, password, user, _, _, _, shell] = fields[..] else {
            faults.push(format!("etc/passwd: {line:?} is damaged"));
            continue;
        };
        if user == "0" && name != "root" {
            faults.push(format!("etc/passwd: {name} is another root"));
        }
        if password != "x" && !password.starts_with(LOCKED) {
            faults.push(format!(
                "etc/passwd: {name} has a password field of its own"
            ));
        }
        if !locked.contains(name) {
            faults.push(format!("etc/passwd: {name} is not locked in etc/shadow"));
        }
        if shell_is_there(root, shell) {
            faults.push(format!("etc/passwd: {name} has the shell {shell}"));
        }
    }
    if count == 0 {
        return Err("etc/passwd names nobody".to_owned());
    }
    faults.extend(records(root));
    faults.extend(made_at_boot(root)?);
    Ok(faults)
}

/// A program that would be started for who logs in. An empty field means /bin/sh.
fn shell_is_there(root: &Tree, shell: &str) -> bool {
    let shell = if shell.is_empty() { "/bin/sh" } else { shell };
    let refuses = [
        "/usr/sbin/nologin",
        "/sbin/nologin",
        "/bin/false",
        "/usr/bin/false",
    ];
    !refuses.contains(&shell)
        && root
            .resolve(shell)
            .and_then(|at| root.entry(&at))
            .is_some_and(|entry| entry.kind == Kind::File)
}

fn records(root: &Tree) -> Vec<String> {
    RECORDS
        .iter()
        .flat_map(|folder| {
            root.folder(folder)
                .into_iter()
                .map(move |(name, _)| format!("{folder}/{name}: an account record"))
        })
        .collect()
}

/// Lines of sysusers.d(5) that give a shell.
fn made_at_boot(root: &Tree) -> Result<Vec<String>, String> {
    let mut faults = vec![];
    for folder in ["usr/lib/sysusers.d", "etc/sysusers.d"] {
        for (name, entry) in root.folder(folder) {
            if entry.kind != Kind::File {
                continue;
            }
            let path = format!("{folder}/{name}");
            for line in root.text(&path)?.lines() {
                let last = line.split_whitespace().next_back().unwrap_or_default();
                let makes_user = line.starts_with('u');
                let shell = last.starts_with('/')
                    && line.matches('/').count() > 1
                    && last.rsplit('/').next().is_some_and(|n| n.ends_with("sh"));
                if makes_user && shell && shell_is_there(root, last) {
                    faults.push(format!("{path}: gives somebody the shell {last}"));
                }
            }
        }
    }
    Ok(faults)
}
