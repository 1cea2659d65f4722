//! What a record's body says about money, read with the same type that the till wrote it with.

use sealpoint_sale::sale::Sale;
use sealpoint_sale::tender::{MAX_TENDERS, Tender};
use sealpoint_sale::{Currency, MAX_MINOR};
use sealpoint_wire::{CardToken, Record, RecordKind};

/// The figures of one sale, minor units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Figures {
    pub(super) receipt_no: i64,
    pub(super) currency: Currency,
    pub(super) total_minor: i64,
    pub(super) cash_minor: i64,
    pub(super) card_minor: i64,
}

impl Figures {
    /// Reads them from a record's body.
    ///
    /// # Errors
    /// A sentence that says why the body is not a sale of this record.
    pub(super) fn of(record: &Record) -> Result<Self, &'static str> {
        let sale: Sale =
            serde_json::from_str(&record.body).map_err(|_| "Its body is not a sale.")?;
        if sale.id != record.sale || sale.terminal != record.terminal.as_str() {
            return Err("Its body is a sale of another id or terminal.");
        }
        if record.kind == RecordKind::VoidedSale && !sale.tenders.is_empty() {
            return Err("It is voided and has tenders.");
        }
        if !sale.tenders.iter().all(has_good_token) {
            return Err("A card's token in its body is none.");
        }
        let receipt_no =
            i64::try_from(sale.receipt_no).map_err(|_| "Its receipt number is out of range.")?;
        // Ranges before sums: within them, no sum of MAX_TENDERS amounts leaves an i64.
        let amounts_fit = (-MAX_MINOR..=MAX_MINOR).contains(&sale.total_minor)
            && sale.tenders.len() <= MAX_TENDERS
            && sale.tenders.iter().all(fits);
        if !amounts_fit {
            return Err("An amount in its body is out of range.");
        }
        Ok(Self {
            receipt_no,
            currency: sale.currency,
            total_minor: sale.total_minor,
            cash_minor: sale.cash_minor(),
            card_minor: sale.card_minor(),
        })
    }

    /// Whether the tenders pay exactly the total, as those of every paid sale must.
    pub(super) fn add_up(self) -> bool {
        self.cash_minor + self.card_minor == self.total_minor
    }
}

/// Nothing else may travel where a token does.
fn has_good_token(tender: &Tender) -> bool {
    match tender {
        Tender::Cash { .. } => true,
        Tender::Card(card) => {
            let token = card.token.as_deref();
            token.is_none_or(|token| token.parse::<CardToken>().is_ok())
        }
    }
}

fn fits(tender: &Tender) -> bool {
    let range = -MAX_MINOR..=MAX_MINOR;
    match tender {
        Tender::Cash {
            given_minor,
            change_minor,
        } => range.contains(given_minor) && range.contains(change_minor),
        Tender::Card(card) => range.contains(&card.amount_minor),
    }
}
