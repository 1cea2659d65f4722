//! PIN blocks.

use thiserror::Error;

use crate::hidden::Hidden;

/// Bytes of the longest PIN block (ISO 9564-1 format 4, an AES block).
pub const MAX_PIN_BLOCK_LEN: usize = 16;
/// Bytes of the PIN blocks of formats 0 to 3 (ISO 9564-1, a DES block).
const DES_PIN_BLOCK_LEN: usize = 8;

/// A PIN block, clear or enciphered (ISO 9564-1); wiped on drop.
pub struct PinBlock(Hidden<MAX_PIN_BLOCK_LEN>);

/// The bytes offered are no PIN block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("a PIN block has 8 or 16 bytes, not {offered}; read it from the PIN pad again")]
pub struct PinBlockError {
    /// Bytes that were offered.
    pub offered: usize,
}

impl PinBlock {
    /// A copy of a PIN block; wiping the source is the caller's duty.
    ///
    /// # Errors
    /// [`PinBlockError`] unless there are 8 (formats 0 to 3) or 16 bytes (format 4).
    pub fn from_slice(bytes: &[u8]) -> Result<Self, PinBlockError> {
        if ![DES_PIN_BLOCK_LEN, MAX_PIN_BLOCK_LEN].contains(&bytes.len()) {
            return Err(PinBlockError {
                offered: bytes.len(),
            });
        }
        let mut block = Hidden::empty();
        for byte in bytes {
            block.push(*byte);
        }
        Ok(Self(block))
    }

    /// The block.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.bytes()
    }
}
