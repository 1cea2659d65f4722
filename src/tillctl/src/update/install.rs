//! systemd-sysupdate writes the copy into the free slot. The slot that runs is protected.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use sealpoint_wire::release::ImageVersion;

use super::{kernels, places::Places, refused::Refused};

/// Installs that version out of the spool: hash tree, signature, root, and last the kernel, with
/// three tries to come up. All of it is on the disk when this returns.
pub fn write(places: &Places, spool: &Path, version: &ImageVersion) -> Result<(), Refused> {
    kernels::clear(places, version).map_err(not_kept)?;
    let ran = Command::new(places.sysupdate())
        .env_clear()
        .arg("--definitions")
        .arg(places.transfers())
        .arg("--transfer-source")
        .arg(spool)
        .arg("update")
        .arg(version.to_string())
        .stdin(Stdio::null())
        // Standard output is for this program's own report.
        .stdout(Stdio::null())
        .status();
    match ran {
        Ok(status) if status.success() => kernels::keep(places).map_err(not_kept),
        Ok(status) => Err(Refused::NotInstalled(format!(
            "systemd-sysupdate ended with {status}"
        ))),
        Err(error) => Err(Refused::NotInstalled(format!(
            "systemd-sysupdate was not started: {error}"
        ))),
    }
}

fn not_kept(error: std::io::Error) -> Refused {
    Refused::NotInstalled(format!("the boot partition cannot be written to: {error}"))
}
