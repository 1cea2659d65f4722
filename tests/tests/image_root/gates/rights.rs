//! Modes, owners and attributes: nothing gives its starter more rights, nothing is everybody's.

use crate::image::Image;
use crate::tree::Kind;

/// Folders that everybody may write to, with the sticky bit: a file system in memory lies over each.
const EVERYBODYS: &[&str] = &["tmp", "var/tmp"];
/// Below these nothing of the root is seen on a running till: another file system lies over it.
const COVERED: &[&str] = &["var/"];

/// Setuid, setgid, capabilities, devices, other owners, and what everybody may write to.
pub fn check(image: &Image) -> Result<Vec<String>, String> {
    let mut faults = vec![];
    for (path, entry) in image.root.entries() {
        let mut fault = |why: &str| faults.push(format!("{path}: {why} ({:04o})", entry.mode));
        if entry.kind == Kind::Special {
            fault("a device, pipe or socket in the image");
        }
        if entry.kind == Kind::File && entry.mode & 0o4000 != 0 {
            fault("setuid");
        }
        if entry.kind == Kind::File && entry.mode & 0o2000 != 0 {
            fault("setgid");
        }
        if entry.capabilities {
            fault("has capabilities of its own");
        }
        let link = matches!(entry.kind, Kind::Link(_));
        if !link && entry.mode & 0o002 != 0 {
            let sticky = entry.mode & 0o1000 != 0;
            if !(sticky && EVERYBODYS.contains(&path)) {
                fault("everybody may write to it");
            }
        }
        if entry.user != 0 && !COVERED.iter().any(|above| path.starts_with(above)) {
            fault(&format!("belongs to user {}", entry.user));
        }
    }
    Ok(faults)
}
