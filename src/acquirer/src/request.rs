//! What a till asks, as messages.

use sealpoint_wire::{
    AdviceKind, AdviceRequest, AttemptId, AuthoriseRequest, Currency, InquiryRequest,
    ReversalRequest, TerminalId,
};

use crate::message::{Message, MessageError};
use crate::mti::Mti;
use crate::point_of_service::{data_code, entry_mode};
use crate::profile::Profile;
use crate::table::{Edition, de};
use crate::{LocalTime, sealed, tlv};

/// DE 3: goods and services, from and to the default account.
const PURCHASE: &[u8] = b"000000";
/// DE 25 of 1987: the cardholder is present, nothing unusual.
const NORMAL: &[u8] = b"00";
/// The highest trace number (DE 11, n6).
const MAX_STAN: u32 = 999_999;
/// The largest amount in minor units (DE 4, n12).
const MAX_AMOUNT: i64 = 999_999_999_999;
/// DE 90: acquiring and forwarding institution, n11 each.
const INSTITUTION: usize = 11;
/// EMV authorisation response code.
const RESPONSE_CODE: u32 = 0x8A;
/// What the terminal says for the issuer where the card approved (EMV 4.4 Book 4 Annex A6).
const OFFLINE_APPROVED: &[u8] = b"Y1";

/// DE 24 of 1993.
mod function {
    /// An authorisation, its amount accurate.
    pub(super) const AUTHORISATION: &[u8] = b"100";
    /// A charge, its amount accurate.
    pub(super) const FINANCIAL: &[u8] = b"200";
    /// A full reversal: the charge did not complete as approved.
    pub(super) const FULL_REVERSAL: &[u8] = b"400";
    /// Private use among the administrative ones: what became of an authorisation?
    pub(super) const INQUIRY: &[u8] = b"680";
}

/// DE 25 of 1993.
mod reason {
    /// The card approved.
    pub(super) const ICC_PROCESSED: &[u8] = b"1005";
    /// The acquirer's side approved for the issuer.
    pub(super) const ACQUIRER_STOOD_IN: &[u8] = b"1007";
    /// The terminal could not complete.
    pub(super) const NOT_COMPLETED: &[u8] = b"4007";
}

/// A request that cannot be put into a message. Nothing was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RequestError {
    /// Not 1 to 999999.
    #[error("Trace number {0} is not 1 to 999999. Nothing was sent; the till counts wrongly.")]
    Stan(u32),
    /// Not positive, or more than twelve digits.
    #[error("{0} minor units are not 1 to 999999999999. Nothing was sent; charge another amount.")]
    Amount(i64),
    /// Not `YYYYMMDDhhmmss`.
    #[error("The local time is no date and time. Nothing was sent; set the till's clock.")]
    LocalTime,
    /// An element does not fit.
    #[error(transparent)]
    Message(#[from] MessageError),
}

/// What a network management message asks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NetworkCode {
    /// The switch is here.
    SignOn,
    /// The switch goes.
    SignOff,
    /// Is the host there?
    Echo,
}

/// What every request about an attempt has.
struct About<'a> {
    attempt: AttemptId,
    terminal: &'a TerminalId,
    stan: u32,
    local_time: &'a str,
    amount_minor: i64,
    currency: Currency,
}

macro_rules! about {
    ($request:expr) => {
        About {
            attempt: $request.attempt,
            terminal: &$request.terminal,
            stan: $request.stan,
            local_time: &$request.local_time,
            amount_minor: $request.amount_minor,
            currency: $request.currency,
        }
    };
}

/// [`Profile::authorisation`] of the default profile.
///
/// # Errors
/// [`RequestError`].
pub fn authorisation(request: &AuthoriseRequest) -> Result<Message, RequestError> {
    Profile::default().authorisation(request)
}

/// [`Profile::reversal`] of the default profile.
///
/// # Errors
/// [`RequestError`].
pub fn reversal(request: &ReversalRequest, repeat: bool) -> Result<Message, RequestError> {
    Profile::default().reversal(request, repeat)
}

/// [`Profile::network`] of the default profile.
///
/// # Errors
/// [`RequestError`].
pub fn network(code: NetworkCode, stan: u32) -> Result<Message, RequestError> {
    Profile::default().network(code, stan)
}

impl Profile {
    /// x100: asks the acquirer to authorise one attempt.
    ///
    /// # Errors
    /// [`RequestError`] for values that no message can carry.
    pub fn authorisation(&self, request: &AuthoriseRequest) -> Result<Message, RequestError> {
        let mut message = self.about(Mti::Authorisation, &about!(request))?;
        self.put_card_read(&mut message, request.de55.as_slice())?;
        if self.format.edition == Edition::Y1993 {
            message.set(de::FUNCTION, function::AUTHORISATION)?;
        }
        sealed::put_card(self, &mut message, &request.sealed)?;
        Ok(message)
    }

    /// x120 or x220, or its repeat if it was sent before: tells of a charge without the issuer. A
    /// repeat carries the same trace number and the same everything else.
    ///
    /// # Errors
    /// [`RequestError`] for values that no message can carry.
    pub fn advice(&self, request: &AdviceRequest, repeat: bool) -> Result<Message, RequestError> {
        let mti = match (self.advice, repeat) {
            (Mti::FinancialAdvice, false) => Mti::FinancialAdvice,
            (Mti::FinancialAdvice, true) => Mti::FinancialAdviceRepeat,
            (_, false) => Mti::Advice,
            (_, true) => Mti::AdviceRepeat,
        };
        let mut message = self.about(mti, &about!(request))?;
        let de55 = request.de55.as_slice();
        self.put_card_read(&mut message, de55)?;
        match self.format.edition {
            Edition::Y1987 if request.kind == AdviceKind::OfflineApproved => {
                let said = tlv::only(de55, RESPONSE_CODE).ok().flatten();
                let said = said.filter(|code| code.len() == OFFLINE_APPROVED.len());
                message.set(de::RESPONSE_CODE, said.unwrap_or(OFFLINE_APPROVED))?;
            }
            Edition::Y1987 => {}
            Edition::Y1993 => {
                let function = match self.advice {
                    Mti::FinancialAdvice => function::FINANCIAL,
                    _ => function::AUTHORISATION,
                };
                message.set(de::FUNCTION, function)?;
                let reason = match request.kind {
                    AdviceKind::OfflineApproved => reason::ICC_PROCESSED,
                    AdviceKind::Deferred => reason::ACQUIRER_STOOD_IN,
                };
                message.set(de::REASON, reason)?;
            }
        }
        sealed::put_card(self, &mut message, &request.sealed)?;
        Ok(message)
    }

    /// x400 or x420, or its repeat if it was sent before: undoes an authorisation. A repeat carries
    /// the same trace number and the same everything else. The original is named by the till's local
    /// date and time, which is the same whenever it was transmitted.
    ///
    /// # Errors
    /// [`RequestError`] for values that no message can carry.
    pub fn reversal(
        &self,
        request: &ReversalRequest,
        repeat: bool,
    ) -> Result<Message, RequestError> {
        let mti = match (self.reversal, repeat) {
            (Mti::ReversalAdvice, false) => Mti::ReversalAdvice,
            (Mti::ReversalAdvice, true) => Mti::ReversalAdviceRepeat,
            (_, false) => Mti::Reversal,
            (_, true) => Mti::ReversalRepeat,
        };
        let about = about!(request);
        let mut message = self.about(mti, &about)?;
        self.put_original(&mut message, &about)?;
        if self.format.edition == Edition::Y1993 {
            message.set(de::FUNCTION, function::FULL_REVERSAL)?;
            message.set(de::REASON, reason::NOT_COMPLETED)?;
        }
        Ok(message)
    }

    /// x600: asks what became of an authorisation. Its answer holds what the authorisation's answer
    /// held, or 25 (action code 601 or 914) where there was none or it is undone.
    ///
    /// # Errors
    /// [`RequestError`] for values that no message can carry.
    pub fn inquiry(&self, request: &InquiryRequest) -> Result<Message, RequestError> {
        let about = about!(request);
        let mut message = self.about(Mti::Inquiry, &about)?;
        self.put_original(&mut message, &about)?;
        if self.format.edition == Edition::Y1993 {
            message.set(de::FUNCTION, function::INQUIRY)?;
        }
        Ok(message)
    }

    /// 0800 or 1804: sign-on, sign-off or echo.
    ///
    /// # Errors
    /// [`RequestError::Stan`].
    pub fn network(&self, code: NetworkCode, stan: u32) -> Result<Message, RequestError> {
        let mut message = Message::of(self.format.edition, Mti::Network);
        put_stan(&mut message, stan)?;
        let field = match self.format.edition {
            Edition::Y1987 => de::NETWORK_CODE,
            Edition::Y1993 => de::FUNCTION,
        };
        message.set_number(field, u64::from(self.network_code(code)))?;
        Ok(message)
    }

    fn about(&self, mti: Mti, about: &About<'_>) -> Result<Message, RequestError> {
        let mut message = Message::of(self.format.edition, mti);
        message.set(de::PROCESSING_CODE, PURCHASE)?;
        let amount = u64::try_from(about.amount_minor)
            .ok()
            .filter(|_| (1..=MAX_AMOUNT).contains(&about.amount_minor))
            .ok_or(RequestError::Amount(about.amount_minor))?;
        message.set_number(de::AMOUNT, amount)?;
        put_stan(&mut message, about.stan)?;
        LocalTime::put(about.local_time, &mut message).ok_or(RequestError::LocalTime)??;
        message.set_text(de::TERMINAL, about.terminal.as_str())?;
        message.set_number(de::CURRENCY, u64::from(about.currency.numeric()))?;
        if let Some(merchant) = &self.merchant {
            message.set_text(de::MERCHANT, merchant)?;
        }
        if let Some(institution) = &self.acquiring_institution {
            message.set_text(de::ACQUIRING_INSTITUTION, institution)?;
        }
        if self.reference {
            let reference = reference(about.local_time, about.stan);
            message.set_text(de::REFERENCE, &reference.ok_or(RequestError::LocalTime)?)?;
        }
        sealed::put_attempt(self, &mut message, about.attempt)?;
        Ok(message)
    }

    /// How the card was read, and its EMV data.
    fn put_card_read(&self, message: &mut Message, de55: &[u8]) -> Result<(), MessageError> {
        match self.format.edition {
            Edition::Y1987 => {
                message.set(de::ENTRY_MODE, entry_mode(de55))?;
                message.set(de::CONDITION, NORMAL)?;
            }
            Edition::Y1993 => message.set(de::ENTRY_MODE, &data_code(de55))?,
        }
        message.set(de::EMV, de55)
    }

    /// DE 90, or DE 56 in the edition of 1993.
    fn put_original(&self, message: &mut Message, about: &About<'_>) -> Result<(), MessageError> {
        let edition = self.format.edition;
        let time = LocalTime::of(message)?;
        let institution = self.acquiring_institution.as_deref().unwrap_or_default();
        let version = char::from(edition.version());
        let stan = about.stan;
        match edition {
            Edition::Y1987 => {
                let original = format!(
                    "{version}100{stan:06}{}{institution:0>INSTITUTION$}{:0>INSTITUTION$}",
                    time.digits(),
                    "",
                );
                message.set(de::ORIGINAL, original.as_bytes())
            }
            Edition::Y1993 => {
                let with_year = about.local_time.get(2..).unwrap_or_default();
                let len = institution.len();
                let original = format!("{version}100{stan:06}{with_year}{len:02}{institution}");
                message.set(de::ORIGINAL_1993, original.as_bytes())
            }
        }
    }
}

/// DE 37 as terminals make it: last digit of the year, day of the year, hour, trace number. The
/// same for a reversal and a repeat, for their local time is the original's.
fn reference(local_time: &str, stan: u32) -> Option<String> {
    let number = |from: usize, to: usize| local_time.get(from..to)?.parse::<u32>().ok();
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if leap { 29 } else { 28 };
    let before = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30]
        .into_iter()
        .take(usize::try_from(month.checked_sub(1)?).ok()?)
        .sum::<u32>();
    let hour = number(8, 10)?;
    Some(format!(
        "{}{:03}{hour:02}{stan:06}",
        year % 10,
        before + day
    ))
}

fn put_stan(message: &mut Message, stan: u32) -> Result<(), RequestError> {
    if !(1..=MAX_STAN).contains(&stan) {
        return Err(RequestError::Stan(stan));
    }
    Ok(message.set_number(de::STAN, u64::from(stan))?)
}
