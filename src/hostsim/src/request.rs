//! What a message asks, read from the layout that `sealpoint_acquirer::sealed` documents, by code
//! that shares nothing with the side that writes it.

use core::fmt;

use sealpoint_acquirer::table::{LONGEST, de};
use sealpoint_acquirer::{AnswerKey, Message, MessageError, Mti, Place, Why};
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

/// An authorisation request.
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
    /// 0100.
    Authorisation(Box<Authorisation>),
    /// 0400 or 0401.
    Reversal(Trace),
    /// 0800.
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
    pub fn of(message: &Message) -> Result<Self, MessageError> {
        match message.mti() {
            Mti::Authorisation => Ok(Self::Authorisation(Box::new(Authorisation {
                trace: trace(message)?,
                sealed: sealed(message)?,
                emv: message.need(de::EMV)?.to_vec(),
            }))),
            Mti::Reversal | Mti::ReversalRepeat => {
                let trace = trace(message)?;
                let original = format!("0100{:06}{}", trace.stan, trace.local_time);
                match message.text(de::ORIGINAL)?.starts_with(&original) {
                    true => Ok(Self::Reversal(trace)),
                    false => Err(impossible(de::ORIGINAL)),
                }
            }
            Mti::Network => Ok(Self::Network),
            Mti::AuthorisationAnswer | Mti::ReversalAnswer | Mti::NetworkAnswer => {
                Err(MessageError {
                    place: Place::Type,
                    why: Why::Value,
                })
            }
        }
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

fn trace(message: &Message) -> Result<Trace, MessageError> {
    let key = AnswerKey::of(message)?;
    let (terminal, local_time) = key.asked.ok_or(impossible(de::TERMINAL))?;
    let attempt = match message.need(de::ATTEMPT)? {
        [LAYOUT, id @ ..] => <[u8; UUID]>::try_from(id).map_err(|_| impossible(de::ATTEMPT))?,
        _ => return Err(impossible(de::ATTEMPT)),
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
        attempt: attempt_id(attempt)?,
        terminal,
        stan: key.stan,
        local_time: local_time.digits().to_owned(),
        amount_minor,
        currency,
    })
}

fn attempt_id(bytes: [u8; UUID]) -> Result<AttemptId, MessageError> {
    data_encoding::HEXLOWER
        .encode(&bytes)
        .parse()
        .map_err(|_| impossible(de::ATTEMPT))
}

fn sealed(message: &Message) -> Result<SealedCard, MessageError> {
    let mut row = Vec::new();
    for de in de::SEALED {
        let full_so_far = row.len() % LONGEST == 0;
        match message.get(de) {
            Some(part) if full_so_far => row.extend_from_slice(part),
            Some(_) => return Err(impossible(de)),
            None => break,
        }
    }
    sealed_row(&row).ok_or(impossible(de::SEALED[0]))
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
