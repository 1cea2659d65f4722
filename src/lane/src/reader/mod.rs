//! Readers: where a card is or is not, and how it is spoken to.

mod bounded;
mod pcsc;
#[cfg(feature = "demo")]
mod virtual_reader;

pub use bounded::{Bounded, CALL_TIMEOUT};
pub use pcsc::PcscReader;
#[cfg(feature = "demo")]
pub use virtual_reader::VirtualReader;

use sealpoint_emv::MAX_R_APDU;
use sealpoint_secret::SecretBytes;
use sealpoint_wire::ReaderState;

/// Bytes of the longest answer to reset (EMV 4.4 Book 1 section 8).
pub const MAX_ATR: usize = 33;

/// A reader with one slot for cards with contacts.
pub trait Reader: Send {
    /// How the reader stands now. Once a card is powered, `CardIn` means that very card.
    fn state(&mut self) -> ReaderState;

    /// Powers the card and gives its answer to reset, at most [`MAX_ATR`] bytes.
    ///
    /// # Errors
    /// [`CardError`] if there is no card, it does not answer, or the reader fails.
    fn power_on(&mut self) -> Result<Vec<u8>, CardError>;

    /// Sends a command to the powered card and puts the whole answer, status word last, into
    /// `answer`, which must have room for [`ANSWER_BOUND`] bytes.
    ///
    /// # Errors
    /// [`CardError`] if the card is gone or the reader fails; `answer` is empty then.
    fn transmit(&mut self, command: &[u8], answer: &mut SecretBytes) -> Result<(), CardError>;

    /// Takes the power away; nothing happens without a powered card.
    fn power_off(&mut self);
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
