//! The till itself: what it remembers, and where each input goes.

use std::sync::Arc;

use sealpoint_wire::{LinkState, ReaderState};

use crate::action::{Action, MAX_TEXT};
use crate::attempt::Attempt;
use crate::draft::Draft;
use crate::effect::{Effect, Input, Parked, QueueFigures, Restored, Settings, Stamp, Stock};
use crate::notice::{Level, Notice, NoticeCode};
use crate::shelf::Shelf;
use crate::view::{DemoView, PaidView, Pane, Question, ReceiptView, Theme, TotalsView};
use crate::wedge::Wedge;
use sealpoint_sale::{Catalogue, Quantity};

/// The cashier's flow. Inputs go in one at a time; each gives the effects to carry out, in order.
#[derive(Debug)]
pub struct Till {
    pub(crate) settings: Settings,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) draft: Option<Draft>,
    pub(crate) pane: Pane,
    pub(crate) notice: Option<Notice>,
    pub(crate) entry: String,
    pub(crate) multiplier: Option<Quantity>,
    pub(crate) shelf: Shelf,
    pub(crate) wedge: Wedge,
    pub(crate) before_burst: Option<(String, Shelf)>,
    pub(crate) selected: Option<u32>,
    pub(crate) last: Option<u32>,
    pub(crate) attempt: Option<Attempt>,
    pub(crate) paid: Option<PaidView>,
    pub(crate) receipt: Option<ReceiptView>,
    pub(crate) parked: Vec<Parked>,
    pub(crate) asked: Option<Asked>,
    pub(crate) totals: TotalsView,
    pub(crate) queue: QueueFigures,
    pub(crate) reversals_due: u32,
    pub(crate) backlog: u64,
    pub(crate) link: LinkState,
    pub(crate) reader: ReaderState,
    pub(crate) lane_up: bool,
    pub(crate) cannot_charge: Option<String>,
    pub(crate) theme: Theme,
    pub(crate) demo: Option<DemoView>,
    pub(crate) next_receipt_no: u64,
    pub(crate) views: u64,
    pub(crate) resume_commit: bool,
}

/// A question on screen, and what a yes goes on with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Asked {
    pub(crate) question: Question,
    pub(crate) then: Option<Action>,
}

impl Till {
    /// A till as the journal left it. Says what was restored and what could not be read.
    #[must_use]
    pub fn new(settings: Settings, stock: Stock, restored: Restored) -> Self {
        let draft = restored.draft.as_deref().and_then(Draft::from_json);
        let last = draft
            .as_ref()
            .and_then(|d| d.basket.lines().last())
            .map(|line| line.no);
        let mut till = Self {
            link: if settings.collector {
                LinkState::Connecting
            } else {
                LinkState::NotSetUp
            },
            reader: ReaderState::Missing {
                why: "The card process is starting.".to_owned(),
            },
            demo: settings.demo.clone(),
            settings,
            catalogue: Arc::new(stock.catalogue),
            pane: Pane::Ring,
            notice: None,
            entry: String::new(),
            multiplier: None,
            shelf: Shelf::default(),
            wedge: Wedge::default(),
            before_burst: None,
            selected: None,
            last,
            attempt: None,
            paid: None,
            receipt: None,
            parked: restored.parked,
            asked: None,
            totals: restored.totals,
            queue: restored.queue,
            reversals_due: restored.reversing,
            backlog: 0,
            lane_up: false,
            cannot_charge: None,
            theme: Theme::default(),
            next_receipt_no: restored.next_receipt_no,
            views: 0,
            // The till stopped between the last tender and the commit: finish it at once.
            resume_commit: draft.as_ref().is_some_and(|d| !d.tenders.is_empty()),
            draft,
        };
        if let Some(first) = stock.bad_rows.first() {
            let count = stock.bad_rows.len().to_string();
            till.say(NoticeCode::CatalogueRows, vec![count, first.to_string()]);
        }
        if till.draft.is_some() {
            till.say(NoticeCode::BasketRestored, vec![]);
        }
        if restored.reversing > 0 {
            let amount = till.money(restored.reversing_minor);
            till.say(
                NoticeCode::AttemptsReversing,
                vec![restored.reversing.to_string(), amount],
            );
        }
        till
    }

    /// Takes one input and says what to do about it.
    pub fn step(&mut self, input: Input, stamp: &Stamp) -> Vec<Effect> {
        match input {
            Input::Action(action) => self.act(action, stamp),
            Input::Tick => self.tick(stamp),
            Input::Lane(message) => self.lane_said(message, stamp),
            Input::LaneDown => self.lane_down(stamp),
            Input::Uplink(message) => self.uplink_said(message, stamp),
            Input::UplinkDown => self.uplink_down(stamp),
            Input::AttemptStarted { attempt, stan } => {
                if let Some(mine) = self.attempt.as_mut().filter(|a| a.id == attempt) {
                    mine.stan = stan;
                }
                vec![]
            }
            Input::Failed { what, why } => self.failed(what, &why),
            Input::Committed { sale } => {
                self.committed(sale);
                vec![]
            }
            Input::Figures {
                queue,
                totals,
                reversals_due,
            } => {
                self.figures(queue, totals, reversals_due);
                vec![]
            }
            Input::ReceiptFound { receipt_no, text } => {
                self.receipt = Some(ReceiptView { receipt_no, text });
                self.pane = Pane::Receipt;
                vec![]
            }
            Input::Demo(demo) => {
                self.demo = Some(demo);
                vec![]
            }
            Input::Say(notice) => {
                self.put(notice);
                vec![]
            }
        }
    }

    fn act(&mut self, action: Action, stamp: &Stamp) -> Vec<Effect> {
        if let Action::Key { key, alt, control } = &action {
            return match self.key(key, *alt, *control, stamp.now_ms) {
                Some(meant) => self.act(meant, stamp),
                None => vec![],
            };
        }
        if self.attempt.is_some() {
            return self.act_during_card(action);
        }
        if !matches!(
            action,
            Action::View | Action::Theme { .. } | Action::Demo { .. }
        ) {
            self.fade_notice();
        }
        match action {
            Action::Scan { code } => self.scan(&short(&code), stamp),
            Action::Add { sku, quantity } => self.add_sku(&short(&sku), quantity, stamp),
            Action::Plu { plu, quantity } => self.add_plu(&short(&plu), quantity, stamp),
            Action::Quantity { quantity } => self.set_multiplier(&short(&quantity)),
            Action::Search { query } => {
                if query.is_empty() {
                    self.shelf.end_search()
                } else {
                    self.shelf.set_query(&query)
                }
                self.show_ring()
            }
            Action::Category { name } => self.choose_category(name),
            Action::Page { page } => {
                self.shelf.turn_to(page);
                vec![]
            }
            Action::PriceCheck { code } => self.price_check(&short(&code)),
            Action::Select { line } => {
                self.selected = self.live_line(line).then_some(line);
                vec![]
            }
            Action::VoidLine { line } => self.void_line(line),
            Action::VoidSale => self.ask_void_sale(),
            Action::Park => self.park(stamp),
            Action::Recall { sale } => self.recall(&sale),
            Action::Total => self.total(stamp),
            Action::Cash { given_minor } => self.cash(given_minor, stamp),
            Action::CashExact => self.cash_exact(stamp),
            Action::Card { amount_minor } => self.charge_card(amount_minor, stamp),
            Action::Answer { yes } => self.answered(yes, stamp),
            Action::Back => self.back(),
            Action::Next => self.next_customer(),
            Action::Receipt { receipt_no } => vec![Effect::FindReceipt(receipt_no)],
            Action::SaveReceipt => match (&self.receipt, &self.paid) {
                (Some(receipt), _) => vec![Effect::SaveReceipt(receipt.receipt_no)],
                (None, Some(paid)) => vec![Effect::SaveReceipt(paid.receipt_no)],
                (None, None) => self.say(NoticeCode::NoReceipt, vec![]),
            },
            Action::Help => {
                self.pane = if self.pane == Pane::Help {
                    self.home_pane()
                } else {
                    Pane::Help
                };
                vec![]
            }
            Action::CancelCard | Action::Key { .. } => vec![],
            other => self.act_anywhere(other),
        }
    }

    /// Actions that mean the same whatever the till is doing.
    fn act_anywhere(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Dismiss => {
                self.notice = None;
                vec![]
            }
            Action::Theme { theme } => {
                self.theme = theme.unwrap_or(match self.theme {
                    Theme::Light => Theme::Dark,
                    Theme::Dark => Theme::Contrast,
                    Theme::Contrast => Theme::Light,
                });
                vec![]
            }
            Action::Demo { insert } if self.demo.is_some() => vec![Effect::Demo(insert)],
            Action::View => vec![],
            _ => self.say(NoticeCode::NotNow, vec![]),
        }
    }

    fn act_during_card(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::CancelCard | Action::Back => self.cancel_card(),
            Action::Dismiss | Action::Theme { .. } | Action::Demo { .. } | Action::View => {
                self.act_anywhere(action)
            }
            _ => self.say(NoticeCode::CardBusy, vec![]),
        }
    }

    /// Says something. The same again counts up instead of hiding that it was said before.
    pub(crate) fn say(&mut self, code: NoticeCode, args: Vec<String>) -> Vec<Effect> {
        self.put(Notice::new(code, args));
        vec![]
    }

    fn put(&mut self, notice: Notice) {
        let weaker = |new: Level| matches!(new, Level::Info | Level::Success);
        match &mut self.notice {
            Some(old) if old.code == notice.code && old.args == notice.args => {
                old.times = old.times.saturating_add(1);
            }
            // Good news never hides an error that nobody has read.
            Some(old) if old.level == Level::Error && weaker(notice.level) => {}
            _ => self.notice = Some(notice),
        }
    }

    /// An action takes away what is no error; an error stays until it is read.
    fn fade_notice(&mut self) {
        self.notice.take_if(|n| n.level != Level::Error);
    }

    /// What the right pane shows when nothing else is asked of it.
    pub(crate) fn home_pane(&self) -> Pane {
        if self.paid.is_some() {
            Pane::Paid
        } else {
            Pane::Ring
        }
    }

    fn back(&mut self) -> Vec<Effect> {
        let had_notice = self.notice.take().is_some();
        if self.pane == Pane::Ring {
            if self.shelf.searching {
                self.shelf.end_search();
            } else if !had_notice {
                self.entry.clear();
                self.multiplier = None;
                self.selected = None;
            }
            return vec![];
        }
        if !had_notice || self.pane != Pane::Paid {
            self.asked = None;
            self.receipt = None;
            self.entry.clear();
            self.pane = if self.pane == Pane::Paid {
                Pane::Paid
            } else {
                self.home_pane()
            };
        }
        vec![]
    }

    fn next_customer(&mut self) -> Vec<Effect> {
        self.paid = None;
        self.receipt = None;
        self.asked = None;
        self.pane = Pane::Ring;
        vec![]
    }

    pub(crate) fn show_ring(&mut self) -> Vec<Effect> {
        if matches!(
            self.pane,
            Pane::Paid | Pane::Receipt | Pane::Help | Pane::Parked
        ) {
            self.next_customer();
        }
        vec![]
    }

    /// An amount as the cashier reads it.
    pub(crate) fn money(&self, amount_minor: i64) -> String {
        sealpoint_sale::Money::new(amount_minor, self.settings.currency).to_string()
    }
}

/// A text from outside, cut to what the till will look at and repeat.
fn short(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MAX_TEXT)
        .collect()
}
