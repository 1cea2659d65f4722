//! What was sold, as the till and the collector each say it.

use serde_json::Value;

use crate::say;

/// Totals of one till.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Paid sales.
    pub sales: u64,
    /// Voided sales.
    pub voided: u64,
    /// Sum of the paid sales, minor units.
    pub total_minor: i64,
    /// Of that in cash.
    pub cash_minor: i64,
    /// Of that by card.
    pub card_minor: i64,
}

impl Totals {
    /// Reads them from the till's view or the collector's summary, which name them alike.
    pub fn read(value: &Value) -> Self {
        let count = |key: &str| value[key].as_u64().unwrap_or_default();
        let amount = |key: &str| value[key].as_i64().unwrap_or_default();
        Self {
            sales: count("sales"),
            voided: count("voided"),
            total_minor: amount("total_minor"),
            cash_minor: amount("cash_minor"),
            card_minor: amount("card_minor"),
        }
    }

    /// A table of both sides.
    pub fn beside(&self, collector: &Self) -> Vec<String> {
        let row = |name: &str, till: String, collector: String| {
            format!("{name:14} {till:>14} {collector:>14}")
        };
        vec![
            row("", "till".to_owned(), "collector".to_owned()),
            row(
                "paid sales",
                self.sales.to_string(),
                collector.sales.to_string(),
            ),
            row(
                "voided sales",
                self.voided.to_string(),
                collector.voided.to_string(),
            ),
            row(
                "total",
                money(self.total_minor),
                money(collector.total_minor),
            ),
            row(
                "in cash",
                money(self.cash_minor),
                money(collector.cash_minor),
            ),
            row(
                "by card",
                money(self.card_minor),
                money(collector.card_minor),
            ),
        ]
    }
}

/// Shows both sides and says whether they are equal.
///
/// # Errors
/// If they differ.
pub fn compare(till: &Totals, collector: &Totals) -> Result<(), String> {
    say::heading("Totals on both sides");
    for row in till.beside(collector) {
        say::note(&row);
    }
    if till == collector {
        say::note("Equal.");
        return Ok(());
    }
    Err("Till and collector differ. The logs of both say more.".to_owned())
}

/// Euro and cents, the currency of the demo.
pub fn money(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}

#[cfg(test)]
mod tests {
    use super::{Totals, compare, money};

    #[test]
    fn cents_keep_their_zeros() {
        let shown: Vec<String> = [0, 5, 1234, -150].map(money).to_vec();
        assert_eq!(shown, ["0.00", "0.05", "12.34", "-1.50"]);
    }

    #[test]
    fn one_cent_of_difference_is_a_failure() {
        let till = Totals {
            total_minor: 1,
            ..Totals::default()
        };
        assert!(compare(&till, &Totals::default()).is_err());
        assert!(compare(&till, &till).is_ok());
    }
}
