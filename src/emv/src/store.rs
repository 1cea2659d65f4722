//! The data elements of one charge, the card's and the terminal's apart.

use sealpoint_secret::{Pan, SecretBytes, Track2};

use crate::{
    fault::Fault,
    tag::{self, ACCOUNT_DATA, Source, Tag},
};

/// The elements; wiped on drop, like every [`SecretBytes`] in it.
///
/// There are two doors. [`Store::public`] never gives account data; [`Store::for_card`] gives
/// everything, but only to a command for the card that it came from.
#[derive(Default)]
pub(crate) struct Store {
    card: Vec<(Tag, SecretBytes)>,
    terminal: Vec<(Tag, SecretBytes)>,
}

impl Store {
    /// Gives a terminal's or issuer's element its value.
    pub(crate) fn set(&mut self, tag: Tag, value: &[u8]) {
        self.terminal.retain(|(known, _)| *known != tag);
        self.terminal.push((tag, SecretBytes::from_slice(value)));
    }

    /// Takes an element from the card, once. Not kept: what this kernel does not know (Book 3 §10.2;
    /// so the table of tags bounds the store), what only the terminal or the issuer may say, and
    /// what is empty.
    pub(crate) fn learn(&mut self, tag: Tag, value: &[u8]) -> Result<(), Fault> {
        let of_card = tag::described(tag).is_some_and(|(source, _)| source == Source::Card);
        if !of_card || value.is_empty() {
            return Ok(());
        }
        if self.card.iter().any(|(known, _)| *known == tag) {
            return Err(Fault::Repeated(tag));
        }
        self.card.push((tag, SecretBytes::from_slice(value)));
        Ok(())
    }

    /// Wipes one element of the card.
    pub(crate) fn forget(&mut self, tag: Tag) {
        self.card.retain(|(known, _)| *known != tag);
    }

    /// Wipes the account data, except for the elements that `kept` names.
    pub(crate) fn forget_account(&mut self, kept: impl Fn(Tag) -> bool) {
        self.card
            .retain(|(known, _)| !ACCOUNT_DATA.contains(known) || kept(*known));
    }

    /// Wipes everything that the card gave.
    pub(crate) fn forget_card(&mut self) {
        self.card.clear();
    }

    /// Any element, for a command to the card alone.
    pub(crate) fn for_card(&self, tag: Tag) -> Option<&[u8]> {
        self.terminal
            .iter()
            .chain(&self.card)
            .find(|(known, _)| *known == tag)
            .map(|(_, value)| value.expose())
    }

    /// An element that is not account data.
    pub(crate) fn public(&self, tag: Tag) -> Option<&[u8]> {
        if ACCOUNT_DATA.contains(&tag) {
            return None;
        }
        self.for_card(tag)
    }

    /// An element of a fixed length that the card may leave out.
    pub(crate) fn optional<const N: usize>(&self, tag: Tag) -> Result<Option<[u8; N]>, Fault> {
        self.public(tag)
            .map(|value| value.try_into().map_err(|_| Fault::Erroneous(tag)))
            .transpose()
    }

    /// An element of a fixed length that the card must give.
    pub(crate) fn mandatory<const N: usize>(&self, tag: Tag) -> Result<[u8; N], Fault> {
        self.optional(tag)?.ok_or(Fault::Missing(tag))
    }

    /// The PAN, as a secret again.
    pub(crate) fn pan(&self) -> Result<Pan, Fault> {
        let value = self.for_card(tag::PAN).ok_or(Fault::Missing(tag::PAN))?;
        Pan::from_bcd(value).map_err(|_| Fault::Erroneous(tag::PAN))
    }

    /// Track 2 equivalent data if the card gave it, as a secret again.
    pub(crate) fn track2(&self) -> Result<Option<Track2>, Fault> {
        self.for_card(tag::TRACK2)
            .map(|value| Track2::from_bcd(value).map_err(|_| Fault::Erroneous(tag::TRACK2)))
            .transpose()
    }

    /// Whether the card's PAN stands in `data`, as text or as BCD.
    pub(crate) fn names_account(&self, data: &[u8]) -> Result<bool, Fault> {
        let pan = self.pan()?;
        let digits = pan.expose();
        let nibbles = || data.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
        let as_bcd = (0..data.len() * 2).any(|start| {
            let mut here = nibbles().skip(start);
            digits.iter().all(|digit| here.next() == Some(digit - b'0'))
        });
        Ok(as_bcd || data.windows(digits.len()).any(|part| part == digits))
    }
}
