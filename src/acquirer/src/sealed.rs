//! How a sealed card and its attempt travel in the elements for private use.
//!
//! The host cannot open a sealed card without its HPKE `aad` ([`sealpoint_wire::SealContext`]):
//! the attempt and the key id travel here, terminal, amount and currency are DE 41, 4 and 49. The
//! kind is an authorisation's for an advice too: the card was read before the terminal knew.
//!
//! Which elements these are is the profile's to say; the numbers here are the ordinary ones.
//!
//! **DE 120, attempt** (every request about one), 17 bytes:
//!
//! | bytes | |
//! |---|---|
//! | 1 | layout version, [`LAYOUT`] |
//! | 16 | attempt id, UUID in network order |
//!
//! **DE 121 to 123, sealed card** (authorisations and advices): one row of bytes, cut after each 999; the next element
//! is there only if the one before is full. Numbers are big-endian. A card sealed with HPKE:
//!
//! | bytes | |
//! |---|---|
//! | 1 | layout version, [`LAYOUT`] |
//! | 2, 2, 2 | HPKE KEM, KDF and AEAD ids |
//! | 1, n | length and text of the key id |
//! | 2, n | length and bytes of the encapsulated key (`enc`) |
//! | 2, n | length and bytes of the ciphertext with its tag |
//!
//! A card sealed with DUKPT:
//!
//! | bytes | |
//! |---|---|
//! | 1 | layout version, [`LAYOUT_DUKPT`] |
//! | 1 | scheme: 1, 2, 3 for AES-128, -192, -256, 4 for two-key TDES |
//! | 1, n | length and text of the key id |
//! | 1, n | length and bytes of the key serial number |
//! | 2, n | length and bytes of the ciphertext |
//! | 1, n | length and bytes of the MAC |

use sealpoint_wire::seal::{DukptScheme, DukptSealed, HpkeSealed};
use sealpoint_wire::{AttemptId, SealedCard};

use crate::message::{Message, MessageError, Why};
use crate::profile::Profile;
use crate::table::{LONGEST, Length};

/// Version of the attempt's layout, and of a card's that is sealed with HPKE.
pub const LAYOUT: u8 = 1;
/// Version of the layout of a card that is sealed with DUKPT.
pub const LAYOUT_DUKPT: u8 = 2;

/// Puts the attempt into its element.
pub(crate) fn put_attempt(
    profile: &Profile,
    message: &mut Message,
    attempt: AttemptId,
) -> Result<(), MessageError> {
    let content = [&[LAYOUT][..], attempt.as_bytes()].concat();
    message.set(profile.attempt_field, &content)
}

/// Puts the sealed card into the first of its elements and as many of the following as it takes.
pub(crate) fn put_card(
    profile: &Profile,
    message: &mut Message,
    sealed: &SealedCard,
) -> Result<(), MessageError> {
    let row = match sealed {
        SealedCard::Hpke(sealed) => hpke_row(sealed),
        SealedCard::Dukpt(sealed) => dukpt_row(sealed),
    };
    let fields = &profile.card_fields;
    let room = fields.len() * LONGEST;
    if row.len() > room {
        let why = Why::Length {
            len: row.len(),
            rule: Length::Three(room),
        };
        let first = fields.first().copied().unwrap_or_default();
        return Err(MessageError::at(first, why));
    }
    for (de, part) in fields.iter().zip(row.chunks(LONGEST)) {
        message.set(*de, part)?;
    }
    Ok(())
}

fn hpke_row(sealed: &HpkeSealed) -> Vec<u8> {
    let mut row = vec![LAYOUT];
    for id in [sealed.kem, sealed.kdf, sealed.aead] {
        row.extend_from_slice(&id.to_be_bytes());
    }
    put_short(&mut row, sealed.key_id.as_str().as_bytes());
    put_long(&mut row, sealed.enc.as_slice());
    put_long(&mut row, sealed.ciphertext.as_slice());
    row
}

fn dukpt_row(sealed: &DukptSealed) -> Vec<u8> {
    let mut row = vec![LAYOUT_DUKPT, scheme_code(sealed.scheme)];
    put_short(&mut row, sealed.key_id.as_str().as_bytes());
    put_short(&mut row, sealed.ksn.as_slice());
    put_long(&mut row, sealed.ciphertext.as_slice());
    put_short(&mut row, sealed.mac.as_slice());
    row
}

/// How the layout names a scheme.
const fn scheme_code(scheme: DukptScheme) -> u8 {
    match scheme {
        DukptScheme::Aes128 => 1,
        DukptScheme::Aes192 => 2,
        DukptScheme::Aes256 => 3,
        DukptScheme::Tdes2 => 4,
    }
}

/// A key id is at most 32 bytes by construction; what the vault makes of serial numbers and MACs is
/// at most 16.
fn put_short(row: &mut Vec<u8>, part: &[u8]) {
    let len = part.len().min(usize::from(u8::MAX));
    row.push(u8::try_from(len).unwrap_or(u8::MAX));
    row.extend_from_slice(&part[..len]);
}

/// A wire field is at most 8 KiB by construction, so two length bytes are enough.
fn put_long(row: &mut Vec<u8>, part: &[u8]) {
    row.extend_from_slice(&u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
    row.extend_from_slice(part);
}
