//! The card process.

use super::{
    Calls, Family, Judged, Otherwise, call, calls,
    families::{
        CAREFUL, FALLBACKS, LIFE, MEMORY, READING, RENAMING, TALKING, TIME, WAITING, stream,
    },
};

/// What `lane` may ask of the kernel: no network, no process, no program.
pub static LANE: Calls = Calls {
    families: &[
        LIFE, MEMORY, TIME, READING, RENAMING, KEEPING, WAITING, TALKING,
    ],
    judged: &[CAREFUL, &[UNIX_SOCKET]],
    answered: FALLBACKS,
    otherwise: Otherwise::End,
};

/// The key store replaces files whole, and one lane has it at a time. Names without "at" exist on
/// x86-64 alone.
const KEEPING: Family = Family {
    why: "the key store: a counter is on the disk before its key is used",
    #[cfg(target_arch = "x86_64")]
    calls: calls![
        SYS_fdatasync SYS_flock SYS_fsync SYS_ftruncate SYS_linkat SYS_pwrite64 SYS_unlink SYS_unlinkat
    ],
    #[cfg(not(target_arch = "x86_64"))]
    calls: calls![
        SYS_fdatasync SYS_flock SYS_fsync SYS_ftruncate SYS_linkat SYS_pwrite64 SYS_unlinkat
    ],
};

const UNIX_SOCKET: Judged = Judged {
    call: call!(SYS_socket),
    why: "the card service's Unix socket; no other kind of socket can be made",
    when: &[&stream(libc::AF_UNIX)],
};
