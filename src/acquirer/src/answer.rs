//! What the host said, and which request it answers.

use sealpoint_wire::{Bytes, Currency, HostAnswer, HostDecision, TerminalId};

use crate::action_code::{APPROVED, LATER, NO_ORIGINAL, PARTLY_APPROVED, response_of};
use crate::format::Format;
use crate::local_time::LocalTime;
use crate::message::{Message, MessageError, Place, Why};
use crate::mti::AnswerTo;
use crate::table::{Edition, de};
use crate::tlv;

/// DE 54: characters of one amount: account type, kind, currency, sign, twelve digits.
const ADDITIONAL_AMOUNT: usize = 20;
/// DE 54: the kind of the amount that was asked for, where less was approved.
const ORIGINAL_KIND: &[u8] = b"57";
/// Issuer authentication data (EMV 4.4 Book 3 Annex A, tag 91): 8 to 16 bytes.
const ISSUER_AUTHENTICATION: u32 = 0x91;
const ISSUER_AUTHENTICATION_LEN: core::ops::RangeInclusive<usize> = 8..=16;
/// Issuer script templates 1 and 2.
const SCRIPTS: [u32; 2] = [0x71, 0x72];

/// What a request and its answer have in common, and no two open requests share.
///
/// Requests about an attempt: terminal (DE 41), trace number (DE 11), local date and time
/// (DE 13 and 12; DE 12 in the edition of 1993). Network management belongs to the line, not to a terminal: trace number alone.
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
        let to = message.mti().to();
        let stan = u32::try_from(message.number(de::STAN)?)
            .map_err(|_| MessageError::at(de::STAN, Why::Value))?;
        let asked = match to {
            AnswerTo::Network => None,
            AnswerTo::Authorisation | AnswerTo::Advice | AnswerTo::Reversal | AnswerTo::Inquiry => {
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
    /// Response code, two characters (DE 39; in the edition of 1993 the one that its action code
    /// means, [`crate::action_code`]).
    pub response_code: String,
    /// Approval code, six characters, trailing spaces removed (DE 38).
    pub approval_code: Option<String>,
    /// The amount that the host speaks of, minor units, if it says one (DE 4).
    pub amount_minor: Option<i64>,
    /// What was asked for, as the host repeats it beside a smaller amount, minor units, if it does
    /// (DE 54 kind 57; DE 30 in the edition of 1993).
    pub original_minor: Option<i64>,
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
    /// Another amount or currency than was asked for, or a part of the amount that is none.
    #[error(
        "The host answered for another amount or currency. Reverse the attempt; ask the acquirer."
    )]
    OtherAmount,
}

/// [`parse_answer_as`] in the default profile's format.
///
/// # Errors
/// [`AnswerError`]; never panics on any bytes.
pub fn parse_answer(bytes: &[u8]) -> Result<Answer, AnswerError> {
    parse_answer_as(&Format::plain(Edition::Y1987), bytes)
}

/// Reads an answer.
///
/// # Errors
/// [`AnswerError`]; never panics on any bytes.
pub fn parse_answer_as(format: &Format, bytes: &[u8]) -> Result<Answer, AnswerError> {
    let message = Message::read(format, bytes)?;
    if message.mti().answer().is_some() {
        return Err(AnswerError::NotAnAnswer);
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
        original_minor: original_amount(&message)?,
        currency: optional_number(&message, de::CURRENCY)?,
        issuer_authentication,
        scripts,
    })
}

impl Answer {
    /// What the till is told, if this answers an authorisation, an advice or an inquiry about
    /// `amount_minor` in `currency`.
    ///
    /// `00` approves the whole amount, `10` the smaller amount that the answer names (DE 4); every
    /// other code declines. An advice is taken or not: there is no part of it, and no approval code
    /// is needed.
    ///
    /// # Errors
    /// [`AnswerError`] if the answer is another request's, speaks of another amount or currency,
    /// or approves without an approval code.
    pub fn host_answer(
        &self,
        amount_minor: i64,
        currency: Currency,
    ) -> Result<HostAnswer, AnswerError> {
        if matches!(self.key.to, AnswerTo::Reversal | AnswerTo::Network) {
            return Err(AnswerError::NotAnAnswer);
        }
        let partly = self.is(PARTLY_APPROVED) && self.key.to != AnswerTo::Advice;
        let said = self.amount_minor;
        let same_amount = match said {
            Some(said) if partly => (1..amount_minor).contains(&said),
            None if partly => false,
            said => said.is_none_or(|said| said == amount_minor),
        } && self.original_minor.is_none_or(|said| said == amount_minor);
        let same_currency = self.currency.is_none_or(|said| said == currency.numeric());
        if !(same_amount && same_currency) {
            return Err(AnswerError::OtherAmount);
        }
        let decision = match (self.is(APPROVED), partly) {
            (true, _) => HostDecision::Approved,
            (_, true) => HostDecision::PartlyApproved,
            _ => HostDecision::Declined,
        };
        let approved = decision != HostDecision::Declined;
        if approved && self.approval_code.is_none() && self.key.to != AnswerTo::Advice {
            return Err(AnswerError::NoApprovalCode);
        }
        Ok(HostAnswer {
            decision,
            response_code: self.response_code.clone(),
            approval_code: self.approval_code.clone().filter(|_| approved),
            approved_minor: said.filter(|_| partly),
            issuer_authentication: self.issuer_authentication.clone(),
            scripts: self.scripts.clone(),
        })
    }

    /// Whether this settles a reversal: the host undid it (`00`) or never had it (`25`).
    #[must_use]
    pub fn is_reversed(&self) -> bool {
        self.key.to == AnswerTo::Reversal && (self.is(APPROVED) || self.is(NO_ORIGINAL))
    }

    /// Whether the host says that it never had the original.
    #[must_use]
    pub fn has_no_original(&self) -> bool {
        self.is(NO_ORIGINAL)
    }

    /// Whether the host decided nothing and is to be told again later: it is busy, or its issuer is
    /// away. For an advice, which is nobody's to decline for that.
    #[must_use]
    pub fn is_for_later(&self) -> bool {
        LATER.into_iter().any(|code| self.is(code))
    }

    /// Whether the host took a sign-on, sign-off or echo.
    #[must_use]
    pub fn is_network_ok(&self) -> bool {
        self.key.to == AnswerTo::Network && self.is(APPROVED)
    }

    fn is(&self, code: [u8; 2]) -> bool {
        self.response_code.as_bytes() == code
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
    let bad = MessageError::at(de::RESPONSE_CODE, Why::Value);
    let said = message.need(de::RESPONSE_CODE)?;
    let code = match message.edition() {
        Edition::Y1987 => <[u8; 2]>::try_from(said).map_err(|_| bad)?,
        Edition::Y1993 => response_of(said.try_into().map_err(|_| bad)?),
    };
    let whole = code.iter().all(u8::is_ascii_alphanumeric);
    whole
        .then(|| code.map(char::from).iter().collect())
        .ok_or(bad)
}

/// What was asked for, where the host repeats it.
fn original_amount(message: &Message) -> Result<Option<i64>, MessageError> {
    let (field, digits) = match message.edition() {
        Edition::Y1987 => (de::ADDITIONAL_AMOUNTS, original_of(message)),
        Edition::Y1993 => (
            de::ORIGINAL_AMOUNT,
            message
                .get(de::ORIGINAL_AMOUNT)
                .and_then(|amounts| amounts.get(..12)),
        ),
    };
    let Some(digits) = digits else {
        return Ok(None);
    };
    let number = str::from_utf8(digits)
        .ok()
        .and_then(|text| text.parse().ok());
    number.map(Some).ok_or(MessageError::at(field, Why::Value))
}

/// The twelve digits of the amount of kind 57 in DE 54.
fn original_of(message: &Message) -> Option<&[u8]> {
    let amounts = message.get(de::ADDITIONAL_AMOUNTS)?;
    let mut each = amounts.chunks_exact(ADDITIONAL_AMOUNT);
    let original = each.find(|amount| amount.get(2..4) == Some(ORIGINAL_KIND))?;
    original.get(8..)
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
