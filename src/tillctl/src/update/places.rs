//! Where the system has what an update needs.

use std::path::{Path, PathBuf};

use sealpoint_vault::signed::ROOT_FILE;
use sealpoint_wire::{
    release::{ImageVersion, READY_FILE, RELEASE_FILE},
    status::STATUS_FILE,
};

/// A system: this one, or one in a folder.
pub struct Places {
    root: PathBuf,
}

impl Places {
    /// This system.
    pub fn here() -> Self {
        Self::at(PathBuf::from("/"))
    }

    /// The one in that folder.
    pub const fn at(root: PathBuf) -> Self {
        Self { root }
    }

    fn path(&self, rest: &str) -> PathBuf {
        self.root.join(rest)
    }

    /// os-release(5): which image runs.
    pub fn os_release(&self) -> [PathBuf; 2] {
        ["etc/os-release", "usr/lib/os-release"].map(|path| self.path(path))
    }

    /// What the image says of itself beyond that.
    pub fn image(&self) -> PathBuf {
        self.path("usr/share/sealpoint/image.toml")
    }

    /// The retailer's root, part of the verified image.
    pub fn trust(&self) -> PathBuf {
        self.path("etc/sealpoint").join(ROOT_FILE)
    }

    /// Where the uplink puts what it downloads. Whatever is in it may be anybody's.
    pub fn incoming(&self) -> PathBuf {
        self.path("var/lib/sealpoint/update/incoming")
    }

    /// There once a release was downloaded whole.
    pub fn ready(&self) -> PathBuf {
        self.incoming().join(READY_FILE)
    }

    /// Where kernels lie: on the boot partition, which has no journal.
    pub fn kernels(&self) -> PathBuf {
        self.path("efi/EFI/Linux")
    }

    /// The kernel of an image that was marked good: its name has no count of tries (any more).
    pub fn kernel(&self, version: &ImageVersion) -> PathBuf {
        self.kernels().join(format!("sealpoint_{version}.efi"))
    }

    /// Where the copy goes that is installed; nobody else may write there.
    pub fn spool(&self) -> PathBuf {
        self.path("var/lib/sealpoint/update/spool")
    }

    /// What was installed, and what did not come up.
    pub fn memory(&self) -> PathBuf {
        self.path("var/lib/sealpoint/update/state.json")
    }

    /// What the till says of itself.
    pub fn till(&self) -> PathBuf {
        self.path("var/lib/sealpoint/till").join(STATUS_FILE)
    }

    /// Which boot this is (random(4)).
    pub fn boot_id(&self) -> PathBuf {
        self.path("proc/sys/kernel/random/boot_id")
    }

    /// There while this image is on trial: systemd-boot counts its tries (systemd-bless-boot(8)).
    pub fn trial(&self) -> PathBuf {
        self.path(
            "sys/firmware/efi/efivars/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
        )
    }

    /// Which file goes into which slot (sysupdate.d(5)).
    pub fn transfers(&self) -> PathBuf {
        self.path("usr/lib/sysupdate.d")
    }

    /// systemd-sysupdate(8).
    pub fn sysupdate(&self) -> PathBuf {
        self.path("usr/lib/systemd/systemd-sysupdate")
    }

    /// systemctl(1).
    pub fn systemctl(&self) -> PathBuf {
        self.path("usr/bin/systemctl")
    }

    /// What holds the roll-back counter in the TPM.
    pub fn attest(&self) -> PathBuf {
        self.path("usr/lib/sealpoint/attest")
    }
}

/// The release's text in a folder.
pub fn release_text(folder: &Path) -> PathBuf {
    folder.join(RELEASE_FILE)
}
