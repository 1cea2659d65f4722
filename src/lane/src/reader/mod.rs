//! Readers: where a card is or is not, and how it is spoken to.

mod bounded;
mod pcsc;
mod pin_pad;
#[cfg(feature = "demo")]
mod virtual_reader;

pub use bounded::{Bounded, CALL_TIMEOUT};
pub use pcsc::PcscReader;
pub use pin_pad::{PAD_TIMEOUT, PadAnswer, PadPin};
#[cfg(feature = "demo")]
pub use virtual_reader::VirtualReader;

use sealpoint_emv::{Atr, Interface, MAX_R_APDU, PinKey, PinPad};
use sealpoint_secret::SecretBytes;

/// Bytes of the longest answer to reset (EMV 4.4 Book 1 section 8).
pub const MAX_ATR: usize = 33;

/// A device with one slot for cards or several, or all the devices of a card service.
pub trait Reader: Send {
    /// The slots as they are now; never an empty list.
    ///
    /// # Errors
    /// [`Missing`] if there is no reader.
    fn slots(&mut self) -> Result<Vec<Slot>, Missing>;

    /// Powers the card in that slot, if it is still the one that was seen there. A card that was
    /// powered before loses its power.
    ///
    /// # Errors
    /// [`CardError`] if there is no card, it does not answer, or the reader fails.
    fn power_on(&mut self, slot: &Slot) -> Result<Powered, CardError>;

    /// Sends a command to the powered card and puts the whole answer, status word last, into
    /// `answer`, which must have room for [`ANSWER_BOUND`] bytes.
    ///
    /// # Errors
    /// [`CardError`] if the card is gone or the reader fails; `answer` is empty then.
    fn transmit(&mut self, command: &[u8], answer: &mut SecretBytes) -> Result<(), CardError>;

    /// Has the slot's own keys take a PIN and give it to the card in clear, without this machine
    /// (PC/SC part 10, `FEATURE_VERIFY_PIN_DIRECT`). Only where [`Powered::pad`] says so.
    ///
    /// # Errors
    /// [`CardError`] if the card is gone or the reader fails.
    fn verify_pin(&mut self) -> Result<PadAnswer, CardError>;

    /// Has the slot's own keys take a PIN and encipher it for the card alone, with its key and what
    /// it answered to GET CHALLENGE (EMV 4.4 Book 2 section 7.2). The card is sent nothing. Only
    /// where [`Powered::pad`] says so, which few do.
    ///
    /// # Errors
    /// [`CardError`] if the card is gone or the reader fails.
    fn encipher_pin(&mut self, _key: &PinKey, _challenge: [u8; 8]) -> Result<PadPin, CardError> {
        Ok(PadPin::Said(PadAnswer::Failed))
    }

    /// Takes the power away; nothing happens without a powered card.
    fn power_off(&mut self);
}

/// A place for one card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slot {
    /// The reader's name for it; no other slot has it.
    pub name: String,
    /// Whether it is known to be for cards without contacts.
    pub contactless: bool,
    /// The card in it: a number that another insertion does not have. None without a card.
    pub card: Option<u32>,
}

/// There is no reader.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{why}")]
pub struct Missing {
    /// What happened and what to do.
    pub why: String,
}

/// A card under power.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Powered {
    /// Its answer to reset, at most [`MAX_ATR`] bytes.
    pub atr: Vec<u8>,
    /// How it is spoken to.
    pub interface: Interface,
    /// What the slot's own PIN pad can do.
    pub pad: PinPad,
}

/// Bytes that an answer's buffer has: the longest answer, and room to see that one is longer.
pub const ANSWER_BOUND: usize = MAX_R_APDU + 8;

/// Why a card could not be spoken to.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CardError {
    /// The card is gone.
    #[error("The card was taken out too soon. Insert it again and leave it in.")]
    Removed,
    /// There is a card, and it does not answer.
    #[error(
        "The card does not answer. Take it out, wipe its chip, and insert it again with the chip \
         up and first."
    )]
    Mute,
    /// The reader failed; the text says what happened and what to do.
    #[error("{0}")]
    Failed(String),
}

/// How a card with that answer to reset is spoken to, in a slot of that kind.
pub(crate) fn interface(slot: &Slot, atr: &[u8]) -> Interface {
    if slot.contactless || Atr::parse(atr).is_ok_and(Atr::is_contactless) {
        Interface::Contactless
    } else {
        Interface::Contact
    }
}
