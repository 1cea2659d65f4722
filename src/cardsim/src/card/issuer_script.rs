//! Issuer script commands (EMV 4.4 Book 3 6.5.1 to 6.5.3, 6.5.10).

use super::command::{Answer, Command, status};
use super::{Card, PIN_TRIES, Stage};

/// The shortest secure messaging MAC in bytes (EMV 4.4 Book 2 9.2.1).
const MAC_BYTES_MIN: usize = 4;

impl Card {
    /// CARD BLOCK, APPLICATION BLOCK and UNBLOCK, and PIN UNBLOCK, after the
    /// first cryptogram. Their MAC must be there but isn't checked.
    pub(super) fn issuer_script(&mut self, command: &Command<'_>) -> Answer {
        if !matches!(self.stage, Stage::Online(_) | Stage::Complete) {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        }
        if (command.p1, command.p2) != (0, 0) {
            return Answer::from(status::WRONG_P1_P2);
        }
        if command.data.len() < MAC_BYTES_MIN {
            return Answer::from(status::WRONG_LENGTH);
        }
        match command.ins {
            0x16 => self.card_blocked = true,
            0x18 => self.application_blocked = false,
            0x1E => self.application_blocked = true,
            _ => self.pin_tries_left = PIN_TRIES,
        }
        Answer::from(status::OK)
    }
}
