//! The files of a release.

use core::fmt;

use data_encoding::HEXLOWER;
use uuid::Uuid;

use super::{ImageVersion, number_u64};

/// Bytes of one file at most.
pub const MAX_PART: u64 = 2 * 1024 * 1024 * 1024;
/// What the names of an image's files begin with.
const PRODUCT: &str = "sealpoint_";
/// What follows the version in the kernel's name.
const KERNEL: &str = ".efi";
/// What the name of a partition's image ends with.
const RAW: &str = ".raw";
/// What a packed file's name ends with.
const PACKED: &str = ".xz";

/// What a file of a release is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Part {
    /// The signed unified kernel image.
    Kernel,
    /// The root file system.
    Root,
    /// Its hash tree (dm-verity).
    Verity,
    /// The signature over the hash tree's root.
    Signature,
}

impl Part {
    /// All of them, in the order in which a release names them.
    pub const ALL: [Self; 4] = [Self::Kernel, Self::Root, Self::Verity, Self::Signature];

    /// What stands between the version and the UUID, as mkosi(1) names it.
    const fn between(self) -> &'static str {
        match self {
            Self::Kernel => "",
            Self::Root => ".root_",
            Self::Verity => ".verity_",
            Self::Signature => ".sig_",
        }
    }

    /// Its line, for who reads an error.
    pub(super) const fn line(self) -> &'static str {
        match self {
            Self::Kernel => "file sealpoint_VERSION.efi SIZE SHA-256",
            Self::Root => "file sealpoint_VERSION.root_UUID.raw.xz SIZE SHA-256",
            Self::Verity => "file sealpoint_VERSION.verity_UUID.raw.xz SIZE SHA-256",
            Self::Signature => "file sealpoint_VERSION.sig_UUID.raw.xz SIZE SHA-256",
        }
    }

    /// Whether a file of that name is this part of that version. Such a name has no slash, so it
    /// stays in its folder.
    #[must_use]
    pub fn is_named(self, name: &str, version: &ImageVersion) -> bool {
        let rest = name
            .strip_prefix(PRODUCT)
            .and_then(|name| name.strip_prefix(&version.to_string()));
        let Some(rest) = rest else { return false };
        if self == Self::Kernel {
            // What the firmware reads is not packed.
            return rest == KERNEL;
        }
        let uuid = rest
            .strip_suffix(PACKED)
            .unwrap_or(rest)
            .strip_suffix(RAW)
            .and_then(|rest| rest.strip_prefix(self.between()));
        // mkosi leaves the dashes out, systemd-sysupdate reads both.
        uuid.is_some_and(|uuid| {
            Uuid::try_parse(uuid)
                .is_ok_and(|it| it.to_string() == uuid || it.simple().to_string() == uuid)
        })
    }
}

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sha256(pub [u8; 32]);

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// One file of a release.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartFile {
    /// What it is.
    pub part: Part,
    /// Its name, without a folder.
    pub name: String,
    /// Its size in bytes, 1 to [`MAX_PART`].
    pub len: u64,
    /// Of all its bytes.
    pub sha256: Sha256,
}

impl PartFile {
    /// Reads what stands behind `file `.
    pub(super) fn parse(text: &str, part: Part, version: &ImageVersion) -> Option<Self> {
        let mut words = text.split(' ');
        let name = words.next().filter(|name| part.is_named(name, version))?;
        let len = number_u64(words.next()?).filter(|len| (1..=MAX_PART).contains(len))?;
        let sha256 = HEXLOWER.decode(words.next()?.as_bytes()).ok()?;
        if words.next().is_some() {
            return None;
        }
        Some(Self {
            part,
            name: name.to_owned(),
            len,
            sha256: Sha256(sha256.try_into().ok()?),
        })
    }
}
