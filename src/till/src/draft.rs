//! The open basket as the journal keeps it, so that a crash loses nothing.

use sealpoint_sale::{Basket, SaleId, Tender};
use serde::{Deserialize, Serialize};

/// A sale that is being rung up or paid.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Minted with the first line.
    pub sale: SaleId,
    /// What was rung up.
    pub basket: Basket,
    /// What was taken for it so far.
    pub tenders: Vec<Tender>,
    /// Youngest buyer that the cashier confirmed, in years.
    pub age_confirmed: u8,
}

impl Draft {
    /// An empty basket of a new sale.
    #[must_use]
    pub fn new(sale: SaleId) -> Self {
        Self {
            sale,
            basket: Basket::default(),
            tenders: Vec::new(),
            age_confirmed: 0,
        }
    }

    /// What is still to be paid, minor units; negative if a line was voided after tenders were taken.
    #[must_use]
    pub fn due_minor(&self) -> i64 {
        self.basket.total_minor() - self.tenders.iter().map(Tender::paid_minor).sum::<i64>()
    }

    /// As text for the journal.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Plain structs with string keys: serde_json has no reason to fail on them.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Back from the journal's text.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// `Gala Apples and 3 more`.
    #[must_use]
    pub fn title(&self) -> String {
        let mut live = self.basket.live();
        let first = live
            .next()
            .map(|line| line.name.clone())
            .unwrap_or_default();
        match live.count() {
            0 => first,
            more => format!("{first} + {more}"),
        }
    }
}
