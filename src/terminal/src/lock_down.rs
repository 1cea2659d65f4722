//! What the till takes from itself before it opens its journal or reads a file of somebody else's.

use std::env;
use std::path::{Path, PathBuf};

use sealpoint_shield::{Memory, Plan, calls, clean::Cleaned, lock_down, report};
use sealpoint_wire::Posture;

use crate::config::Config;
use crate::state::State;

/// The variables that a till keeps; the rest of its environment is dropped.
pub const ENVIRONMENT: &[&str] = &[
    // where it draws, and how; which keyboard it has where it has one itself
    "DISPLAY",
    "SLINT_BACKEND",
    "SLINT_SCALE_FACTOR",
    "SLINT_FULLSCREEN",
    "WAYLAND_DISPLAY",
    "WAYLAND_SOCKET",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "XCURSOR_SIZE",
    "XCURSOR_THEME",
    "XKB_DEFAULT_LAYOUT",
    "XKB_DEFAULT_VARIANT",
    // the cashier's language and time
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_MESSAGES",
    "LC_NUMERIC",
    "LC_TIME",
    "TZ",
    // fonts that are installed for one user
    "HOME",
    // where the system puts the key, and what is logged
    "CREDENTIALS_DIRECTORY",
    "PCSCLITE_CSOCK_NAME",
    "SEALPOINT_LOG",
    // what the system that started it wants to hear (crate::notify::VARIABLES)
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    #[cfg(feature = "inspect")]
    "SLINT_MCP_PORT",
    // a panic says where it was
    "RUST_BACKTRACE",
];

/// Files that drawing needs: fonts, keyboards, cursors, time zones, libraries; and the kernel's word
/// on this machine.
const READ: &[&str] = &[
    "/usr",
    "/lib",
    "/lib64",
    "/etc",
    "/proc",
    "/sys",
    "/var/cache/fontconfig",
    "/var/lib/dbus",
    "/run/udev",
    "/run/systemd",
    "/dev/urandom",
    "/tmp/.X11-unix",
];

/// Memory that is shared with the display; and, where there is no compositor, the screen and what is
/// typed, moved and touched.
const DEVICES: &[&str] = &[
    "/dev/shm",
    "/dev/null",
    #[cfg(feature = "kms")]
    "/dev/dri",
    #[cfg(feature = "kms")]
    "/dev/input",
];

/// What it may ask of the kernel: with a compositor it has no device.
#[cfg(not(feature = "kms"))]
const CALLS: &calls::Calls = &calls::TILL;
/// What it may ask of the kernel: the screen and the keys are its own.
#[cfg(feature = "kms")]
const CALLS: &calls::Calls = &calls::TILL_KMS;

/// Locks this process down, for a till on that state folder, and says in the log how far that got.
/// With `pictures` the till writes pictures of its screen wherever it is asked to, which is for
/// tests.
///
/// # Errors
/// In production, what is missing and what to do.
pub fn till(
    config: &Config,
    state: &State,
    pictures: bool,
    cleaned: Cleaned,
) -> Result<Posture, String> {
    let mut read: Vec<PathBuf> = READ.iter().map(PathBuf::from).collect();
    read.extend(config.catalogue.clone());
    read.extend(own_folders());
    read.extend(env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from));
    let mut write: Vec<PathBuf> = DEVICES.iter().map(PathBuf::from).collect();
    write.push(if pictures {
        "/".into()
    } else {
        state.folder().to_owned()
    });
    write.extend(env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from));
    let plan = Plan {
        process: "till",
        production: config.mode.is_production(),
        read,
        write,
        execute: vec![],
        tcp_connect: vec![],
        alone: false,
        memory: Memory::NotNeeded(
            "the journal's key is locked into memory by SQLCipher; nothing else here is secret",
        ),
        calls: CALLS,
    };
    let result = lock_down(&plan, cleaned);
    report(match &result {
        Ok(posture) => posture,
        Err(refused) => refused.posture(),
    });
    result.map_err(|refused| refused.to_string())
}

/// The user's own fonts and their cache, and the folder of the program.
fn own_folders() -> impl Iterator<Item = PathBuf> {
    let home = env::var_os("HOME").map(PathBuf::from);
    let below = |name: &'static str| home.as_ref().map(|home| home.join(name));
    let program = env::current_exe().ok();
    [
        below(".fonts"),
        below(".local/share/fonts"),
        below(".config/fontconfig"),
        below(".cache/fontconfig"),
        below(".Xauthority"),
        env::var_os("XAUTHORITY").map(PathBuf::from),
        program
            .as_deref()
            .and_then(Path::parent)
            .map(Path::to_owned),
    ]
    .into_iter()
    .flatten()
}
