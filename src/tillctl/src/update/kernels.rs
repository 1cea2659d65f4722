//! The kernels on the boot partition, by their names: `sealpoint_VERSION+LEFT-DONE.efi` while one is
//! on trial (systemd-boot(7), "boot counting").

use std::{
    fs::{self, File},
    io,
    path::PathBuf,
};

use sealpoint_wire::release::ImageVersion;

use super::places::Places;

/// Has everything that was written on the disk: the slots, and the boot partition, whose file system has
/// no journal. A power cut right after an update leaves a kernel of no length there otherwise.
pub fn keep(places: &Places) -> io::Result<()> {
    rustix::fs::sync();
    // The same once more for the one that matters most, for `sync` says nothing of what failed.
    rustix::fs::syncfs(File::open(places.kernels())?)?;
    Ok(())
}

/// Removes what an interrupted update left of that version's kernel: systemd-sysupdate takes a file of
/// the right name for installed, whatever is in it. That of the image that runs has no count.
pub fn clear(places: &Places, version: &ImageVersion) -> io::Result<()> {
    for (path, _) in on_trial(places, version)? {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Whether that version's kernel is there and the loader has not tried it yet.
pub fn is_untried(places: &Places, version: &ImageVersion) -> bool {
    on_trial(places, version).is_ok_and(|found| found.iter().any(|(_, done)| done == "0"))
}

/// That version's kernels which are counted, and how many tries each has had.
fn on_trial(places: &Places, version: &ImageVersion) -> io::Result<Vec<(PathBuf, String)>> {
    let begin = format!("sealpoint_{version}+");
    let entries = fs::read_dir(places.kernels())?;
    let counted = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let count = name.strip_prefix(&begin)?.strip_suffix(".efi")?;
        let done = count.split_once('-').map_or("0", |(_, done)| done);
        Some((entry.path(), done.to_owned()))
    };
    Ok(entries.flatten().filter_map(counted).collect())
}
