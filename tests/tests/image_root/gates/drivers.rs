//! Drivers: none for what a till refuses. The rule for USB says no; here there is nothing to say yes to.

use crate::image::Image;

/// Names of modules, as they begin, with `_` for `-`, and what each would let in.
const REFUSED: &[(&str, &str)] = &[
    ("usb_storage", "disks by USB"),
    ("uas", "disks by USB"),
    ("ums_", "disks by USB"),
    ("usbnet", "networks by USB"),
    ("cdc_ether", "networks by USB"),
    ("cdc_ncm", "networks by USB"),
    ("rndis", "networks by USB"),
    ("snd_usb", "sound by USB"),
    ("uvcvideo", "cameras"),
    ("bluetooth", "radio"),
    ("btusb", "radio"),
    ("cfg80211", "radio"),
    ("nfc", "radio"),
    ("firewire", "memory read by a cable"),
    ("thunderbolt", "memory read by a cable"),
    ("nfs", "file systems of others"),
    ("cifs", "file systems of others"),
    ("ceph", "file systems of others"),
    ("dccp", "protocols that nobody uses and that were attacked"),
    ("tipc", "protocols that nobody uses and that were attacked"),
    ("rds", "protocols that nobody uses and that were attacked"),
    (
        "n_hdlc",
        "protocols that nobody uses and that were attacked",
    ),
];
/// How a module's file may end.
const ENDINGS: &[&str] = &[".ko", ".ko.xz", ".ko.zst", ".ko.gz"];

/// Modules in root and first stage. An image without any module was not read well.
pub fn check(image: &Image) -> Result<Vec<String>, String> {
    let mut faults = vec![];
    let mut count = 0;
    for (where_, tree) in [("", &image.root), ("first stage: ", &image.initrd)] {
        for (path, _) in tree.entries() {
            let name = path.rsplit('/').next().unwrap_or(path);
            let Some(name) = ENDINGS.iter().find_map(|end| name.strip_suffix(end)) else {
                continue;
            };
            count += 1;
            let name = name.replace('-', "_");
            faults.extend(
                REFUSED
                    .iter()
                    .filter(|(refused, _)| is_named(&name, refused))
                    .map(|(_, what)| format!("{where_}{path}: a driver for {what}")),
            );
        }
    }
    if count == 0 {
        return Err("no driver at all was found".to_owned());
    }
    Ok(faults)
}

/// The module itself or one of its family: `nfs` and `nfs_acl`, not `nfsomething`.
fn is_named(name: &str, refused: &str) -> bool {
    name.strip_prefix(refused).is_some_and(|rest| {
        refused.ends_with('_') || rest.is_empty() || rest.starts_with(['_', 'v', 'd', 'h'])
    })
}
