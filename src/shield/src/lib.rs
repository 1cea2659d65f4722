//! What a process of the till takes from itself before it begins: variables, descriptors, rights,
//! files, ports, system calls. docs/hardening.md says for each process what it keeps and why.
//!
//! Two steps, with a proof between them: [`clean::begin`] as the first thing in `main`, then
//! [`lock_down`] before the first thread is made.
//!
//! - [`clean`]: an environment and descriptors that nobody else chose.
//! - [`calls`]: the system calls that each program may make.
//! - [`defect`]: a panic ends the process.
//! - [`starter`]: starts the other processes for a till that may start nothing.
//!
//! What is deliberately absent: a way back. And `unsafe`: every call into the kernel goes through
//! `rustix`, `landlock` or `seccompiler`.

pub mod calls;
pub mod clean;
pub mod defect;
mod lock_down;
mod measures;
mod plan;
mod report;
pub mod starter;

pub use lock_down::{Refused, lock_down};
pub use plan::{Memory, Plan};
pub use report::report;

/// Exit code of a program that does not start because it is not protected as production asks.
pub const EXIT_REFUSED: u8 = 3;
