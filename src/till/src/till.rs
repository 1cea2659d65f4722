//! The till itself: what it remembers, and where each input goes.

use std::sync::Arc;

use sealpoint_wire::{LinkState, OfflinePolicy, ReaderState};

use crate::action::{Action, short};
use crate::attempt::Attempt;
use crate::bar::Bar;
use crate::draft::Draft;
use crate::effect::{Effect, Input, Parked, QueueFigures, Restored, Settings, Stamp, Stock};
use crate::keys::BeforeBurst;
use crate::notice::{Level, Notice, NoticeCode};
use crate::offline::OfflineUsed;
use crate::park::Moved;
use crate::protection::Protection;
use crate::settle::{CommitAgain, Unsettled};
use crate::shelf::Shelf;
use crate::standing::Standing;
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
    pub(crate) bar: Bar,
    pub(crate) entry: String,
    pub(crate) multiplier: Option<Quantity>,
    pub(crate) shelf: Shelf,
    pub(crate) wedge: Wedge,
    pub(crate) before_burst: Option<BeforeBurst>,
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
    pub(crate) lane_was_down: bool,
    pub(crate) cannot_charge: Option<String>,
    pub(crate) lane_refusal: Option<String>,
    pub(crate) uplink_refuses: bool,
    pub(crate) protection: Protection,
    pub(crate) theme: Theme,
    pub(crate) demo: Option<DemoView>,
    pub(crate) next_receipt_no: u64,
    pub(crate) views: u64,
    pub(crate) resume_commit: bool,
    pub(crate) cash_unsaved: bool,
    pub(crate) moved: Option<Moved>,
    pub(crate) unsaved: Option<Unsaved>,
    pub(crate) settling: Option<Effect>,
    pub(crate) unsettled: Option<Unsettled>,
    pub(crate) offline: Option<OfflinePolicy>,
    pub(crate) offline_used: OfflineUsed,
    pub(crate) work_items: u32,
    pub(crate) commit_again: CommitAgain,
    pub(crate) standing: Standing,
}

/// The open basket is not on the disk as it is on the screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Unsaved {
    pub(crate) why: String,
    pub(crate) tried_ms: i64,
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
            .and_then(|d| d.basket.live().last())
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
            protection: Protection::new(&settings),
            settings,
            catalogue: Arc::new(stock.catalogue),
            pane: Pane::Ring,
            bar: Bar::default(),
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
            lane_was_down: false,
            cannot_charge: None,
            lane_refusal: None,
            uplink_refuses: false,
            theme: Theme::default(),
            next_receipt_no: restored.next_receipt_no,
            views: 0,
            // The till stopped between the last tender and the commit: finish it at once.
            resume_commit: draft.as_ref().is_some_and(|d| !d.tenders.is_empty()),
            draft,
            cash_unsaved: false,
            moved: None,
            unsaved: None,
            settling: None,
            unsettled: None,
            offline: None,
            offline_used: restored.offline,
            work_items: restored.work_items,
            commit_again: CommitAgain::default(),
            standing: Standing::default(),
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
        if !matches!(input, Input::Failed { .. }) {
            self.moved = None;
        }
        let effects = self.put_in(input, stamp);
        if self.draft.is_none() || effects.iter().any(|e| matches!(e, Effect::SaveDraft(_))) {
            self.unsaved = None;
        }
        effects
    }

    fn put_in(&mut self, input: Input, stamp: &Stamp) -> Vec<Effect> {
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
            Input::Failed { what, why } => self.failed(what, &why, stamp),
            Input::Committed { sale } => {
                self.committed(sale);
                vec![]
            }
            Input::Figures(figures) => {
                self.figures(&figures);
                self.go_out_of_service()
            }
            Input::CardKnown {
                attempt,
                charged_at_ms,
                used,
            } => self.card_known(attempt, charged_at_ms, used, stamp),
            Input::ReceiptFound { receipt_no, text } => {
                if self.attempt.is_none() && self.pane != Pane::Question {
                    self.receipt = Some(ReceiptView { receipt_no, text });
                    self.pane = Pane::Receipt;
                }
                vec![]
            }
            Input::Demo(demo) => {
                self.demo = Some(demo);
                vec![]
            }
            Input::Say(notice) => {
                self.bar.put(notice);
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
        if self.standing.erased {
            return match action {
                Action::Theme { .. } | Action::View => self.act_anywhere(action),
                _ => self.say(NoticeCode::OutOfService, vec![]),
            };
        }
        if self.attempt.is_some() {
            return self.act_during_card(action, stamp);
        }
        if self.pane == Pane::Question && !fits_question(&action) {
            return self.refuse(action, NoticeCode::NotNow);
        }
        if !matches!(
            action,
            Action::View
                | Action::Theme { .. }
                | Action::Demo { .. }
                | Action::Dismiss
                | Action::Back
        ) {
            self.bar.fade();
        }
        if self.may_end_sale(&action)
            && let Some(end) = self.settle_now()
        {
            let mut effects = vec![end];
            effects.extend(self.do_action(action, stamp));
            return effects;
        }
        self.do_action(action, stamp)
    }

    /// Whether the sale can be over after it.
    fn may_end_sale(&self, action: &Action) -> bool {
        match action {
            Action::Total | Action::Cash { .. } | Action::CashExact => true,
            Action::Answer { yes } => *yes && self.voiding(),
            _ => false,
        }
    }

    fn do_action(&mut self, action: Action, stamp: &Stamp) -> Vec<Effect> {
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
                self.show_shelf()
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
            Action::Warnings => self.tell_warning(),
            Action::Help => {
                self.pane = if self.pane == Pane::Help {
                    self.home_pane()
                } else {
                    Pane::Help
                };
                vec![]
            }
            Action::Choose { .. } => self.say(NoticeCode::NotNow, vec![]),
            Action::CancelCard | Action::Key { .. } => vec![],
            other => self.act_anywhere(other),
        }
    }

    /// Actions that mean the same whatever the till is doing.
    fn act_anywhere(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Dismiss => {
                self.bar.read();
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
            Action::Demo { insert } if self.demo.is_some() => {
                vec![Effect::Demo(insert.as_deref().map(short))]
            }
            Action::View => vec![],
            _ => self.say(NoticeCode::NotNow, vec![]),
        }
    }

    fn act_during_card(&mut self, action: Action, stamp: &Stamp) -> Vec<Effect> {
        match action {
            Action::Choose { index } => self.choose_application(index, stamp),
            Action::Answer { yes } => self.is_sure(yes, stamp),
            Action::CancelCard | Action::Back => self.cancel_card(stamp),
            Action::Dismiss | Action::Theme { .. } | Action::Demo { .. } | Action::View => {
                self.act_anywhere(action)
            }
            other => self.refuse(other, NoticeCode::CardBusy),
        }
    }

    /// Says why an action cannot be now. An item must not be lost silently: that is an error.
    fn refuse(&mut self, action: Action, why: NoticeCode) -> Vec<Effect> {
        match action {
            Action::Scan { code } => {
                let code = short(&code);
                let item = self.find_code(&code).map(|(item, _)| item.name);
                self.say(NoticeCode::NotRungUp, vec![item.unwrap_or(code)])
            }
            _ => self.say(why, vec![]),
        }
    }

    /// Says something, with every gap filled by a text that the bar can hold.
    pub(crate) fn say(&mut self, code: NoticeCode, args: Vec<String>) -> Vec<Effect> {
        let args = args.iter().map(|arg| short(arg)).collect();
        self.bar.put(Notice::new(code, args));
        vec![]
    }

    /// What the right pane shows when nothing else is asked of it.
    pub(crate) fn home_pane(&self) -> Pane {
        if self.paid.is_some() {
            Pane::Paid
        } else {
            Pane::Ring
        }
    }

    /// Esc reads an error first; then it leaves what was typed, the search or the pane.
    fn back(&mut self) -> Vec<Effect> {
        if self.bar.shown().is_some_and(|n| n.level == Level::Error) {
            self.bar.read();
            return vec![];
        }
        self.bar.fade();
        match self.pane {
            Pane::Ring if self.shelf.searching => self.shelf.end_search(),
            Pane::Ring => {
                self.entry.clear();
                self.multiplier = None;
                self.selected = None;
            }
            Pane::Paid => {}
            _ => {
                self.asked = None;
                self.receipt = None;
                self.entry.clear();
                self.pane = self.home_pane();
            }
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

    /// Shows the tiles or the search, also while taking money.
    pub(crate) fn show_shelf(&mut self) -> Vec<Effect> {
        if self.pane == Pane::Tender {
            self.entry.clear();
            self.pane = Pane::Ring;
        }
        self.show_ring()
    }

    /// An amount as the cashier reads it.
    pub(crate) fn money(&self, amount_minor: i64) -> String {
        sealpoint_sale::Money::new(amount_minor, self.settings.currency).to_string()
    }
}

/// What may be done while a question waits for its answer.
const fn fits_question(action: &Action) -> bool {
    matches!(
        action,
        Action::Answer { .. }
            | Action::Back
            | Action::CancelCard
            | Action::Dismiss
            | Action::Theme { .. }
            | Action::Demo { .. }
            | Action::View
    )
}
