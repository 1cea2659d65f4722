//! What a process keeps; the rest goes.

use std::path::PathBuf;

use crate::calls::Calls;

/// What a process keeps when it locks itself down.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which program: `till`, `lane` or `uplink`.
    pub process: &'static str,
    /// Whether it refuses to run with less than everything.
    pub production: bool,
    /// Files and folders that it reads, with all below them. What is not there is left out.
    pub read: Vec<PathBuf>,
    /// Files and folders that it reads and writes, with all below them; devices too. What is not
    /// there is left out.
    pub write: Vec<PathBuf>,
    /// Programs and folders of programs that it starts. What is not there is left out.
    pub execute: Vec<PathBuf>,
    /// TCP ports that it connects to. It listens on none.
    pub tcp_connect: Vec<u16>,
    /// Whether it sends no signal to a process that is not under the same limits, and connects to
    /// no abstract Unix socket of one (Landlock's scopes). A till is not alone: it ends a lane that
    /// hangs, and a display may listen on such a socket.
    pub alone: bool,
    /// What becomes of its memory.
    pub memory: Memory,
    /// What it may ask of the kernel.
    pub calls: &'static Calls,
}

/// What becomes of a process's memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Memory {
    /// It is locked: what it has and what it will take is never written to swap.
    Locked {
        /// KiB that it may take later, stacks of threads with it. Where less may be locked nothing
        /// is, for a process that is refused memory ends.
        room_kib: u64,
    },
    /// It is locked where that is allowed, and need not be.
    LockedIfAllowed {
        /// KiB that it may take later.
        room_kib: u64,
        /// Why it need not be: a sentence.
        why: &'static str,
    },
    /// It need not be, because of this: a sentence.
    NotNeeded(&'static str),
}
