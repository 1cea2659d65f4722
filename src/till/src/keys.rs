//! Keys: what each does, wherever the cashier is. The whole till works from these alone.

use crate::action::Action;
use crate::ring::SHORTEST_BARCODE;
use crate::shelf::Shelf;
use crate::till::Till;
use crate::view::{PaidView, Pane, Question, ReceiptView, ShelfView};
use crate::wedge::Key;
use sealpoint_sale::Quantity;

/// At most this many digits typed.
const MAX_ENTRY: usize = 14;

/// The keys and what they do, for the help screen, in its order.
pub const KEYS: &[(&str, &str)] = &[
    ("F1", "Help"),
    ("F2", "Search"),
    ("F3  *", "Quantity"),
    ("F5", "Price check"),
    ("F9", "Park or recall"),
    ("F10", "Total, yes"),
    ("F11", "Card"),
    ("F12", "Exact cash"),
    ("Enter", "Take what was typed"),
    ("Del", "Void line"),
    ("Ctrl+Del", "Void sale"),
    ("Esc", "Back"),
    ("Alt+1…9", "Tiles, parked, choices"),
    ("PgUp PgDn", "Pages"),
    ("← →", "Categories"),
    ("↑ ↓", "Lines, results"),
    ("Alt+R", "Receipt"),
    ("Alt+S", "Save receipt"),
    ("Alt+T", "Colours"),
];

/// What typing can change, as it was before a burst of keys.
#[derive(Debug)]
pub(crate) struct BeforeBurst {
    entry: String,
    multiplier: Option<Quantity>,
    shelf: Shelf,
    pane: Pane,
    paid: Option<PaidView>,
    receipt: Option<ReceiptView>,
}

impl Till {
    /// The action that a key means, if it means one by itself.
    pub(crate) fn key(
        &mut self,
        key: &str,
        alt: bool,
        control: bool,
        now_ms: i64,
    ) -> Option<Action> {
        if !alt && !control {
            match self.wedge.press(key, now_ms) {
                Key::Starts => {
                    self.before_burst = Some(BeforeBurst {
                        entry: self.entry.clone(),
                        multiplier: self.multiplier,
                        shelf: self.shelf.clone(),
                        pane: self.pane,
                        paid: self.paid.clone(),
                        receipt: self.receipt.clone(),
                    });
                }
                Key::Plain => {}
                Key::Scan(code) => {
                    self.take_back_burst();
                    return Some(Action::Scan { code });
                }
            }
        }
        match (key, alt, control) {
            ("F1", ..) => Some(Action::Help),
            ("F2", ..) => self.toggle_search(),
            ("F3", ..) => Some(self.multiply()),
            ("F5", ..) => Some(Action::PriceCheck {
                code: String::new(),
            }),
            ("F9", ..) => Some(Action::Park),
            ("F10", ..) if self.pane == Pane::Question => Some(Action::Answer { yes: true }),
            ("F10", ..) => Some(Action::Total),
            ("F11", ..) => Some(Action::Card { amount_minor: None }),
            ("F12", ..) => Some(Action::CashExact),
            ("Delete", _, true) => Some(Action::VoidSale),
            ("Delete", ..) if self.delete_says_no() => Some(Action::Answer { yes: false }),
            ("Delete", ..) => Some(Action::VoidLine { line: None }),
            ("Escape", ..) => Some(Action::Back),
            ("r" | "R", true, _) => Some(Action::Receipt { receipt_no: None }),
            ("s" | "S", true, _) => Some(Action::SaveReceipt),
            ("t" | "T", true, _) => Some(Action::Theme { theme: None }),
            (digit, true, _) => self.pick(digit),
            (_, _, true) => None,
            _ if self.attempt.is_some() => None,
            _ => self.plain_key(key),
        }
    }

    /// Whether Delete says no: it leaves the items out, or has the part undone.
    fn delete_says_no(&self) -> bool {
        let asked = self.asked.as_ref().map(|asked| &asked.question);
        self.pane == Pane::Question
            && matches!(
                asked,
                Some(Question::Age { .. } | Question::PartApproval { .. })
            )
    }

    /// Whatever the scanner typed on its way here is taken back.
    fn take_back_burst(&mut self) {
        let Some(before) = self.before_burst.take() else {
            return;
        };
        self.entry = before.entry;
        self.multiplier = before.multiplier;
        self.shelf = before.shelf;
        // Only what typing left: a card may have paid since.
        let left = matches!(before.pane, Pane::Paid | Pane::Receipt | Pane::Help);
        if left && self.pane == Pane::Ring && self.attempt.is_none() {
            self.pane = before.pane;
            self.paid = before.paid;
            self.receipt = before.receipt;
        }
    }

    fn toggle_search(&mut self) -> Option<Action> {
        if self.attempt.is_some() || self.pane == Pane::Question {
            return None;
        }
        self.show_shelf();
        if self.shelf.searching {
            self.shelf.end_search()
        } else {
            self.shelf.start_search()
        }
        None
    }

    fn multiply(&mut self) -> Action {
        Action::Quantity {
            quantity: std::mem::take(&mut self.entry),
        }
    }

    /// Alt with a digit: the tile, the parked basket or the application of a card in that place.
    fn pick(&mut self, digit: &str) -> Option<Action> {
        let place = digit.parse::<usize>().ok()?.checked_sub(1)?;
        if let Some(attempt) = &self.attempt {
            let index = u8::try_from(place).ok()?;
            return (place < attempt.choices.len()).then_some(Action::Choose { index });
        }
        if self.pane == Pane::Parked {
            let sale = self.parked.get(place)?.sale.to_string();
            return Some(Action::Recall { sale });
        }
        let sku = self.shelf_shown().tiles.get(place)?.sku.clone();
        Some(Action::Add {
            sku,
            quantity: None,
        })
    }

    fn shelf_shown(&self) -> ShelfView {
        self.shelf
            .view(&self.catalogue, self.settings.tiles_per_page)
    }

    fn plain_key(&mut self, key: &str) -> Option<Action> {
        match key {
            "Enter" => return self.enter(),
            "PageDown" | "PageUp" => self.shelf.turn(&self.shelf_shown(), key == "PageDown"),
            "Right" => self.shelf.step_category(&self.catalogue, true),
            "Left" => self.shelf.step_category(&self.catalogue, false),
            "Down" | "Up" if self.shelf.searching => {
                self.shelf.highlight(&self.shelf_shown(), key == "Down");
            }
            "Down" | "Up" => self.select_next(key == "Down"),
            "Backspace" if self.shelf.searching => self.shelf.backspace(),
            "Backspace" => {
                self.entry.pop();
            }
            _ => return self.character(key),
        }
        None
    }

    fn character(&mut self, key: &str) -> Option<Action> {
        let mut characters = key.chars();
        let (Some(c), None) = (characters.next(), characters.next()) else {
            return None;
        };
        if c.is_control() || self.pane == Pane::Question {
            return None;
        }
        if matches!(self.pane, Pane::Paid | Pane::Receipt | Pane::Help) {
            self.show_ring();
        }
        if self.shelf.searching && self.pane == Pane::Ring {
            self.shelf.type_character(c);
            return None;
        }
        match c {
            '*' | '×' => return Some(self.multiply()),
            '0'..='9' | '.' | ',' if self.entry.len() < MAX_ENTRY => self.entry.push(c),
            // A letter begins a search: nobody has to press F2 first.
            c if c.is_alphabetic() && self.pane == Pane::Ring => {
                self.shelf.start_search();
                self.shelf.type_character(c);
            }
            _ => {}
        }
        None
    }

    fn enter(&mut self) -> Option<Action> {
        match self.pane {
            Pane::Ring if self.shelf.searching => {
                let shelf = self.shelf_shown();
                let sku = shelf.tiles.get(shelf.highlighted)?.sku.clone();
                Some(Action::Add {
                    sku,
                    quantity: None,
                })
            }
            Pane::Ring if !self.entry.is_empty() => {
                let typed = std::mem::take(&mut self.entry);
                let barcode = typed.len() >= SHORTEST_BARCODE;
                Some(if barcode {
                    Action::Scan { code: typed }
                } else {
                    Action::Plu {
                        plu: typed,
                        quantity: None,
                    }
                })
            }
            Pane::Tender if !self.entry.is_empty() => Some(Action::Cash { given_minor: None }),
            Pane::Paid | Pane::Receipt => Some(Action::Next),
            Pane::Help => Some(Action::Help),
            _ => None,
        }
    }

    fn select_next(&mut self, down: bool) {
        let Some(draft) = &self.draft else { return };
        let live: Vec<u32> = draft.basket.live().map(|line| line.no).collect();
        let at = self
            .selected
            .and_then(|no| live.iter().position(|x| *x == no));
        let next = match (at, down) {
            (None, _) => live.len().checked_sub(1),
            (Some(i), true) => Some((i + 1).min(live.len().saturating_sub(1))),
            (Some(i), false) => Some(i.saturating_sub(1)),
        };
        self.selected = next.and_then(|i| live.get(i)).copied();
    }
}
