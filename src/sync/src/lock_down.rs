//! What the uplink takes from itself before it hears the till.

use std::fs;
use std::path::{Path, PathBuf};

use sealpoint_shield::{Memory, Plan, Refused, calls, clean::Cleaned, lock_down};
use sealpoint_sync::driver::{self, Config};
use sealpoint_wire::Posture;

/// Variables that stay: what is logged. Not those that turn a name's address elsewhere
/// (resolv.conf(5), hosts(5)): LOCALDOMAIN, RES_OPTIONS, HOSTALIASES.
pub const ENVIRONMENT: &[&str] = &["SEALPOINT_LOG"];

/// What getaddrinfo(3) reads, and the libraries that it may load for nsswitch.conf(5).
const READ: &[&str] = &[
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/nsswitch.conf",
    RESOLVER,
    "/lib",
    "/lib64",
    "/usr/lib",
];
/// Where names are asked for. Most systems make it a link to a file that is replaced at each change.
const RESOLVER: &str = "/etc/resolv.conf";

/// What it may take later: batches of records on their way, and threads that ask for names.
const ROOM_KIB: u64 = 256 * 1024;

/// Locks this process down to its certificate's folder, the collector's port and what finds the collector's
/// address; how far that got.
///
/// # Errors
/// In production, what is missing and what to do.
pub fn uplink(
    config: Option<&Config>,
    production: bool,
    cleaned: Cleaned,
) -> Result<Posture, Refused> {
    let mut read: Vec<PathBuf> = READ.iter().map(PathBuf::from).collect();
    read.extend(resolver_folder());
    let mut tcp_connect = Vec::new();
    let mut write = Vec::new();
    if let Some(config) = config {
        let files = &config.credentials;
        read.extend([&files.ca, &files.cert, &files.key].map(|file| folder_of(file)));
        // A renewed certificate takes the place of the old one, and an erased one leaves it.
        write.extend([&files.cert, &files.key].map(|file| folder_of(file)));
        if let Some(updates) = &config.updates {
            read.push(updates.clone());
            write.push(driver::incoming(updates));
        }
        let port = config.target.as_ref().map(|target| target.address().1);
        tcp_connect.extend(port);
    }
    let plan = Plan {
        process: "uplink",
        production,
        read,
        write,
        execute: vec![],
        tcp_connect,
        alone: true,
        memory: Memory::LockedIfAllowed {
            room_kib: ROOM_KIB,
            why: "It has no card number and no sealing key; its own key lies in a file.",
        },
        calls: &calls::UPLINK,
    };
    lock_down(&plan, cleaned)
}

/// The folder of a file, so that a new file put in its place is read too: a rule of Landlock belongs
/// to the file that was there. The file alone if that would be everything.
fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(folder) if folder != Path::new("/") => folder.to_owned(),
        _ => file.to_owned(),
    }
}

/// The folder that the resolver's file is kept in, if it is a link to elsewhere.
fn resolver_folder() -> Option<PathBuf> {
    let is_link = fs::symlink_metadata(RESOLVER).is_ok_and(|found| found.is_symlink());
    let file = fs::canonicalize(RESOLVER).ok().filter(|_| is_link)?;
    Some(folder_of(&file))
}
