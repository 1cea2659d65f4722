//! What can be seen from outside of the protections that a process has, each against what the
//! process says of itself.

use sealpoint_wire::posture::Measure;

use super::super::facts::process::{Family, Process};

/// The protections, in the order of the page.
pub const PROTECTIONS: &[Measure] = Measure::ALL;

/// The seccomp mode of a process with a filter.
const FILTER: u32 = 2;
/// The umask that keeps new files private.
const PRIVATE: u32 = 0o077;

/// Variables that have a program load code, write secrets down or look elsewhere for files.
const LOADING: [&str; 13] = [
    "LD_",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "GTK_MODULES",
    "GIO_EXTRA_MODULES",
    "HOSTALIASES",
    "LIBGL_DRIVERS_PATH",
    "LOCPATH",
    "NLSPATH",
    "RESOLV_",
    "SSLKEYLOGFILE",
    "TMPDIR",
    "VK_",
];

/// Variables that any process of a till may have: where the system put a credential, the card
/// service's socket, what is logged, language and time, and how much memory it takes, which it sets
/// for itself.
const COMMON: [&str; 14] = [
    "SEALPOINT_",
    "CREDENTIALS_DIRECTORY",
    "PCSCLITE_CSOCK_NAME",
    "MALLOC_ARENA_MAX",
    "RUST_BACKTRACE",
    "RUST_MIN_STACK",
    "LANG",
    "LC_",
    "TZ",
    "LISTEN_FDS",
    "LISTEN_PID",
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
];

/// And the till, which draws.
const DRAWING: [&str; 9] = [
    "DISPLAY",
    "HOME",
    "SLINT_",
    "WAYLAND_",
    "XAUTHORITY",
    "XCURSOR_",
    "XDG_RUNTIME_DIR",
    "LANGUAGE",
    "XKB_",
];

/// The variables among these with which somebody could load code into a process.
pub fn loading(variables: &[String]) -> Vec<String> {
    let loads = |name: &&String| begins(name, &LOADING);
    variables.iter().filter(loads).cloned().collect()
}

/// The variables that this process has no use for.
pub fn needless(process: &Process, variables: &[String]) -> Vec<String> {
    let draws = process.name == "till";
    let used = |name: &str| begins(name, &COMMON) || (draws && begins(name, &DRAWING));
    let needless = |name: &&String| !used(name);
    variables.iter().filter(needless).cloned().collect()
}

/// Whether a name is one of these, or begins with one that ends with an underscore.
fn begins(name: &str, list: &[&str]) -> bool {
    list.iter().any(|one| match one.strip_suffix('_') {
        Some(_) => name.starts_with(one),
        None => name == *one,
    })
}

/// Whether a process has this protection, as far as it can be seen from outside.
pub fn seen(process: &Process, measure: Measure) -> Option<bool> {
    match measure {
        Measure::Environment => {
            let variables = process.variables.as_ref()?;
            Some(needless(process, variables).is_empty() && loading(variables).is_empty())
        }
        Measure::Umask => process.umask.map(|mask| mask & PRIVATE == PRIVATE),
        Measure::CoreDumps => process.core_limit_zero,
        Measure::NotDumpable => process.dumpable.map(|dumpable| !dumpable),
        Measure::NoNewPrivileges => process.no_new_privileges,
        Measure::Capabilities => process.capabilities.map(|set| set == 0),
        // The lane alone has something that must not be swapped.
        Measure::MemoryLocked if process.name == "lane" => process.locked_kib.map(|kib| kib > 0),
        Measure::Network => network(process),
        Measure::SystemCalls => process.seccomp.map(|mode| mode == FILTER),
        // Only the process itself knows which files it may open; which descriptors are its own is
        // seen by what they lead to.
        Measure::MemoryLocked | Measure::Files | Measure::Descriptors => None,
    }
}

/// Whether it has no socket that it must not have, and listens on none.
fn network(process: &Process) -> Option<bool> {
    let sockets = process.sockets.as_ref()?;
    let allowed = |family| match family {
        Family::Unix => true,
        // The uplink has the network, and its resolver asks the kernel for addresses.
        Family::Internet | Family::Netlink | Family::Unknown => process.name == "uplink",
    };
    let well = sockets
        .iter()
        .all(|socket| allowed(socket.family) && socket.listens.is_none());
    Some(well)
}
