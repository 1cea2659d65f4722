//! Putting a basket aside and taking it back.

use crate::draft::Draft;
use crate::effect::{Effect, Parked, Stamp};
use crate::notice::NoticeCode;
use crate::till::Till;
use crate::view::Pane;
use sealpoint_sale::SaleId;

/// At most this many baskets put aside.
pub const MAX_PARKED: usize = 50;

/// What the last effect was to move, until it is known to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Moved {
    /// This sale was put aside.
    Aside(SaleId),
    /// This one was taken back.
    Back(Parked),
}

impl Till {
    /// Puts the basket aside; without a basket, shows those put aside.
    pub(crate) fn park(&mut self, stamp: &Stamp) -> Vec<Effect> {
        let Some(draft) = &self.draft else {
            return self.show_parked();
        };
        if !draft.tenders.is_empty() {
            return self.say(NoticeCode::TendersTaken, vec![]);
        }
        if self.parked.len() >= MAX_PARKED {
            return self.say(NoticeCode::ParkFull, vec![]);
        }
        let parked = Parked::new(draft.sale, stamp.now_ms, draft.title(), draft.to_json());
        self.draft = None;
        self.asked = None;
        self.last = None;
        self.selected = None;
        self.entry.clear();
        self.multiplier = None;
        self.pane = Pane::Ring;
        self.say(NoticeCode::Parked, vec![parked.title.clone()]);
        self.parked.push(parked.clone());
        self.moved = Some(Moved::Aside(parked.sale));
        vec![Effect::Park(parked)]
    }

    fn show_parked(&mut self) -> Vec<Effect> {
        if self.parked.is_empty() {
            return self.say(NoticeCode::NothingParked, vec![]);
        }
        self.pane = if self.pane == Pane::Parked {
            self.home_pane()
        } else {
            Pane::Parked
        };
        vec![]
    }

    pub(crate) fn recall(&mut self, sale: &str) -> Vec<Effect> {
        if self.draft.is_some() {
            return self.say(NoticeCode::FinishFirst, vec![]);
        }
        let sale: Option<SaleId> = sale.parse().ok();
        let Some(index) = self.parked.iter().position(|p| Some(p.sale) == sale) else {
            return self.say(NoticeCode::NoSuchParked, vec![]);
        };
        let Some(draft) = self
            .parked
            .get(index)
            .and_then(|p| Draft::from_json(&p.draft))
        else {
            return self.say(NoticeCode::NoSuchParked, vec![]);
        };
        let parked = self.parked.remove(index);
        self.entry.clear();
        self.last = draft.basket.live().last().map(|line| line.no);
        self.draft = Some(draft);
        self.paid = None;
        self.receipt = None;
        self.pane = Pane::Ring;
        self.say(NoticeCode::Recalled, vec![]);
        let sale = parked.sale;
        self.moved = Some(Moved::Back(parked));
        vec![Effect::Recall(sale)]
    }

    /// Where the journal did not move a basket, the till has not moved it either.
    pub(crate) fn move_back(&mut self) {
        match self.moved.take() {
            Some(Moved::Aside(sale)) => {
                let aside = self.parked.pop_if(|p| p.sale == sale);
                self.draft = aside.and_then(|p| Draft::from_json(&p.draft));
            }
            Some(Moved::Back(parked)) => {
                self.draft = None;
                self.parked.push(parked);
            }
            None => return,
        }
        self.last = self
            .draft
            .as_ref()
            .and_then(|d| d.basket.live().last().map(|line| line.no));
    }
}
