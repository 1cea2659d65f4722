//! A sale as it is recorded: the body of a record at the collector.

use serde::{Deserialize, Serialize};

use crate::basket::{Basket, Line};
use crate::id::SaleId;
use crate::money::Currency;
use crate::tax::{TaxShare, shares};
use crate::tender::Tender;

/// A sale, paid or voided. Fields are added in later versions, never renamed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sale {
    /// Minted when the first line was rung up.
    pub id: SaleId,
    /// Counts the terminal's receipts, from 1.
    pub receipt_no: u64,
    /// The terminal that sold.
    pub terminal: String,
    /// Name of the cashier.
    pub cashier: String,
    /// Local date and time at the till with its offset (RFC 3339).
    pub at: String,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// Every line rung up, voided ones among them.
    pub lines: Vec<Line>,
    /// Tax that the prices include, by rate.
    pub tax: Vec<TaxShare>,
    /// Sum of the live lines, minor units.
    pub total_minor: i64,
    /// How it was paid; empty in a voided sale.
    pub tenders: Vec<Tender>,
    /// Youngest buyer that the cashier confirmed, in years; 0 if it was not needed.
    pub age_confirmed: u8,
}

/// Where and by whom a sale is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SaleHead {
    /// The sale.
    pub id: SaleId,
    /// Its receipt number.
    pub receipt_no: u64,
    /// The terminal.
    pub terminal: String,
    /// Name of the cashier.
    pub cashier: String,
    /// Local date and time with offset (RFC 3339).
    pub at: String,
    /// The currency.
    pub currency: Currency,
}

impl Sale {
    /// Puts a sale together from what was rung up and how it was paid.
    #[must_use]
    pub fn new(head: SaleHead, basket: &Basket, tenders: Vec<Tender>, age_confirmed: u8) -> Self {
        Self {
            id: head.id,
            receipt_no: head.receipt_no,
            terminal: head.terminal,
            cashier: head.cashier,
            at: head.at,
            currency: head.currency,
            lines: basket.lines().to_vec(),
            tax: shares(basket),
            total_minor: basket.total_minor(),
            tenders,
            age_confirmed,
        }
    }

    /// What came into the drawer, minor units: cash after change.
    #[must_use]
    pub fn cash_minor(&self) -> i64 {
        self.tenders
            .iter()
            .filter(|t| matches!(t, Tender::Cash { .. }))
            .map(Tender::paid_minor)
            .sum()
    }

    /// What cards paid, minor units.
    #[must_use]
    pub fn card_minor(&self) -> i64 {
        self.tenders
            .iter()
            .filter(|t| matches!(t, Tender::Card(_)))
            .map(Tender::paid_minor)
            .sum()
    }

    /// What went back to the customer in cash, minor units.
    #[must_use]
    pub fn change_minor(&self) -> i64 {
        self.tenders
            .iter()
            .map(|t| match t {
                Tender::Cash { change_minor, .. } => *change_minor,
                Tender::Card(_) => 0,
            })
            .sum()
    }
}
