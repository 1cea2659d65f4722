//! SELECT, GET PROCESSING OPTIONS, READ RECORD and GET DATA.

use super::charge::Charge;
use super::command::{Answer, Command, status};
use super::{Card, Stage};
use crate::profile::Misbehaviour;
use crate::tlv::{object, template};

/// The payment system directory of contact cards (EMV 4.4 Book 1 12.2.2), and of
/// tapped ones (contactless book B 3.3.1).
pub(super) const CONTACT_DIRECTORY: &[u8] = b"1PAY.SYS.DDF01";
pub(super) const CONTACTLESS_DIRECTORY: &[u8] = b"2PAY.SYS.DDF01";

/// The directory's only file and record.
const DIRECTORY_RECORD: (u8, u8) = (1, 1);

/// Log Format (9F4F): amount, currency, date, ATC (EMV 4.4 Book 3 Annex D).
const LOG_FORMAT: &[u8] = &[0x9F, 0x02, 6, 0x5F, 0x2A, 2, 0x9A, 3, 0x9F, 0x36, 2];

impl Card {
    /// SELECT by name, whole or partial (EMV 4.4 Book 1 11.3).
    pub(super) fn select(&mut self, command: &Command<'_>) -> Answer {
        if self.blocked {
            return Answer::from(status::FUNCTION_NOT_SUPPORTED);
        }
        let next = match (command.p1, command.p2) {
            (0x04, 0x00) => false,
            (0x04, 0x02) => true,
            _ => return Answer::from(status::WRONG_P1_P2),
        };
        if !(5..=16).contains(&command.data.len()) {
            return Answer::from(status::WRONG_LENGTH);
        }
        if let Some(directory) = &self.directory
            && command.data == directory.name
            && !next
        {
            let fci = directory.fci.clone();
            self.stage = Stage::Directory;
            return Answer::from(fci);
        }
        // The next occurrence is the next application behind the one selected last.
        let endless = self.misbehaves(Misbehaviour::EndlessDirectory);
        let skipped = if next && !endless {
            self.current + 1
        } else {
            0
        };
        let found = self
            .applications
            .iter()
            .enumerate()
            .skip(skipped)
            .find(|(_, application)| application.data.aid.starts_with(command.data));
        let Some((index, application)) = found else {
            return Answer::from(status::FILE_NOT_FOUND);
        };
        let answer = Answer {
            body: application.data.fci.clone(),
            status: if application.blocked {
                status::APPLICATION_BLOCKED
            } else {
                status::OK
            },
        };
        self.current = index;
        self.stage = Stage::Selected;
        answer
    }

    /// GET PROCESSING OPTIONS counts one more use (EMV 4.4 Book 3 6.5.8).
    pub(super) fn get_processing_options(&mut self, command: &Command<'_>) -> Answer {
        if (command.p1, command.p2) != (0, 0) {
            return Answer::from(status::WRONG_P1_P2);
        }
        if !matches!(self.stage, Stage::Selected) {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        }
        // From 128 bytes on the length takes a second byte.
        let (length, values) = match command.data {
            [0x83, 0x81, length, values @ ..] | [0x83, length, values @ ..] => (length, values),
            _ => return Answer::from(status::WRONG_DATA),
        };
        let application = self.application_mut();
        // The counter never wraps: a worn-out card stops working.
        let Some(atc) = application.atc.checked_add(1) else {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        };
        let data = &application.data;
        if usize::from(*length) != values.len() || data.pdol.data_length() != values.len() {
            return Answer::from(status::WRONG_LENGTH);
        }
        application.atc = atc;
        let mut charge = Charge::new(application.charge_keys(), atc, application.data.aip);
        let data = &application.data;
        data.pdol.take(values, &mut charge.elements);
        charge.said.extend(values);
        if let Some(side) = data.contactless.clone() {
            return self.tap(&side, charge);
        }
        let answer = match data.format {
            1 => object(0x80, &[&data.aip[..], &data.afl].concat()),
            _ => template(0x77, &[object(0x82, &data.aip), object(0x94, &data.afl)]),
        };
        self.stage = Stage::Initiated(charge);
        Answer::from(answer)
    }

    /// READ RECORD by short file identifier (EMV 4.4 Book 3 6.5.11).
    pub(super) fn read_record(&mut self, command: &Command<'_>) -> Answer {
        if command.p2 & 0x07 != 0x04 || command.p1 == 0 {
            return Answer::from(status::WRONG_P1_P2);
        }
        let address = (command.p2 >> 3, command.p1);
        let endless = self.misbehaves(Misbehaviour::EndlessDirectory);
        let record = match &self.stage {
            Stage::Off | Stage::Idle | Stage::Selected => {
                return Answer::from(status::CONDITIONS_NOT_SATISFIED);
            }
            Stage::Directory if address.0 != DIRECTORY_RECORD.0 => {
                return Answer::from(status::FILE_NOT_FOUND);
            }
            Stage::Directory if address != DIRECTORY_RECORD && !endless => None,
            Stage::Directory => {
                let directory = self.directory.as_ref();
                directory.and_then(|directory| directory.record.as_ref())
            }
            Stage::Initiated(_) | Stage::Online(_) | Stage::Complete(_)
                if self.misbehaves(Misbehaviour::Garbage) =>
            {
                return Answer::from(self.draw(b"garbage").repeat(5));
            }
            Stage::Initiated(charge) | Stage::Online(charge) | Stage::Complete(charge) => {
                let records = &self.application().data.records;
                let own = charge.records.get(&address);
                if own.is_none() && !records.keys().any(|(sfi, _)| *sfi == address.0) {
                    return Answer::from(status::FILE_NOT_FOUND);
                }
                own.or_else(|| records.get(&address))
            }
        };
        record.map_or(Answer::from(status::RECORD_NOT_FOUND), |bytes| {
            Answer::from(bytes.clone())
        })
    }

    /// GET DATA for the counters, the log format and what was written by a
    /// script (EMV 4.4 Book 3 6.5.7).
    pub(super) fn get_data(&mut self, command: &Command<'_>) -> Answer {
        if matches!(self.stage, Stage::Off | Stage::Idle | Stage::Directory) {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        }
        let tag = u16::from_be_bytes([command.p1, command.p2]);
        let application = self.application();
        let value = match tag {
            0x9F36 => application.atc.to_be_bytes().to_vec(),
            0x9F13 => application.last_online_atc.to_be_bytes().to_vec(),
            0x9F17 if application.data.pin_block.is_some() => vec![self.pin_tries_left],
            0x9F4F => LOG_FORMAT.to_vec(),
            _ => match application.written.get(&tag) {
                Some(object) => return Answer::from(object.clone()),
                None => return Answer::from(status::DATA_NOT_FOUND),
            },
        };
        Answer::from(object(tag, &value))
    }
}
