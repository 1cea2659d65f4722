//! What a message asks, read from the layout that `sealpoint_acquirer::sealed` documents, by code
//! that shares nothing with the side that writes it.

use core::fmt;

use sealpoint_acquirer::table::{LONGEST, de};
use sealpoint_acquirer::{AnswerKey, AnswerTo, Edition, Message, MessageError, Place, Why};
use sealpoint_wire::seal::{DukptScheme, DukptSealed, HpkeSealed, SealKind};
use sealpoint_wire::{AttemptId, Bytes, Currency, SealContext, SealedCard, TerminalId};
use serde::{Deserialize, Serialize};

/// The only layout version of DE 120 to 123.
const LAYOUT: u8 = 1;
/// Version of the layout of a card that is sealed with DUKPT.
const LAYOUT_DUKPT: u8 = 2;
/// Bytes of a UUID.
const UUID: usize = 16;

/// What an authorisation and its reversal have in common.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Trace {
    /// The attempt.
    pub attempt: AttemptId,
    /// The terminal that asks.
    pub terminal: TerminalId,
    /// Its trace number.
    pub stan: u32,
    /// Local date and time there, `MMDDhhmmss`.
    pub local_time: String,
    /// Minor units.
    pub amount_minor: i64,
    /// Their currency.
    pub currency: Currency,
}

/// Which private-use elements hold what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    /// The attempt.
    pub attempt: u8,
    /// The sealed card, in order.
    pub card: Vec<u8>,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            attempt: de::ATTEMPT,
            card: de::SEALED.to_vec(),
        }
    }
}

/// An authorisation request, or the advice of a charge that was made without one.
pub struct Authorisation {
    /// What its reversal would repeat.
    pub trace: Trace,
    /// The card data, sealed.
    pub sealed: SealedCard,
    /// EMV data, BER-TLV.
    pub emv: Vec<u8>,
}

/// What a message asks.
pub enum Request {
    /// x100.
    Authorisation(Box<Authorisation>),
    /// x120, x220 or a repeat of theirs.
    Advice(Box<Authorisation>),
    /// x400, x420 or a repeat of theirs.
    Reversal(Trace),
    /// x600.
    Inquiry(Trace),
    /// 0800 or 1804.
    Network,
}

impl Authorisation {
    /// What its card must have been sealed for.
    #[must_use]
    pub fn seal_context(&self) -> SealContext {
        SealContext {
            terminal: self.trace.terminal.clone(),
            attempt: self.trace.attempt,
            key_id: self.sealed.key_id().clone(),
            amount_minor: self.trace.amount_minor,
            currency: self.trace.currency,
            kind: SealKind::Authorisation,
        }
    }
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    /// [`MessageError`] names the element that is absent or impossible.
    pub fn of(message: &Message, layout: &Layout) -> Result<Self, MessageError> {
        if message.mti().answer().is_none() {
            return Err(MessageError {
                place: Place::Type,
                why: Why::Value,
            });
        }
        let charge = || {
            Ok(Box::new(Authorisation {
                trace: trace(message, layout)?,
                sealed: sealed(message, layout)?,
                emv: message.need(de::EMV)?.to_vec(),
            }))
        };
        match message.mti().to() {
            AnswerTo::Authorisation => charge().map(Self::Authorisation),
            AnswerTo::Advice => charge().map(Self::Advice),
            AnswerTo::Reversal => about_original(message, layout).map(Self::Reversal),
            AnswerTo::Inquiry => about_original(message, layout).map(Self::Inquiry),
            AnswerTo::Network => Ok(Self::Network),
        }
    }
}

/// What is undone or inquired about: the message and the original that it names must agree.
fn about_original(message: &Message, layout: &Layout) -> Result<Trace, MessageError> {
    let trace = trace(message, layout)?;
    let head = |version: char| format!("{version}100{:06}", trace.stan);
    let (de, agrees) = match message.edition() {
        Edition::Y1987 => {
            let original = message.text(de::ORIGINAL)?;
            let expected = format!("{}{}", head('0'), trace.local_time);
            (de::ORIGINAL, original.starts_with(&expected))
        }
        Edition::Y1993 => {
            let original = message.text(de::ORIGINAL_1993)?;
            let time = original.get(12..22);
            let agrees = original.starts_with(&head('1')) && time == Some(&trace.local_time);
            (de::ORIGINAL_1993, agrees)
        }
    };
    if agrees {
        Ok(trace)
    } else {
        Err(impossible(de))
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} trace {:06} of {}",
            self.attempt, self.stan, self.terminal
        )
    }
}

fn trace(message: &Message, layout: &Layout) -> Result<Trace, MessageError> {
    let key = AnswerKey::of(message)?;
    let (terminal, local_time) = key.asked.ok_or(impossible(de::TERMINAL))?;
    let at = layout.attempt;
    let attempt = match message.need(at)? {
        [LAYOUT, id @ ..] => <[u8; UUID]>::try_from(id).map_err(|_| impossible(at))?,
        _ => return Err(impossible(at)),
    };
    let amount_minor = i64::try_from(message.number(de::AMOUNT)?)
        .ok()
        .filter(|amount| *amount > 0)
        .ok_or(impossible(de::AMOUNT))?;
    let currency = u16::try_from(message.number(de::CURRENCY)?)
        .ok()
        .and_then(Currency::from_numeric)
        .ok_or(impossible(de::CURRENCY))?;
    Ok(Trace {
        attempt: attempt_id(attempt).ok_or(impossible(at))?,
        terminal,
        stan: key.stan,
        local_time: local_time.digits().to_owned(),
        amount_minor,
        currency,
    })
}

fn attempt_id(bytes: [u8; UUID]) -> Option<AttemptId> {
    data_encoding::HEXLOWER.encode(&bytes).parse().ok()
}

fn sealed(message: &Message, layout: &Layout) -> Result<SealedCard, MessageError> {
    let mut row = Vec::new();
    for de in &layout.card {
        let full_so_far = row.len() % LONGEST == 0;
        match message.get(*de) {
            Some(part) if full_so_far => row.extend_from_slice(part),
            Some(_) => return Err(impossible(*de)),
            None => break,
        }
    }
    let first = layout.card.first().copied().unwrap_or_default();
    sealed_row(&row).ok_or(impossible(first))
}

fn sealed_row(row: &[u8]) -> Option<SealedCard> {
    match row.split_first()? {
        (&LAYOUT, rest) => hpke_row(rest).map(SealedCard::Hpke),
        (&LAYOUT_DUKPT, rest) => dukpt_row(rest).map(SealedCard::Dukpt),
        _ => None,
    }
}

fn hpke_row(row: &[u8]) -> Option<HpkeSealed> {
    let (kem, rest) = number(row)?;
    let (kdf, rest) = number(rest)?;
    let (aead, rest) = number(rest)?;
    let (key_id, rest) = short(rest)?;
    let (enc, rest) = part(rest)?;
    let (ciphertext, rest) = part(rest)?;
    rest.is_empty().then_some(HpkeSealed {
        kem,
        kdf,
        aead,
        key_id: str::from_utf8(key_id).ok()?.parse().ok()?,
        enc,
        ciphertext,
    })
}

fn dukpt_row(row: &[u8]) -> Option<DukptSealed> {
    let (scheme, rest) = row.split_first()?;
    let scheme = match scheme {
        1 => DukptScheme::Aes128,
        2 => DukptScheme::Aes192,
        3 => DukptScheme::Aes256,
        4 => DukptScheme::Tdes2,
        _ => return None,
    };
    let (key_id, rest) = short(rest)?;
    let (ksn, rest) = short(rest)?;
    let (ciphertext, rest) = part(rest)?;
    let (mac, rest) = short(rest)?;
    rest.is_empty().then_some(DukptSealed {
        scheme,
        key_id: str::from_utf8(key_id).ok()?.parse().ok()?,
        ksn: Bytes::try_from(ksn.to_vec()).ok()?,
        ciphertext,
        mac: Bytes::try_from(mac.to_vec()).ok()?,
    })
}

fn short(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&len, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(len))
}

fn number(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u16::from_be_bytes(*number), rest))
}

fn part(bytes: &[u8]) -> Option<(Bytes, &[u8])> {
    let (len, rest) = number(bytes)?;
    let (part, rest) = rest.split_at_checked(usize::from(len))?;
    Some((Bytes::try_from(part.to_vec()).ok()?, rest))
}

const fn impossible(de: u8) -> MessageError {
    MessageError {
        place: Place::De(de),
        why: Why::Value,
    }
}
