//! The image's list of parts: its packages, its programs, the crates in them.

use std::fs;
use std::path::{Path, PathBuf};

use super::Recipe;
use super::tools::cannot_make;
use crate::sbom;

/// Where our programs lie in the image.
const FOLDERS: &[&str] = &["usr/lib/sealpoint", "usr/bin"];
/// Programs of ours among Debian's.
const AMONG_OTHERS: &[&str] = &["tillctl"];

/// Writes `root.cdx.json`, beside the root as a folder, and lays mkosi's own list beside it, by
/// which the tests check the first.
///
/// # Errors
/// What is missing.
pub fn write(order: &Recipe, root: &Path) -> Result<PathBuf, String> {
    let out = order.folder.join("out");
    let mut packages = vec![out.join("packages.tsv")];
    // The first stage is an image of its own, with packages of its own.
    packages.extend(Some(out.join("initrd.manifest")).filter(|list| list.exists()));
    let bill = root.with_extension("cdx.json");
    sbom::write(
        &order.workspace,
        &sbom::Arguments {
            name: "sealpoint-image".to_owned(),
            release: order.version.clone(),
            packages,
            copyright: Some(out.join("copyright")).filter(|folder| folder.is_dir()),
            out: bill.clone(),
            programs: programs(root)?,
        },
    )?;
    let manifest = root.with_extension("manifest");
    fs::copy(out.join(format!("{}.manifest", order.name())), &manifest)
        .map_err(|error| cannot_make(&manifest, &error.to_string()))?;
    Ok(bill)
}

fn programs(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = vec![];
    for folder in FOLDERS {
        let folder = root.join(folder);
        let said = |error| format!("{} cannot be read: {error}.", folder.display());
        let all = folder.ends_with("sealpoint");
        for entry in fs::read_dir(&folder).map_err(said)? {
            let path = entry.map_err(said)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_file() && (all || AMONG_OTHERS.contains(&name.as_ref())) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
