//! A virtual reader: a Unix socket on which the card process is the reader
//! and we are the card.

use std::path::Path;

use crate::framing::{self, WhenGone};
use crate::slot::Slot;
use crate::socket::Server;
pub use crate::socket::SocketError;

/// A contact reader has one slot and one master.
const LANES: usize = 1;

/// Serves the slot's card to one lane at a time, in vpcd's framing: frames of
/// a two-byte big-endian length and payload; `00` power off, `01` power on,
/// `02` reset, `04` get ATR, anything else a command APDU. An empty answer
/// means that there is no card. Dropping it closes and removes the socket.
pub struct VirtualReader {
    _server: Server,
}

impl VirtualReader {
    /// Opens the socket with mode 0600.
    ///
    /// # Errors
    /// [`SocketError`] if the path is in use or cannot be made.
    pub fn bind(path: &Path, slot: Slot) -> Result<Self, SocketError> {
        let server = Server::bind(path, LANES, move |stream| {
            if let Err(error) = framing::serve(stream, &slot, WhenGone::AnswerEmpty, |_| {}) {
                tracing::debug!(%error, "the lane went away in mid-frame");
            }
            // A reader that nobody drives gives its card no power.
            slot.power_off();
        })?;
        Ok(Self { _server: server })
    }
}
