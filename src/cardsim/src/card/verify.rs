//! The offline PIN: GET CHALLENGE and VERIFY, plaintext or enciphered.

use zeroize::Zeroizing;

use super::charge::Pin;
use super::command::{Answer, Command, status};
use super::{Card, PIN_TRIES, Stage};
use crate::profile::{Authentication, Misbehaviour};

/// P2 of VERIFY (EMV 4.4 Book 3 table 23).
const PLAINTEXT: u8 = 0x80;
const ENCIPHERED: u8 = 0x88;
/// What a deciphered PIN begins with (EMV 4.4 Book 2 table 25).
const HEADER: u8 = 0x7F;
/// Bytes of a PIN block and of a challenge.
const BLOCK: usize = 8;

impl Card {
    /// GET CHALLENGE: eight bytes that the next VERIFY must contain (EMV 4.4 Book 3 6.5.6).
    pub(super) fn get_challenge(&mut self, command: &Command<'_>) -> Answer {
        if (command.p1, command.p2) != (0, 0) {
            return Answer::from(status::WRONG_P1_P2);
        }
        if !matches!(self.stage, Stage::Initiated(_)) {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        }
        let challenge = self.draw(b"challenge");
        if let Stage::Initiated(charge) = &mut self.stage {
            charge.challenge = Some(challenge);
        }
        Answer::from(challenge.to_vec())
    }

    /// VERIFY, before the first cryptogram (EMV 4.4 Book 3 6.5.12, Book 2 7.2).
    pub(super) fn verify(&mut self, command: &Command<'_>) -> Answer {
        let application = &self.applications[self.current];
        let data = &application.data;
        let key = if data.pin_key {
            &data.chain.pin.key
        } else {
            &data.chain.icc.key
        };
        let deciphers = data.pin_key
            || matches!(
                data.authentication,
                Authentication::Dda | Authentication::Cda
            );
        let (enciphered, length) = match (command.p1, command.p2) {
            (0x00, PLAINTEXT) => (false, BLOCK),
            (0x00, ENCIPHERED) if deciphers => (true, key.size()),
            _ => return Answer::from(status::WRONG_P1_P2),
        };
        let Stage::Initiated(charge) = &mut self.stage else {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        };
        let Some(pin_block) = data.pin_block else {
            return Answer::from(status::DATA_NOT_FOUND);
        };
        if command.data.len() != length {
            return Answer::from(status::WRONG_LENGTH);
        }
        let challenge = charge.challenge.take();
        if enciphered && challenge.is_none() {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        }
        if self.behaviour.misbehaves == Some(Misbehaviour::TakesAnyPin) {
            return Answer::from(status::OK);
        }
        let Some(tries_left) = self.pin_tries_left.checked_sub(1) else {
            return Answer::from(status::PIN_BLOCKED);
        };
        let right = if enciphered {
            let plain = Zeroizing::new(key.private(command.data));
            let (block, rest) = plain.split_at(1 + BLOCK);
            block == [&[HEADER][..], &pin_block].concat()
                && rest.get(..BLOCK) == challenge.as_ref().map(|bytes| &bytes[..])
        } else {
            command.data == pin_block
        };
        charge.pin = if right {
            Pin::Right { enciphered }
        } else {
            Pin::Wrong
        };
        self.pin_tries_left = if right { PIN_TRIES } else { tries_left };
        Answer::from(if right {
            status::OK
        } else {
            status::tries_left(tries_left)
        })
    }
}
