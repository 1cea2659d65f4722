//! The image as the gates see it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use sealpoint_tests::built::target;

use crate::allowed::Allowed;
use crate::cpio;
use crate::pe::Pe;
use crate::tree::Tree;

/// An image that has fewer entries than this was not built to its end.
const FEWEST_ENTRIES: usize = 500;
/// The largest kernel image that is read.
const MAX_UKI_BYTES: u64 = 512 << 20;

/// The lists of `packaging/image/allowed/`.
#[derive(Default)]
pub struct Lists {
    pub programs: Allowed,
    pub initrd: Allowed,
    pub units: Allowed,
    pub bus: Allowed,
    pub command_line: Allowed,
}

/// An image: its root, its first stage, its kernel's command line, and what it may hold.
pub struct Image {
    pub root: Tree,
    pub initrd: Tree,
    pub uki: Pe,
    pub lists: Lists,
}

impl Image {
    /// The image that was built last.
    pub fn built() -> Result<Self, String> {
        let folder = match env::var_os("SEALPOINT_IMAGE_ROOT") {
            Some(folder) => PathBuf::from(folder),
            None => target().join("image/root"),
        };
        let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/image/allowed");
        Self::open(&folder, &folder.with_extension("efi"), lists_in(&lists)?)
    }

    /// An image in a folder, with its kernel image.
    pub fn open(folder: &Path, uki: &Path, lists: Lists) -> Result<Self, String> {
        if !folder.is_dir() {
            return Err(format!(
                "There is no image at {}. Run `cargo xtask image` first.",
                folder.display()
            ));
        }
        let root = Tree::of_folder(folder)?;
        let count = root.entries().count();
        if count < FEWEST_ENTRIES {
            return Err(format!(
                "The image at {} has {count} entries, which is no whole image. Build it again.",
                folder.display()
            ));
        }
        let uki = read_uki(uki)?;
        let initrd = cpio::unpack(uki.section(".initrd")?)?;
        Ok(Self {
            root,
            initrd,
            uki,
            lists,
        })
    }
}

fn read_uki(path: &Path) -> Result<Pe, String> {
    let said = |why: String| format!("{}: {why}", path.display());
    let size = fs::metadata(path)
        .map_err(|why| said(why.to_string()))?
        .len();
    if size > MAX_UKI_BYTES {
        return Err(said(format!("{size} bytes are more than is read")));
    }
    let bytes = fs::read(path).map_err(|why| said(why.to_string()))?;
    Pe::parse(&bytes).map_err(said)
}

fn lists_in(folder: &Path) -> Result<Lists, String> {
    let read = |name| Allowed::read(folder, name);
    Ok(Lists {
        programs: read("programs")?,
        initrd: read("initrd")?,
        units: read("units")?,
        bus: read("bus")?,
        command_line: read("command-line")?,
    })
}
