//! The tools tree: a Debian 13 in a folder, whose mkosi, systemd, QEMU and swtpm build and boot the
//! image. Debian 12's are too old, and a build must not depend on what else a machine has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::Workspace;
use crate::say;

/// What lies in the tree. A change here makes it anew.
const PACKAGES: &[&str] = &[
    // building
    "apt",
    "ca-certificates",
    "cpio",
    "cryptsetup-bin",
    "debian-archive-keyring",
    "dosfstools",
    "dpkg",
    "e2fsprogs",
    "erofs-utils",
    "fdisk",
    "kmod",
    "mkosi",
    "mtools",
    "openssl",
    "python3-cryptography",
    "python3-pefile",
    // the till's package becomes a repository of its own
    "reprepro",
    "sbsigntool",
    "systemd",
    "systemd-boot-efi",
    "systemd-boot-tools",
    "systemd-container",
    "systemd-cryptsetup",
    "systemd-repart",
    "systemd-ukify",
    "udev",
    "xz-utils",
    "zstd",
    // rules that are compiled into it
    "apparmor",
    "nftables",
    // booting
    "ovmf",
    "python3-virt-firmware",
    "qemu-system-x86",
    "qemu-utils",
    "swtpm",
    "swtpm-tools",
    "tpm2-tools",
];

/// The tools tree.
pub struct Tools {
    tree: PathBuf,
    enter: PathBuf,
}

impl Tools {
    /// Makes the tree if it is not there or has other packages than it should.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn ensure(workspace: &Workspace) -> Result<Self, String> {
        let folder = workspace.target.join("image");
        let tools = Self {
            tree: folder.join("tools"),
            enter: workspace.root.join("packaging/image/enter-tools"),
        };
        let list = folder.join("tools.list");
        let wanted = PACKAGES.join("\n");
        if tools.tree.is_dir() && fs::read_to_string(&list).is_ok_and(|had| had == wanted) {
            return Ok(tools);
        }
        say::heading("The tools: a Debian 13 in target/image/tools");
        say::note("About 100 seconds and 550 MB, once.");
        fs::create_dir_all(&folder).map_err(|error| cannot_make(&folder, &error.to_string()))?;
        if tools.tree.exists() {
            fs::remove_dir_all(&tools.tree)
                .map_err(|error| cannot_make(&tools.tree, &error.to_string()))?;
        }
        let mut command = Command::new("mmdebstrap");
        command
            .args(["--quiet", "--variant=minbase"])
            .arg(format!("--include={}", PACKAGES.join(",")))
            .arg("trixie")
            .arg(&tools.tree)
            .arg("http://deb.debian.org/debian");
        succeed(&mut command, "The tools could not be installed")?;
        fs::write(&list, wanted).map_err(|error| cannot_make(&list, &error.to_string()))?;
        Ok(tools)
    }

    /// A program of the tree, run in the tree with the workspace at its own place.
    pub fn command(&self, workspace: &Workspace, program: &str) -> Command {
        let mut command = Command::new(&self.enter);
        command
            .arg(&self.tree)
            .arg(&workspace.root)
            .arg(&workspace.target)
            .arg(program);
        command
    }
}

/// Runs a command to its end.
///
/// # Errors
/// What failed, and that its own words are above.
pub fn succeed(command: &mut Command, failed: &str) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!(
            "{failed}; why is said above. Mend it and try again."
        )),
        Err(error) => Err(format!(
            "{failed}: {} cannot be started ({error}). Install it and try again.",
            command.get_program().to_string_lossy()
        )),
    }
}

/// The sentence for a file or folder that cannot be made.
pub fn cannot_make(path: &Path, why: &str) -> String {
    format!(
        "{} cannot be made: {why}. Mend its permissions, or make room on the disk.",
        path.display()
    )
}
