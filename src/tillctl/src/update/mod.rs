//! `tillctl update`: the system under a till is replaced whole, and never at a bad moment.
//!
//! | file | what |
//! |---|---|
//! | `args` | the command line |
//! | `places` | where the system has what an update needs |
//! | `make` | signs a release over a folder |
//! | `offer` | a release in a folder: signature, files, whether it fits this image |
//! | `running` | the image that runs |
//! | `till` | whether the till lets itself be updated or restarted now |
//! | `spool` | a copy that nobody else can change, hashed while it is made |
//! | `install` | systemd-sysupdate writes it into the free slot |
//! | `restart` | the till ends, has its last word, and the machine starts again |
//! | `memory` | what was installed, what did not come up |
//! | `turn` | one turn of the service: take, install, restart, or wait |
//! | `healthy` | whether a new image came up, and what follows |
//! | `refused` | why an update is not taken, a sentence and an exit code each |
//! | `report` | what people and programs are told |

mod args;
mod healthy;
mod install;
mod kernels;
mod make;
mod memory;
mod offer;
mod places;
mod refused;
mod report;
mod restart;
mod running;
mod spool;
mod till;
mod turn;

use std::ffi::OsString;

use crate::{exit::Exit, fault::Fault, tell};
use args::{Command, USAGE};
use report::Report;

/// Runs `update` with the arguments behind it.
pub fn run(arguments: &[OsString]) -> Result<Exit, Fault> {
    let Some(asked) = args::parse(arguments.iter().cloned())? else {
        return Ok(tell(USAGE, Exit::Approved));
    };
    let done = match &asked.command {
        Command::Make(wanted) => make::release(wanted),
        Command::Check(folder) => turn::check(&asked.places, folder),
        Command::Apply(folder) => turn::apply(&asked.places, folder),
        Command::Run(rest) => turn::take(&asked.places, *rest),
        Command::Healthy(within) => healthy::wait(&asked.places, *within),
        Command::Blessed => healthy::blessed(&asked.places),
        Command::Show => turn::show(&asked.places),
    };
    Ok(match done {
        Ok(report) => tell(&report.text(asked.json), Exit::Approved),
        Err(fault) => fault.tell(asked.json.then_some(report::VERSION)),
    })
}

/// What a command gives.
type Done = Result<Report, Fault>;
