//! The view: everything that the till knows, as the cashier sees it.

use sealpoint_sale::tax::shares;
use sealpoint_sale::{Line, Quantity, Tender, tender};

use crate::effect::Stamp;
use crate::pay::QUICK_CASH;
use crate::till::Till;
use crate::view::{
    BasketView, CardView, LineView, Pane, ParkedView, QueueView, TenderView, VIEW_VERSION, View,
};

impl Till {
    /// The screen as it is at this moment. `reply_to` names the action that it answers.
    pub fn view(&mut self, stamp: &Stamp, reply_to: Option<String>) -> View {
        self.views = self.views.saturating_add(1);
        let due_minor = self.due_minor();
        View {
            version: VIEW_VERSION,
            number: self.views,
            reply_to,
            store: self.settings.store.clone(),
            terminal: self.settings.terminal.to_string(),
            cashier: self.settings.cashier.clone(),
            mark: self.settings.mark.clone(),
            clock: stamp.local.clone(),
            currency: self.settings.currency,
            theme: self.theme,
            link: self.link.clone(),
            queue: QueueView {
                count: self.queue.count,
                at_risk_minor: self.queue.at_risk_minor,
                oldest_ms: self
                    .queue
                    .oldest_at_ms
                    .map(|at| stamp.now_ms.saturating_sub(at).max(0)),
                held: self.queue.held,
            },
            reader: self.reader.clone(),
            pane: self.pane,
            notice: self.bar.shown().cloned(),
            basket: self.basket_view(),
            due_minor,
            tenders: self.tender_views(),
            entry: self.entry_shown(),
            multiplier: self.multiplier.map(|q| q.to_string()),
            shelf: self
                .shelf
                .view(&self.catalogue, self.settings.tiles_per_page),
            quick_cash: tender::quick_cash(due_minor, QUICK_CASH),
            card: self.card_view(stamp),
            card_unavailable: self.card_obstacle(stamp.now_ms),
            paid: self.paid.clone(),
            receipt: self.receipt.clone(),
            parked: self.parked_views(stamp),
            question: self.asked.as_ref().map(|a| a.question.clone()),
            totals: self.totals,
            reversals_due: self.reversals_due,
            offline: self.offline_view(stamp.now_ms),
            work_items: self.work_items,
            warnings: self.warnings(),
            demo: self.demo.clone(),
        }
    }

    /// While taking money, digits are shown as the amount that they mean.
    fn entry_shown(&self) -> String {
        match self.amount_of(&self.entry) {
            Some(minor) if self.pane == Pane::Tender => self.money(minor),
            _ => self.entry.clone(),
        }
    }

    fn basket_view(&self) -> BasketView {
        let Some(draft) = &self.draft else {
            return BasketView::default();
        };
        BasketView {
            sale: Some(draft.sale.to_string()),
            lines: draft.basket.lines().iter().map(line_view).collect(),
            selected: self.selected,
            last: self.last,
            items: draft.basket.item_count(),
            total_minor: draft.basket.total_minor(),
            tax: shares(&draft.basket),
        }
    }

    fn tender_views(&self) -> Vec<TenderView> {
        let tenders = self
            .draft
            .as_ref()
            .map(|d| d.tenders.as_slice())
            .unwrap_or_default();
        let view = |tender: &Tender| match tender {
            Tender::Cash { .. } => TenderView {
                kind: "cash".to_owned(),
                label: String::new(),
                paid_minor: tender.paid_minor(),
            },
            Tender::Card(card) => TenderView {
                kind: "card".to_owned(),
                label: format!("{} {}", card.label, card.last4),
                paid_minor: card.amount_minor,
            },
        };
        tenders.iter().map(view).collect()
    }

    fn card_view(&self, stamp: &Stamp) -> Option<CardView> {
        let attempt = self.attempt.as_ref()?;
        let label = attempt
            .card
            .as_ref()
            .map(|c| format!("{} {}", c.label, c.last4));
        Some(CardView {
            amount_minor: attempt.amount_minor,
            prompt: attempt.prompt,
            label: label.unwrap_or_default(),
            choices: attempt.choices.clone(),
            wait_ms: attempt.wait_ms,
            left_ms: attempt.left_ms(stamp.now_ms),
            can_cancel: attempt.can_cancel(),
        })
    }

    fn parked_views(&self, stamp: &Stamp) -> Vec<ParkedView> {
        self.parked
            .iter()
            .map(|p| ParkedView {
                sale: p.sale.to_string(),
                title: p.title.clone(),
                total_minor: p.total_minor,
                age_ms: stamp.now_ms.saturating_sub(p.at_ms).max(0),
            })
            .collect()
    }
}

fn line_view(line: &Line) -> LineView {
    LineView {
        no: line.no,
        sku: line.sku.clone(),
        name: line.name.clone(),
        quantity: line.quantity.to_string(),
        multiple: line.quantity != Quantity::ONE,
        unit_price_minor: line.unit_price_minor,
        total_minor: line.total_minor,
        min_age: line.min_age,
        voided: line.voided,
    }
}
