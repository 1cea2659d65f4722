//! Opens a sealed card, however it was sealed, with code that shares nothing with the vault's.

mod dukpt;
mod hpke;

use core::ops::RangeInclusive;

use sealpoint_acquirer::tlv;
use sealpoint_wire::{SealContext, SealedCard};
use zeroize::Zeroizing;

use crate::base_key::BaseKeys;
use crate::key_file::HostKey;

const PAN: u32 = 0x5A;
const EXPIRY: u32 = 0x5F24;
const SEQUENCE_NUMBER: u32 = 0x5F34;

/// Digits of a PAN (ISO/IEC 7812-1).
const PAN_DIGITS: RangeInclusive<usize> = 8..=19;
/// Digits of the shortest PAN of which the first six are shown too: enough stay hidden.
const SHORTEST_WITH_FIRST: usize = 15;
/// Digits shown of a PAN (PCI DSS 3.4.1).
const SHOWN_FIRST: usize = 6;
const SHOWN_LAST: usize = 4;

/// What a sealed card holds. No `Debug`, no `Clone`; the PAN is wiped on drop.
pub struct OpenedCard {
    /// Primary account number, 8 to 19 digits.
    pub pan: Zeroizing<String>,
    /// Expiration date, YYMMDD in BCD.
    pub expiry: [u8; 3],
    /// PAN sequence number as a number; 0 if the card has none.
    pub sequence_number: u8,
}

impl OpenedCard {
    /// What may be written down: at most the first six and last four digits of the PAN.
    #[must_use]
    pub fn truncated_pan(&self) -> String {
        let len = self.pan.len();
        let first = if len >= SHORTEST_WITH_FIRST {
            SHOWN_FIRST
        } else {
            0
        };
        let shown = |place| place < first || place + SHOWN_LAST >= len;
        self.pan
            .char_indices()
            .map(|(place, c)| if shown(place) { c } else { '*' })
            .collect()
    }
}

/// Why a sealed card stays closed. Says nothing of its content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Closed {
    /// Sealed to a key that this host does not have.
    #[error("the card is sealed to another key; give the till this host's public key")]
    OtherKey,
    /// Sealed under a key set that this host does not have.
    #[error("the card is sealed under another key set; load the till with a key of this host's")]
    OtherKeySet,
    /// Other algorithms than the one suite, or than the key set's.
    #[error("the card is sealed with another suite; till and host are of different versions")]
    OtherSuite,
    /// A key serial number that no terminal comes to.
    #[error("the key serial number cannot be; load the till with a new key")]
    BadSerial,
    /// Damaged, or sealed for another attempt, amount, currency or terminal.
    #[error("the seal does not hold; the card data is damaged or was moved from another attempt")]
    Broken,
    /// It opens, and inside is not what should be.
    #[error("the seal holds and there is no card inside; till and host are of different versions")]
    NoCard,
}

/// Opens `sealed`, if it was sealed for exactly `context`, with the key that it asks for.
///
/// # Errors
/// [`Closed`].
pub fn open(
    sealed: &SealedCard,
    context: &SealContext,
    key: &HostKey,
    base_keys: &BaseKeys,
) -> Result<OpenedCard, Closed> {
    let plaintext = match sealed {
        SealedCard::Hpke(sealed) => hpke::open(sealed, context, key)?,
        SealedCard::Dukpt(sealed) => dukpt::open(sealed, context, base_keys)?,
    };
    card(&plaintext).ok_or(Closed::NoCard)
}

fn card(plaintext: &[u8]) -> Option<OpenedCard> {
    let sequence_number = match tlv::only(plaintext, SEQUENCE_NUMBER).ok()? {
        Some(&[bcd]) if bcd >> 4 <= 9 && bcd & 0x0F <= 9 => (bcd >> 4) * 10 + (bcd & 0x0F),
        Some(_) => return None,
        None => 0,
    };
    Some(OpenedCard {
        pan: digits(tlv::only(plaintext, PAN).ok()??)?,
        expiry: tlv::only(plaintext, EXPIRY).ok()??.try_into().ok()?,
        sequence_number,
    })
}

/// Digits, two per byte, padded on the right with F (EMV 4.4 Book 3 section 4.3, format cn).
fn digits(bcd: &[u8]) -> Option<Zeroizing<String>> {
    // Room for all of it at once: growing would leave unwiped copies behind.
    let mut digits = Zeroizing::new(String::with_capacity(2 * bcd.len()));
    let mut padded = false;
    for nibble in bcd.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]) {
        match nibble {
            0..=9 if !padded => digits.push(char::from(b'0' + nibble)),
            0xF => padded = true,
            _ => return None,
        }
    }
    PAN_DIGITS.contains(&digits.len()).then_some(digits)
}
