//! `tillctl keys`.

use std::ffi::OsString;

use crate::{exit::Exit, fault::Fault};

/// Runs the command with the arguments behind its name.
pub fn run(_arguments: &[OsString]) -> Result<Exit, Fault> {
    Err(Fault::misused("There is no command keys yet."))
}
