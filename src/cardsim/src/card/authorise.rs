//! GENERATE AC, first and second, and EXTERNAL AUTHENTICATE.

use super::command::{Answer, Command, status};
use super::{Card, Charge, IssuerAuthentication, Stage};
use crate::cryptogram::{AcElements, CryptogramVersion, MissingElement};
use crate::tlv::{object, template};

/// The kind of cryptogram, as in P1 and the Cryptogram Information Data
/// (EMV 4.4 Book 3 tables 12 and 15).
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Aac = 0x00,
    Tc = 0x40,
    Arqc = 0x80,
}

/// CVR: no second cryptogram has been asked for yet.
const NO_SECOND: u8 = 0x80;

impl Card {
    /// GENERATE AC (EMV 4.4 Book 3 6.5.5); combined DDA isn't on this card.
    pub(super) fn generate_ac(&mut self, command: &Command<'_>) -> Answer {
        let asked = match (command.p1, command.p2) {
            (0x00, 0x00) => Kind::Aac,
            (0x40, 0x00) => Kind::Tc,
            (0x80, 0x00) => Kind::Arqc,
            _ => return Answer::from(status::WRONG_P1_P2),
        };
        // Whatever comes of it, a cryptogram is asked for once per stage.
        match std::mem::replace(&mut self.stage, Stage::Complete) {
            Stage::Initiated(charge) => self.first(asked, charge, command.data),
            Stage::Online(charge) => self.second(asked, charge, command.data),
            other => {
                self.stage = other;
                Answer::from(status::CONDITIONS_NOT_SATISFIED)
            }
        }
    }

    fn first(&mut self, asked: Kind, mut charge: Charge, data: &[u8]) -> Answer {
        if !self.data.cdol1.take(data, &mut charge.elements) {
            self.stage = Stage::Initiated(charge);
            return Answer::from(status::WRONG_LENGTH);
        }
        let refuses = self.behaviour.declines_offline || self.application_blocked;
        let kind = if refuses || asked == Kind::Aac {
            Kind::Aac
        } else {
            Kind::Arqc
        };
        let Ok((cryptogram, answer)) =
            self.answer_cryptogram(kind, NO_SECOND | kind as u8 >> 2, &charge)
        else {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        };
        if kind == Kind::Arqc {
            charge.arqc = cryptogram;
            self.stage = Stage::Online(charge);
        }
        self.leaving = self.behaviour.remove_at == Some(crate::profile::RemoveAt::AfterFirstAc);
        answer
    }

    fn second(&mut self, asked: Kind, mut charge: Charge, data: &[u8]) -> Answer {
        if asked == Kind::Arqc || !self.data.cdol2.take(data, &mut charge.elements) {
            let status = match asked {
                Kind::Arqc => status::CONDITIONS_NOT_SATISFIED,
                Kind::Aac | Kind::Tc => status::WRONG_LENGTH,
            };
            self.stage = Stage::Online(charge);
            return Answer::from(status);
        }
        if let Some(answer) = charge.elements.get(&0x91)
            && answer.iter().any(|byte| *byte != 0)
        {
            charge.issuer = self.check_issuer(charge.arqc, answer);
        }
        let genuine = matches!(charge.issuer, IssuerAuthentication::Genuine { .. });
        let approved = charge.issuer == IssuerAuthentication::Genuine { approves: true };
        let confirms = asked == Kind::Tc && approved && !self.application_blocked;
        let kind = if confirms { Kind::Tc } else { Kind::Aac };
        let Ok((_, answer)) =
            self.answer_cryptogram(kind, kind as u8 | Kind::Arqc as u8 >> 2, &charge)
        else {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        };
        if genuine {
            self.last_online_atc = self.atc;
        }
        answer
    }

    /// The cryptogram and the answer that carries it: CID, ATC, cryptogram
    /// and Issuer Application Data (EMV 4.4 Book 3 6.5.5.4).
    fn answer_cryptogram(
        &self,
        kind: Kind,
        asked_so_far: u8,
        charge: &Charge,
    ) -> Result<([u8; 8], Answer), MissingElement> {
        let data = &self.data;
        let results = asked_so_far | verification_flags(data.version, charge);
        let iad = data
            .version
            .issuer_application_data(data.key_index, results);
        let elements = AcElements::collect(|tag| charge.elements.get(&tag).map(Vec::as_slice))?;
        let key = self.key.session_key(elements.atc);
        let cryptogram = data.version.cryptogram(&key, &elements, &iad);
        let body = match data.format {
            1 => object(
                0x80,
                &[&[kind as u8][..], &elements.atc, &cryptogram, &iad].concat(),
            ),
            _ => template(
                0x77,
                &[
                    object(0x9F27, &[kind as u8]),
                    object(0x9F36, &elements.atc),
                    object(0x9F26, &cryptogram),
                    object(0x9F10, &iad),
                ],
            ),
        };
        Ok((cryptogram, Answer::from(body)))
    }

    /// EXTERNAL AUTHENTICATE, once, between the two cryptograms and only on a
    /// card whose AIP announces it (EMV 4.4 Book 3 6.5.4 and 10.9).
    pub(super) fn external_authenticate(&mut self, command: &Command<'_>) -> Answer {
        if (command.p1, command.p2) != (0, 0) {
            return Answer::from(status::WRONG_P1_P2);
        }
        let arqc = match &self.stage {
            Stage::Online(charge)
                if self.data.version == CryptogramVersion::Visa18
                    && charge.issuer == IssuerAuthentication::NotDone =>
            {
                charge.arqc
            }
            _ => return Answer::from(status::CONDITIONS_NOT_SATISFIED),
        };
        if !(8..=16).contains(&command.data.len()) {
            return Answer::from(status::WRONG_LENGTH);
        }
        let found = self.check_issuer(arqc, command.data);
        if let Stage::Online(charge) = &mut self.stage {
            charge.issuer = found;
        }
        Answer::from(match found {
            IssuerAuthentication::Genuine { .. } => status::OK,
            IssuerAuthentication::Failed | IssuerAuthentication::NotDone => {
                status::AUTHENTICATION_FAILED
            }
        })
    }

    fn check_issuer(&self, arqc: [u8; 8], answer: &[u8]) -> IssuerAuthentication {
        let key = self.key.session_key(self.atc.to_be_bytes());
        match self
            .data
            .version
            .check_issuer_authentication(&key, arqc, answer)
        {
            Some(approves) => IssuerAuthentication::Genuine { approves },
            None => IssuerAuthentication::Failed,
        }
    }
}

/// The low bits of the CVR's first byte: what happened besides cryptograms.
fn verification_flags(version: CryptogramVersion, charge: &Charge) -> u8 {
    let unable_to_go_online = charge
        .elements
        .get(&0x8A)
        .is_some_and(|code| matches!(&code[..], b"Y3" | b"Z3"));
    match version {
        CryptogramVersion::Visa18 => {
            let pin = match charge.pin_right {
                None => 0x00,
                Some(true) => 0x04,
                Some(false) => 0x06,
            };
            let failed = charge.issuer == IssuerAuthentication::Failed;
            u8::from(failed) << 3 | pin | u8::from(unable_to_go_online)
        }
        CryptogramVersion::MChip20 => match charge.pin_right {
            None => 0x00,
            Some(false) => 0x04,
            Some(true) => 0x05,
        },
    }
}
