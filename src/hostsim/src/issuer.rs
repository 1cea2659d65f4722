//! The issuer's decision: is this the card, and may it pay?

use sealpoint_acquirer::tlv;
use sealpoint_cardsim::cryptogram::{AcElements, ChargeKeys, CryptogramVersion, Messaging};
use sealpoint_cardsim::issuer::{IssuerError, IssuerKeys};

use sealpoint_cardsim::script::Script;

use crate::answer_mode::AnswerMode;
use crate::opening::OpenedCard;
use crate::request::Trace;
use serde::{Deserialize, Serialize};

/// Response codes (ISO 8583:1987 DE 39) that this issuer gives of its own accord.
pub mod code {
    /// Approved.
    pub const APPROVED: [u8; 2] = *b"00";
    /// Approved for a part of the amount.
    pub const PARTLY_APPROVED: [u8; 2] = *b"10";
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
    /// Unable to locate the original.
    pub const NO_ORIGINAL: [u8; 2] = *b"25";
    /// Not sufficient funds.
    pub const INSUFFICIENT_FUNDS: [u8; 2] = *b"51";
    /// Expired card.
    pub const EXPIRED: [u8; 2] = *b"54";
    /// Suspected fraud: the card's counter did not go on, its PIN was taken in its name, or its till
    /// sealed with a key that was used before.
    pub const SUSPECTED_FRAUD: [u8; 2] = *b"59";
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
/// Cryptogram Information Data of an ARQC and of a TC: the type is in the two highest bits (Book 3
/// 6.5.5.4).
const ARQC: u8 = 0x80;
const TC: u8 = 0x40;
const CRYPTOGRAM_TYPE: u8 = 0xC0;
/// CVM Results, the methods that the card itself verifies, and that it found the PIN right (EMV 4.4
/// Book 4 Annex A4).
const CVM_RESULTS: u32 = 0x9F34;
const METHOD: u8 = 0x3F;
const OFFLINE_PIN: [u8; 4] = [0x01, 0x03, 0x04, 0x05];
const SUCCESSFUL: u8 = 0x02;
/// Card Verification Results, first byte: Visa's offline PIN given and wrong, M/Chip's right.
const VISA_PIN_GIVEN: u8 = 0x04;
const VISA_PIN_WRONG: u8 = 0x02;
const MCHIP_PIN_RIGHT: u8 = 0x01;
/// Scripts of one answer.
const MAX_SCRIPTS: usize = 4;

/// What the issuer decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Response code.
    pub code: [u8; 2],
    /// Issuer authentication data (tag 91); empty if the card is not genuine.
    pub authentication: Vec<u8>,
    /// Issuer scripts (71 and 72) one after the other; empty if there is none.
    pub scripts: Vec<u8>,
    /// PAN sequence number and ATC of the genuine card: its counter has come so far.
    pub used: Option<Used>,
}

/// Where a genuine card's counter stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Used {
    /// PAN sequence number.
    pub sequence: u8,
    /// Application Transaction Counter (9F36).
    pub atc: u16,
}

impl Verdict {
    /// A refusal that proves nothing to the card.
    #[must_use]
    pub const fn refused(code: [u8; 2]) -> Self {
        Self {
            code,
            authentication: Vec::new(),
            scripts: Vec::new(),
            used: None,
        }
    }
}

/// A genuine ARQC and the key that answers it.
struct Genuine {
    version: CryptogramVersion,
    keys: ChargeKeys,
    arqc: [u8; 8],
    iad: Vec<u8>,
}

/// What the issuer is to go by, besides the card.
pub struct Circumstances<'a> {
    /// Keys, decline list and scripts.
    pub keys: &'a IssuerKeys,
    /// What becomes of a charge that would be approved.
    pub mode: AnswerMode,
    /// Whether the charge was made already: the card may have approved it by itself, and may have
    /// been used since.
    pub is_advice: bool,
    /// Highest ATC seen of this card, if any was.
    pub last_atc: Option<u16>,
    /// A script for whichever card comes next.
    pub script: Option<&'a Script>,
}

impl Circumstances<'_> {
    /// The code for a charge that nothing is wrong with.
    fn code_for(&self, amount_minor: i64) -> [u8; 2] {
        match self.mode {
            AnswerMode::Decline => code::DO_NOT_HONOUR,
            AnswerMode::DeclineOver(most) if amount_minor > most => code::INSUFFICIENT_FUNDS,
            AnswerMode::Partial(most) if amount_minor > most && !self.is_advice => {
                code::PARTLY_APPROVED
            }
            _ => code::APPROVED,
        }
    }
}

/// Decides on an opened card.
#[must_use]
pub fn decide(card: &OpenedCard, emv: &[u8], trace: &Trace, by: &Circumstances<'_>) -> Verdict {
    let keys = by.keys;
    let elements = match AcElements::collect(|tag| find(emv, u32::from(tag))) {
        Ok(elements) => elements,
        Err(_) => return Verdict::refused(code::CRYPTOGRAM),
    };
    let genuine = match genuine(card, emv, &elements, by) {
        Ok(genuine) => genuine,
        Err(code) => return Verdict::refused(code),
    };
    let used = Used {
        sequence: card.sequence_number,
        atc: u16::from_be_bytes(elements.atc),
    };
    if !by.is_advice && by.last_atc.is_some_and(|last| used.atc <= last) {
        tracing::warn!(%trace, "ALARM: a cryptogram came again, or its card was copied");
        return Verdict::refused(code::SUSPECTED_FRAUD);
    }
    let code = if bcd(&elements.amount) != u64::try_from(trace.amount_minor).ok()
        || bcd(&elements.currency) != Some(u64::from(trace.currency.numeric()))
    {
        code::INVALID_AMOUNT
    } else if pin_in_its_name(emv, &genuine) {
        tracing::warn!(%trace, "ALARM: the terminal believes in a PIN that the card never saw");
        code::SUSPECTED_FRAUD
    } else if card.expiry < elements.date {
        code::EXPIRED
    } else if let Some(code) = keys.declines(&card.pan) {
        code
    } else {
        by.code_for(trace.amount_minor)
    };
    let scripts = keys.scripts(&card.pan).chain(by.script);
    let scripts = scripts_for(&genuine, scripts);
    let Genuine {
        version,
        keys,
        arqc,
        ..
    } = genuine;
    let approved = matches!(code, code::APPROVED | code::PARTLY_APPROVED);
    Verdict {
        code,
        authentication: version.issuer_authentication_data(&keys, arqc, code, approved),
        scripts,
        used: Some(used),
    }
}

/// The scripts with their MACs, 71 before 72: the order in which the card gets them.
fn scripts_for<'a>(genuine: &Genuine, scripts: impl Iterator<Item = &'a Script>) -> Vec<u8> {
    let messaging = Messaging::new(&genuine.keys, genuine.version, genuine.arqc);
    let mut scripts: Vec<_> = scripts.take(MAX_SCRIPTS).collect();
    scripts.sort_by_key(|script| !script.before);
    let (mut sent, mut templates) = (0_u8, Vec::new());
    for (id, script) in (1_u8..).zip(scripts) {
        templates.extend(script.template(&messaging, [0, 0, 0, id], sent));
        sent = sent.saturating_add(u8::try_from(script.commands.len()).unwrap_or(u8::MAX));
    }
    templates
}

/// Whether the terminal says that the card found an offline PIN right (9F34) and the card says
/// that it didn't (its Card Verification Results): somebody stood between the two.
fn pin_in_its_name(emv: &[u8], genuine: &Genuine) -> bool {
    let believes = matches!(find(emv, CVM_RESULTS),
        Some(&[method, _, SUCCESSFUL]) if OFFLINE_PIN.contains(&(method & METHOD)));
    let results = genuine.version.card_verification_results(&genuine.iad);
    let [first, ..] = *results else {
        return believes;
    };
    let right = if genuine.version.is_visa() {
        first & VISA_PIN_GIVEN != 0 && first & VISA_PIN_WRONG == 0
    } else {
        first & MCHIP_PIN_RIGHT != 0
    };
    believes && !right
}

/// Checks that this card made this ARQC, or the TC of an advice, over these elements (EMV 4.4 Book 2
/// section 8.1).
fn genuine(
    card: &OpenedCard,
    emv: &[u8],
    elements: &AcElements,
    by: &Circumstances<'_>,
) -> Result<Genuine, [u8; 2]> {
    let arqc: [u8; 8] = find(emv, CRYPTOGRAM)
        .and_then(|ac| ac.try_into().ok())
        .ok_or(code::CRYPTOGRAM)?;
    let fits = match find(emv, CRYPTOGRAM_INFORMATION) {
        Some(&[information]) => match information & CRYPTOGRAM_TYPE {
            ARQC => true,
            TC => by.is_advice,
            _ => false,
        },
        _ => false,
    };
    let iad = find(emv, ISSUER_APPLICATION_DATA)
        .filter(|_| fits)
        .ok_or(code::CRYPTOGRAM)?;
    let (version, keys) = by
        .keys
        .session_key(&card.pan, card.sequence_number, elements.atc, iad)
        .map_err(|error| match error {
            IssuerError::NoKey(_) | IssuerError::Pan(_) => code::UNKNOWN_PAN,
            _ => code::CRYPTOGRAM,
        })?;
    if !version.verify(&keys, elements, iad, &arqc) {
        return Err(code::CRYPTOGRAM);
    }
    Ok(Genuine {
        version,
        keys,
        arqc,
        iad: iad.to_vec(),
    })
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
