//! Signed dynamic data: what DDA, CDA and fast DDA share (EMV 4.4 Book 2 §6.5.2 and §6.6.2; tables 16,
//! 17, 19 and 22).

use super::{
    flaw::Flaw,
    rsa::PublicKey,
    signature::{Message, SHA_1},
};
use crate::{
    dialogue::Dialogue,
    tag::{self, Tag},
};

/// Signed data format (table 17).
pub(super) const FORMAT: u8 = 0x05;
/// Bytes of an ICC dynamic number (table 16).
const NUMBER: core::ops::RangeInclusive<usize> = 2..=8;
const SIGNED: Tag = tag::SIGNED_DYNAMIC_DATA;

/// A recovered message whose hash fits.
pub(super) struct Dynamic(Message);

impl Dynamic {
    /// Recovers what the card signed, and checks that it did so over `sent`.
    pub(super) fn verify(
        key: &PublicKey,
        signature: &[u8],
        formats: &[u8],
        sent: &[&[u8]],
    ) -> Result<Self, Flaw> {
        let message = Message::recover(SIGNED, signature, key, formats)?;
        let ([algorithm], _) = message.fields()?;
        if *algorithm != SHA_1 {
            return Err(Flaw::Algorithm(SIGNED));
        }
        message.check(sent.iter().copied())?;
        Ok(Self(message))
    }

    /// Its format byte.
    pub(super) fn format(&self) -> u8 {
        self.0.body()[0]
    }

    /// The ICC dynamic number, and what stands behind it in the ICC dynamic data.
    pub(super) fn number(&self) -> Result<(&[u8], &[u8]), Flaw> {
        let ([_, length], rest) = self.0.fields()?;
        rest.get(..usize::from(*length))
            .and_then(<[u8]>::split_first)
            .filter(|(number, _)| NUMBER.contains(&usize::from(**number)))
            .and_then(|(number, behind)| behind.split_at_checked(usize::from(*number)))
            .ok_or(Flaw::DynamicData)
    }
}

/// Keeps the ICC dynamic number (tag 9F4C), whatever the card gave for it before.
pub(super) fn keep(dialogue: &mut Dialogue, tag: Tag, value: &[u8]) -> Result<(), Flaw> {
    dialogue.store.forget(tag);
    dialogue
        .store
        .learn(tag, value)
        .map_err(|_| Flaw::DynamicData)
}
