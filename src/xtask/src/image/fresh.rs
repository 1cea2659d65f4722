//! Whether the root that lies there was built of what lies here: the tests read it, and building it
//! takes minutes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tools::cannot_make;
use crate::cargo::Workspace;
use crate::sbom;

/// What an image's shape comes from. The programs themselves have tests of their own.
const SOURCES: &[&str] = &[
    "packaging",
    "Cargo.lock",
    "src/xtask/src/deb.rs",
    "src/xtask/src/image",
    "src/xtask/src/sbom",
];
/// Pages are no part of an image.
const PAGES: &str = ".md";

/// Whether the tests need another build of the image.
///
/// # Errors
/// If the sources cannot be read.
pub fn is_stale(workspace: &Workspace) -> Result<bool, String> {
    let root = workspace.target.join("image/root");
    let had = fs::read_to_string(stamp(&root));
    Ok(!root.is_dir() || had.ok() != Some(state(workspace)?))
}

/// Says of a root what it was built of.
///
/// # Errors
/// If it cannot be written beside the root.
pub fn mark(workspace: &Workspace, root: &Path) -> Result<(), String> {
    let path = stamp(root);
    fs::write(&path, state(workspace)?).map_err(|error| cannot_make(&path, &error.to_string()))
}

fn stamp(root: &Path) -> PathBuf {
    root.with_extension("stamp")
}

/// A hash over names and contents.
fn state(workspace: &Workspace) -> Result<String, String> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
            "--",
        ])
        .args(SOURCES)
        .current_dir(&workspace.root)
        .output()
        .map_err(|error| format!("git cannot be started: {error}. Install it."))?;
    if !listed.status.success() {
        return Err(
            "git does not say what lies in packaging/. Run this inside a clone.".to_owned(),
        );
    }
    let mut names: Vec<&[u8]> = listed.stdout.split(|byte| *byte == 0).collect();
    names.sort_unstable();
    names.dedup();
    let mut all = vec![];
    for name in names {
        let name = String::from_utf8_lossy(name);
        if name.is_empty() || name.ends_with(PAGES) {
            continue;
        }
        let path = workspace.root.join(name.as_ref());
        // A link is what it leads to by name; a file that was deleted is not there.
        let content = match fs::read_link(&path) {
            Ok(to) => to.to_string_lossy().into_owned().into_bytes(),
            Err(_) => match fs::read(&path) {
                Ok(bytes) => bytes,
                Err(_) => continue,
            },
        };
        all.extend(format!("{name}\n{}\n", content.len()).into_bytes());
        all.extend(content);
    }
    sbom::sha256(&all)
}
