//! SELECT, GET PROCESSING OPTIONS, READ RECORD and GET DATA.

use super::command::{Answer, Command, status};
use super::{Card, Charge, Stage};
use crate::tlv::{object, template};

/// The Payment System Environment of contact cards (EMV 4.4 Book 1 12.2.2).
pub(super) const DIRECTORY_NAME: &[u8] = b"1PAY.SYS.DDF01";

/// The directory's only file and record.
const DIRECTORY_RECORD: (u8, u8) = (1, 1);

impl Card {
    /// SELECT by name, whole or partial (EMV 4.4 Book 1 11.3).
    pub(super) fn select(&mut self, command: &Command<'_>) -> Answer {
        if self.card_blocked {
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
        match &self.data.directory {
            Some((fci, _)) if command.data == DIRECTORY_NAME && !next => {
                self.stage = Stage::Directory;
                return Answer::from(fci.clone());
            }
            _ => {}
        }
        // With one application there is never a next occurrence.
        if next || !self.data.aid.starts_with(command.data) {
            return Answer::from(status::FILE_NOT_FOUND);
        }
        self.stage = Stage::Selected;
        let status = if self.application_blocked {
            status::APPLICATION_BLOCKED
        } else {
            status::OK
        };
        Answer {
            body: self.data.fci.clone(),
            status,
        }
    }

    /// GET PROCESSING OPTIONS counts one more use (EMV 4.4 Book 3 6.5.8).
    pub(super) fn get_processing_options(&mut self, command: &Command<'_>) -> Answer {
        if (command.p1, command.p2) != (0, 0) {
            return Answer::from(status::WRONG_P1_P2);
        }
        if !matches!(self.stage, Stage::Selected) {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        }
        let [0x83, length, values @ ..] = command.data else {
            return Answer::from(status::WRONG_DATA);
        };
        let mut charge = Charge::default();
        let complete = usize::from(*length) == values.len();
        if !complete || !self.data.pdol.take(values, &mut charge.elements) {
            return Answer::from(status::WRONG_LENGTH);
        }
        // The counter never wraps: a worn-out card stops working.
        let Some(atc) = self.atc.checked_add(1) else {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        };
        self.atc = atc;
        charge.elements.insert(0x9F36, atc.to_be_bytes().to_vec());
        charge.elements.insert(0x82, self.data.aip.to_vec());
        self.stage = Stage::Initiated(charge);
        let (aip, afl) = (&self.data.aip, &self.data.afl);
        Answer::from(match self.data.format {
            1 => object(0x80, &[&aip[..], afl].concat()),
            _ => template(0x77, &[object(0x82, aip), object(0x94, afl)]),
        })
    }

    /// READ RECORD by short file identifier (EMV 4.4 Book 3 6.5.11).
    pub(super) fn read_record(&mut self, command: &Command<'_>) -> Answer {
        if command.p2 & 0x07 != 0x04 || command.p1 == 0 {
            return Answer::from(status::WRONG_P1_P2);
        }
        let address = (command.p2 >> 3, command.p1);
        let record = match &self.stage {
            Stage::Off | Stage::Idle | Stage::Selected => {
                return Answer::from(status::CONDITIONS_NOT_SATISFIED);
            }
            Stage::Directory if address.0 != DIRECTORY_RECORD.0 => {
                return Answer::from(status::FILE_NOT_FOUND);
            }
            Stage::Directory if address != DIRECTORY_RECORD => None,
            Stage::Directory => self.data.directory.as_ref().map(|(_, record)| record),
            Stage::Initiated(_) | Stage::Online(_) | Stage::Complete => {
                if !self.data.records.keys().any(|(sfi, _)| *sfi == address.0) {
                    return Answer::from(status::FILE_NOT_FOUND);
                }
                self.data.records.get(&address)
            }
        };
        record.map_or(Answer::from(status::RECORD_NOT_FOUND), |bytes| {
            Answer::from(bytes.clone())
        })
    }

    /// GET DATA for the counters (EMV 4.4 Book 3 6.5.7).
    pub(super) fn get_data(&mut self, command: &Command<'_>) -> Answer {
        if matches!(self.stage, Stage::Off | Stage::Idle | Stage::Directory) {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        }
        let tag = u16::from_be_bytes([command.p1, command.p2]);
        let value = match tag {
            0x9F36 => self.atc.to_be_bytes().to_vec(),
            0x9F13 => self.last_online_atc.to_be_bytes().to_vec(),
            0x9F17 if self.data.pin_block.is_some() => vec![self.pin_tries_left],
            _ => return Answer::from(status::DATA_NOT_FOUND),
        };
        Answer::from(object(tag, &value))
    }
}
