//! What can be started: lists of what stays, and names that no list may bring back.

use crate::elf;
use crate::image::Image;
use crate::tree::{Kind, Tree};

/// Names under which a person, or who took over a process, gets further. A file of that name is a
/// fault even if somebody put it on the list.
const NAMES: &[(&str, &[&str])] = &[
    (
        "a shell",
        &[
            "sh", "bash", "dash", "rbash", "ash", "zsh", "ksh", "mksh", "csh", "tcsh", "fish",
            "busybox", "toybox", "sash",
        ],
    ),
    (
        "an interpreter",
        &[
            "perl", "python", "ruby", "lua", "luajit", "node", "nodejs", "php", "tclsh", "guile",
            "awk", "gawk", "mawk", "gjs", "bpftrace", "ed", "vi", "vim", "vim.tiny", "nano",
            "emacs",
        ],
    ),
    (
        "a package manager",
        &[
            "apt", "apt-get", "aptitude", "dpkg", "dpkg-deb", "rpm", "snap", "flatpak", "pip",
            "cargo", "mkosi",
        ],
    ),
    (
        "a way to log in or to become another user",
        &[
            "agetty",
            "getty",
            "mingetty",
            "fgetty",
            "sulogin",
            "login",
            "su",
            "sudo",
            "pkexec",
            "doas",
            "run0",
            "runuser",
            "newgrp",
            "passwd",
            "chsh",
            "chfn",
            "ssh",
            "sshd",
            "dropbear",
            "telnetd",
            "systemd-sulogin-shell",
            "systemd-homed",
        ],
    ),
    (
        "a debugger",
        &[
            "gdb",
            "gdbserver",
            "strace",
            "ltrace",
            "perf",
            "bpftool",
            "crash",
        ],
    ),
    (
        "a tool that speaks to a network",
        &[
            "curl", "wget", "nc", "ncat", "netcat", "socat", "telnet", "tcpdump", "ftp", "rsync",
        ],
    ),
    (
        "a generator that takes units from the kernel's command line",
        &[
            "systemd-debug-generator",
            "systemd-run-generator",
            "systemd-getty-generator",
            "systemd-ssh-generator",
            "systemd-sysv-generator",
            "systemd-rc-local-generator",
        ],
    ),
];

/// Folders of package managers: their data is needed when the image is built and not after.
const PACKAGE_DATA: &[&str] = &[
    "var/lib/dpkg",
    "var/lib/apt",
    "etc/apt",
    "usr/lib/apt",
    "etc/dpkg",
];

/// Every program of the root, against its list.
pub fn root(image: &Image) -> Result<Vec<String>, String> {
    Ok(image
        .lists
        .programs
        .compare("program", names(&image.root)?.iter().map(String::as_str)))
}

/// Every program of the first stage, against its list.
pub fn initrd(image: &Image) -> Result<Vec<String>, String> {
    Ok(image
        .lists
        .initrd
        .compare("program", names(&image.initrd)?.iter().map(String::as_str)))
}

/// Names that may not be there at all, scripts, and data of package managers, in both.
pub fn named(image: &Image) -> Result<Vec<String>, String> {
    let mut faults = vec![];
    for (where_, tree) in [("", &image.root), ("first stage: ", &image.initrd)] {
        for (path, entry) in tree.entries() {
            if entry.kind == Kind::Folder {
                continue;
            }
            let name = path.rsplit('/').next().unwrap_or(path);
            faults.extend(
                NAMES
                    .iter()
                    .filter(|(_, names)| names.iter().any(|banned| is_named(name, banned)))
                    .filter(|_| is_startable(path, tree))
                    .map(|(what, _)| format!("{where_}{path}: {what}")),
            );
            if entry.kind == Kind::File
                && entry.mode & 0o111 != 0
                && entry.bytes()?.starts_with(b"#!")
            {
                faults.push(format!(
                    "{where_}{path}: a script, which nothing here can run"
                ));
            }
        }
        let data = PACKAGE_DATA
            .iter()
            .filter(|path| tree.entry(path).is_some());
        faults.extend(data.map(|path| format!("{where_}{path}: data of a package manager")));
    }
    Ok(faults)
}

/// The name itself or with a version behind it, as `python3.13` has it.
fn is_named(name: &str, banned: &str) -> bool {
    name.strip_prefix(banned)
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// A file of a folder that holds programs, a link there even if it leads nowhere, or anything that
/// is executable. Not a settings file that happens to be called `login`.
fn is_startable(path: &str, tree: &Tree) -> bool {
    let holds_programs = [
        "bin/",
        "sbin/",
        "libexec/",
        "generators/",
        "usr/lib/systemd/systemd-",
    ];
    let entry = tree.entry(path);
    let settings = path.starts_with("etc/") || path.starts_with("usr/share/");
    let executable = entry.is_some_and(|e| e.kind == Kind::File && e.mode & 0o111 != 0);
    executable || (!settings && holds_programs.iter().any(|part| path.contains(part)))
}

/// The paths of all programs: what has an executable bit, and what the loader could start.
fn names(tree: &Tree) -> Result<Vec<String>, String> {
    let mut found = vec![];
    for (path, entry) in tree.entries() {
        if entry.kind != Kind::File {
            continue;
        }
        if entry.mode & 0o111 != 0 || elf::is_program(&entry.bytes()?) {
            found.push(path.to_owned());
        }
    }
    if found.is_empty() {
        return Err("no program at all was found".to_owned());
    }
    Ok(found)
}
