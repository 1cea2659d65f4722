//! The card's directory of contactless applications, the PPSE (Book B §3.3.2).

use crate::{aid::Aid, contactless::candidates::Entry, selection::fci, tag, tlv};

/// Name of the proximity payment system environment (§3.3.2.2).
pub(super) const NAME: &[u8] = b"2PAY.SYS.DDF01";
/// Kernels of the schemes whose cards name none (table 3-6), by RID.
const DEFAULT_KERNELS: [([u8; 5], u8); 7] = [
    ([0xA0, 0x00, 0x00, 0x00, 0x04], 2),
    ([0xA0, 0x00, 0x00, 0x00, 0x03], 3),
    ([0xA0, 0x00, 0x00, 0x00, 0x25], 4),
    ([0xA0, 0x00, 0x00, 0x00, 0x65], 5),
    ([0xA0, 0x00, 0x00, 0x01, 0x52], 6),
    ([0xA0, 0x00, 0x00, 0x03, 0x24], 6),
    ([0xA0, 0x00, 0x00, 0x03, 0x33], 7),
];

/// The directory's entries in their order. Passed over is what is not an entry or has no AID (§3.3.2.5
/// A); a directory that cannot be read has none.
pub(super) fn entries(fci: &[u8]) -> Vec<Entry> {
    read(fci).unwrap_or_default()
}

fn read(fci: &[u8]) -> Option<Vec<Entry>> {
    let template = tlv::find(fci, tag::FCI).ok()??;
    let proprietary = tlv::find(template, tag::PROPRIETARY).ok()??;
    let discretionary = tlv::find(proprietary, tag::DISCRETIONARY).ok()??;
    let mut entries = Vec::new();
    for object in tlv::objects(discretionary) {
        let object = object.ok()?;
        if object.tag == tag::DIRECTORY_ENTRY {
            entries.extend(entry(object.value));
        }
    }
    Some(entries)
}

fn entry(value: &[u8]) -> Option<Entry> {
    if tlv::objects(value).any(|object| object.is_err()) {
        return None;
    }
    let found = fci::found(value, tag::AID_CARD, value)?;
    let identifier = tlv::find(value, tag::KERNEL_ID).ok()?.unwrap_or(&[]);
    Some(Entry {
        kernel: requested(identifier, &found.df_name),
        found,
    })
}

/// The kernel that the card asks for; 0 is any (§3.3.2.5 C). The number of a domestic scheme's kernel
/// goes on in further bytes, but its first is none that a kernel here has.
fn requested(identifier: &[u8], aid: &Aid) -> u8 {
    identifier
        .first()
        .map_or_else(|| default_kernel(aid), |first| *first)
}

/// The kernel of a scheme's cards that name none; 0 is any.
pub(crate) fn default_kernel(aid: &Aid) -> u8 {
    DEFAULT_KERNELS
        .iter()
        .find(|(rid, _)| aid.as_slice().starts_with(rid))
        .map_or(0, |(_, kernel)| *kernel)
}
