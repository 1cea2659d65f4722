//! Load on a collector: the tests' tills, for as long as one likes.
//!
//! The generator is the tests' own (tests/tests/servers/load.rs), so that what a bench measures is
//! what the tests hold, and no program of ours has to link a TLS client for it.

use clap::Args;

use crate::cargo::{Profile, Workspace};
use crate::packages::{self, Use};
use crate::{say, servers};

/// What `cargo xtask bench load` can be told.
#[derive(Args)]
pub struct Arguments {
    /// Minutes of load on each store; without it, some seconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: Option<u32>,
}

/// Presses a collector on each store; the tests print the figures.
///
/// # Errors
/// What does not build, or a figure that is not as it must be.
pub fn run(arguments: &Arguments, profile: Profile) -> Result<(), String> {
    let workspace = Workspace::find()?;
    packages::ensure(&[Use::Build, Use::Test, Use::Server])?;
    servers::ensure(&workspace)?;
    say::heading("Load on a collector, store by store");
    let build = ["build", "--bins", "--package", "sealpoint-collector"];
    cargo(&workspace, profile, &build, &[], None)?;
    let test = ["test", "--package", "sealpoint-tests", "--test", "servers"];
    let load = ["load::", "--nocapture", "--test-threads=1"];
    cargo(&workspace, profile, &test, &load, arguments.minutes)
}

fn cargo(
    workspace: &Workspace,
    profile: Profile,
    words: &[&str],
    after: &[&str],
    minutes: Option<u32>,
) -> Result<(), String> {
    let mut command = workspace.cargo();
    command.args(words);
    if profile == Profile::Release {
        command.arg("--release");
    }
    if !after.is_empty() {
        command.arg("--").args(after);
    }
    if let Some(minutes) = minutes {
        command.env("SEALPOINT_LOAD", minutes.to_string());
    }
    let ended = command.status();
    if ended.is_ok_and(|ended| ended.success()) {
        Ok(())
    } else {
        Err("The load did not end well; what is said above says why.".to_owned())
    }
}
