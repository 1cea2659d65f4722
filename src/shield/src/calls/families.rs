//! Calls that more than one program of the till makes, by what they are for.

use super::{Answered, Argument, Family, Is, Judged, call, calls};

/// A number of `libc` as the kernel compares it.
#[expect(
    clippy::cast_sign_loss,
    reason = "flags and commands are bits: the kernel reads them without a sign"
)]
pub(super) const fn bits(number: i32) -> u32 {
    number as u32
}

/// Argument `index` is that number.
pub(super) const fn equal(index: u8, value: i32) -> Argument {
    Argument {
        index,
        is: Is::Equal(bits(value)),
    }
}

/// Of argument `index`, the bits of `mask` are as in `value`.
pub(super) const fn masked(index: u8, mask: i32, value: i32) -> Argument {
    Argument {
        index,
        is: Is::Masked {
            mask: bits(mask),
            value: bits(value),
        },
    }
}

/// Memory, without a way to make it run.
pub(super) const MEMORY: Family = Family {
    why: "memory of its own: taking, growing, giving back",
    calls: calls![SYS_brk SYS_munmap SYS_mremap SYS_madvise],
};

/// The end, signals to oneself.
pub(super) const LIFE: Family = Family {
    why: "its threads' own affairs and its end",
    calls: calls![
        SYS_exit SYS_exit_group SYS_futex SYS_getpid SYS_gettid SYS_restart_syscall SYS_rseq
        SYS_rt_sigaction SYS_rt_sigprocmask SYS_rt_sigreturn SYS_sched_getaffinity SYS_sched_yield
        SYS_set_robust_list SYS_sigaltstack
    ],
};

/// Time and chance.
pub(super) const TIME: Family = Family {
    why: "the clock, waiting, random bytes",
    calls: calls![
        SYS_clock_getres SYS_clock_gettime SYS_clock_nanosleep SYS_getrandom SYS_gettimeofday
        SYS_nanosleep
    ],
};

/// Descriptors that are open, and files by name where Landlock lets them be opened.
pub(super) const READING: Family = Family {
    why: "reading files, where Landlock allows it; the socket to the till; the log",
    calls: calls![
        SYS_close SYS_dup SYS_fstat SYS_getdents64 SYS_lseek SYS_newfstatat SYS_openat SYS_pread64
        SYS_read SYS_readv SYS_statx SYS_write SYS_writev
    ],
};

/// Replacing a file whole. On other machines than x86-64 the C library asks for renameat, which has
/// this number in the kernel's generic table and no constant in `libc`.
pub(super) const RENAMING: Family = Family {
    why: "replacing a file whole",
    #[cfg(target_arch = "x86_64")]
    calls: calls![SYS_rename SYS_renameat SYS_renameat2],
    #[cfg(not(target_arch = "x86_64"))]
    calls: &[
        super::Call {
            symbol: "SYS_renameat",
            number: 38,
        },
        call!(SYS_renameat2),
    ],
};

/// Waiting for several descriptors. Older names exist on x86-64 alone.
pub(super) const WAITING: Family = Family {
    why: "waiting for sockets",
    #[cfg(target_arch = "x86_64")]
    calls: calls![SYS_poll SYS_ppoll SYS_pselect6 SYS_select],
    #[cfg(not(target_arch = "x86_64"))]
    calls: calls![SYS_ppoll SYS_pselect6],
};

/// Sockets that exist already, or that [`Judged`] allowed to be made. None may listen: there is no
/// bind, listen or accept.
pub(super) const TALKING: Family = Family {
    why: "talking over sockets that it may have; none may listen",
    calls: calls![
        SYS_connect SYS_getpeername SYS_getsockname SYS_getsockopt SYS_recvfrom SYS_recvmsg
        SYS_setsockopt SYS_shutdown
    ],
};

/// Calls that every program needs and that could be turned to something else.
pub(super) const CAREFUL: &[Judged] = &[
    Judged {
        call: call!(SYS_mmap),
        why: "memory and files in memory; code comes only from a file that cannot be written \
              through the mapping, as when a library is loaded",
        when: &[
            &[masked(2, libc::PROT_EXEC, 0)],
            &[
                equal(2, libc::PROT_READ | libc::PROT_EXEC),
                masked(
                    3,
                    libc::MAP_ANONYMOUS | libc::MAP_SHARED | libc::MAP_PRIVATE,
                    libc::MAP_PRIVATE,
                ),
            ],
        ],
    },
    Judged {
        call: call!(SYS_sendto),
        why: WHY_SENDING,
        when: &[&[masked(3, libc::MSG_FASTOPEN, 0)]],
    },
    Judged {
        call: call!(SYS_sendmsg),
        why: WHY_SENDING,
        when: &[&[masked(2, libc::MSG_FASTOPEN, 0)]],
    },
    Judged {
        call: call!(SYS_mprotect),
        why: "guarding stacks; memory that was written never becomes code",
        when: &[&[masked(2, libc::PROT_EXEC, 0)]],
    },
    Judged {
        call: call!(SYS_clone),
        why: "threads; never a process, so no copy of its memory",
        when: &[&[masked(
            0,
            libc::CLONE_THREAD | libc::CLONE_VM | libc::CLONE_SIGHAND,
            libc::CLONE_THREAD | libc::CLONE_VM | libc::CLONE_SIGHAND,
        )]],
    },
    Judged {
        call: call!(SYS_prctl),
        why: "names for its threads and its memory; nothing is switched back on",
        when: &[
            &[equal(0, libc::PR_SET_NAME)],
            &[equal(0, libc::PR_SET_VMA)],
        ],
    },
    Judged {
        call: call!(SYS_prlimit64),
        why: "reading its own limits, to size a thread's stack; none is changed",
        when: &[&[
            equal(0, 0),
            Argument {
                index: 2,
                is: Is::Null,
            },
        ]],
    },
    Judged {
        call: call!(SYS_tgkill),
        why: "a signal to itself, which is how abort(3) ends; to nobody else",
        when: &[&[Argument {
            index: 0,
            is: Is::OwnProcess,
        }]],
    },
    Judged {
        call: call!(SYS_fcntl),
        why: "flags and copies of its own descriptors",
        when: &[
            &[equal(1, libc::F_GETFD)],
            &[equal(1, libc::F_SETFD)],
            &[equal(1, libc::F_GETFL)],
            &[equal(1, libc::F_SETFL)],
            &[equal(1, libc::F_DUPFD_CLOEXEC)],
        ],
    },
    Judged {
        call: call!(SYS_ioctl),
        why: "sockets that do not block, how much waits in one, and whether the log is a terminal",
        when: &[
            &[ioctl(libc::FIONBIO)],
            &[ioctl(libc::FIONREAD)],
            &[ioctl(libc::TCGETS)],
        ],
    },
];

/// Why sending is judged. TCP that connects as it sends (tcp(7), "MSG_FASTOPEN") passes Landlock's
/// ports by: on Linux 6.18 the kernel does not ask it then.
pub(super) const WHY_SENDING: &str =
    "sending; never connecting on the way, which would pass by Landlock";

/// The command of ioctl(2) is argument 1.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the kernel takes the command as an unsigned int"
)]
const fn ioctl(command: libc::Ioctl) -> Argument {
    Argument {
        index: 1,
        is: Is::Equal(command as u32),
    }
}

/// What the C library asks for first and does without.
pub(super) const FALLBACKS: &[Answered] = &[Answered {
    call: call!(SYS_clone3),
    why: "its flags lie in memory, where no filter can read them; the C library then takes clone",
    when: &[],
    errno: libc::ENOSYS,
}];

/// A socket of that family, of a kind that is a stream.
pub(super) const fn stream(family: i32) -> [Argument; 2] {
    [equal(0, family), masked(1, KIND, libc::SOCK_STREAM)]
}

/// A stream of that family of addresses, by its own protocol. Another one, such as MPTCP (262), would
/// pass Landlock's ports by: they are TCP's alone.
pub(super) const fn tcp(family: i32) -> [Argument; 3] {
    let [family, kind] = stream(family);
    [family, kind, equal(2, OWN_PROTOCOL)]
}

/// Datagrams of that family of addresses, by its own protocol: UDP, and no ping.
pub(super) const fn udp(family: i32) -> [Argument; 3] {
    let [family, kind] = datagram(family);
    [family, kind, equal(2, OWN_PROTOCOL)]
}

/// What socket(2) is asked for to have a kind's usual protocol.
const OWN_PROTOCOL: i32 = 0;

/// A socket of that family, of a kind that is datagrams.
const fn datagram(family: i32) -> [Argument; 2] {
    [equal(0, family), masked(1, KIND, libc::SOCK_DGRAM)]
}

/// The bits of socket(2)'s second argument that say the kind (SOCK_TYPE_MASK); the others are
/// SOCK_CLOEXEC and SOCK_NONBLOCK.
const KIND: i32 = 0xF;
