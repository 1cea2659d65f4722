//! INTERNAL AUTHENTICATE, and the numbers that a card draws.

use std::collections::BTreeMap;

use super::command::{Answer, Command, status};
use super::{Card, Stage};
use crate::oda::{Dynamic, dda};
use crate::profile::Authentication;
use crate::tlv::{object, template};

impl Card {
    /// INTERNAL AUTHENTICATE: DDA (EMV 4.4 Book 3 6.5.9, Book 2 6.5).
    pub(super) fn internal_authenticate(&mut self, command: &Command<'_>) -> Answer {
        let data = &self.application().data;
        let (ddol, format) = (&data.ddol, data.format);
        if !matches!(
            data.authentication,
            Authentication::Dda | Authentication::Cda
        ) {
            return Answer::from(status::INSTRUCTION_NOT_SUPPORTED);
        }
        if (command.p1, command.p2) != (0, 0) {
            return Answer::from(status::WRONG_P1_P2);
        }
        if !matches!(self.stage, Stage::Initiated(_)) {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        }
        if !ddol.take(command.data, &mut BTreeMap::new()) {
            return Answer::from(status::WRONG_LENGTH);
        }
        let number = self.draw(b"number");
        let key = &self.application().data.chain.icc.key;
        let signed = self.spoil(dda(key, &Dynamic::Number(&number), command.data));
        if let Stage::Initiated(charge) = &mut self.stage {
            charge.dda = true;
        }
        Answer::from(match format {
            1 => object(0x80, &signed),
            _ => template(0x77, &[object(0x9F4B, &signed)]),
        })
    }

    /// Eight bytes that nobody without the card's key can foretell. The card has no random source,
    /// so they follow from its key, its ATC and how many it has drawn: the same card does the same
    /// things again.
    pub(super) fn draw(&mut self, purpose: &[u8]) -> [u8; 8] {
        self.draws = self.draws.wrapping_add(1);
        let keys = self.application().charge_keys();
        let key = keys.arpc(self.application().data.version);
        key.command_mac(
            &[
                purpose,
                &self.draws.to_be_bytes(),
                &self.application().atc.to_be_bytes(),
            ]
            .concat(),
        )
    }
}
