//! The data elements of one charge, the card's and the terminal's apart.

use sealpoint_secret::{Pan, SecretBytes, Track2, TruncatedPan};

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

    /// Takes a terminal's or issuer's element away.
    pub(crate) fn unset(&mut self, tag: Tag) {
        self.terminal.retain(|(known, _)| *known != tag);
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
        let is = |place: usize, found: u8| digits.get(place) == Some(&(found + b'0'));
        Ok(has_digits(data, digits.len(), is))
    }
}

/// Whether a PAN that is truncated like this stands in `data`: what is left to look for once the PAN
/// itself has gone out to be sealed. Ten digits do not stand there by chance; of a short PAN, whose
/// truncation shows four, nothing can be said.
pub(crate) fn shows(pan: &TruncatedPan, data: &[u8]) -> bool {
    let shown = pan.as_str().as_bytes();
    let is = |place: usize, found: u8| match shown.get(place) {
        Some(b'*') => true,
        digit => digit == Some(&(found + b'0')),
    };
    shown.first().is_some_and(u8::is_ascii_digit) && has_digits(data, shown.len(), is)
}

/// Whether so many digits stand in `data` one after the other, as text or as BCD, each of which
/// `is` the one for its place. Nothing is copied: they may be a PAN.
fn has_digits(data: &[u8], count: usize, is: impl Fn(usize, u8) -> bool) -> bool {
    let nibble = |at: usize| {
        let byte = data.get(at / 2)?;
        Some(if at.is_multiple_of(2) {
            byte >> 4
        } else {
            byte & 0x0F
        })
    };
    let character = |at: usize| data.get(at)?.checked_sub(b'0');
    let stands = |digit: &dyn Fn(usize) -> Option<u8>, start: usize| {
        (0..count)
            .all(|place| digit(start + place).is_some_and(|found| found <= 9 && is(place, found)))
    };
    (0..data.len() * 2).any(|start| stands(&nibble, start))
        || (0..data.len()).any(|start| stands(&character, start))
}
