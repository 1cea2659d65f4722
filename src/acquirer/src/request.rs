//! What a till asks, as messages.

use sealpoint_wire::{AuthoriseRequest, Currency, ReversalRequest, TerminalId};

use crate::message::{LocalTime, Message, MessageError, Mti};
use crate::sealed;
use crate::table::de;
use crate::tlv;

/// DE 3: goods and services, from and to the default account.
const PURCHASE: &[u8] = b"000000";
/// EMV tags of the entry mode (BCD) and of the terminal's capabilities.
const ENTRY_MODE: u32 = 0x9F39;
const CAPABILITIES: u32 = 0x9F33;
/// Terminal capabilities, byte 2: any kind of PIN (EMV 4.4 Book 4 Annex A2).
const ANY_PIN: u8 = 0x80 | 0x40 | 0x10;
/// DE 25: the cardholder is present, nothing unusual.
const NORMAL: &[u8] = b"00";
/// The highest trace number (DE 11, n6).
const MAX_STAN: u32 = 999_999;
/// The largest amount in minor units (DE 4, n12).
const MAX_AMOUNT: i64 = 999_999_999_999;
/// DE 90: message type of what is undone.
const ORIGINAL_TYPE: &str = "0100";
/// DE 90: acquiring and forwarding institution, n11 each, not known to a terminal.
const NO_INSTITUTIONS: &str = "0000000000000000000000";

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

/// What a network management message asks (DE 70).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NetworkCode {
    /// 001: the switch is here.
    SignOn,
    /// 002: the switch goes.
    SignOff,
    /// 301: is the host there?
    Echo,
}

impl NetworkCode {
    const ALL: [Self; 3] = [Self::SignOn, Self::SignOff, Self::Echo];

    /// Its three digits as a number.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::SignOn => 1,
            Self::SignOff => 2,
            Self::Echo => 301,
        }
    }

    /// The code with this number.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|known| u64::from(known.code()) == code)
    }
}

/// 0100: asks the acquirer to authorise one attempt.
///
/// # Errors
/// [`RequestError`] for values that no message can carry.
pub fn authorisation(request: &AuthoriseRequest) -> Result<Message, RequestError> {
    let mut message = common(
        Mti::Authorisation,
        &request.terminal,
        request.stan,
        &request.local_time,
        request.amount_minor,
        request.currency,
    )?;
    message.set(de::ENTRY_MODE, entry_mode(request.de55.as_slice()))?;
    message.set(de::CONDITION, NORMAL)?;
    message.set(de::EMV, request.de55.as_slice())?;
    sealed::put_attempt(&mut message, request.attempt)?;
    sealed::put_card(&mut message, &request.sealed)?;
    Ok(message)
}

/// DE 22 of what was read from a chip, as its own EMV data say: 05 with contacts, 07 without; and
/// whether a PIN can be entered at the terminal (1) or not (2).
fn entry_mode(de55: &[u8]) -> &'static [u8] {
    let value = |tag| tlv::only(de55, tag).ok().flatten();
    let contactless = value(ENTRY_MODE) == Some(&[0x07]);
    let takes_pin = matches!(value(CAPABILITIES), Some([_, cvm, _]) if cvm & ANY_PIN != 0);
    match (contactless, takes_pin) {
        (false, false) => b"052",
        (false, true) => b"051",
        (true, false) => b"072",
        (true, true) => b"071",
    }
}

/// 0400, or 0401 if it was sent before: undoes an authorisation. A repeat carries the same trace
/// number and the same everything else. DE 90 names the original by the till's local date and time,
/// which is the same whenever the original was transmitted.
///
/// # Errors
/// [`RequestError`] for values that no message can carry.
pub fn reversal(request: &ReversalRequest, repeat: bool) -> Result<Message, RequestError> {
    let mut message = common(
        if repeat {
            Mti::ReversalRepeat
        } else {
            Mti::Reversal
        },
        &request.terminal,
        request.stan,
        &request.local_time,
        request.amount_minor,
        request.currency,
    )?;
    let local_time = LocalTime::of(&message)?;
    let original = format!(
        "{ORIGINAL_TYPE}{:06}{}{NO_INSTITUTIONS}",
        request.stan,
        local_time.digits()
    );
    message.set(de::ORIGINAL, original.as_bytes())?;
    sealed::put_attempt(&mut message, request.attempt)?;
    Ok(message)
}

/// 0800: sign-on, sign-off or echo.
///
/// # Errors
/// [`RequestError::Stan`].
pub fn network(code: NetworkCode, stan: u32) -> Result<Message, RequestError> {
    let mut message = Message::new(Mti::Network);
    put_stan(&mut message, stan)?;
    message.set_number(de::NETWORK_CODE, u64::from(code.code()))?;
    Ok(message)
}

fn common(
    mti: Mti,
    terminal: &TerminalId,
    stan: u32,
    local_time: &str,
    amount_minor: i64,
    currency: Currency,
) -> Result<Message, RequestError> {
    let mut message = Message::new(mti);
    message.set(de::PROCESSING_CODE, PURCHASE)?;
    let amount = u64::try_from(amount_minor)
        .ok()
        .filter(|_| (1..=MAX_AMOUNT).contains(&amount_minor))
        .ok_or(RequestError::Amount(amount_minor))?;
    message.set_number(de::AMOUNT, amount)?;
    put_stan(&mut message, stan)?;
    LocalTime::from_wire(local_time)
        .ok_or(RequestError::LocalTime)?
        .put(&mut message)?;
    message.set_text(de::TERMINAL, terminal.as_str())?;
    message.set_number(de::CURRENCY, u64::from(currency.numeric()))?;
    Ok(message)
}

fn put_stan(message: &mut Message, stan: u32) -> Result<(), RequestError> {
    if !(1..=MAX_STAN).contains(&stan) {
        return Err(RequestError::Stan(stan));
    }
    Ok(message.set_number(de::STAN, u64::from(stan))?)
}
