//! The card's directory of applications, the PSE (EMV 4.4 Book 1 §12.2).

use crate::{
    selection::{candidate::Found, fci},
    tag,
    terminal::TerminalData,
    tlv,
};

/// Name of the payment system environment (§12.2.2).
pub(super) const NAME: &[u8] = b"1PAY.SYS.DDF01";
/// Directory records that are read at most.
pub const MAX_DIRECTORY_RECORDS: u8 = 16;
/// The first record.
pub(super) const FIRST_RECORD: u8 = 1;
/// Highest short file identifier that a directory may have (§12.2.3).
const LAST_FILE: u8 = 10;

/// Where the directory lies.
#[derive(Clone, Copy)]
pub(super) struct Directory {
    /// Its short file identifier.
    pub(super) file: u8,
    /// Whether its preferred names can be shown: the alphabet stands in the directory's FCI and not
    /// in its entries.
    latin_1: bool,
}

impl Directory {
    /// Reads the directory's FCI (§11.3.4, table 8); none if something mandatory is missing or
    /// anything is malformed.
    pub(super) fn parse(fci: &[u8], terminal: &TerminalData) -> Option<Self> {
        let template = tlv::only(fci, tag::FCI)?;
        tlv::find(template, tag::DF_NAME).ok()??;
        let proprietary = tlv::find(template, tag::PROPRIETARY).ok()??;
        if !tlv::is_whole(template) || !tlv::is_whole(proprietary) {
            return None;
        }
        match tlv::find(proprietary, tag::SFI).ok()?? {
            [file @ 1..=LAST_FILE] => Some(Self {
                file: *file,
                latin_1: fci::shows_names_of(terminal, proprietary),
            }),
            _ => None,
        }
    }

    /// The entries of a record (§12.2.3, tables 11 and 12), or none at all if it is malformed. What is
    /// not an entry, or is one without an AID, is passed over.
    pub(super) fn entries(self, record: &[u8]) -> Option<Vec<Found>> {
        let template = tlv::only(record, tag::RECORD)?;
        let mut entries = Vec::new();
        for object in tlv::objects(template) {
            let object = object.ok()?;
            if object.tag != tag::DIRECTORY_ENTRY {
                continue;
            }
            if !tlv::is_whole(object.value) {
                return None;
            }
            entries.extend(fci::listed(object.value, self.latin_1));
        }
        Some(entries)
    }
}
