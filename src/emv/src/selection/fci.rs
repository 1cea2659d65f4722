//! File control information of an application (EMV 4.4 Book 1 §11.3.4, table 9).

use crate::{
    aid::Aid,
    selection::candidate::Found,
    tag::{self, Tag},
    tlv,
};

/// Characters of the longest application label or preferred name.
const MAX_LABEL: usize = 16;
/// Issuer code table 1, ISO/IEC 8859-1: the one in which preferred names are understood here.
const LATIN_1: &[u8] = &[0x01];

/// What an application says of itself when it is selected.
pub(crate) struct Fci<'a> {
    pub(crate) df_name: Aid,
    pub(crate) pdol: &'a [u8],
    proprietary: &'a [u8],
}

impl<'a> Fci<'a> {
    /// Reads it; none if something mandatory is missing or anything is malformed.
    pub(crate) fn parse(data: &'a [u8]) -> Option<Self> {
        let template = tlv::find(data, tag::FCI).ok()??;
        let df_name = tlv::find(template, tag::DF_NAME).ok()??;
        let proprietary = tlv::find(template, tag::PROPRIETARY).ok()??;
        if tlv::objects(proprietary).any(|object| object.is_err()) {
            return None;
        }
        Some(Self {
            df_name: Aid::from_slice(df_name).ok()?,
            pdol: tlv::find(proprietary, tag::PDOL).ok()?.unwrap_or(&[]),
            proprietary,
        })
    }

    pub(crate) fn label(&self) -> Option<String> {
        label(self.proprietary)
    }

    pub(super) fn found(&self) -> Found {
        Found {
            df_name: self.df_name,
            label: self.label(),
            priority: priority(self.proprietary),
        }
    }
}

/// An application as the objects beside its name describe it.
pub(crate) fn found(named: &[u8], name: Tag, described: &[u8]) -> Option<Found> {
    let df_name = tlv::find(named, name).ok()??;
    Some(Found {
        df_name: Aid::from_slice(df_name).ok()?,
        label: label(described),
        priority: priority(described),
    })
}

fn priority(data: &[u8]) -> u8 {
    match tlv::find(data, tag::PRIORITY) {
        Ok(Some([priority])) => *priority,
        _ => 0,
    }
}

/// The preferred name if its alphabet is understood, else the label (§12.4).
fn label(data: &[u8]) -> Option<String> {
    let find = |tag| tlv::find(data, tag).ok().flatten();
    let preferred = find(tag::PREFERRED_NAME).filter(|_| find(tag::CODE_TABLE) == Some(LATIN_1));
    [preferred, find(tag::LABEL)]
        .into_iter()
        .flatten()
        .map(printable)
        .find(|label| !label.is_empty())
}

/// ISO/IEC 8859-1 without control characters: a card writes this onto screens and receipts.
fn printable(latin_1: &[u8]) -> String {
    let text: String = latin_1
        .iter()
        .take(MAX_LABEL)
        .map(|byte| char::from(*byte))
        .filter(|character| !character.is_control())
        .collect();
    text.trim().to_owned()
}
