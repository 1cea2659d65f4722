//! Which system calls a process may make: a list of what is allowed, by name, with arguments where
//! a call could be turned to something else. Everything else ends the process.
//!
//! A list is made of families, so that its reader sees why each call is there, and so that what two
//! programs share stands in one place. docs/hardening.md holds the same words, and a test compares.

use std::collections::BTreeSet;

mod families;
mod filter;
mod lane;
mod till;
mod uplink;

pub use filter::CannotFilter;
pub use lane::LANE;
pub use till::{TILL, TILL_KMS};
pub use uplink::UPLINK;

/// Names system calls by their constants in `libc`, so that a list compiles for one machine and
/// means the same on another: `calls![SYS_read SYS_write]`.
macro_rules! calls {
    ($($symbol:ident)*) => {
        &[$($crate::calls::Call { symbol: stringify!($symbol), number: libc::$symbol }),*]
    };
}
/// One system call by its constant in `libc`.
macro_rules! call {
    ($symbol:ident) => {
        $crate::calls::Call {
            symbol: stringify!($symbol),
            number: libc::$symbol,
        }
    };
}
pub(crate) use {call, calls};

/// A system call of this machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    /// Name of its constant, `SYS_read`.
    pub(crate) symbol: &'static str,
    /// Its number on this machine.
    pub(crate) number: i64,
}

impl Call {
    /// Its name in the manual: `read`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.symbol.strip_prefix("SYS_").unwrap_or(self.symbol)
    }

    /// Its number on this machine.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.number
    }
}

/// Calls that are allowed with any arguments, for one reason.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// What they are for, a few words.
    pub why: &'static str,
    /// They.
    pub calls: &'static [Call],
}

/// A call that is allowed with some arguments only.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// The call.
    pub call: Call,
    /// What it is for, and what it is kept from.
    pub why: &'static str,
    /// It is allowed if every argument of one of these is as written.
    pub when: &'static [&'static [Argument]],
}

/// A call that is refused with an error in place of the end, because libraries ask for it and do
/// without if there is none.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// The call.
    pub call: Call,
    /// Who asks, and what it does without.
    pub why: &'static str,
    /// It is refused if every argument is as written; always if none is.
    pub when: &'static [Argument],
    /// The error, as in errno(3).
    pub errno: i32,
}

/// What one argument of a call must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Argument {
    /// From 0.
    pub index: u8,
    /// What it is compared with.
    pub is: Is,
}

/// What an argument is compared with. All but [`Is::Null`] look at its lower 32 bits, which are all
/// that the kernel takes of an `int` and of these flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Is {
    /// This number.
    Equal(u32),
    /// These bits are as in `value`.
    Masked {
        /// The bits that count.
        mask: u32,
        /// What they are.
        value: u32,
    },
    /// This process's own id.
    OwnProcess,
    /// The null pointer.
    Null,
}

/// What becomes of a call that is not on the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Otherwise {
    /// The process ends at once, by SIGSYS.
    End,
    /// The call fails with this error, as in errno(3).
    Fail(i32),
}

/// What one program may ask of the kernel.
#[derive(Clone, Copy, Debug)]
pub struct Calls {
    /// Allowed with any arguments.
    pub families: &'static [Family],
    /// Allowed with some arguments.
    pub judged: &'static [&'static [Judged]],
    /// Refused with an error.
    pub answered: &'static [Answered],
    /// What becomes of every other.
    pub otherwise: Otherwise,
}

impl Calls {
    /// The calls that are allowed with any arguments.
    pub fn free(&self) -> impl Iterator<Item = Call> {
        self.families
            .iter()
            .flat_map(|family| family.calls.iter().copied())
    }

    /// The calls that are allowed with some arguments.
    pub fn judged(&self) -> impl Iterator<Item = &'static Judged> {
        self.judged.iter().copied().flatten()
    }

    /// How many calls may succeed at all, and how many of them with some arguments only.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        let free: BTreeSet<i64> = self.free().map(|call| call.number).collect();
        let judged: BTreeSet<i64> = self.judged().map(|judged| judged.call.number).collect();
        let judged = judged.difference(&free).count();
        (free.len() + judged, judged)
    }
}

#[cfg(test)]
mod tests;
