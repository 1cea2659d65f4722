//! The issuer's decision: is this the card, and may it pay?

use sealpoint_acquirer::tlv;
use sealpoint_cardsim::cryptogram::{AcElements, CryptogramVersion, SessionKey};
use sealpoint_cardsim::issuer::{IssuerError, IssuerKeys};

use crate::opening::OpenedCard;
use crate::request::Trace;

/// Response codes (ISO 8583:1987 DE 39) that this issuer gives of its own accord.
pub mod code {
    /// Approved.
    pub const APPROVED: [u8; 2] = *b"00";
    /// Do not honour.
    pub const DO_NOT_HONOUR: [u8; 2] = *b"05";
    /// Invalid transaction: the message contradicts what went before.
    pub const INVALID: [u8; 2] = *b"12";
    /// Invalid amount: not the one that the card saw.
    pub const INVALID_AMOUNT: [u8; 2] = *b"13";
    /// No such card number.
    pub const UNKNOWN_PAN: [u8; 2] = *b"14";
    /// Format error.
    pub const FORMAT: [u8; 2] = *b"30";
    /// Expired card.
    pub const EXPIRED: [u8; 2] = *b"54";
    /// Cryptogram failure (private use).
    pub const CRYPTOGRAM: [u8; 2] = *b"88";
    /// Duplicate: the trace number belongs to another attempt.
    pub const DUPLICATE: [u8; 2] = *b"94";
    /// System malfunction: the sealed card cannot be opened, or nothing can be written down.
    pub const MALFUNCTION: [u8; 2] = *b"96";
}

/// Application cryptogram and what belongs to it (EMV 4.4 Book 3 Annex A).
const CRYPTOGRAM: u32 = 0x9F26;
const CRYPTOGRAM_INFORMATION: u32 = 0x9F27;
const ISSUER_APPLICATION_DATA: u32 = 0x9F10;
/// Cryptogram Information Data of an ARQC: the type is in the two highest bits (Book 3 6.5.5.4).
const ARQC: u8 = 0x80;
const CRYPTOGRAM_TYPE: u8 = 0xC0;

/// What the issuer decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Response code.
    pub code: [u8; 2],
    /// Issuer authentication data (tag 91); empty if the card is not genuine.
    pub authentication: Vec<u8>,
}

impl Verdict {
    /// A refusal that proves nothing to the card.
    #[must_use]
    pub const fn refused(code: [u8; 2]) -> Self {
        Self {
            code,
            authentication: Vec::new(),
        }
    }
}

/// A genuine ARQC and the key that answers it.
struct Genuine {
    version: CryptogramVersion,
    key: SessionKey,
    arqc: [u8; 8],
}

/// Decides on an opened card. With `decline`, what would be approved gets 05.
#[must_use]
pub fn decide(
    card: &OpenedCard,
    emv: &[u8],
    trace: &Trace,
    keys: &IssuerKeys,
    decline: bool,
) -> Verdict {
    let elements = match AcElements::collect(|tag| find(emv, u32::from(tag))) {
        Ok(elements) => elements,
        Err(_) => return Verdict::refused(code::CRYPTOGRAM),
    };
    let genuine = match genuine(card, emv, &elements, keys) {
        Ok(genuine) => genuine,
        Err(code) => return Verdict::refused(code),
    };
    let code = if bcd(&elements.amount) != u64::try_from(trace.amount_minor).ok()
        || bcd(&elements.currency) != Some(u64::from(trace.currency.numeric()))
    {
        code::INVALID_AMOUNT
    } else if card.expiry < elements.date {
        code::EXPIRED
    } else if let Some(code) = keys.declines(&card.pan) {
        code
    } else if decline {
        code::DO_NOT_HONOUR
    } else {
        code::APPROVED
    };
    let Genuine { version, key, arqc } = genuine;
    let approved = code == code::APPROVED;
    Verdict {
        code,
        authentication: version.issuer_authentication_data(&key, arqc, code, approved),
    }
}

/// Checks that this card made this ARQC over these elements (EMV 4.4 Book 2 section 8.1).
fn genuine(
    card: &OpenedCard,
    emv: &[u8],
    elements: &AcElements,
    keys: &IssuerKeys,
) -> Result<Genuine, [u8; 2]> {
    let arqc: [u8; 8] = find(emv, CRYPTOGRAM)
        .and_then(|ac| ac.try_into().ok())
        .ok_or(code::CRYPTOGRAM)?;
    let is_arqc = matches!(find(emv, CRYPTOGRAM_INFORMATION),
        Some(&[information]) if information & CRYPTOGRAM_TYPE == ARQC);
    let iad = find(emv, ISSUER_APPLICATION_DATA)
        .filter(|_| is_arqc)
        .ok_or(code::CRYPTOGRAM)?;
    let (version, key) = keys
        .session_key(&card.pan, card.sequence_number, elements.atc, iad)
        .map_err(|error| match error {
            IssuerError::NoKey(_) | IssuerError::Pan(_) => code::UNKNOWN_PAN,
            _ => code::CRYPTOGRAM,
        })?;
    if !version.verify(&key, elements, iad, &arqc) {
        return Err(code::CRYPTOGRAM);
    }
    Ok(Genuine { version, key, arqc })
}

/// The value of a tag that comes exactly once.
fn find(emv: &[u8], tag: u32) -> Option<&[u8]> {
    tlv::only(emv, tag).ok().flatten()
}

/// Digits, two per byte (EMV format n).
fn bcd(bytes: &[u8]) -> Option<u64> {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0F])
        .try_fold(0_u64, |value, digit| {
            (digit <= 9).then_some(())?;
            value.checked_mul(10)?.checked_add(u64::from(digit))
        })
}
