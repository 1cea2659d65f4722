//! How a sealed card and its attempt travel in the elements for private use.
//!
//! The host cannot open a sealed card without its HPKE `aad` ([`sealpoint_wire::SealContext`]):
//! the attempt and the key id travel here, terminal, amount and currency are DE 41, 4 and 49, and
//! the kind is the message type (0100: authorisation).
//!
//! **DE 120, attempt** (0100, 0400, 0401), 17 bytes:
//!
//! | bytes | |
//! |---|---|
//! | 1 | layout version, [`LAYOUT`] |
//! | 16 | attempt id, UUID in network order |
//!
//! **DE 121 to 123, sealed card** (0100): one row of bytes, cut after each 999; the next element
//! is there only if the one before is full. Numbers are big-endian.
//!
//! | bytes | |
//! |---|---|
//! | 1 | layout version, [`LAYOUT`] |
//! | 2, 2, 2 | HPKE KEM, KDF and AEAD ids |
//! | 1, n | length and text of the key id |
//! | 2, n | length and bytes of the encapsulated key (`enc`) |
//! | 2, n | length and bytes of the ciphertext with its tag |

use sealpoint_wire::{AttemptId, SealedCard};

use crate::message::{Message, MessageError, Why};
use crate::table::{LONGEST, de};

/// Version of both layouts.
pub const LAYOUT: u8 = 1;

/// Puts the attempt into DE 120.
pub(crate) fn put_attempt(message: &mut Message, attempt: AttemptId) -> Result<(), MessageError> {
    message.set(de::ATTEMPT, &[&[LAYOUT][..], attempt.as_bytes()].concat())
}

/// Puts the sealed card into DE 121 and as many of the following as it takes.
pub(crate) fn put_card(message: &mut Message, sealed: &SealedCard) -> Result<(), MessageError> {
    let key_id = sealed.key_id.as_str().as_bytes();
    let mut row = vec![LAYOUT];
    for id in [sealed.kem, sealed.kdf, sealed.aead] {
        row.extend_from_slice(&id.to_be_bytes());
    }
    // A key id is at most 32 bytes by construction, so one length byte is enough.
    row.push(u8::try_from(key_id.len()).unwrap_or(u8::MAX));
    row.extend_from_slice(key_id);
    for part in [sealed.enc.as_slice(), sealed.ciphertext.as_slice()] {
        // A wire field is at most 8 KiB by construction, so two length bytes are enough.
        row.extend_from_slice(&u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
        row.extend_from_slice(part);
    }
    let room = de::SEALED.len() * LONGEST;
    if row.len() > room {
        let rule = crate::table::Length::Three(room);
        return Err(MessageError::at(
            de::SEALED[0],
            Why::Length {
                len: row.len(),
                rule,
            },
        ));
    }
    for (de, part) in de::SEALED.into_iter().zip(row.chunks(LONGEST)) {
        message.set(de, part)?;
    }
    Ok(())
}
