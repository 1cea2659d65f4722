//! What the kernel answers to every call, asked of the programs as the kernel would run them.

use std::collections::BTreeSet;

use seccompiler::BpfProgram;

use super::{Call, Calls, LANE, Otherwise, TILL, TILL_KMS, UPLINK};

/// Numbers that are tried; this machine's newest call has a smaller one, and the old 32-bit ways of
/// calling have larger ones.
const NUMBERS: u32 = 1_024;
/// The process that the filters are made for.
const OWN: u32 = 4_711;
/// What x32 adds to the number of a call (syscalls(2)).
const X32: u32 = 0x4000_0000;

/// What the kernel does with a call, from the softest to the hardest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Answer {
    Allow,
    Fail(u32),
    End,
}

/// AUDIT_ARCH of the machine that this was built for, and of its 32-bit predecessor.
#[cfg(target_arch = "x86_64")]
const MACHINES: [u32; 2] = [0xC000_003E, 0x4000_0003];
/// AUDIT_ARCH of the machine that this was built for, and of its 32-bit predecessor.
#[cfg(target_arch = "aarch64")]
const MACHINES: [u32; 2] = [0xC000_00B7, 0x4000_0028];

/// Asks every program and takes the hardest answer, as the kernel does.
fn ask_on(machine: u32, calls: &Calls, number: u32, arguments: [u64; 6]) -> Answer {
    let programs = calls.programs(OWN).expect("the list makes programs");
    let answers = programs
        .iter()
        .map(|program| run(program, machine, number, arguments));
    answers.max().expect("a program")
}

fn ask(calls: &Calls, call: Call, arguments: [u64; 6]) -> Answer {
    let number = u32::try_from(call.number()).expect("a number");
    ask_on(MACHINES[0], calls, number, arguments)
}

/// Runs one program (classic BPF as in seccomp(2): loads, jumps, returns; and the one "and" of a
/// masked comparison) over struct seccomp_data.
fn run(program: &BpfProgram, machine: u32, number: u32, arguments: [u64; 6]) -> Answer {
    let mut data = Vec::new();
    data.extend(number.to_le_bytes());
    data.extend(machine.to_le_bytes());
    data.extend([0; 8]);
    for argument in arguments {
        data.extend(argument.to_le_bytes());
    }
    let (mut at, mut held) = (0, 0_u32);
    loop {
        let step = &program[at];
        let jump = |taken: bool| usize::from(if taken { step.jt } else { step.jf });
        at += 1;
        match step.code {
            0x20 => {
                let from = usize::try_from(step.k).expect("an offset");
                let word = data[from..from + 4].try_into().expect("four bytes");
                held = u32::from_le_bytes(word);
            }
            0x54 => held &= step.k,
            0x05 => at += usize::try_from(step.k).expect("a jump"),
            0x15 => at += jump(held == step.k),
            0x25 => at += jump(held > step.k),
            0x35 => at += jump(held >= step.k),
            0x06 => {
                return match step.k & 0xFFFF_0000 {
                    0x7FFF_0000 => Answer::Allow,
                    0x0005_0000 => Answer::Fail(step.k & 0xFFFF),
                    0x8000_0000 => Answer::End,
                    other => panic!("no list gives {other:X}"),
                };
            }
            other => panic!("no program has {other:X}"),
        }
    }
}

fn otherwise(calls: &Calls) -> Answer {
    match calls.otherwise {
        Otherwise::End => Answer::End,
        Otherwise::Fail(errno) => Answer::Fail(errno.unsigned_abs()),
    }
}

/// Every program's list, with its name.
fn lists() -> [(&'static str, &'static Calls); 4] {
    [
        ("lane", &LANE),
        ("uplink", &UPLINK),
        ("till", &TILL),
        ("till-kms", &TILL_KMS),
    ]
}

#[test]
fn every_number_that_is_not_on_a_list_is_refused() {
    for (name, list) in lists() {
        let known: BTreeSet<i64> = list
            .free()
            .chain(list.judged().map(|judged| judged.call))
            .chain(list.answered.iter().map(|answered| answered.call))
            .map(|call| call.number())
            .collect();
        for number in (0..NUMBERS).filter(|number| !known.contains(&i64::from(*number))) {
            // Whatever the arguments are.
            for argument in [0, 1, u64::MAX] {
                let answer = ask_on(MACHINES[0], list, number, [argument; 6]);
                assert_eq!(answer, otherwise(list), "{name}: call {number}");
            }
        }
        for call in list.free() {
            let answer = ask(list, call, [u64::MAX; 6]);
            assert_eq!(answer, Answer::Allow, "{name}: {}", call.name());
        }
    }
}

#[test]
fn nothing_starts_a_program_reads_another_process_or_changes_the_machine() {
    const FORBIDDEN: &[Call] = calls![
        SYS_execve SYS_execveat SYS_ptrace SYS_process_vm_readv SYS_process_vm_writev SYS_kcmp
        SYS_pidfd_open SYS_pidfd_getfd SYS_setns SYS_unshare SYS_mount SYS_umount2 SYS_pivot_root
        SYS_chroot SYS_bpf SYS_perf_event_open SYS_userfaultfd SYS_io_uring_setup
        SYS_io_uring_enter SYS_io_uring_register SYS_init_module SYS_finit_module SYS_kexec_load
        SYS_reboot SYS_swapon SYS_setuid SYS_setgid SYS_setresuid SYS_setgroups SYS_capset
        SYS_keyctl SYS_add_key SYS_request_key SYS_listen SYS_accept SYS_accept4
        SYS_munlockall SYS_seccomp SYS_personality SYS_pkey_mprotect SYS_shmat SYS_msgrcv
        SYS_open_by_handle_at SYS_settimeofday SYS_clock_settime SYS_sethostname SYS_quotactl
        SYS_syslog SYS_acct SYS_setrlimit SYS_remap_file_pages SYS_migrate_pages SYS_move_pages
        SYS_vmsplice SYS_tee SYS_splice SYS_mknodat SYS_symlinkat SYS_setxattr SYS_tkill
        SYS_rt_sigqueueinfo SYS_rt_tgsigqueueinfo SYS_pidfd_send_signal
    ];
    for (name, list) in lists() {
        for call in FORBIDDEN {
            for argument in [0, 1, u64::from(OWN), u64::MAX] {
                let answer = ask(list, *call, [argument; 6]);
                assert_eq!(answer, otherwise(list), "{name}: {}", call.name());
            }
        }
    }
    for list in [&LANE, &UPLINK, &TILL] {
        let answer = ask(list, call!(SYS_bind), [1; 6]);
        assert_eq!(answer, otherwise(list), "none of these hears from udev");
    }
    // Neither of these makes, hides or opens up a file either.
    const CARD_AND_NETWORK: &[Call] = calls![
        SYS_memfd_create SYS_fchmod SYS_fchmodat SYS_fchown SYS_mkdirat SYS_kill SYS_umask
        SYS_munlock SYS_wait4
    ];
    for list in [&LANE, &UPLINK] {
        for call in CARD_AND_NETWORK {
            assert_eq!(ask(list, *call, [1; 6]), Answer::End, "{}", call.name());
        }
    }
    let pair = ask(&LANE, call!(SYS_socketpair), [1; 6]);
    assert_eq!(pair, Answer::End, "a card process has no use for it");
    // It puts a renewed certificate in place, by writing a file anew; it changes none.
    for call in calls![SYS_ftruncate SYS_fdatasync SYS_pwrite64 SYS_flock SYS_linkat] {
        assert_eq!(ask(&UPLINK, *call, [1; 6]), Answer::End, "{}", call.name());
    }
}

/// What socket(2) answers to a family and a kind with both of its flags.
fn socket(list: &Calls, family: i32, kind: i32) -> Answer {
    let family = u64::from(family.unsigned_abs());
    let kind = (kind | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK).unsigned_abs();
    ask(list, call!(SYS_socket), [family, kind.into(), 0, 0, 0, 0])
}

#[test]
fn sockets_are_of_the_families_and_kinds_that_a_list_has() {
    use Answer::{Allow, End, Fail};
    let no_netlink = Fail(libc::EAFNOSUPPORT.unsigned_abs());
    let no = Fail(libc::EPERM.unsigned_abs());
    let raw_packets = libc::AF_PACKET;
    for (family, kind, lane, uplink, till) in [
        (libc::AF_UNIX, libc::SOCK_STREAM, Allow, Allow, Allow),
        (libc::AF_UNIX, libc::SOCK_DGRAM, End, End, no),
        (libc::AF_INET, libc::SOCK_STREAM, End, Allow, no),
        (libc::AF_INET6, libc::SOCK_STREAM, End, Allow, no),
        (libc::AF_INET, libc::SOCK_DGRAM, End, Allow, no),
        (libc::AF_INET6, libc::SOCK_DGRAM, End, Allow, no),
        (libc::AF_INET, libc::SOCK_RAW, End, End, no),
        (libc::AF_INET6, libc::SOCK_RAW, End, End, no),
        (libc::AF_NETLINK, libc::SOCK_RAW, End, no_netlink, no),
        (raw_packets, libc::SOCK_RAW, End, End, no),
        (libc::AF_VSOCK, libc::SOCK_STREAM, End, End, no),
        (libc::AF_BLUETOOTH, libc::SOCK_STREAM, End, End, no),
        (libc::AF_ALG, libc::SOCK_SEQPACKET, End, End, no),
    ] {
        let answers = [&LANE, &UPLINK, &TILL, &TILL_KMS].map(|list| socket(list, family, kind));
        assert_eq!(
            answers,
            [lane, uplink, till, till],
            "family {family}, kind {kind}"
        );
    }
}

#[test]
fn screen_and_input_are_a_tills_that_has_no_compositor() {
    let netlink = |list, protocol: i32| {
        let number = |value: i32| u64::from(value.unsigned_abs());
        let raw = number(libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK);
        let arguments = [number(libc::AF_NETLINK), raw, number(protocol), 0, 0, 0];
        ask(list, call!(SYS_socket), arguments)
    };
    let command = |list, command: u64| ask(list, call!(SYS_ioctl), [5, command, 0, 0, 0, 0]);
    let no = otherwise(&TILL);
    let uevents = libc::NETLINK_KOBJECT_UEVENT;
    assert_eq!(netlink(&TILL_KMS, uevents), Answer::Allow);
    assert_eq!(netlink(&TILL, uevents), no);
    for other in [libc::NETLINK_ROUTE, libc::NETLINK_AUDIT, 12] {
        assert_eq!(netlink(&TILL_KMS, other), no, "netlink {other}");
    }
    for (number, what) in [
        (0xC010_640C, "DRM_IOCTL_GET_CAP"),
        (0xC040_64A0, "DRM_IOCTL_MODE_GETRESOURCES"),
        (0xC018_64B0, "DRM_IOCTL_MODE_PAGE_FLIP"),
        (0xC020_64B2, "DRM_IOCTL_MODE_CREATE_DUMB"),
        (0x8004_4501, "EVIOCGVERSION"),
        (0x8060_4523, "EVIOCGBIT"),
        (0x4004_45A0, "EVIOCSCLOCKID"),
        (0x5421, "FIONBIO"),
    ] {
        assert_eq!(command(&TILL_KMS, number), Answer::Allow, "{what}");
        let device = number != 0x5421;
        assert_eq!(command(&TILL, number) == no, device, "{what}");
    }
    for (number, what) in [
        (0x641E, "DRM_IOCTL_SET_MASTER"),
        (0xC00C_642D, "DRM_IOCTL_PRIME_HANDLE_TO_FD"),
        (0xC010_640B, "DRM_IOCTL_GEM_OPEN"),
        (0xC018_64C6, "DRM_IOCTL_MODE_CREATE_LEASE"),
        (0x4040_6469, "DRM_IOCTL_I915_GEM_EXECBUFFER2"),
        (0xC040_6442, "DRM_IOCTL_VIRTGPU_EXECBUFFER"),
        (0x4004_4590, "EVIOCGRAB"),
        (0x4004_4591, "EVIOCREVOKE"),
        (0x4008_4503, "EVIOCSREP"),
        (0x4028_4504, "EVIOCSKEYCODE_V2"),
        (0x5412, "TIOCSTI"),
        (0x4B45, "KDSKBMODE"),
        (0x5606, "VT_ACTIVATE"),
    ] {
        assert_eq!(command(&TILL_KMS, number), no, "{what}");
    }
}

#[test]
fn no_protocol_and_no_way_of_sending_passes_landlocks_ports_by() {
    const MPTCP: u64 = 262;
    let number = |value: i32| u64::from(value.unsigned_abs());
    let ping = number(libc::IPPROTO_ICMP);
    for family in [libc::AF_INET, libc::AF_INET6] {
        for (kind, protocol) in [
            (libc::SOCK_STREAM, MPTCP),
            (libc::SOCK_STREAM, number(libc::IPPROTO_SCTP)),
            (libc::SOCK_DGRAM, ping),
        ] {
            let arguments = [number(family), number(kind), protocol, 0, 0, 0];
            let answer = ask(&UPLINK, call!(SYS_socket), arguments);
            assert_eq!(answer, Answer::End, "protocol {protocol}");
        }
    }
    let (nosignal, fast) = (number(libc::MSG_NOSIGNAL), number(libc::MSG_FASTOPEN));
    for (name, list) in lists() {
        let sendto = |flags| ask(list, call!(SYS_sendto), [3, 1, 1, flags, 0, 0]);
        let sendmsg = |flags| ask(list, call!(SYS_sendmsg), [3, 1, flags, 0, 0, 0]);
        let sendmmsg = |flags| ask(list, call!(SYS_sendmmsg), [3, 1, 1, flags, 0, 0]);
        assert_eq!(sendto(nosignal), Answer::Allow, "{name}");
        assert_eq!(sendmsg(nosignal), Answer::Allow, "{name}");
        for flags in [fast, fast | nosignal] {
            for answer in [sendto(flags), sendmsg(flags), sendmmsg(flags)] {
                assert_eq!(answer, otherwise(list), "{name}");
            }
        }
    }
    let questions = [3, 1, 2, nosignal, 0, 0];
    assert_eq!(ask(&UPLINK, call!(SYS_sendmmsg), questions), Answer::Allow);
}

#[test]
fn memory_that_was_written_never_becomes_code() {
    let flag = |flags: i32| u64::from(flags.unsigned_abs());
    let (read, write, run) = (
        flag(libc::PROT_READ),
        flag(libc::PROT_WRITE),
        flag(libc::PROT_EXEC),
    );
    let own = flag(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let file = flag(libc::MAP_PRIVATE);
    let shared = flag(libc::MAP_SHARED);
    for (name, list) in lists() {
        let map = |prot, flags| ask(list, call!(SYS_mmap), [0, 4096, prot, flags, 3, 0]);
        let protect = |prot| ask(list, call!(SYS_mprotect), [0, 4096, prot, 0, 0, 0]);
        for allowed in [
            map(read | write, own),
            map(0, own),
            map(read, file),
            map(read | write, shared),
            // A library.
            map(read | run, file),
            map(
                read | run,
                file | flag(libc::MAP_FIXED | libc::MAP_DENYWRITE),
            ),
            protect(0),
            protect(read),
            protect(read | write),
        ] {
            assert_eq!(allowed, Answer::Allow, "{name}");
        }
        for refused in [
            map(run, own),
            map(read | run, own),
            map(read | write | run, own),
            map(read | write | run, file),
            map(write | run, file),
            map(read | run, shared),
            protect(run),
            protect(read | run),
            protect(read | write | run),
        ] {
            assert_eq!(refused, otherwise(list), "{name}");
        }
    }
}

#[test]
fn threads_are_made_and_processes_are_not() {
    let thread = libc::CLONE_VM
        | libc::CLONE_FS
        | libc::CLONE_FILES
        | libc::CLONE_SIGHAND
        | libc::CLONE_THREAD
        | libc::CLONE_SYSVSEM
        | libc::CLONE_SETTLS
        | libc::CLONE_PARENT_SETTID
        | libc::CLONE_CHILD_CLEARTID;
    for (name, list) in lists() {
        let clone = |flags: i32| ask(list, call!(SYS_clone), [flags.unsigned_abs().into(); 6]);
        assert_eq!(clone(thread), Answer::Allow, "{name}");
        // fork(3), vfork(2), posix_spawn(3).
        for flags in [
            libc::SIGCHLD | libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID,
            libc::SIGCHLD | libc::CLONE_VM | libc::CLONE_VFORK,
            0,
        ] {
            assert_eq!(clone(flags), otherwise(list), "{name}: {flags:X}");
        }
        let unread = Answer::Fail(libc::ENOSYS.unsigned_abs());
        assert_eq!(ask(list, call!(SYS_clone3), [1; 6]), unread, "{name}");
        #[cfg(target_arch = "x86_64")]
        for call in calls![SYS_fork SYS_vfork] {
            assert_eq!(ask(list, *call, [0; 6]), otherwise(list), "{name}");
        }
    }
}

#[test]
fn signals_go_to_oneself_and_limits_are_only_read() {
    for (name, list) in lists() {
        let signal = |to: u32| ask(list, call!(SYS_tgkill), [to.into(), 1, 6, 0, 0, 0]);
        assert_eq!(signal(OWN), Answer::Allow, "{name}");
        for other in [1, OWN + 1, 0] {
            assert_eq!(signal(other), otherwise(list), "{name}: {other}");
        }
        let limit = |of: u64, new| ask(list, call!(SYS_prlimit64), [of, 3, new, 8, 0, 0]);
        assert_eq!(limit(0, 0), Answer::Allow, "{name}");
        assert_eq!(limit(0, 0x7FFF_0000_0000), otherwise(list), "{name}");
        assert_eq!(limit(0, 8), otherwise(list), "{name}");
        assert_eq!(limit(1, 0), otherwise(list), "{name}");
        let setting = |option: i32| ask(list, call!(SYS_prctl), [option.unsigned_abs().into(); 6]);
        assert_eq!(setting(libc::PR_SET_NAME), Answer::Allow, "{name}");
        for option in [
            libc::PR_SET_DUMPABLE,
            libc::PR_SET_PTRACER,
            libc::PR_SET_SECCOMP,
            libc::PR_SET_SECUREBITS,
            libc::PR_CAP_AMBIENT,
            libc::PR_SET_MM,
        ] {
            assert_eq!(setting(option), otherwise(list), "{name}: {option}");
        }
    }
}

#[test]
fn other_ways_into_the_kernel_are_closed() {
    for (name, list) in lists() {
        for number in 0..NUMBERS {
            // A 32-bit call has other numbers for the same things: it always ends the process.
            let answer = ask_on(MACHINES[1], list, number, [0; 6]);
            assert_eq!(answer, Answer::End, "{name}: {number} of another machine");
            let answer = ask_on(MACHINES[0], list, number | X32, [0; 6]);
            assert_eq!(answer, otherwise(list), "{name}: {number} of x32");
        }
    }
}

#[test]
fn the_page_on_hardening_names_every_call_and_why() {
    let page = include_str!("../../../../docs/hardening.md");
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for (name, list) in lists() {
        for family in list.families {
            let names: Vec<_> = family
                .calls
                .iter()
                .map(|call| format!("`{}`", call.name()))
                .collect();
            assert!(page.contains(family.why), "{name}: {}", family.why);
            // The page is written for x86-64, which has more names for some things.
            for named in names {
                assert!(page.contains(&named), "{name}: {named} for {}", family.why);
            }
        }
        for judged in list.judged() {
            let row = format!("`{}` | {}", judged.call.name(), judged.why);
            assert!(page.contains(&row), "{name}: {row}");
        }
        for answered in list.answered {
            let row = format!("`{}` | {}", answered.call.name(), answered.why);
            assert!(page.contains(&row), "{name}: {row}");
        }
        let (all, some) = list.count();
        let row = format!("| `{name}` | {all} | {some} |");
        assert!(
            !cfg!(target_arch = "x86_64") || page.contains(&row),
            "{row}"
        );
    }
}
