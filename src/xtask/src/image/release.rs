//! The files of an update, as `tillctl update make` signs them and a till installs them: by their plain
//! names, the two large ones packed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::Recipe;
use super::tools::{Tools, cannot_make, succeed};

/// Leaves them in a folder of their own; the retailer's word over them is still missing.
///
/// # Errors
/// What could not be read, packed or written.
pub fn leave(order: &Recipe, tools: &Tools) -> Result<(), String> {
    let folder = folder(order);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| cannot_make(&folder, &error.to_string()))?;
    }
    fs::create_dir_all(&folder).map_err(|error| cannot_make(&folder, &error.to_string()))?;
    let out = order.folder.join("out");
    let plain = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let product = format!("sealpoint_{}", order.version);
        folder.join(name.replacen(&order.name(), &product, 1))
    };
    let kernel = out.join(format!("{}.efi", order.name()));
    copy(&kernel, &plain(&kernel))?;
    let part = |kind: &str| super::evidence::named(&out, &format!("{}.{kind}_", order.name()));
    let signature = part("sig")?;
    copy(&signature, &plain(&signature))?;
    for kind in ["root", "verity"] {
        let part = part(kind)?;
        pack(order, tools, &part, &plain(&part))?;
    }
    Ok(())
}

/// Where they are.
pub fn folder(order: &Recipe) -> PathBuf {
    order.folder.join("release").join(order.name())
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to)
        .map(drop)
        .map_err(|error| cannot_make(to, &error.to_string()))
}

/// A slot is as large as the next root may become, and mostly empty.
fn pack(order: &Recipe, tools: &Tools, from: &Path, plain: &Path) -> Result<(), String> {
    let mut name = plain.as_os_str().to_owned();
    name.push(".xz");
    let to = PathBuf::from(name);
    let packed = File::create(&to).map_err(|error| cannot_make(&to, &error.to_string()))?;
    let mut xz = tools.command(&order.workspace, "xz");
    // Several threads cut what they pack into blocks: two, whatever the machine has, so that the same
    // root is the same file everywhere.
    xz.args(["-1", "--threads=2", "--stdout"])
        .arg(from)
        .stdout(Stdio::from(packed));
    succeed(&mut xz, "A partition could not be packed")
}
