//! `tillctl setup`: the keys that a till makes for itself, once.
//!
//! | file | what |
//! |---|---|
//! | `args` | the command line |
//! | `credentials` | which keys, and when none may be made |
//! | `sealing` | `systemd-creds`, which seals them to this machine |

mod args;
mod credentials;
mod sealing;

use std::ffi::OsString;

use crate::{exit::Exit, fault::Fault, tell};
use args::Asked;

/// Runs the command with the arguments behind its name.
pub fn run(arguments: &[OsString]) -> Result<Exit, Fault> {
    match Asked::parse(arguments)? {
        Asked::Help => Ok(tell(args::USAGE, Exit::Approved)),
        Asked::Credentials(wanted) => Ok(tell(&credentials::make_all(&wanted)?, Exit::Approved)),
    }
}
