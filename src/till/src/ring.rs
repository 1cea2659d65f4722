//! Ringing up: scan, tile, PLU, quantity, void, price check.

use sealpoint_sale::barcode::{self, BadBarcode, Barcode};
use sealpoint_sale::basket::MAX_LINES;
use sealpoint_sale::{Item, Quantity, RingUpError, Unit};

use crate::draft::Draft;
use crate::effect::{Effect, Stamp};
use crate::notice::NoticeCode;
use crate::till::Till;
use crate::view::Pane;
use sealpoint_sale::SaleId;

/// Digits of the shortest barcode, EAN-8; fewer are a PLU.
pub(crate) const SHORTEST_BARCODE: usize = 8;

impl Till {
    /// A scan rings up wherever the cashier is, as long as no card is in flight.
    pub(crate) fn scan(&mut self, code: &str, stamp: &Stamp) -> Vec<Effect> {
        match self.find_code(code) {
            // One label is one bag: three bags have three labels.
            Ok((_, Some(_))) if self.multiplier.take().is_some() => {
                self.say(NoticeCode::TooMany, vec![])
            }
            Ok((item, weight)) => self.ring_up(&item, weight, stamp),
            Err(notice) => self.say(notice, vec![code.to_owned()]),
        }
    }

    pub(crate) fn find_code(&self, code: &str) -> Result<(Item, Option<Quantity>), NoticeCode> {
        match barcode::read(code) {
            Ok(Barcode::Item(code)) => self
                .catalogue
                .by_barcode(&code)
                // EAN-13 with a leading zero and UPC-A are the same number.
                .or_else(|| self.catalogue.by_barcode(code.strip_prefix('0')?))
                .map(|item| (item.clone(), None))
                .ok_or(NoticeCode::UnknownBarcode),
            Ok(Barcode::Weighed { plu, quantity }) => self
                .catalogue
                .by_plu(&plu)
                .filter(|item| item.unit == Unit::Kg)
                .map(|item| (item.clone(), Some(quantity)))
                .ok_or(NoticeCode::UnknownBarcode),
            Err(BadBarcode::Misread | BadBarcode::NoWeight) => Err(NoticeCode::BarcodeMisread),
        }
    }

    pub(crate) fn add_sku(
        &mut self,
        sku: &str,
        quantity: Option<String>,
        stamp: &Stamp,
    ) -> Vec<Effect> {
        match self.catalogue.by_sku(sku).cloned() {
            Some(item) => self.add(&item, quantity, stamp),
            None => self.say(NoticeCode::UnknownSku, vec![sku.to_owned()]),
        }
    }

    pub(crate) fn add_plu(
        &mut self,
        plu: &str,
        quantity: Option<String>,
        stamp: &Stamp,
    ) -> Vec<Effect> {
        match self.catalogue.by_plu(plu.trim()).cloned() {
            Some(item) => self.add(&item, quantity, stamp),
            None => self.say(NoticeCode::UnknownPlu, vec![plu.to_owned()]),
        }
    }

    fn add(&mut self, item: &Item, quantity: Option<String>, stamp: &Stamp) -> Vec<Effect> {
        match quantity.map(|text| Quantity::parse(&text)).transpose() {
            Ok(quantity) => self.ring_up(item, quantity, stamp),
            Err(bad) => self.say(NoticeCode::BadQuantity, vec![bad.0]),
        }
    }

    fn ring_up(&mut self, item: &Item, quantity: Option<Quantity>, stamp: &Stamp) -> Vec<Effect> {
        // "2" before a weighed item means two kilograms, as on the scale; nothing means no weight.
        let quantity = match (item.unit, quantity.or(self.multiplier)) {
            (Unit::Kg, Some(Quantity::Pieces(n))) => {
                match n.checked_mul(1000).and_then(Quantity::grams) {
                    Some(grams) => grams,
                    None => return self.say(NoticeCode::TooMany, vec![]),
                }
            }
            (_, quantity) => quantity.unwrap_or(Quantity::ONE),
        };
        let mut draft = self
            .draft
            .clone()
            .unwrap_or_else(|| Draft::new(SaleId::new(stamp.fresh[0])));
        match draft.basket.ring_up(item, quantity) {
            Ok(line) => {
                self.last = Some(line.no);
                self.selected = None;
                self.multiplier = None;
                self.entry.clear();
                self.paid = None;
                self.receipt = None;
                self.shelf.end_search();
                if self.pane != Pane::Tender || draft.tenders.is_empty() {
                    self.pane = Pane::Ring;
                }
                let saved = draft.to_json();
                self.draft = Some(draft);
                vec![Effect::SaveDraft(saved)]
            }
            Err(error) => {
                let name = item.name.clone();
                match error {
                    RingUpError::WeightNeeded => self.say(NoticeCode::WeightNeeded, vec![name]),
                    RingUpError::PiecesNeeded => self.say(NoticeCode::PiecesNeeded, vec![name]),
                    RingUpError::BasketFull => {
                        self.say(NoticeCode::BasketFull, vec![MAX_LINES.to_string()])
                    }
                    RingUpError::TooMany => self.say(NoticeCode::TooMany, vec![]),
                    RingUpError::TooLarge(_) => self.say(NoticeCode::AmountTooLarge, vec![]),
                }
            }
        }
    }

    pub(crate) fn set_multiplier(&mut self, typed: &str) -> Vec<Effect> {
        self.entry.clear();
        if typed.is_empty() {
            self.multiplier = None;
            return vec![];
        }
        match Quantity::parse(typed) {
            Ok(quantity) => {
                self.multiplier = Some(quantity);
                self.show_ring()
            }
            Err(bad) => self.say(NoticeCode::BadQuantity, vec![bad.0]),
        }
    }

    pub(crate) fn choose_category(&mut self, name: Option<String>) -> Vec<Effect> {
        match name {
            Some(name) if !self.catalogue.categories().contains(&name) => {
                self.say(NoticeCode::UnknownCategory, vec![name])
            }
            name => {
                self.shelf.choose(name);
                self.show_shelf()
            }
        }
    }

    pub(crate) fn price_check(&mut self, code: &str) -> Vec<Effect> {
        let code = if code.is_empty() {
            std::mem::take(&mut self.entry)
        } else {
            code.to_owned()
        };
        if code.is_empty() {
            self.shelf.start_search();
            return self.show_shelf();
        }
        let found = match self.catalogue.by_plu(&code) {
            Some(item) => Ok(item.clone()),
            None if code.len() < SHORTEST_BARCODE => Err(NoticeCode::UnknownPlu),
            None => self.find_code(&code).map(|(item, _)| item),
        };
        match found {
            Ok(item) => {
                let unit = if item.unit == Unit::Kg { "1 kg" } else { "1" };
                let price = self.money(item.price_minor);
                self.say(NoticeCode::Price, vec![item.name, price, unit.to_owned()])
            }
            Err(notice) => self.say(notice, vec![code]),
        }
    }

    pub(crate) fn live_line(&self, no: u32) -> bool {
        self.draft
            .as_ref()
            .is_some_and(|d| d.basket.live().any(|line| line.no == no))
    }

    /// Voids the given line, else the selected one, else the newest that counts.
    pub(crate) fn void_line(&mut self, line: Option<u32>) -> Vec<Effect> {
        let Some(draft) = self.draft.as_mut() else {
            return self.say(NoticeCode::BasketEmpty, vec![]);
        };
        if !draft.tenders.is_empty() {
            return self.say(NoticeCode::TendersTaken, vec![]);
        }
        let newest = draft.basket.live().last().map(|line| line.no);
        let Some(no) = line.or(self.selected).or(newest) else {
            return self.say(NoticeCode::NoSuchLine, vec![]);
        };
        match draft.basket.void_line(no).map(|line| line.name.clone()) {
            Ok(name) => {
                let saved = draft.to_json();
                self.selected = None;
                self.last = draft.basket.live().last().map(|line| line.no);
                self.say(NoticeCode::LineVoided, vec![name]);
                vec![Effect::SaveDraft(saved)]
            }
            Err(_) => self.say(NoticeCode::NoSuchLine, vec![]),
        }
    }
}
