//! What durability costs: the journal's own bench, run as a program of its own.

use std::process::Command;

use super::Table;
use crate::cargo::{Profile, Workspace};

/// Figures of one run that are printed, at most.
const MAX_FIGURES: usize = 32;

/// Runs `journal/benches/commits.rs` on the disk that the build lies on.
///
/// # Errors
/// What could not be measured.
pub fn measure(workspace: &Workspace, profile: Profile, table: &mut Table) -> Result<(), String> {
    let profile = match profile {
        Profile::Dev => "dev",
        Profile::Release => "release",
    };
    let ran = Command::new(env!("CARGO"))
        .args(["bench", "--profile", profile])
        .args(["--package", "sealpoint-journal", "--bench", "commits"])
        .env("SEALPOINT_BENCH_DISK", &workspace.target)
        .output()
        .map_err(|error| format!("The journal's bench does not start ({error})."))?;
    if !ran.status.success() {
        let why = String::from_utf8_lossy(&ran.stderr);
        return Err(format!("The journal's bench failed: {why}"));
    }
    let said = String::from_utf8_lossy(&ran.stdout);
    for line in said.lines().take(MAX_FIGURES) {
        let mut parts = line.split('\t');
        if let (Some(name), Some(figure), Some(unit)) = (parts.next(), parts.next(), parts.next()) {
            table.row(
                &format!("journal: {name}"),
                format!("{figure} {unit}").trim_end(),
            );
        }
    }
    Ok(())
}
