//! The card's directory of applications, the PSE (EMV 4.4 Book 1 §12.2).

use crate::{
    selection::{candidate::Found, fci},
    tag, tlv,
};

/// Name of the payment system environment (§12.2.2).
pub(super) const NAME: &[u8] = b"1PAY.SYS.DDF01";
/// Directory records that are read at most.
pub const MAX_DIRECTORY_RECORDS: u8 = 16;
/// The first record.
pub(super) const FIRST_RECORD: u8 = 1;
/// Highest short file identifier that a directory may have (§12.2.3).
const LAST_FILE: u8 = 10;

/// Which file holds the directory, out of its FCI (§11.3.4, table 8).
pub(super) fn file(fci: &[u8]) -> Option<u8> {
    let template = tlv::find(fci, tag::FCI).ok()??;
    let proprietary = tlv::find(template, tag::PROPRIETARY).ok()??;
    match tlv::find(proprietary, tag::SFI).ok()?? {
        [file @ 1..=LAST_FILE] => Some(*file),
        _ => None,
    }
}

/// The entries of a directory record (§12.2.3, tables 11 and 12), or none at all if it is malformed.
/// What is not an entry, or is one without an AID, is passed over.
pub(super) fn entries(record: &[u8]) -> Option<Vec<Found>> {
    let template = tlv::find(record, tag::RECORD).ok()??;
    let mut entries = Vec::new();
    for object in tlv::objects(template) {
        let object = object.ok()?;
        if object.tag != tag::DIRECTORY_ENTRY {
            continue;
        }
        if tlv::objects(object.value).any(|inner| inner.is_err()) {
            return None;
        }
        entries.extend(fci::found(object.value, tag::AID_CARD, object.value));
    }
    Some(entries)
}
