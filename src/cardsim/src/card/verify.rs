//! VERIFY: the plaintext offline PIN.

use super::command::{Answer, Command, status};
use super::{Card, PIN_TRIES, Stage};

impl Card {
    /// VERIFY with a plaintext PIN block, before the first cryptogram
    /// (EMV 4.4 Book 3 6.5.12).
    pub(super) fn verify(&mut self, command: &Command<'_>) -> Answer {
        if (command.p1, command.p2) != (0x00, 0x80) {
            return Answer::from(status::WRONG_P1_P2);
        }
        let Stage::Initiated(charge) = &mut self.stage else {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        };
        let Some(pin_block) = self.data.pin_block else {
            return Answer::from(status::DATA_NOT_FOUND);
        };
        if command.data.len() != pin_block.len() {
            return Answer::from(status::WRONG_LENGTH);
        }
        let Some(tries_left) = self.pin_tries_left.checked_sub(1) else {
            return Answer::from(status::PIN_BLOCKED);
        };
        let right = command.data == pin_block;
        charge.pin_right = Some(right);
        self.pin_tries_left = if right { PIN_TRIES } else { tries_left };
        Answer::from(if right {
            status::OK
        } else {
            status::tries_left(tries_left)
        })
    }
}
