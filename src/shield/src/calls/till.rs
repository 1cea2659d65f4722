//! The screen and the journal.

use super::{
    Argument, Calls, Family, Is, Judged, Otherwise, call, calls,
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

/// The same for a till without a compositor: it has the screen, the keyboards and the pointers
/// itself, and hears from udev which come and go.
pub static TILL_KMS: Calls = Calls {
    families: &[
        LIFE, MEMORY, TIME, READING, RENAMING, WAITING, TALKING, JOURNAL, LOOKING, EVENTS, WHO,
        CHILDREN, HEARING,
    ],
    judged: &[
        CAREFUL,
        &[LOCKS, SEALS, UNIX_SOCKET, PAIR, KILL],
        &[SCREEN, INPUT, UDEV],
    ],
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

const HEARING: Family = Family {
    why: "hearing from udev; a Unix socket with a name would be of no use, since none can listen",
    calls: calls![SYS_bind],
};

/// What of drm-kms(7) the window needs: modes, planes and buffers without a graphics processor.
/// Nothing here submits work to one, shares a buffer or leases the screen out.
const SCREEN: Judged = Judged {
    call: call!(SYS_ioctl),
    why: "the screen: which there is, its modes, buffers in memory, which of them is shown",
    when: &[
        &[drm(0x0C)], // GET_CAP
        &[drm(0x0D)], // SET_CLIENT_CAP
        &[drm(0xA0)], // MODE_GETRESOURCES
        &[drm(0xA1)], // MODE_GETCRTC
        &[drm(0xA2)], // MODE_SETCRTC
        &[drm(0xA6)], // MODE_GETENCODER
        &[drm(0xA7)], // MODE_GETCONNECTOR
        &[drm(0xAA)], // MODE_GETPROPERTY
        &[drm(0xAE)], // MODE_ADDFB
        &[drm(0xAF)], // MODE_RMFB
        &[drm(0xB0)], // MODE_PAGE_FLIP
        &[drm(0xB2)], // MODE_CREATE_DUMB
        &[drm(0xB3)], // MODE_MAP_DUMB
        &[drm(0xB4)], // MODE_DESTROY_DUMB
        &[drm(0xB5)], // MODE_GETPLANERESOURCES
        &[drm(0xB6)], // MODE_GETPLANE
        &[drm(0xB8)], // MODE_ADDFB2
        &[drm(0xB9)], // MODE_OBJ_GETPROPERTIES
    ],
};

/// linux/input.h: what only reads has the direction's bit for that; EVIOCSCLOCKID has the number A0.
const INPUT: Judged = Judged {
    call: call!(SYS_ioctl),
    why: "keyboards, pointers and touch: what each can do, and which clock its events have",
    when: &[
        &[command(0xC000_FF00, 0x8000_0000 | INPUT_KIND)],
        &[command(0xC000_FFFF, 0x4000_0000 | INPUT_KIND | 0xA0)],
    ],
};

const UDEV: Judged = Judged {
    call: call!(SYS_socket),
    why: "udev's word that a screen or a keyboard came or went; no other netlink",
    when: &[&[
        equal(0, libc::AF_NETLINK),
        equal(2, libc::NETLINK_KOBJECT_UEVENT),
    ]],
};

/// Commands of drm/drm.h, the bits that say so.
const DRM_KIND: u32 = 0x6400;
/// Commands of linux/input.h.
const INPUT_KIND: u32 = 0x4500;

/// The DRM's command of that number, whatever the size of its argument.
const fn drm(number: u32) -> Argument {
    command(0xFFFF, DRM_KIND | number)
}

/// An ioctl(2) of which these bits are so.
const fn command(mask: u32, value: u32) -> Argument {
    Argument {
        index: 1,
        is: Is::Masked { mask, value },
    }
}
