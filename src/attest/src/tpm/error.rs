//! What can go wrong with a TPM, in words for whoever looks after the till.

use std::io;
use std::path::PathBuf;

use super::Broken;

/// The TPM did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum TpmError {
    /// There is none.
    #[error("This machine has no TPM at {}. Switch it on in the firmware's settings.", .0.display())]
    Absent(PathBuf),
    /// It is there, and cannot be opened.
    #[error("The TPM at {} cannot be opened ({error}). Give this user the group tss.", path.display())]
    Closed {
        /// The device.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// The way to it broke.
    #[error("The TPM does not answer ({0}). Switch the machine off and on.")]
    Link(#[from] io::Error),
    /// It answered something else.
    #[error("The TPM's answer to {command} cannot be read: {broken}. Update its firmware.")]
    Answer {
        /// The command, by its name in Part 3.
        command: &'static str,
        /// What is wrong.
        broken: Broken,
    },
    /// It said no.
    #[error("The TPM refused {command}: {} (0x{code:x}). {}", words(*code).0, words(*code).1)]
    Refused {
        /// The command, by its name in Part 3.
        command: &'static str,
        /// The response code (Part 2, 6.6).
        code: u32,
    },
    /// What was to be sent is too long.
    #[error("The request does not fit a command of the TPM. Send what the collector gave.")]
    Request(#[from] Broken),
}

/// `TPM_RC_HANDLE`: nothing is under this handle.
pub(super) const RC_HANDLE: u32 = 0x08B;
/// `TPM_RC_NV_UNINITIALIZED`: it was made and never written.
pub(super) const RC_NV_UNINITIALISED: u32 = 0x14A;
/// `TPM_RC_RETRY`: the same command is to be given again.
pub(super) const RC_RETRY: u32 = 0x922;

impl TpmError {
    /// Whether it said that nothing is there under the handle that was given.
    #[must_use]
    pub const fn is_no_handle(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if base(*code) == RC_HANDLE)
    }

    /// Whether it said that the index was never written.
    #[must_use]
    pub const fn is_unwritten(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == RC_NV_UNINITIALISED)
    }

    /// Whether there is no TPM at all.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent(_))
    }
}

/// The code without the number of the handle or parameter that it is about (Part 2, 6.6.2).
const fn base(code: u32) -> u32 {
    if code & 0x80 == 0 { code } else { code & 0x0BF }
}

/// What it means, and what to do.
const fn words(code: u32) -> (&'static str, &'static str) {
    match base(code) {
        0x100 => ("it was not started", "Switch the machine off and on."),
        0x101 => ("it has failed", "Have the TPM replaced."),
        0x120 => (
            "it is switched off",
            "Switch it on in the firmware's settings.",
        ),
        0x08E | 0x0A2 => (
            "somebody has set a password for it",
            "Clear the TPM in the firmware's settings.",
        ),
        0x095 | 0x096 | 0x09D | 0x0A3 | 0x09F | 0x0A6 => (
            "what it was given is not for this TPM",
            "Ask the collector for a new challenge.",
        ),
        RC_HANDLE => ("nothing is there", "Set the till up again."),
        RC_NV_UNINITIALISED => ("it was never written", "Set the till up again."),
        0x14B => (
            "it has no room",
            "Remove what is not needed from its memory.",
        ),
        0x902..=0x904 | RC_RETRY => ("it is busy with others", "Try again."),
        0x921 => (
            "it is locked after wrong passwords",
            "Leave the machine on for a day.",
        ),
        _ => ("it says no", "Look its code up in TPM 2.0 Part 2, 6.6."),
    }
}
