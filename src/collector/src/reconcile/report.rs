//! What a reconciliation found.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::civil::Date;
use sealpoint_wire::AttemptId;
use serde::{Serialize, Serializer};

/// Version of the report as JSON.
const VERSION: u32 = 1;

/// How an attempt does not match.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The acquirer captured it more than once.
    CapturedTwice,
    /// The acquirer captured it, though it was reversed or is to be.
    ReversedButCaptured,
    /// The acquirer captured it, and no till sold anything for it.
    CapturedWithoutSale,
    /// Acquirer and till have different amounts or currencies.
    AmountDiffers,
    /// Two sales name it.
    SoldTwice,
    /// A till sold for it, and the acquirer did not capture it.
    SoldNotCaptured,
    /// Sold and captured, but the switch never saw it.
    NotInLedger,
    /// Its fate is still unknown, or its reversal not acknowledged.
    Unresolved,
}

impl Kind {
    /// What happened and what to do, for people.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::CapturedTwice => "captured twice: ask the acquirer to give one back",
            Self::ReversedButCaptured => "reversed but captured: ask the acquirer to give it back",
            Self::CapturedWithoutSale => {
                "captured but no sale: look whether the till has records to send, else give it back"
            }
            Self::AmountDiffers => {
                "the amounts differ: compare the receipt with the acquirer's slip"
            }
            Self::SoldTwice => "two sales name it: one of them was not paid",
            Self::SoldNotCaptured => {
                "sale but not captured: look for an advice that is due, else present it by hand"
            }
            Self::NotInLedger => "not in the ledger: it went to the acquirer by another way",
            Self::Unresolved => "unresolved: its inquiry or reversal is still under way",
        }
    }
}

/// An attempt that does not match.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Unmatched {
    /// How.
    pub kind: Kind,
    /// The attempt.
    pub attempt: AttemptId,
    /// The terminal; more than one, if the three do not agree.
    pub terminal: String,
    /// Receipts that name it.
    pub receipts: Vec<i64>,
    /// What the till log says was charged, minor units.
    pub sold_minor: Option<i64>,
    /// What the batch says was captured, minor units.
    pub captured_minor: Option<i64>,
    /// What the ledger says was asked for, minor units.
    pub asked_minor: Option<i64>,
    /// Its state in the ledger.
    pub ledger: Option<String>,
    /// ISO 4217 code of the amounts.
    pub currency: String,
}

/// The sums of one currency, minor units.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize)]
pub struct Totals {
    /// By card in the till log.
    pub sold_minor: i64,
    /// In the batch.
    pub captured_minor: i64,
}

/// The day's reconciliation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// Version of this form.
    pub version: u32,
    /// The day.
    #[serde(serialize_with = "as_text")]
    pub day: Date,
    /// Attempts on which all agree.
    pub matched: u64,
    /// Sums by currency.
    pub totals: BTreeMap<String, Totals>,
    /// Attempts on which they do not.
    pub unmatched: Vec<Unmatched>,
}

fn as_text<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

impl Report {
    pub(super) const fn new(day: Date) -> Self {
        Self {
            version: VERSION,
            day,
            matched: 0,
            totals: BTreeMap::new(),
            unmatched: Vec::new(),
        }
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}: {} matched, {} not.",
            self.day,
            self.matched,
            self.unmatched.len()
        );
        for (currency, totals) in &self.totals {
            put(
                &mut text,
                format_args!(
                    "\n{currency}: till log {}, batch {}, difference {} (minor units)",
                    totals.sold_minor,
                    totals.captured_minor,
                    totals.captured_minor.saturating_sub(totals.sold_minor)
                ),
            );
        }
        for one in &self.unmatched {
            let amount =
                |minor: Option<i64>| minor.map_or("-".to_owned(), |minor| minor.to_string());
            put(
                &mut text,
                format_args!(
                    "\n{} {} sold {} captured {} {} {}: {}",
                    one.terminal,
                    one.attempt,
                    amount(one.sold_minor),
                    amount(one.captured_minor),
                    one.currency,
                    one.ledger.as_deref().unwrap_or("-"),
                    one.kind.sentence()
                ),
            );
        }
        text
    }
}

fn put(text: &mut String, content: std::fmt::Arguments<'_>) {
    text.write_fmt(content).expect("a String takes everything");
}
