//! systemd-sysupdate writes the copy into the free slot. The slot that runs is protected.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use sealpoint_wire::release::ImageVersion;

use super::{places::Places, refused::Refused};

/// Installs that version out of the spool: hash tree, signature, root, and last the kernel, with
/// three tries to come up.
pub fn write(places: &Places, spool: &Path, version: &ImageVersion) -> Result<(), Refused> {
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
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Refused::NotInstalled(format!(
            "systemd-sysupdate ended with {status}"
        ))),
        Err(error) => Err(Refused::NotInstalled(format!(
            "systemd-sysupdate was not started: {error}"
        ))),
    }
}
