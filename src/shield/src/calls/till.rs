//! The screen and the journal.

use super::{
    Calls, Family, Judged, Otherwise, call, calls,
    families::{
        CAREFUL, FALLBACKS, LIFE, MEMORY, READING, RENAMING, TALKING, TIME, WAITING, equal, stream,
    },
};

/// What `till` may ask of the kernel: it draws, keeps its journal and talks to its own processes. It
/// has no network and starts nothing. What is not here fails and does not end it: a library that asks
/// for something new must not take a shop's till away.
pub static TILL: Calls = Calls {
    families: &[
        LIFE, MEMORY, TIME, READING, RENAMING, WAITING, TALKING, JOURNAL, LOOKING, EVENTS, WHO,
        CHILDREN,
    ],
    judged: &[CAREFUL, &[LOCKS, SEALS, UNIX_SOCKET, PAIR, KILL]],
    answered: FALLBACKS,
    otherwise: Otherwise::Fail(libc::EPERM),
};

/// Names without "at" exist on x86-64 alone.
const JOURNAL: Family = Family {
    why: "the journal, receipts and what the till says of itself: written and on the disk",
    #[cfg(target_arch = "x86_64")]
    calls: calls![
        SYS_chmod SYS_fadvise64 SYS_fallocate SYS_fchmod SYS_fchmodat SYS_fchown SYS_fdatasync
        SYS_flock SYS_fsync SYS_ftruncate SYS_link SYS_linkat SYS_mkdir SYS_mkdirat SYS_pwrite64  SYS_umask SYS_unlink SYS_unlinkat
    ],
    #[cfg(not(target_arch = "x86_64"))]
    calls: calls![
        SYS_fadvise64 SYS_fallocate SYS_fchmod SYS_fchmodat SYS_fchown SYS_fdatasync SYS_flock
        SYS_fsync SYS_ftruncate SYS_linkat SYS_mkdirat SYS_pwrite64
        SYS_umask SYS_unlinkat
    ],
};

const LOOKING: Family = Family {
    why: "fonts, cursors, keyboards and libraries by name, where Landlock allows them to be read",
    #[cfg(target_arch = "x86_64")]
    calls: calls![
        SYS_access SYS_faccessat SYS_faccessat2 SYS_fstatfs SYS_getcwd SYS_lstat SYS_open
        SYS_readlink SYS_readlinkat SYS_stat SYS_statfs
    ],
    #[cfg(not(target_arch = "x86_64"))]
    calls: calls![
        SYS_faccessat SYS_faccessat2 SYS_fstatfs SYS_getcwd SYS_readlinkat SYS_statfs
    ],
};

/// epoll_wait exists on x86-64 alone.
const EVENTS: Family = Family {
    why: "the window's queue of events and its timers; memory that it shares with the display",
    #[cfg(target_arch = "x86_64")]
    calls: calls![
        SYS_epoll_create1 SYS_epoll_ctl SYS_epoll_pwait SYS_epoll_pwait2 SYS_epoll_wait SYS_eventfd2
        SYS_memfd_create SYS_mlock SYS_munlock SYS_pipe2 SYS_timerfd_create SYS_timerfd_settime
    ],
    #[cfg(not(target_arch = "x86_64"))]
    calls: calls![
        SYS_epoll_create1 SYS_epoll_ctl SYS_epoll_pwait SYS_epoll_pwait2 SYS_eventfd2
        SYS_memfd_create SYS_mlock SYS_munlock SYS_pipe2 SYS_timerfd_create SYS_timerfd_settime
    ],
};

const WHO: Family = Family {
    why: "who and where it is, for the display's permission",
    calls: calls![SYS_getegid SYS_geteuid SYS_getgid SYS_getuid SYS_sysinfo SYS_uname],
};

const CHILDREN: Family = Family {
    why: "hearing that lane or uplink ended",
    calls: calls![SYS_wait4],
};

const LOCKS: Judged = Judged {
    call: call!(SYS_fcntl),
    why: "one till at a time has the journal",
    when: &[
        &[equal(1, libc::F_GETLK)],
        &[equal(1, libc::F_SETLK)],
        &[equal(1, libc::F_SETLKW)],
    ],
};

const SEALS: Judged = Judged {
    call: call!(SYS_fcntl),
    why: "the display may rely on the size of the memory that it shares",
    when: &[
        &[equal(1, libc::F_ADD_SEALS)],
        &[equal(1, libc::F_GET_SEALS)],
    ],
};

const UNIX_SOCKET: Judged = Judged {
    call: call!(SYS_socket),
    why: "the display and, where the system makes them, lane and uplink; no other kind of socket",
    when: &[&stream(libc::AF_UNIX)],
};

const PAIR: Judged = Judged {
    call: call!(SYS_socketpair),
    why: "one end for itself, one for a process that the starter makes",
    when: &[&stream(libc::AF_UNIX)],
};

const KILL: Judged = Judged {
    call: call!(SYS_kill),
    why: "the end of a lane or uplink that does not listen; no other signal",
    when: &[&[equal(1, libc::SIGKILL)]],
};
