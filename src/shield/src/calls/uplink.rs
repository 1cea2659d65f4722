//! Store-and-forward.

use super::{
    Answered, Calls, Family, Judged, Otherwise, call, calls,
    families::{
        CAREFUL, FALLBACKS, LIFE, MEMORY, READING, RENAMING, TALKING, TIME, WAITING, WHY_SENDING,
        equal, masked, stream, tcp, udp,
    },
};

/// What `uplink` may ask of the kernel: it speaks TCP and asks for names, writes its own certificate
/// and key and no other file, starts nothing and listens nowhere.
pub static UPLINK: Calls = Calls {
    families: &[
        LIFE, MEMORY, TIME, READING, RENAMING, WAITING, EVENTS, TALKING, NAMES, RENEWING,
    ],
    judged: &[CAREFUL, &[QUESTIONS, SOCKETS, PAIR]],
    answered: &[FALLBACKS[0], NETLINK],
    otherwise: Otherwise::End,
};

/// The runtime's queue of events. epoll_wait exists on x86-64 alone.
const EVENTS: Family = Family {
    why: "the runtime's queue of events",
    #[cfg(target_arch = "x86_64")]
    calls: calls![
        SYS_epoll_create1 SYS_epoll_ctl SYS_epoll_pwait SYS_epoll_pwait2 SYS_epoll_wait SYS_eventfd2
    ],
    #[cfg(not(target_arch = "x86_64"))]
    calls: calls![
        SYS_epoll_create1 SYS_epoll_ctl SYS_epoll_pwait SYS_epoll_pwait2 SYS_eventfd2
    ],
};

/// Modules of getaddrinfo(3) ask who and where they are.
const NAMES: Family = Family {
    why: "the collector's address from its name",
    calls: calls![SYS_getegid SYS_geteuid SYS_getgid SYS_getuid SYS_uname],
};

/// Names without "at" exist on x86-64 alone.
const RENEWING: Family = Family {
    why: "a renewed certificate and its key, on the disk before they are used; their end",
    #[cfg(target_arch = "x86_64")]
    calls: calls![SYS_fsync SYS_unlink SYS_unlinkat],
    #[cfg(not(target_arch = "x86_64"))]
    calls: calls![SYS_fsync SYS_unlinkat],
};

/// getaddrinfo(3) asks two questions with one call.
const QUESTIONS: Judged = Judged {
    call: call!(SYS_sendmmsg),
    why: WHY_SENDING,
    when: &[&[masked(3, libc::MSG_FASTOPEN, 0)]],
};

const SOCKETS: Judged = Judged {
    call: call!(SYS_socket),
    why: "TCP to the collector, whose port Landlock holds; UDP to ask for its address; the \
          machine's own resolver; no other protocol such as MPTCP, which Landlock does not hold",
    when: &[
        &tcp(libc::AF_INET),
        &tcp(libc::AF_INET6),
        &udp(libc::AF_INET),
        &udp(libc::AF_INET6),
        &stream(libc::AF_UNIX),
    ],
};

const PAIR: Judged = Judged {
    call: call!(SYS_socketpair),
    why: "a pair of its own, by which the runtime would wake itself",
    when: &[&stream(libc::AF_UNIX)],
};

/// getaddrinfo(3) looks which addresses the machine has, and takes every family if it cannot.
const NETLINK: Answered = Answered {
    call: call!(SYS_socket),
    why: "getaddrinfo(3) asks which addresses the machine has, and does without",
    when: &[equal(0, libc::AF_NETLINK)],
    errno: libc::EAFNOSUPPORT,
};
