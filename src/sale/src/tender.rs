//! Tenders: how a sale is paid.

use serde::{Deserialize, Serialize};

use crate::id::AttemptId;
use crate::money::{AmountTooLarge, MAX_MINOR};

/// At most this many tenders in one sale.
pub const MAX_TENDERS: usize = 20;
/// No cashier gives more change than this, minor units: more is a typing error.
pub const MAX_CHANGE_MINOR: i64 = 50_000;

/// One way that a part of a sale was paid.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Tender {
    /// Notes and coins.
    Cash {
        /// What the customer gave, minor units.
        given_minor: i64,
        /// What went back, minor units.
        change_minor: i64,
    },
    /// A card that the host and the card itself approved.
    Card(CardTender),
}

/// An approved card, as the record and the receipt show it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardTender {
    /// The attempt that was approved.
    pub attempt: AttemptId,
    /// What was charged, minor units.
    pub amount_minor: i64,
    /// Application label, as the cardholder knows the card.
    pub label: String,
    /// Last four digits of the PAN: no more of it stands beside the token.
    pub last4: String,
    /// Stands for the card where the terminal's profile lets its token leave the card process: 32
    /// hexadecimal digits, for refunds by card and for velocity. Not on the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Application identifier, hexadecimal.
    pub aid: String,
    /// Authorisation code of the issuer; empty where it was not asked.
    pub approval_code: String,
    /// How it came about without the issuer, if so: the acquirer is told later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unconfirmed: Option<Unconfirmed>,
    /// Trace number of the authorisation.
    pub stan: u32,
    /// Application cryptogram (TC), hexadecimal.
    pub cryptogram: String,
}

/// How a card paid without its issuer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unconfirmed {
    /// Card and terminal approved by themselves.
    OfflineApproved,
    /// The issuer could not be reached and is asked later; the retailer carries the risk.
    Deferred,
}

impl Tender {
    /// What this tender pays of the sale, minor units: after change.
    #[must_use]
    pub const fn paid_minor(&self) -> i64 {
        match self {
            Self::Cash {
                given_minor,
                change_minor,
            } => *given_minor - *change_minor,
            Self::Card(card) => card.amount_minor,
        }
    }
}

/// Why an amount cannot be tendered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TenderError {
    /// Zero, negative or larger than any amount.
    #[error("That is no amount of money. Type what the customer gave.")]
    NoAmount,
    /// Nothing is due.
    #[error("Nothing is due. Scan an item first.")]
    NothingDue,
    /// The change would be more than [`MAX_CHANGE_MINOR`].
    #[error("That is far more than is due. Check the amount.")]
    ChangeTooLarge,
    /// A card cannot pay more than is due: there is no change from a card.
    #[error("A card cannot pay more than is due. Type a smaller amount.")]
    CardOverDue,
    /// The sale holds [`MAX_TENDERS`] tenders.
    #[error("A sale takes at most {MAX_TENDERS} tenders. Take the rest in one.")]
    TooMany,
}

impl From<AmountTooLarge> for TenderError {
    fn from(_: AmountTooLarge) -> Self {
        Self::NoAmount
    }
}

/// The cash tender for `given_minor` against `due_minor`.
///
/// # Errors
/// [`TenderError`] if it makes no sense.
pub fn cash(given_minor: i64, due_minor: i64) -> Result<Tender, TenderError> {
    if due_minor <= 0 {
        return Err(TenderError::NothingDue);
    }
    if given_minor <= 0 || given_minor > MAX_MINOR {
        return Err(TenderError::NoAmount);
    }
    let change_minor = (given_minor - due_minor).max(0);
    if change_minor > MAX_CHANGE_MINOR {
        return Err(TenderError::ChangeTooLarge);
    }
    Ok(Tender::Cash {
        given_minor,
        change_minor,
    })
}

/// The amount that a card is to be charged: what was asked for, or all that is due.
///
/// # Errors
/// [`TenderError`] if it makes no sense.
pub fn card_amount(asked_minor: Option<i64>, due_minor: i64) -> Result<i64, TenderError> {
    match asked_minor {
        _ if due_minor <= 0 => Err(TenderError::NothingDue),
        None => Ok(due_minor),
        Some(asked) if asked <= 0 => Err(TenderError::NoAmount),
        Some(asked) if asked > due_minor => Err(TenderError::CardOverDue),
        Some(asked) => Ok(asked),
    }
}

/// Amounts that a customer is likely to hand over for `due_minor`: exact, then the next round
/// amounts that notes make, in rising order, at most `most`.
#[must_use]
pub fn quick_cash(due_minor: i64, most: usize) -> Vec<i64> {
    /// Steps in minor units of a currency with two decimals: 5, 10, 20, 50, 100, 200.
    const STEPS: [i64; 6] = [500, 1_000, 2_000, 5_000, 10_000, 20_000];
    if due_minor <= 0 {
        return Vec::new();
    }
    let mut amounts = vec![due_minor];
    for step in STEPS {
        let rounded = due_minor
            .checked_add(step - 1)
            .map_or(due_minor, |x| x / step * step);
        let takable = rounded <= MAX_MINOR && rounded - due_minor <= MAX_CHANGE_MINOR;
        if takable && !amounts.contains(&rounded) {
            amounts.push(rounded);
        }
    }
    amounts.sort_unstable();
    amounts.truncate(most);
    amounts
}
