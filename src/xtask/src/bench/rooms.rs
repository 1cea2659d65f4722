//! What rooms measure by themselves: benches of their own, run as programs of their own. Each prints
//! lines of `name<TAB>figure<TAB>unit`.

use std::path::Path;
use std::process::Command;

use super::Table;
use crate::cargo::{Profile, Workspace};

/// Figures of one run that are printed, at most.
const MAX_FIGURES: usize = 32;

/// A room's bench.
pub struct Bench {
    /// The room, as the table says it.
    room: &'static str,
    package: &'static str,
    name: &'static str,
}

/// What durability costs: `journal/benches/commits.rs`.
pub const COMMITS: Bench = Bench {
    room: "journal",
    package: "sealpoint-journal",
    name: "commits",
};
/// The queue that an outage left behind: `collector/benches/drain.rs`.
pub const DRAIN: Bench = Bench {
    room: "uplink and collector",
    package: "sealpoint-collector",
    name: "drain",
};
/// What the collector's stores take: `collector/benches/store.rs`.
pub const STORE: Bench = Bench {
    room: "collector's store",
    package: "sealpoint-collector",
    name: "store",
};

/// Runs a bench on the disk that the build lies on.
///
/// # Errors
/// What could not be measured.
pub fn measure(
    bench: &Bench,
    workspace: &Workspace,
    profile: Profile,
    table: &mut Table,
) -> Result<(), String> {
    let said = run(
        bench,
        workspace,
        profile,
        "SEALPOINT_BENCH_DISK",
        &workspace.target,
    )?;
    for line in said.lines().take(MAX_FIGURES) {
        let mut parts = line.split('\t');
        if let (Some(name), Some(figure), Some(unit)) = (parts.next(), parts.next(), parts.next()) {
            table.row(
                &format!("{}: {name}", bench.room),
                format!("{figure} {unit}").trim_end(),
            );
        }
    }
    Ok(())
}

/// Runs a bench that is told a folder by `variable`; what it said.
///
/// # Errors
/// What did not work.
pub fn run(
    bench: &Bench,
    workspace: &Workspace,
    profile: Profile,
    variable: &str,
    folder: &Path,
) -> Result<String, String> {
    let profile = match profile {
        Profile::Dev => "dev",
        Profile::Release => "release",
    };
    let Bench { package, name, .. } = bench;
    let ran = Command::new(env!("CARGO"))
        .args(["bench", "--profile", profile])
        .args(["--package", package, "--bench", name])
        .current_dir(&workspace.root)
        .env(variable, folder)
        .output()
        .map_err(|error| format!("The bench {name} of {package} does not start ({error})."))?;
    if !ran.status.success() {
        let why = String::from_utf8_lossy(&ran.stderr);
        return Err(format!("The bench {name} of {package} failed: {why}"));
    }
    Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
}
