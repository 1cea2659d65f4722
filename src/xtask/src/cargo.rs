//! Cargo, as this workspace uses it.

use std::collections::BTreeSet;
use std::env;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::{progress, say};

/// The packages whose programs make up a running till and its surroundings.
const PROGRAMS: &[&str] = &[
    "sealpoint-terminal",
    "sealpoint-lane",
    "sealpoint-sync",
    "sealpoint-collector",
    "sealpoint-hostsim",
    "sealpoint-cardsim",
];

/// Where the workspace is and where it builds.
#[derive(Clone)]
pub struct Workspace {
    /// The folder with the workspace's Cargo.toml.
    pub root: PathBuf,
    /// Cargo's target folder.
    pub target: PathBuf,
}

/// How programs are built.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// As tests are: one cold build serves both.
    Dev,
    /// As shipped.
    Release,
}

impl Workspace {
    /// Asks Cargo.
    ///
    /// # Errors
    /// If Cargo does not answer.
    pub fn find() -> Result<Self, String> {
        // Cargo says at run time where the package lies; what was compiled in may have moved.
        let here = std::env::var_os("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let said = cargo()
            .args(["metadata", "--no-deps", "--format-version=1"])
            .current_dir(here)
            .output()
            .ok()
            .filter(|said| said.status.success())
            .and_then(|said| serde_json::from_slice::<Value>(&said.stdout).ok());
        let folder = |key: &str| {
            let path = said.as_ref().and_then(|value| value.get(key)?.as_str());
            path.map(PathBuf::from).ok_or_else(|| {
                "Cargo does not say where the workspace is. Run this inside the clone.".to_owned()
            })
        };
        Ok(Self {
            root: folder("workspace_root")?,
            target: folder("target_directory")?,
        })
    }

    /// Cargo in the workspace's folder.
    pub fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root);
        command
    }

    /// Where the programs of a profile lie.
    pub fn programs(&self, profile: Profile) -> PathBuf {
        self.target.join(match profile {
            Profile::Dev => "debug",
            Profile::Release => "release",
        })
    }

    /// Builds the till and everything around it.
    ///
    /// # Errors
    /// If it does not build.
    pub fn build_programs(&self, profile: Profile) -> Result<PathBuf, String> {
        say::heading("Building the till and everything around it");
        say::note("The first time this takes several minutes; Slint and SQLCipher are large.");
        let mut command = self.cargo();
        command.args(["build", "--bins", progress::TELL]);
        for package in PROGRAMS {
            command.args(["--package", package]);
        }
        if profile == Profile::Release {
            command.arg("--release");
        }
        let ended = progress::run(&mut command, "building", self.crates(PROGRAMS))?;
        if !ended.ok {
            return Err(
                "The build failed; Cargo says why above. Mend it and try again.".to_owned(),
            );
        }
        Ok(self.programs(profile))
    }

    /// About how many crates a build of these packages takes, of the workspace if none are named.
    pub fn crates(&self, packages: &[&str]) -> Option<usize> {
        let mut command = self.cargo();
        command.args(["tree", "--prefix=none", "--format={p}"]);
        if packages.is_empty() {
            command.args(["--workspace", "--edges=normal,build,dev"]);
        } else {
            command.arg("--edges=normal,build");
        }
        for package in packages {
            command.args(["--package", package]);
        }
        let said = command.output().ok().filter(|said| said.status.success())?;
        let text = String::from_utf8_lossy(&said.stdout);
        let crates: BTreeSet<&str> = text
            .lines()
            .map(|line| line.trim_end_matches(" (*)"))
            .filter(|line| !line.is_empty())
            .collect();
        Some(crates.len())
    }
}

fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
