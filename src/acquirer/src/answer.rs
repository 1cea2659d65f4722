//! What the host said, and which request it answers.

use sealpoint_wire::{Bytes, Currency, HostAnswer, HostDecision, TerminalId};

use crate::message::{LocalTime, Message, MessageError, Mti, Place, Why};
use crate::table::{ISO_8583_1987, de};
use crate::tlv;

/// The issuer approves the whole amount (DE 39).
const APPROVED: &str = "00";
/// The host has no such original to reverse (DE 39): nothing was ever authorised.
const NO_ORIGINAL: &str = "25";
/// Issuer authentication data (EMV 4.4 Book 3 Annex A, tag 91): 8 to 16 bytes.
const ISSUER_AUTHENTICATION: u32 = 0x91;
const ISSUER_AUTHENTICATION_LEN: core::ops::RangeInclusive<usize> = 8..=16;
/// Issuer script templates 1 and 2.
const SCRIPTS: [u32; 2] = [0x71, 0x72];

/// Which kind of request a message belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum AnswerTo {
    /// 0100 and 0110.
    Authorisation,
    /// 0400, 0401 and 0410.
    Reversal,
    /// 0800 and 0810.
    Network,
}

/// What a request and its answer have in common, and no two open requests share.
///
/// Authorisations and reversals: terminal (DE 41), trace number (DE 11), local date and time
/// (DE 13 and 12). Network management belongs to the line, not to a terminal: trace number alone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct AnswerKey {
    /// The kind of request.
    pub to: AnswerTo,
    /// Its trace number.
    pub stan: u32,
    /// Its terminal and local date and time, unless it is network management.
    pub asked: Option<(TerminalId, LocalTime)>,
}

impl AnswerKey {
    /// The key of a request or of an answer.
    ///
    /// # Errors
    /// [`MessageError`] names the element that is absent or impossible.
    pub fn of(message: &Message) -> Result<Self, MessageError> {
        let to = match message.mti() {
            Mti::Authorisation | Mti::AuthorisationAnswer => AnswerTo::Authorisation,
            Mti::Reversal | Mti::ReversalRepeat | Mti::ReversalAnswer => AnswerTo::Reversal,
            Mti::Network | Mti::NetworkAnswer => AnswerTo::Network,
        };
        let stan = u32::try_from(message.number(de::STAN)?)
            .map_err(|_| MessageError::at(de::STAN, Why::Value))?;
        let asked = match to {
            AnswerTo::Network => None,
            AnswerTo::Authorisation | AnswerTo::Reversal => {
                let terminal = message
                    .text(de::TERMINAL)?
                    .parse()
                    .map_err(|_| MessageError::at(de::TERMINAL, Why::Value))?;
                Some((terminal, LocalTime::of(message)?))
            }
        };
        Ok(Self { to, stan, asked })
    }
}

/// What the host answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Which request it answers.
    pub key: AnswerKey,
    /// Response code, two characters (DE 39).
    pub response_code: String,
    /// Approval code, six characters, trailing spaces removed (DE 38).
    pub approval_code: Option<String>,
    /// The amount that the host speaks of, minor units, if it says one (DE 4).
    pub amount_minor: Option<i64>,
    /// The currency that the host speaks of, ISO 4217 numeric, if it says one (DE 49).
    pub currency: Option<u16>,
    /// Issuer authentication data (tag 91 of DE 55), or empty.
    pub issuer_authentication: Bytes,
    /// Issuer scripts 71 and 72 of DE 55, whole and in their order, or empty.
    pub scripts: Bytes,
}

/// Bytes that are no answer, or an answer that must not be believed. Its request stays open: its
/// fate is unknown until a time-out reverses it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AnswerError {
    /// Not a message of the profile.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A request where an answer should be.
    #[error(
        "The host sent a request where an answer belongs. Ignore it; ask the acquirer if it goes on."
    )]
    NotAnAnswer,
    /// Approved without an approval code, which a receipt and a settlement need.
    #[error(
        "The host approved without an approval code (DE 38). Reverse the attempt; ask the acquirer."
    )]
    NoApprovalCode,
    /// Another amount or currency than was asked for; partial approval is not in this profile.
    #[error(
        "The host answered for another amount or currency. Reverse the attempt; ask the acquirer."
    )]
    OtherAmount,
}

/// Reads an answer.
///
/// # Errors
/// [`AnswerError`]; never panics on any bytes.
pub fn parse_answer(bytes: &[u8]) -> Result<Answer, AnswerError> {
    let message = Message::decode(&ISO_8583_1987, bytes)?;
    match message.mti() {
        Mti::AuthorisationAnswer | Mti::ReversalAnswer | Mti::NetworkAnswer => {}
        Mti::Authorisation | Mti::Reversal | Mti::ReversalRepeat | Mti::Network => {
            return Err(AnswerError::NotAnAnswer);
        }
    }
    let (issuer_authentication, scripts) = match message.get(de::EMV) {
        Some(emv) => issuer_data(emv)?,
        None => Default::default(),
    };
    Ok(Answer {
        key: AnswerKey::of(&message)?,
        response_code: response_code(&message)?,
        approval_code: optional_text(&message, de::APPROVAL_CODE)?,
        amount_minor: optional_number(&message, de::AMOUNT)?,
        currency: optional_number(&message, de::CURRENCY)?,
        issuer_authentication,
        scripts,
    })
}

impl Answer {
    /// What the till is told, if this answers an authorisation of `amount_minor` in `currency`.
    ///
    /// Only `00` approves: every other code of an authorisation declines the whole amount.
    ///
    /// # Errors
    /// [`AnswerError`] if the answer is no authorisation's, speaks of another amount or currency,
    /// or approves without an approval code.
    pub fn host_answer(
        &self,
        amount_minor: i64,
        currency: Currency,
    ) -> Result<HostAnswer, AnswerError> {
        if self.key.to != AnswerTo::Authorisation {
            return Err(AnswerError::NotAnAnswer);
        }
        let same_amount = self.amount_minor.is_none_or(|said| said == amount_minor);
        let same_currency = self.currency.is_none_or(|said| said == currency.numeric());
        if !(same_amount && same_currency) {
            return Err(AnswerError::OtherAmount);
        }
        let approved = self.response_code == APPROVED;
        if approved && self.approval_code.is_none() {
            return Err(AnswerError::NoApprovalCode);
        }
        Ok(HostAnswer {
            decision: if approved {
                HostDecision::Approved
            } else {
                HostDecision::Declined
            },
            response_code: self.response_code.clone(),
            approval_code: self.approval_code.clone().filter(|_| approved),
            issuer_authentication: self.issuer_authentication.clone(),
            scripts: self.scripts.clone(),
            approved_minor: None,
        })
    }

    /// Whether this settles a reversal: the host undid it (`00`) or never had it (`25`).
    #[must_use]
    pub fn is_reversed(&self) -> bool {
        self.key.to == AnswerTo::Reversal
            && matches!(self.response_code.as_str(), APPROVED | NO_ORIGINAL)
    }

    /// Whether the host took a sign-on, sign-off or echo.
    #[must_use]
    pub fn is_network_ok(&self) -> bool {
        self.key.to == AnswerTo::Network && self.response_code == APPROVED
    }
}

/// Tag 91 and the scripts of an answer's DE 55; other tags are the host's own affair.
fn issuer_data(emv: &[u8]) -> Result<(Bytes, Bytes), MessageError> {
    let bad = |_| MessageError {
        place: Place::De(de::EMV),
        why: Why::Value,
    };
    let authentication = tlv::only(emv, ISSUER_AUTHENTICATION)
        .map_err(bad)?
        .unwrap_or_default();
    if !authentication.is_empty() && !ISSUER_AUTHENTICATION_LEN.contains(&authentication.len()) {
        return Err(bad(tlv::NotTlv));
    }
    let mut scripts = Vec::new();
    for object in tlv::objects(emv) {
        let object = object.map_err(bad)?;
        if SCRIPTS.contains(&object.tag) {
            scripts.extend_from_slice(object.whole);
        }
    }
    let bytes = |part: Vec<u8>| Bytes::try_from(part).map_err(|_| bad(tlv::NotTlv));
    Ok((bytes(authentication.to_vec())?, bytes(scripts)?))
}

/// Both characters must be there: the card gets them as tag 8A.
fn response_code(message: &Message) -> Result<String, MessageError> {
    let code = message.text(de::RESPONSE_CODE)?;
    let whole = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    whole
        .then(|| code.to_owned())
        .ok_or(MessageError::at(de::RESPONSE_CODE, Why::Value))
}

fn optional_text(message: &Message, de: u8) -> Result<Option<String>, MessageError> {
    match message.get(de) {
        Some(_) => Ok(Some(message.text(de)?.to_owned()).filter(|text| !text.is_empty())),
        None => Ok(None),
    }
}

fn optional_number<T: TryFrom<u64>>(message: &Message, de: u8) -> Result<Option<T>, MessageError> {
    match message.get(de) {
        Some(_) => T::try_from(message.number(de)?)
            .map(Some)
            .map_err(|_| MessageError::at(de, Why::Value)),
        None => Ok(None),
    }
}
