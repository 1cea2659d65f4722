//! Issuer script commands (EMV 4.4 Book 3 6.5.1 to 6.5.3, 6.5.10).

use super::command::{Answer, Command, status};
use super::{Card, PIN_TRIES, Stage};
use crate::cryptogram::Messaging;
use crate::tlv::object;

impl Card {
    /// CARD BLOCK, APPLICATION BLOCK and UNBLOCK, PIN CHANGE/UNBLOCK, PUT DATA and UPDATE RECORD,
    /// after the first cryptogram and with the MAC that only the issuer can make.
    pub(super) fn issuer_script(&mut self, command: &Command<'_>) -> Answer {
        let application = &self.applications[self.current];
        let (Stage::Online(charge) | Stage::Complete(charge)) = &mut self.stage else {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        };
        let Some((_, arqc)) = charge.first else {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        };
        let version = application.data.version;
        let number = charge.scripts;
        charge.scripts = number.saturating_add(1);
        let keys = charge.keys.clone();
        let messaging = Messaging::new(&keys, version, arqc);
        let header = [command.cla, command.ins, command.p1, command.p2];
        let Some(content) = messaging.check(number, header, command.data) else {
            return Answer::from(status::WRONG_SECURE_MESSAGING);
        };
        let application = &mut self.applications[self.current];
        match (command.ins, command.p1, command.p2) {
            (0x16, 0, 0) => self.blocked = true,
            (0x18, 0, 0) => application.blocked = false,
            (0x1E, 0, 0) => application.blocked = true,
            (0x24, 0, 0) => self.pin_tries_left = PIN_TRIES,
            (0x24, 0, 2) => match messaging.decipher_pin(number, content) {
                Some(pin) => {
                    application.data.new_pin(&pin);
                    self.pin_tries_left = PIN_TRIES;
                }
                None => return Answer::from(status::WRONG_DATA),
            },
            (0xDA, high, low) => {
                let tag = u16::from_be_bytes([high, low]);
                application.written.insert(tag, object(tag, content));
            }
            (0xDC, record, file) if file & 0x07 == 0x04 => {
                match application.data.records.get_mut(&(file >> 3, record)) {
                    Some(bytes) => *bytes = content.to_vec(),
                    None => return Answer::from(status::RECORD_NOT_FOUND),
                }
            }
            _ => return Answer::from(status::WRONG_P1_P2),
        }
        Answer::from(status::OK)
    }
}
