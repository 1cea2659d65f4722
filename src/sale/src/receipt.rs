//! The receipt: a sale as lines of text, for the screen, the printer and a file.

use crate::basket::Line;
use crate::money::Money;
use crate::quantity::Quantity;
use crate::sale::Sale;
use crate::tender::Tender;

/// Characters across the roll: 80 mm paper in the printer's standard font.
pub const WIDTH: usize = 42;

/// What stands above and below every sale.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Letterhead {
    /// Name and address, one line each.
    pub head: Vec<String>,
    /// Thanks, opening hours, ..., one line each.
    pub foot: Vec<String>,
    /// Printed large above everything when the receipt is no legal document: `DEMO`, `TRAINING`.
    pub mark: Option<String>,
}

/// The receipt of a sale, at most [`WIDTH`] characters a line, each line ended by `\n`.
#[must_use]
pub fn text(sale: &Sale, letterhead: &Letterhead) -> String {
    let mut out = Roll::default();
    if let Some(mark) = &letterhead.mark {
        out.centre(&format!("*** {mark} ***"));
    }
    letterhead.head.iter().for_each(|line| out.centre(line));
    out.rule();
    out.columns(
        &format!("Receipt {}", sale.receipt_no),
        &format!("Till {}", sale.terminal),
    );
    out.columns(&date_and_time(&sale.at), &sale.cashier);
    out.rule();
    sale.lines.iter().for_each(|line| out.line(line, sale));
    out.rule();
    let money = |minor| Money::new(minor, sale.currency).to_string();
    out.columns(
        &format!("TOTAL {}", sale.currency.alpha()),
        &money(sale.total_minor),
    );
    if sale.tenders.is_empty() {
        out.centre("VOIDED, NOT PAID");
    }
    for tender in &sale.tenders {
        out.tender(tender, &money);
    }
    out.rule();
    for share in &sale.tax {
        let rate = format!("{}.{:02} %", share.rate_bp / 100, share.rate_bp % 100);
        out.columns(
            &format!("VAT {rate} of {}", money(share.gross_minor)),
            &money(share.tax_minor),
        );
    }
    if sale.age_confirmed > 0 {
        out.columns(&format!("Age checked: {}+", sale.age_confirmed), "");
    }
    out.rule();
    letterhead.foot.iter().for_each(|line| out.centre(line));
    out.centre(&format!("Sale {}", short_id(sale)));
    out.0
}

fn short_id(sale: &Sale) -> String {
    sale.id.to_string()
}

/// `2026-11-22 19:38` of an RFC 3339 time.
fn date_and_time(at: &str) -> String {
    at.chars()
        .take(16)
        .map(|c| if c == 'T' { ' ' } else { c })
        .collect()
}

#[derive(Default)]
struct Roll(String);

impl Roll {
    fn push(&mut self, line: &str) {
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }

    fn rule(&mut self) {
        self.push(&"-".repeat(WIDTH));
    }

    fn centre(&mut self, line: &str) {
        let line: String = line.chars().take(WIDTH).collect();
        self.push(&format!("{line:^WIDTH$}"));
    }

    /// `left` and `right` at the edges; `left` is cut before `right` is.
    fn columns(&mut self, left: &str, right: &str) {
        let right: String = right.chars().take(WIDTH).collect();
        let room = WIDTH.saturating_sub(right.chars().count() + 1);
        let left: String = left.chars().take(room).collect();
        self.push(&format!("{left:<room$} {right}"));
    }

    fn line(&mut self, line: &Line, sale: &Sale) {
        let money = |minor| Money::new(minor, sale.currency).to_string();
        let amount = if line.voided {
            "VOID".to_owned()
        } else {
            money(line.total_minor)
        };
        self.columns(&line.name, &amount);
        let price = money(line.unit_price_minor);
        match line.quantity {
            Quantity::Pieces(1) => {}
            Quantity::Pieces(n) => self.columns(&format!("  {n} x {price}"), ""),
            Quantity::Grams(_) => self.columns(&format!("  {} x {price}/kg", line.quantity), ""),
        }
    }

    fn tender(&mut self, tender: &Tender, money: &impl Fn(i64) -> String) {
        match tender {
            Tender::Cash {
                given_minor,
                change_minor,
            } => {
                self.columns("Cash", &money(*given_minor));
                if *change_minor > 0 {
                    self.columns("Change", &money(*change_minor));
                }
            }
            Tender::Card(card) => {
                self.columns(&card.label, &money(card.amount_minor));
                self.columns(
                    &format!("  Card ending {}", card.last4),
                    &format!("AID {}", card.aid),
                );
                self.columns(
                    &format!("  Approval {}  Trace {:06}", card.approval_code, card.stan),
                    "",
                );
                self.columns(&format!("  TC {}", card.cryptogram), "");
            }
        }
    }
}
