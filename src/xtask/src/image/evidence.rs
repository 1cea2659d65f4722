//! What lies beside an image: its root as a folder for the static gate, what its till must say of
//! itself, its bill of materials, and the figures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::Recipe;
use super::keys::Keys;
use super::tools::{Tools, cannot_make, succeed};
use crate::say;

/// Leaves it all in `target/image`.
///
/// # Errors
/// What could not be made.
pub fn leave(order: &Recipe, tools: &Tools, keys: &Keys) -> Result<(), String> {
    let out = order.folder.join("out");
    let root_image = named(&out, &format!("{}.root_", order.name()))?;
    let root = order.folder.join("root");
    if root.exists() {
        fs::remove_dir_all(&root).map_err(|error| cannot_make(&root, &error.to_string()))?;
    }
    let mut extract = tools.command(&order.workspace, "fsck.erofs");
    extract
        .arg(format!("--extract={}", root.display()))
        .args(["--preserve", "--xattrs", "--force"])
        .arg(&root_image)
        .stdout(Stdio::null());
    succeed(
        &mut extract,
        "The root file system could not be laid out as a folder",
    )?;
    super::bill::write(order, &root)?;
    let uki = out.join(format!("{}.efi", order.name()));
    let beside = order.folder.join("root.efi");
    fs::copy(&uki, &beside).map_err(|error| cannot_make(&beside, &error.to_string()))?;
    let reference = order
        .folder
        .join(format!("{}.reference.json", order.name()));
    let mut measure = tools.command(&order.workspace, "python3");
    measure
        .arg(order.workspace.root.join("packaging/image/reference.py"))
        .arg(&uki)
        .arg(&order.version)
        .arg(order.rollback_index.to_string())
        .arg(&reference);
    succeed(
        &mut measure,
        "What a till must say of itself could not be worked out",
    )?;
    figures(order, keys, &root, &reference)
}

/// The one file whose name begins so.
pub fn named(folder: &Path, begin: &str) -> Result<PathBuf, String> {
    let found: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|error| format!("{} cannot be read: {error}.", folder.display()))?
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(begin))
        .map(|entry| entry.path())
        .collect();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        _ => Err(format!(
            "{} has {} files {begin}..., and not one. Empty it and build again.",
            folder.display(),
            found.len()
        )),
    }
}

fn figures(order: &Recipe, keys: &Keys, root: &Path, reference: &Path) -> Result<(), String> {
    let out = order.folder.join("out");
    let image = out.join(format!("{}.raw", order.name()));
    let size = |path: &Path| fs::metadata(path).map_or(0, |found| found.len() / (1 << 20));
    let packages = fs::read_to_string(out.join("packages.tsv")).map_or(0, |t| t.lines().count());
    say::heading("The image");
    for (what, value) in [
        ("disk", format!("{}, {} MiB", image.display(), size(&image))),
        ("root as a folder", root.display().to_string()),
        (
            "kernel image",
            format!("{} MiB", size(&out.join(format!("{}.efi", order.name())))),
        ),
        ("Debian packages", packages.to_string()),
        ("reference values", reference.display().to_string()),
        (
            "update, unsigned",
            super::release::folder(order).display().to_string(),
        ),
        ("builder's keys", keys.folder().display().to_string()),
    ] {
        say::note(&format!("{what:20} {value}"));
    }
    Ok(())
}
