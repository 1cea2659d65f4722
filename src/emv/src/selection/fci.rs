//! File control information of an application (EMV 4.4 Book 1 §11.3.4, table 9).

use crate::{
    aid::Aid,
    selection::candidate::Found,
    tag::{self, Tag},
    terminal::TerminalData,
    tlv,
};

/// Characters of the longest application label or preferred name.
const MAX_LABEL: usize = 16;
/// Digits from which on a name may be the card's number, which nobody knows yet when it is shown.
const SHORTEST_ACCOUNT: usize = 8;
/// Issuer code table 1, ISO/IEC 8859-1: the one in which preferred names are understood here.
const LATIN_1: &[u8] = &[0x01];
/// Additional terminal capabilities, byte 5: code table 1 (Book 4 Annex A3).
const SHOWS_LATIN_1: u8 = 0x01;

/// What an application says of itself when it is selected.
pub(crate) struct Fci<'a> {
    pub(crate) df_name: Aid,
    pub(crate) pdol: &'a [u8],
    proprietary: &'a [u8],
}

impl<'a> Fci<'a> {
    /// Reads it; none if something mandatory is missing or anything is malformed.
    pub(crate) fn parse(data: &'a [u8]) -> Option<Self> {
        let template = tlv::only(data, tag::FCI)?;
        let df_name = tlv::find(template, tag::DF_NAME).ok()??;
        let proprietary = tlv::find(template, tag::PROPRIETARY).ok()??;
        if !tlv::is_whole(template) || !tlv::is_whole(proprietary) {
            return None;
        }
        Some(Self {
            df_name: Aid::from_slice(df_name).ok()?,
            pdol: tlv::find(proprietary, tag::PDOL).ok()?.unwrap_or(&[]),
            proprietary,
        })
    }

    pub(crate) fn label(&self) -> Option<String> {
        label(self.proprietary, is_latin_1(self.proprietary))
    }

    /// The label that a terminal can show: not every one shows what is not ASCII.
    pub(super) fn label_at(&self, terminal: &TerminalData) -> Option<String> {
        label(self.proprietary, shows_names_of(terminal, self.proprietary))
    }

    pub(super) fn found_at(&self, terminal: &TerminalData) -> Found {
        Found {
            df_name: self.df_name,
            label: self.label_at(terminal),
            priority: priority(self.proprietary),
        }
    }
}

/// An application as the objects beside its name describe it.
pub(crate) fn found(named: &[u8], name: Tag, described: &[u8]) -> Option<Found> {
    described_by(named, name, described, is_latin_1(described))
}

/// An application of a directory whose names are in a known alphabet, or not.
pub(super) fn listed(entry: &[u8], latin_1: bool) -> Option<Found> {
    described_by(entry, tag::AID_CARD, entry, latin_1)
}

fn described_by(named: &[u8], name: Tag, described: &[u8], latin_1: bool) -> Option<Found> {
    let df_name = tlv::find(named, name).ok()??;
    Some(Found {
        df_name: Aid::from_slice(df_name).ok()?,
        label: label(described, latin_1),
        priority: priority(described),
    })
}

fn priority(data: &[u8]) -> u8 {
    match tlv::find(data, tag::PRIORITY) {
        Ok(Some([priority])) => *priority,
        _ => 0,
    }
}

/// Whether a terminal can show preferred names in the alphabet of this FCI (Book 4 Annex A3).
pub(super) fn shows_names_of(terminal: &TerminalData, proprietary: &[u8]) -> bool {
    terminal.more_capabilities[4] & SHOWS_LATIN_1 != 0 && is_latin_1(proprietary)
}

/// Whether an issuer code table index stands beside it that is understood here.
fn is_latin_1(data: &[u8]) -> bool {
    tlv::find(data, tag::CODE_TABLE) == Ok(Some(LATIN_1))
}

/// The preferred name if its alphabet is understood, else the label (§12.4). Neither may be a card's
/// number: the terminal then has a name for it.
fn label(data: &[u8], latin_1: bool) -> Option<String> {
    let find = |tag| tlv::find(data, tag).ok().flatten();
    let preferred = find(tag::PREFERRED_NAME).filter(|_| latin_1);
    [preferred, find(tag::LABEL)]
        .into_iter()
        .flatten()
        .map(printable)
        .find(|label| !label.is_empty() && !may_be_account(label))
}

/// Whether it has as many digits as a card's number, whatever stands between them.
fn may_be_account(label: &str) -> bool {
    label.chars().filter(|one| one.is_numeric()).count() >= SHORTEST_ACCOUNT
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
