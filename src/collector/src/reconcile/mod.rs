//! Reconciliation: the till log, the acquirer's batch and the ledger of attempts, matched per
//! attempt. Pure: what is compared comes in, the report goes out.
//!
//! In scope is every line of the batch, and every attempt of the day that the till log or the
//! ledger has: an attempt's day is the local date that was sent to the acquirer (DE 13).

mod batch;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use sealpoint_wire::AttemptId;

pub use batch::{BatchError, Captured, MAX_BATCH_FILE, read};
pub use report::{Kind, Report, Totals, Unmatched};

/// A card tender of a committed sale, as the till logged it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sold {
    /// The attempt that paid.
    pub attempt: AttemptId,
    /// The terminal that sold.
    pub terminal: String,
    /// Its receipt number.
    pub receipt_no: i64,
    /// What was charged, minor units.
    pub amount_minor: i64,
    /// ISO 4217 code of it.
    pub currency: String,
    /// Local date of the sale.
    pub day: Option<Date>,
}

/// An attempt, as the switch knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The attempt.
    pub attempt: AttemptId,
    /// The terminal that made it.
    pub terminal: String,
    /// Its state.
    pub state: String,
    /// What was asked for, minor units.
    pub amount_minor: i64,
    /// ISO 4217 code of it.
    pub currency: String,
    /// Local date of the attempt.
    pub day: Option<Date>,
}

/// All that is known of one attempt.
#[derive(Default)]
struct Known<'a> {
    sold: Vec<&'a Sold>,
    captured: Vec<&'a Captured>,
    entry: Option<&'a Entry>,
}

/// Matches the three. `sold` and `ledger` may hold neighbouring days, too.
#[must_use]
pub fn reconcile(day: Date, sold: &[Sold], captured: &[Captured], ledger: &[Entry]) -> Report {
    let mut all: BTreeMap<[u8; 16], Known<'_>> = BTreeMap::new();
    for one in sold {
        let known = all.entry(*one.attempt.as_bytes()).or_default();
        known.sold.push(one);
    }
    for one in captured {
        let known = all.entry(*one.attempt.as_bytes()).or_default();
        known.captured.push(one);
    }
    for one in ledger {
        all.entry(*one.attempt.as_bytes()).or_default().entry = Some(one);
    }
    let mut report = Report::new(day);
    for known in all.values().filter(|known| known.is_of(day)) {
        known.count(&mut report.totals);
        match known.judge() {
            Verdict::Matched => report.matched += 1,
            Verdict::Nothing => {}
            Verdict::Unmatched(kind) => report.unmatched.extend(known.unmatched(kind)),
        }
    }
    report
        .unmatched
        .sort_by(|one, other| (one.kind, &one.terminal).cmp(&(other.kind, &other.terminal)));
    report
}

enum Verdict {
    Matched,
    /// A decline, or a charge that was undone: no money moved, and no sale says so.
    Nothing,
    Unmatched(Kind),
}

impl Known<'_> {
    fn is_of(&self, day: Date) -> bool {
        if !self.captured.is_empty() {
            return true;
        }
        let by_ledger = self.entry.and_then(|entry| entry.day);
        let by_sale = || self.sold.first().and_then(|sold| sold.day);
        by_ledger.or_else(by_sale) == Some(day)
    }

    fn state(&self) -> &str {
        self.entry.map_or("", |entry| &entry.state)
    }

    fn judge(&self) -> Verdict {
        let undone = matches!(self.state(), "REVERSED" | "REVERSAL_DUE");
        let kind = match (&self.sold[..], &self.captured[..]) {
            (_, [_, _, ..]) => Kind::CapturedTwice,
            ([_, _, ..], _) => Kind::SoldTwice,
            (_, [_]) if undone => Kind::ReversedButCaptured,
            ([], [_]) => Kind::CapturedWithoutSale,
            ([_], []) => Kind::SoldNotCaptured,
            ([], []) if matches!(self.state(), "SENT" | "UNKNOWN" | "REVERSAL_DUE") => {
                Kind::Unresolved
            }
            ([], []) => return Verdict::Nothing,
            ([sold], [captured]) => {
                let same = sold.amount_minor == captured.amount_minor
                    && sold.currency == captured.currency;
                if !same {
                    Kind::AmountDiffers
                } else if self.entry.is_none() {
                    Kind::NotInLedger
                } else {
                    return Verdict::Matched;
                }
            }
        };
        Verdict::Unmatched(kind)
    }

    fn count(&self, totals: &mut BTreeMap<String, Totals>) {
        for sold in &self.sold {
            let total = totals.entry(sold.currency.clone()).or_default();
            total.sold_minor = total.sold_minor.saturating_add(sold.amount_minor);
        }
        for captured in &self.captured {
            let total = totals.entry(captured.currency.clone()).or_default();
            total.captured_minor = total.captured_minor.saturating_add(captured.amount_minor);
        }
    }

    fn unmatched(&self, kind: Kind) -> Option<Unmatched> {
        let attempt = (self.sold.first().map(|sold| sold.attempt))
            .or_else(|| self.captured.first().map(|captured| captured.attempt))
            .or_else(|| self.entry.map(|entry| entry.attempt))?;
        let names: BTreeSet<&str> = (self.sold.iter().map(|sold| sold.terminal.as_str()))
            .chain(
                self.captured
                    .iter()
                    .map(|captured| captured.terminal.as_str()),
            )
            .chain(self.entry.map(|entry| entry.terminal.as_str()))
            .collect();
        let sum = |amounts: Vec<i64>| {
            (!amounts.is_empty()).then(|| amounts.iter().copied().fold(0, i64::saturating_add))
        };
        Some(Unmatched {
            kind,
            attempt,
            terminal: names.into_iter().collect::<Vec<_>>().join(" "),
            receipts: self.sold.iter().map(|sold| sold.receipt_no).collect(),
            sold_minor: sum(self.sold.iter().map(|sold| sold.amount_minor).collect()),
            captured_minor: sum(self.captured.iter().map(|one| one.amount_minor).collect()),
            asked_minor: self.entry.map(|entry| entry.amount_minor),
            ledger: self.entry.map(|entry| entry.state.clone()),
            currency: (self.sold.first().map(|sold| sold.currency.clone()))
                .or_else(|| self.captured.first().map(|one| one.currency.clone()))
                .or_else(|| self.entry.map(|entry| entry.currency.clone()))
                .unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests;
