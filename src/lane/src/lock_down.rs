//! What the card process takes from itself before it hears the till.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use sealpoint_lane::Args;
use sealpoint_shield::{Memory, Plan, Refused, calls, clean::Cleaned, lock_down};
use sealpoint_vault::HOT_LIST_FILE;
use sealpoint_wire::Posture;

/// Variables that stay: where the system put the storage key, and what is logged.
const ENVIRONMENT: &[&str] = &["CREDENTIALS_DIRECTORY", "SEALPOINT_LOG"];
/// In a demo also the name of another card service's socket. In production nobody may put a service
/// of his own between lane and reader by that.
const DEMO_ENVIRONMENT: &[&str] = &[
    "CREDENTIALS_DIRECTORY",
    "PCSCLITE_CSOCK_NAME",
    "SEALPOINT_LOG",
];

/// Files of the machine that it reads: libraries, for the card service's own library loads its
/// second half when it is first called, and the name by which a key store knows its machine.
const READ: &[&str] = &[
    "/etc/ld.so.cache",
    "/etc/machine-id",
    "/lib",
    "/lib64",
    "/usr/lib",
];

/// What it may take later: two threads' stacks, and a heap of which a charge takes a tenth.
const ROOM_KIB: u64 = 5 * 1024;
/// A hot list is in memory as text, as bytes that grow by doubling, and as tokens.
const HOT_LIST_COPIES: u64 = 4;

/// The variables that it keeps.
pub const fn environment(production: bool) -> &'static [&'static str] {
    if production {
        ENVIRONMENT
    } else {
        DEMO_ENVIRONMENT
    }
}

/// What it may take later with the hot list that is there. A till whose list grows beyond what may
/// be locked is told so when it starts the next time.
fn room_kib(keys: &Path) -> u64 {
    let list = fs::metadata(keys.join(HOT_LIST_FILE)).map_or(0, |found| found.len());
    ROOM_KIB.saturating_add(list.saturating_mul(HOT_LIST_COPIES) / 1024)
}

/// Locks this process down to its keys, its profile and the card service; how far that got.
///
/// # Errors
/// In production, what is missing and what to do.
pub fn lane(args: &Args, cleaned: Cleaned) -> Result<Posture, Refused> {
    let mut read: Vec<PathBuf> = READ.iter().map(PathBuf::from).collect();
    read.extend(args.profile.clone());
    read.extend(env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from));
    let plan = Plan {
        process: "lane",
        production: args.production,
        read,
        // The counter of a key is on the disk before the key is used.
        write: vec![args.keys.clone()],
        execute: vec![],
        tcp_connect: vec![],
        alone: true,
        memory: Memory::Locked {
            room_kib: room_kib(&args.keys),
        },
        calls: &calls::LANE,
    };
    lock_down(&plan, cleaned)
}
