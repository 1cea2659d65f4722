//! The static data to be authenticated (EMV 4.4 Book 3 §10.3).

use sealpoint_secret::SecretBytes;

use super::flaw::Flaw;
use crate::{records::MAX_RECORDS, store::Store, tag, tlv};

/// Highest short file identifier of files whose records count without their template (§10.3).
const LAST_BARE_FILE: u8 = 10;
/// The tag that a record begins with.
const TEMPLATE: [u8; 1] = [0x70];
/// The one tag that a list of further elements may name: the AIP.
const AIP_ALONE: [u8; 1] = [0x82];

/// The records that the AFL marks, in its order.
#[derive(Default)]
pub(super) struct StaticData {
    records: Vec<SecretBytes>,
    /// Whether a record was none.
    broken: bool,
}

impl StaticData {
    /// Takes a record, as READ RECORD answered it.
    pub(super) fn gather(&mut self, sfi: u8, record: &[u8]) {
        match counted(sfi, record) {
            Some(counted) if self.records.len() < MAX_RECORDS => {
                self.records.push(SecretBytes::from_slice(counted));
            }
            _ => self.broken = true,
        }
    }

    /// All that is authenticated, in its order.
    pub(super) fn parts<'a>(&'a self, store: &'a Store) -> Result<Vec<&'a [u8]>, Flaw> {
        if self.broken {
            return Err(Flaw::Record);
        }
        let mut parts: Vec<&[u8]> = self.records.iter().map(SecretBytes::expose).collect();
        match store.public(tag::SDA_TAG_LIST) {
            None => {}
            Some(list) if list == AIP_ALONE => {
                parts.push(store.public(tag::AIP).ok_or(Flaw::Missing(tag::AIP))?);
            }
            Some(_) => return Err(Flaw::TagList),
        }
        Ok(parts)
    }
}

/// What counts of a record: all of it, but in the first ten files not the template's tag and length.
/// None if it is no template 70.
fn counted(sfi: u8, record: &[u8]) -> Option<&[u8]> {
    let mut objects = tlv::objects(record);
    let template = objects.next()?.ok()?;
    let behind = objects.unread();
    let header = record.len() - behind.len() - template.value.len();
    let alone = behind.iter().all(|byte| *byte == 0);
    if !record.starts_with(&TEMPLATE) || !alone {
        return None;
    }
    Some(if sfi > LAST_BARE_FILE {
        record
    } else {
        &record[header..]
    })
}
