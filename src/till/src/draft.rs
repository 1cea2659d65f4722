//! The open basket as the journal keeps it, so that a crash loses nothing.

use sealpoint_sale::tender::MAX_TENDERS;
use sealpoint_sale::{Basket, MAX_MINOR, SaleId, Tender};
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

    /// Back from the journal's text; none if it is no basket that a till could have written.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(Self::is_in_bounds)
    }

    fn is_in_bounds(&self) -> bool {
        let in_bounds = |tender: &Tender| match tender {
            Tender::Cash {
                given_minor,
                change_minor,
            } => (0..=MAX_MINOR).contains(given_minor) && (0..=*given_minor).contains(change_minor),
            Tender::Card(card) => (0..=MAX_MINOR).contains(&card.amount_minor),
        };
        self.basket.is_in_bounds()
            && self.tenders.len() <= MAX_TENDERS
            && self.tenders.iter().all(in_bounds)
    }

    /// `Gala Apples + 3`: the first item that counts and how many lines more.
    #[must_use]
    pub fn title(&self) -> String {
        let mut live = self.basket.live();
        let first = live.next().or(self.basket.lines().first());
        let first = first.map(|line| line.name.clone()).unwrap_or_default();
        match live.count() {
            0 => first,
            more => format!("{first} + {more}"),
        }
    }
}
