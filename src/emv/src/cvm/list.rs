//! The CVM list, tag 8E, and the conditions of its rules (EMV 4.4 Book 3 §10.5, Annex C3).

use crate::{
    charge::{ChargeKind, bcd},
    cvm::method::Method,
    dialogue::Dialogue,
    fault::Fault,
    tag,
    terminal::{TerminalData, TerminalType},
};

/// CVM code bit: whether the next rule applies if this one is not successful.
const APPLY_NEXT: u8 = 0x40;
/// Bytes of the longest list (Book 3 Annex A).
const MAX_LIST: usize = 252;
/// Bytes of the two amounts that a list begins with.
const AMOUNTS: usize = 8;

/// The list of one card.
#[derive(Default)]
pub(super) struct List {
    amounts: Amounts,
    rules: std::vec::IntoIter<Rule>,
}

/// X and Y, in the minor units of the application's currency.
#[derive(Clone, Copy, Default)]
pub(super) struct Amounts {
    x: u32,
    y: u32,
}

/// One rule.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub(super) code: u8,
    pub(super) condition: u8,
}

impl List {
    /// The card's list. None if there is none, or one without rules, which is the same (§10.5).
    pub(super) fn of(dialogue: &Dialogue) -> Result<Option<Self>, Fault> {
        let Some(list) = dialogue.store.public(tag::CVM_LIST) else {
            return Ok(None);
        };
        let erroneous = Fault::Erroneous(tag::CVM_LIST);
        let (&[x0, x1, x2, x3, y0, y1, y2, y3], rules) = list
            .split_first_chunk::<AMOUNTS>()
            .filter(|_| list.len() <= MAX_LIST)
            .ok_or(erroneous)?;
        let (rules, rest) = rules.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(erroneous);
        }
        let rules: Vec<Rule> = rules
            .iter()
            .map(|&[code, condition]| Rule { code, condition })
            .collect();
        Ok((!rules.is_empty()).then(|| Self {
            amounts: Amounts {
                x: u32::from_be_bytes([x0, x1, x2, x3]),
                y: u32::from_be_bytes([y0, y1, y2, y3]),
            },
            rules: rules.into_iter(),
        }))
    }

    /// The next rule, and what its condition compares with.
    pub(super) fn next(&mut self) -> Option<(Rule, Amounts)> {
        self.rules.next().map(|rule| (rule, self.amounts))
    }
}

impl Rule {
    pub(super) fn method(self) -> Method {
        Method::of(self.code)
    }

    /// Whether the next rule applies if this one is not successful.
    pub(super) fn gives_way(self) -> bool {
        self.code & APPLY_NEXT != 0
    }

    /// Whether its condition is met (Annex C3, table 44). A condition that is reserved, or whose data
    /// the card does not give, is not (§10.5).
    pub(super) fn applies(self, dialogue: &Dialogue, amounts: Amounts) -> Result<bool, Fault> {
        let Amounts { x, y } = amounts;
        let terminal = &dialogue.terminal;
        let amount = dialogue.charge.amount_minor;
        let kind = dialogue.charge.kind;
        let cash = kind == ChargeKind::Cash;
        let cashback = kind == ChargeKind::PurchaseWithCashback;
        Ok(match self.condition {
            0x00 => true,
            0x01 => cash && is_unattended(terminal),
            0x02 => !cash && !cashback,
            0x03 => self.method().is_supported(terminal),
            // Cash that an attendant hands out.
            0x04 => cash && !is_unattended(terminal),
            0x05 => cashback,
            0x06 => in_application_currency(dialogue)? && amount < i64::from(x),
            0x07 => in_application_currency(dialogue)? && amount > i64::from(x),
            0x08 => in_application_currency(dialogue)? && amount < i64::from(y),
            0x09 => in_application_currency(dialogue)? && amount > i64::from(y),
            _ => false,
        })
    }
}

/// Whether nobody of the merchant's stands beside it (Book 4 Annex A1).
pub(super) fn is_unattended(terminal: &TerminalData) -> bool {
    match terminal.kind {
        TerminalType::AttendedOnlineOnly | TerminalType::Attended => false,
        TerminalType::UnattendedOnlineOnly | TerminalType::Unattended => true,
    }
}

fn in_application_currency(dialogue: &Dialogue) -> Result<bool, Fault> {
    let application: Option<[u8; 2]> = dialogue.store.optional(tag::APPLICATION_CURRENCY)?;
    Ok(application == Some(bcd(u64::from(dialogue.charge.currency))))
}
