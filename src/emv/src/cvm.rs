//! Cardholder verification (EMV 4.4 Book 3 §10.5, Annex C3; Book 4 §6.3.4).
//!
//! Signature and no CVM are performed, as far as the terminal's capabilities say so. PIN is not:
//! a rule that asks for one is not successful, and the TVR says why.

use crate::{
    dialogue::Dialogue,
    fault::Fault,
    tag,
    verification::{Aip, Tsi, Tvr},
};

/// CVM code bits without the one that says whether the next rule applies (Annex C3).
const METHOD: u8 = 0x3F;
/// Whether the next rule applies if this one is not successful.
const APPLY_NEXT: u8 = 0x40;
/// Terminal capabilities, byte 2: no CVM required.
const CAN_SKIP: u8 = 0x08;
/// Bytes of the two amounts that a CVM list begins with.
const AMOUNTS: usize = 8;
/// Rules that a list of at most 252 bytes can hold.
const MAX_LIST: usize = 252;

/// CVM results, and what they ask of the receipt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct CvmResult {
    /// Tag 9F34: method, condition, result.
    pub(crate) bytes: [u8; 3],
    /// Whether the cardholder must sign.
    pub(crate) signature: bool,
}

impl CvmResult {
    /// No CVM performed.
    pub(crate) const NOT_PERFORMED: Self = Self::new([0x3F, 0x00, 0x00], false);
    /// No rule of the list could be performed (Book 4 table 2).
    const FAILED: Self = Self::new([0x3F, 0x00, 0x01], false);

    const fn new(bytes: [u8; 3], signature: bool) -> Self {
        Self { bytes, signature }
    }
}

/// One rule of the list.
#[derive(Clone, Copy)]
struct Rule {
    code: u8,
    condition: u8,
}

/// What trying a rule came to.
enum Tried {
    Done(CvmResult),
    Failed(CvmResult),
    NotPerformed(Tvr),
}

/// Performs the first rule that applies and can be performed.
pub(crate) fn perform(dialogue: &mut Dialogue) -> Result<(), Fault> {
    dialogue.cvm = CvmResult::NOT_PERFORMED;
    if !dialogue.aip.contains(Aip::CVM) {
        return Ok(());
    }
    let list = dialogue.store.public(tag::CVM_LIST).unwrap_or(&[]);
    if list.len() > MAX_LIST || !list.len().is_multiple_of(2) || (1..AMOUNTS).contains(&list.len())
    {
        return Err(Fault::Erroneous(tag::CVM_LIST));
    }
    let Some((amounts, rules)) = list
        .split_first_chunk::<AMOUNTS>()
        .filter(|(_, r)| !r.is_empty())
    else {
        // A list without rules is as good as none (§10.5).
        dialogue.tvr |= Tvr::CARD_DATA_MISSING;
        return Ok(());
    };
    let mut result = CvmResult::FAILED;
    let mut found = Tvr::CVM_FAILED;
    for rule in rules.as_chunks::<2>().0 {
        let rule = Rule {
            code: rule[0],
            condition: rule[1],
        };
        if !applies(dialogue, rule, *amounts)? {
            continue;
        }
        match attempt(dialogue, rule) {
            Tried::Done(done) => {
                result = done;
                found.remove(Tvr::CVM_FAILED);
                break;
            }
            Tried::Failed(failed) => {
                result = failed;
                break;
            }
            Tried::NotPerformed(why) => found |= why,
        }
        if rule.code & APPLY_NEXT == 0 {
            break;
        }
    }
    dialogue.cvm = result;
    dialogue.tvr |= found;
    dialogue.tsi |= Tsi::CVM;
    Ok(())
}

/// Whether a rule's condition is met (Annex C3, table 44) for an attended purchase of goods.
fn applies(dialogue: &Dialogue, rule: Rule, amounts: [u8; AMOUNTS]) -> Result<bool, Fault> {
    let [x0, x1, x2, x3, y0, y1, y2, y3] = amounts;
    let x = i64::from(u32::from_be_bytes([x0, x1, x2, x3]));
    let y = i64::from(u32::from_be_bytes([y0, y1, y2, y3]));
    let amount = dialogue.charge.amount_minor;
    Ok(match rule.condition {
        // Always; neither cash nor cash back.
        0x00 | 0x02 => true,
        // If the terminal supports the CVM.
        0x03 => supported(dialogue, rule),
        0x06 => in_application_currency(dialogue)? && amount < x,
        0x07 => in_application_currency(dialogue)? && amount > x,
        0x08 => in_application_currency(dialogue)? && amount < y,
        0x09 => in_application_currency(dialogue)? && amount > y,
        // Cash, cash back, and what is reserved.
        _ => false,
    })
}

fn in_application_currency(dialogue: &Dialogue) -> Result<bool, Fault> {
    let application: Option<[u8; 2]> = dialogue.store.optional(tag::APPLICATION_CURRENCY)?;
    Ok(application.is_some() && application == dialogue.store.optional(tag::CURRENCY)?)
}

fn supported(dialogue: &Dialogue, rule: Rule) -> bool {
    let terminal = &dialogue.terminal;
    match rule.code & METHOD {
        0x00 => true,
        0x1E => terminal.collects_signatures(),
        0x1F => terminal.capabilities[1] & CAN_SKIP != 0,
        _ => false,
    }
}

fn attempt(dialogue: &Dialogue, rule: Rule) -> Tried {
    let Rule { code, condition } = rule;
    match code & METHOD {
        // Fail CVM processing.
        0x00 => Tried::Failed(CvmResult::new([code, condition, 0x01], false)),
        // PIN: plaintext, enciphered online, enciphered offline, the offline ones with signature.
        0x01..=0x05 => Tried::NotPerformed(Tvr::PIN_PAD_MISSING),
        // Whether a signature is the cardholder's, the terminal does not know.
        0x1E if supported(dialogue, rule) => {
            Tried::Done(CvmResult::new([code, condition, 0x00], true))
        }
        0x1F if supported(dialogue, rule) => {
            Tried::Done(CvmResult::new([code, condition, 0x02], false))
        }
        0x1E | 0x1F => Tried::NotPerformed(Tvr::empty()),
        _ => Tried::NotPerformed(Tvr::CVM_UNRECOGNISED),
    }
}
