//! End to end: what a cashier, an auditor or an attacker would see, and the
//! rules of the house that can be checked by reading it.
//!
//! The tests are the files in `tests/` beside this folder. Here is what more than one of them needs
//! to find programs and to run them.

pub mod built;
pub mod child;
