//! GENERATE AC, first and second, and EXTERNAL AUTHENTICATE.

use super::charge::{Charge, IssuerAuthentication, Kind};
use super::command::{Answer, Command, status};
use super::{Card, Stage};
use crate::cryptogram::{AcElements, MissingElement, approves};
use crate::oda::{Dynamic, dda, sha1};
use crate::profile::{Authentication, IssuerCheck, Misbehaviour, RemoveAt};
use crate::tlv::{object, template};

/// P1 of GENERATE AC: the answer is to be signed (EMV 4.4 Book 3 table 12).
const SIGNED: u8 = 0x10;

impl Card {
    /// GENERATE AC (EMV 4.4 Book 3 6.5.5).
    pub(super) fn generate_ac(&mut self, command: &Command<'_>) -> Answer {
        let can_sign = self.application().data.authentication == Authentication::Cda;
        let sign = command.p1 & SIGNED != 0;
        let asked = match (command.p1 & !SIGNED, command.p2) {
            (0x00, 0x00) if !sign => Kind::Aac,
            (0x40, 0x00) if can_sign || !sign => Kind::Tc,
            (0x80, 0x00) if can_sign || !sign => Kind::Arqc,
            _ => return Answer::from(status::WRONG_P1_P2),
        };
        // Whatever comes of it, a cryptogram is asked for once per stage.
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Initiated(charge) => self.first(asked, sign, charge, command.data),
            Stage::Online(charge) => self.second(asked, sign, charge, command.data),
            other => {
                self.stage = other;
                Answer::from(status::CONDITIONS_NOT_SATISFIED)
            }
        }
    }

    fn first(&mut self, asked: Kind, sign: bool, mut charge: Charge, data: &[u8]) -> Answer {
        let application = self.application();
        if !application.data.cdol1.take(data, &mut charge.elements) {
            self.stage = Stage::Initiated(charge);
            return Answer::from(status::WRONG_LENGTH);
        }
        charge.said.extend(data);
        let kind = match asked {
            _ if self.behaviour.declines_offline || application.blocked => Kind::Aac,
            Kind::Tc if !self.behaviour.approves_offline => Kind::Arqc,
            asked => asked,
        };
        let Ok((cryptogram, answer)) = self.answer_cryptogram(kind, sign, &charge) else {
            self.stage = Stage::Complete(charge);
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        };
        charge.first = Some((kind, cryptogram));
        self.stage = match kind {
            Kind::Arqc => Stage::Online(charge),
            Kind::Aac | Kind::Tc => Stage::Complete(charge),
        };
        self.leaving = self.behaviour.remove_at == Some(RemoveAt::AfterFirstAc);
        answer
    }

    fn second(&mut self, asked: Kind, sign: bool, mut charge: Charge, data: &[u8]) -> Answer {
        let application = self.application();
        let heard = asked != Kind::Arqc && application.data.cdol2.take(data, &mut charge.elements);
        if !heard {
            let status = match asked {
                Kind::Arqc => status::CONDITIONS_NOT_SATISFIED,
                Kind::Aac | Kind::Tc => status::WRONG_LENGTH,
            };
            self.stage = Stage::Online(charge);
            return Answer::from(status);
        }
        charge.said.extend(data);
        if let Some(answer) = charge.elements.get(&0x91)
            && answer.iter().any(|byte| *byte != 0)
        {
            charge.issuer = self.check_issuer(&charge, answer);
        }
        let kind = match asked {
            Kind::Tc if self.confirms(&charge) => Kind::Tc,
            _ => Kind::Aac,
        };
        let online = self.was_online(&charge);
        let answer = match self.answer_cryptogram(kind, sign, &charge) {
            Ok((_, answer)) => answer,
            Err(MissingElement(_)) => Answer::from(status::CONDITIONS_NOT_SATISFIED),
        };
        self.stage = Stage::Complete(charge);
        if online {
            let application = self.application_mut();
            application.last_online_atc = application.atc;
        }
        answer
    }

    /// Whether the card agrees that the second cryptogram be a TC.
    fn confirms(&self, charge: &Charge) -> bool {
        let demands = self.behaviour.demands_issuer_authentication;
        let says = match (charge.issuer, charge.response_code()) {
            (IssuerAuthentication::Genuine { approves }, _) => approves,
            (IssuerAuthentication::Failed, _) => false,
            (IssuerAuthentication::NotDone, Some(code)) if approves(code) => !demands,
            (IssuerAuthentication::NotDone, code) => {
                code == Some(*b"Y3") && self.behaviour.approves_offline
            }
        };
        says && !self.application().blocked
    }

    /// Whether the issuer has answered, as far as the card believes it.
    fn was_online(&self, charge: &Charge) -> bool {
        match charge.issuer {
            IssuerAuthentication::Genuine { .. } => true,
            IssuerAuthentication::Failed => false,
            IssuerAuthentication::NotDone => {
                let offline = matches!(charge.response_code(), None | Some([b'Y' | b'Z', _]));
                !offline && !self.behaviour.demands_issuer_authentication
            }
        }
    }

    /// The cryptogram and the answer that carries it: CID, ATC, cryptogram
    /// and Issuer Application Data (EMV 4.4 Book 3 6.5.5.4).
    fn answer_cryptogram(
        &mut self,
        kind: Kind,
        sign: bool,
        charge: &Charge,
    ) -> Result<([u8; 8], Answer), MissingElement> {
        // An AAC is never signed (Book 2 6.6.1).
        let sign = sign && kind != Kind::Aac;
        let (iad, cryptogram) = self.cryptogram(kind, sign, charge)?;
        let atc = charge.element::<2>(0x9F36);
        let information = object(0x9F27, &[kind as u8]);
        let counter = object(0x9F36, &atc);
        let body = if sign {
            let rest = [information.clone(), counter.clone(), object(0x9F10, &iad)].concat();
            let signed = self.sign_cryptogram(kind, cryptogram, charge, &rest);
            let signed = object(0x9F4B, &signed);
            template(0x77, &[information, counter, signed, object(0x9F10, &iad)])
        } else if self.application().data.format == 1 {
            object(0x80, &[&[kind as u8][..], &atc, &cryptogram, &iad].concat())
        } else {
            let cryptogram = object(0x9F26, &cryptogram);
            template(
                0x77,
                &[information, counter, cryptogram, object(0x9F10, &iad)],
            )
        };
        Ok((cryptogram, Answer::from(body)))
    }

    /// Issuer Application Data and the cryptogram over it and the elements.
    pub(super) fn cryptogram(
        &self,
        kind: Kind,
        signed: bool,
        charge: &Charge,
    ) -> Result<(Vec<u8>, [u8; 8]), MissingElement> {
        let data = &self.application().data;
        let version = data.version;
        let results = charge.verification_results(version, kind, self.pin_tries_left, signed);
        let iad = version.issuer_application_data(data.key_index, &results);
        let elements = AcElements::collect(|tag| charge.elements.get(&tag).map(Vec::as_slice))?;
        let cryptogram = version.cryptogram(&charge.keys, &elements, &iad);
        Ok((iad, cryptogram))
    }

    /// CDA: the signature over the cryptogram and all that was said (EMV 4.4 Book 2 6.6.1).
    fn sign_cryptogram(
        &mut self,
        kind: Kind,
        cryptogram: [u8; 8],
        charge: &Charge,
        rest: &[u8],
    ) -> Vec<u8> {
        let mut said = charge.said.clone();
        if self.misbehaves(Misbehaviour::OtherAmountSigned)
            && let Some(byte) = said.first_mut()
        {
            *byte ^= 0x01;
        }
        let number = self.draw(b"number");
        let data = Dynamic::Cryptogram {
            number: &number,
            information: kind as u8,
            cryptogram,
            said: sha1(&[&said, rest]),
        };
        let unpredictable = charge.element::<4>(0x9F37);
        self.spoil(dda(
            &self.application().data.chain.icc.key,
            &data,
            &unpredictable,
        ))
    }

    /// A dynamic signature, which a misbehaving card has got wrong.
    pub(super) fn spoil(&self, signed: Option<Vec<u8>>) -> Vec<u8> {
        let mut signed = signed.expect("the cards' keys are long enough for ICC Dynamic Data");
        if self.misbehaves(Misbehaviour::WrongDynamicSignature) {
            signed
                .iter_mut()
                .skip(9)
                .take(1)
                .for_each(|byte| *byte ^= 0x40);
        }
        signed
    }

    /// EXTERNAL AUTHENTICATE, once, between the two cryptograms and only on a
    /// card whose AIP announces it (EMV 4.4 Book 3 6.5.4 and 10.9).
    pub(super) fn external_authenticate(&mut self, command: &Command<'_>) -> Answer {
        if (command.p1, command.p2) != (0, 0) {
            return Answer::from(status::WRONG_P1_P2);
        }
        let announced = self.application().data.issuer_check == IssuerCheck::External;
        let found = match &self.stage {
            Stage::Online(charge)
                if announced && charge.issuer == IssuerAuthentication::NotDone =>
            {
                if !(8..=16).contains(&command.data.len()) {
                    return Answer::from(status::WRONG_LENGTH);
                }
                self.check_issuer(charge, command.data)
            }
            _ => return Answer::from(status::CONDITIONS_NOT_SATISFIED),
        };
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

    fn check_issuer(&self, charge: &Charge, answer: &[u8]) -> IssuerAuthentication {
        let version = self.application().data.version;
        let Some((_, arqc)) = charge.first else {
            return IssuerAuthentication::NotDone;
        };
        match version.check_issuer_authentication(&charge.keys, arqc, answer) {
            Some(approves) => IssuerAuthentication::Genuine { approves },
            None => IssuerAuthentication::Failed,
        }
    }
}
