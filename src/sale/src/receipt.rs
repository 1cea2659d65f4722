//! The receipt: a sale as lines of text, for the screen, the printer and a file.

use crate::basket::Line;
use crate::money::Money;
use crate::quantity::Quantity;
use crate::sale::Sale;
use crate::tax::TaxShare;
use crate::tender::{Tender, Unconfirmed};

/// Characters across the roll: 80 mm paper in the printer's standard font.
pub const WIDTH: usize = 42;
/// Before what belongs to the line above.
const INDENT: &str = "  ";

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
    // Nobody owes tax on what was not paid.
    if !sale.tenders.is_empty() {
        out.tax(&sale.tax, &money);
        if sale.age_confirmed > 0 {
            out.columns(&format!("Age checked: {}+", sale.age_confirmed), "");
        }
        out.rule();
    }
    letterhead.foot.iter().for_each(|line| out.centre(line));
    out.centre(&format!("Sale {}", sale.id));
    out.0
}

/// `2026-11-22 19:38` of an RFC 3339 time.
fn date_and_time(at: &str) -> String {
    at.chars()
        .take(16)
        .map(|c| if c == 'T' { ' ' } else { c })
        .collect()
}

/// A text in lines of at most `width` characters, those after the first with room for an indent,
/// broken between words where that is possible.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut rest: Vec<char> = text.trim_end().chars().collect();
    let mut room = width.max(1);
    let mut lines = Vec::new();
    while rest.len() > room {
        let between_words = rest[..=room].iter().rposition(|c| *c == ' ');
        let end = between_words.filter(|at| rest[..*at].iter().any(|c| *c != ' '));
        lines.push(rest.drain(..end.unwrap_or(room)).collect());
        let blanks = rest.iter().take_while(|c| **c == ' ').count();
        rest.drain(..blanks);
        room = width.saturating_sub(INDENT.len()).max(1);
    }
    lines.push(rest.into_iter().collect());
    lines
}

#[derive(Default)]
struct Roll(String);

impl Roll {
    fn push(&mut self, line: &str) {
        // A name or a card's label must not break the line, nor speak to the printer.
        let plain = line.trim_end().chars();
        self.0
            .extend(plain.map(|c| if c.is_control() { ' ' } else { c }));
        self.0.push('\n');
    }

    fn rule(&mut self) {
        self.push(&"-".repeat(WIDTH));
    }

    fn centre(&mut self, line: &str) {
        for part in wrapped(line, WIDTH) {
            self.push(&format!("{part:^WIDTH$}"));
        }
    }

    /// `left` and `right` at the edges. `left` goes on in further lines where it is long; `right`
    /// leaves it half of the first.
    fn columns(&mut self, left: &str, right: &str) {
        let most = WIDTH - 1 - left.chars().count().min(WIDTH / 2);
        let right: String = right.chars().take(most).collect();
        let room = WIDTH - 1 - right.chars().count();
        let mut parts = wrapped(left, room).into_iter();
        let first = parts.next().unwrap_or_default();
        self.push(&format!("{first:<room$} {right}"));
        for part in parts {
            self.push(&format!("{INDENT}{part}"));
        }
    }

    /// What the law asks for: by rate the price without tax, the tax, and both.
    fn tax(&mut self, shares: &[TaxShare], money: &impl Fn(i64) -> String) {
        let row = |rate: &str, net: &str, tax: &str, gross: &str| {
            format!("{rate:>9}{net:>11}{tax:>10}{gross:>12}")
        };
        self.push(&row("VAT", "Net", "Tax", "Gross"));
        for share in shares {
            let rate = format!("{}.{:02} %", share.rate_bp / 100, share.rate_bp % 100);
            let (net, tax) = (money(share.net_minor), money(share.tax_minor));
            let narrow = row(&rate, &net, &tax, &money(share.gross_minor));
            if narrow.chars().count() <= WIDTH {
                self.push(&narrow);
            } else {
                // Amounts that no supermarket knows: one a line.
                self.columns(&format!("{rate} net"), &net);
                self.columns(&format!("{rate} tax"), &tax);
            }
        }
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
                self.columns(&format!("  Card ending {}", card.last4), "");
                let approval = match card.unconfirmed {
                    None => format!("Approval {}", card.approval_code),
                    Some(Unconfirmed::OfflineApproved) => "Approved by the card".to_owned(),
                    Some(Unconfirmed::Deferred) => "Bank is asked later".to_owned(),
                };
                self.columns(&format!("  {approval}  Trace {:06}", card.stan), "");
                self.columns(&format!("  AID {}", card.aid), "");
                // A card whose issuer is asked later has certified nothing.
                if card.unconfirmed != Some(Unconfirmed::Deferred) {
                    self.columns(&format!("  TC {}", card.cryptogram), "");
                }
            }
        }
    }
}
