//! `tillctl clock`: the machine's clock, by the collector's signed time and by nothing else.
//!
//! | file | what |
//! |---|---|
//! | `args` | the command line |
//! | `judgement` | what is done about an offset: pure |
//! | `proof` | whether the collector said it |
//! | `memory` | the last time that was proved, and whether the clock was set since the machine started |
//! | `machine` | the kernel's clock |
//! | `answer` | one connection of the uplink, from its question to the clock |

mod answer;
mod args;
mod judgement;
mod machine;
mod memory;
mod proof;

use std::ffi::OsString;

use crate::{exit::Exit, fault::Fault, tell};
use args::Asked;

/// Runs the command with the arguments behind its name.
pub fn run(arguments: &[OsString]) -> Result<Exit, Fault> {
    Ok(match Asked::parse(arguments)? {
        Asked::Help => tell(args::USAGE, Exit::Approved),
        Asked::Set(wanted) => answer::set(&wanted)?,
        Asked::Floor(folders) => tell(&memory::lift_to_floor(&folders)?, Exit::Approved),
        Asked::Steady => {
            machine::steady()?;
            Exit::Approved
        }
    })
}
