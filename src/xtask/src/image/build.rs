//! From the workspace to an image: the till's package, then mkosi.

use std::fs;
use std::path::PathBuf;

use super::keys::Keys;
use super::tools::{Tools, cannot_make, succeed};
use super::{Display, Recipe};
use crate::cargo::Profile;
use crate::{deb, say};

/// Builds the till's package, where every image of this build takes it from.
///
/// # Errors
/// What failed; the programs' own words are above.
pub fn package(order: &Recipe) -> Result<(), String> {
    deb::make(
        &order.workspace,
        order.programs == Profile::Dev,
        order.display == Display::Kms,
        &order.folder.join("packages"),
    )
}

/// Builds the image around the package.
///
/// # Errors
/// What failed; mkosi's own words are above.
pub fn image(order: &Recipe, tools: &Tools, keys: &Keys) -> Result<(), String> {
    let folder = &order.folder;
    let packages = folder.join("packages");
    remove_parts(order)?;
    say::heading(&format!("The image {}", order.version));
    let extra = extra(order, keys)?;
    let made = |name: &str| -> Result<PathBuf, String> {
        let path = folder.join(name);
        fs::create_dir_all(&path).map_err(|error| cannot_make(&path, &error.to_string()))?;
        Ok(path)
    };
    let definitions = order.workspace.root.join("packaging/image");
    let mut mkosi = tools.command(&order.workspace, "mkosi");
    mkosi
        .arg("--directory")
        .arg(&definitions)
        .arg("--force")
        // What mkosi downloaded and unpacked is kept; the till's package is always put in anew.
        .arg("--incremental=yes")
        .arg(format!("--output={}", order.name()))
        .arg(format!("--image-version={}", order.version))
        .arg(format!("--profile={}", order.display.name()))
        .arg(format!(
            "--source-date-epoch={}",
            deb::last_commit(&order.workspace)?
        ));
    for (option, path) in [
        ("output-directory", made("out")?),
        ("cache-directory", made("cache")?),
        ("package-cache-directory", made("downloads")?),
        ("workspace-directory", made("work")?),
        ("volatile-package-directory", packages),
        ("extra-tree", extra),
        ("secure-boot-key", keys.file("secure-boot.key")),
        ("secure-boot-certificate", keys.file("secure-boot.crt")),
        // The same key: the kernel trusts what the firmware trusts, and no second key is to be lost.
        ("verity-key", keys.file("secure-boot.key")),
        ("verity-certificate", keys.file("secure-boot.crt")),
        ("sign-expected-pcr-key", keys.file("pcr.key")),
        ("sign-expected-pcr-certificate", keys.file("pcr.crt")),
    ] {
        mkosi.arg(format!("--{option}={}", path.display()));
    }
    mkosi.arg("build");
    succeed(&mut mkosi, "The image could not be built")?;
    let out = folder.join("out");
    let mut trust = tools.command(&order.workspace, "python3");
    trust
        .arg(definitions.join("trust-root.py"))
        .arg(order.disk())
        .arg(out.join(format!("{}.efi", order.name())))
        .arg(super::evidence::named(
            &out,
            &format!("{}.sig_", order.name()),
        )?)
        .arg(keys.folder());
    succeed(
        &mut trust,
        "The kernel image could not be given the root's signature",
    )
}

/// Partitions are called by their ids, so an older build's would stay beside the new one's.
fn remove_parts(order: &Recipe) -> Result<(), String> {
    let begin = format!("{}.", order.name());
    let Ok(entries) = fs::read_dir(order.folder.join("out")) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(&begin) {
            fs::remove_file(entry.path()).map_err(|error| {
                format!("{} cannot be removed: {error}.", entry.path().display())
            })?;
        }
    }
    Ok(())
}

/// What of the image is this build's: whom it trusts and what it is.
fn extra(order: &Recipe, keys: &Keys) -> Result<PathBuf, String> {
    let tree = order.folder.join("extra");
    let write = |path: &str, text: &[u8]| -> Result<(), String> {
        let path = tree.join(path);
        let folder = path.parent().unwrap_or(&tree);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| cannot_make(&path, &error.to_string()))
    };
    let root = keys.file("retailer.pub.toml");
    let root = fs::read(&root).map_err(|error| {
        format!(
            "{} cannot be read: {error}. Put the retailer's public root key there.",
            root.display()
        )
    })?;
    write("etc/sealpoint/retailer.pub.toml", &root)?;
    write(
        "usr/share/sealpoint/image.toml",
        format!(
            "version = \"{}\"\nrollback_index = {}\njournal_reads = [1, 2]\n",
            order.version, order.rollback_index
        )
        .as_bytes(),
    )?;
    Ok(tree)
}
