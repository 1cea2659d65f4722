//! Taking money: total, cash, what is due, the age question, voiding a sale, the commit.

use sealpoint_sale::tender::{self, MAX_TENDERS};
use sealpoint_sale::{Sale, SaleHead, SaleId, Tender, TenderError, receipt};

use crate::action::Action;
use crate::draft::Draft;
use crate::effect::{Commit, Effect, Failed, Stamp};
use crate::notice::NoticeCode;
use crate::settle::CommitAgain;
use crate::till::{Asked, Till, Unsaved};
use crate::view::{PaidView, Pane, Question};

/// At most this many amounts are offered for one tap.
pub(crate) const QUICK_CASH: usize = 6;

impl Till {
    pub(crate) fn due_minor(&self) -> i64 {
        self.draft.as_ref().map_or(0, Draft::due_minor)
    }

    /// Whether money can be taken now; says so and asks for the age if not.
    pub(crate) fn may_take_money(&mut self, then: Action, stamp: &Stamp) -> bool {
        let Some(draft) = self
            .draft
            .as_ref()
            .filter(|d| d.basket.live().next().is_some())
        else {
            self.say(NoticeCode::BasketEmpty, vec![]);
            return false;
        };
        if draft.tenders.len() >= MAX_TENDERS && draft.due_minor() > 0 {
            self.say(NoticeCode::TooManyTenders, vec![]);
            return false;
        }
        let min_age = draft.basket.min_age();
        if min_age <= draft.age_confirmed {
            return true;
        }
        let restricted = draft
            .basket
            .live()
            .filter(|line| line.min_age > draft.age_confirmed);
        self.asked = Some(Asked {
            question: Question::Age {
                min_age,
                born_on_or_before: birthday(&stamp.local, min_age),
                items: restricted.map(|line| line.name.clone()).collect(),
            },
            then: Some(then),
        });
        self.pane = Pane::Question;
        false
    }

    pub(crate) fn total(&mut self, stamp: &Stamp) -> Vec<Effect> {
        if !self.may_take_money(Action::Total, stamp) {
            return vec![];
        }
        self.entry.clear();
        self.pane = Pane::Tender;
        // Nothing left to pay: a free basket, or a sale whose commit failed and is tried again.
        if self.due_minor() <= 0 {
            self.commit_if_paid(stamp)
        } else {
            vec![]
        }
    }

    pub(crate) fn cash(&mut self, given_minor: Option<i64>, stamp: &Stamp) -> Vec<Effect> {
        let typed = self.amount_typed();
        let given_minor = match given_minor {
            Some(given) => given,
            None if typed.is_empty() => return self.total(stamp),
            None => match self.amount_of(&typed) {
                Some(given) => given,
                None => return self.say(NoticeCode::NoAmount, vec![typed]),
            },
        };
        let then = Action::Cash {
            given_minor: Some(given_minor),
        };
        if self.may_take_money(then, stamp) {
            self.take_cash(given_minor, stamp)
        } else {
            vec![]
        }
    }

    pub(crate) fn cash_exact(&mut self, stamp: &Stamp) -> Vec<Effect> {
        if !self.may_take_money(Action::CashExact, stamp) {
            return vec![];
        }
        match self.due_minor() {
            due if due > 0 => self.take_cash(due, stamp),
            _ => self.commit_if_paid(stamp),
        }
    }

    /// Whether this would be the last tender that the sale can hold, and something would stay due.
    pub(crate) fn is_last_tender_short(&self, amount_minor: i64) -> bool {
        self.draft
            .as_ref()
            .is_some_and(|d| d.tenders.len() + 1 >= MAX_TENDERS && amount_minor < d.due_minor())
    }

    fn take_cash(&mut self, given_minor: i64, stamp: &Stamp) -> Vec<Effect> {
        let due_minor = self.due_minor();
        if due_minor <= 0 {
            return self.commit_if_paid(stamp);
        }
        if self.is_last_tender_short(given_minor) {
            self.pane = Pane::Tender;
            return self.refuse_tender(TenderError::TooMany, given_minor);
        }
        match tender::cash(given_minor, due_minor) {
            Ok(tender) => {
                self.entry.clear();
                self.take(tender, stamp)
            }
            Err(error) => {
                self.pane = Pane::Tender;
                self.refuse_tender(error, given_minor)
            }
        }
    }

    pub(crate) fn refuse_tender(&mut self, error: TenderError, asked_minor: i64) -> Vec<Effect> {
        let (asked, due) = (self.money(asked_minor), self.money(self.due_minor()));
        match error {
            TenderError::NoAmount => self.say(NoticeCode::NoAmount, vec![asked]),
            TenderError::NothingDue => self.say(NoticeCode::BasketEmpty, vec![]),
            TenderError::ChangeTooLarge => self.say(NoticeCode::ChangeTooLarge, vec![asked, due]),
            TenderError::CardOverDue => self.say(NoticeCode::CardOverDue, vec![asked, due]),
            TenderError::TooMany => self.say(NoticeCode::TooManyTenders, vec![]),
        }
    }

    /// Adds a tender; the sale is committed when nothing is due any more.
    fn take(&mut self, tender: Tender, stamp: &Stamp) -> Vec<Effect> {
        let Some(draft) = self.draft.as_mut() else {
            return vec![];
        };
        draft.tenders.push(tender);
        self.bar.forget(NoticeCode::is_about_money);
        if draft.due_minor() > 0 {
            self.pane = Pane::Tender;
            return vec![Effect::SaveDraft(draft.to_json())];
        }
        self.cash_unsaved = true;
        self.commit_if_paid(stamp)
    }

    /// The commit of a sale that is paid in full.
    pub(crate) fn commit_if_paid(&mut self, stamp: &Stamp) -> Vec<Effect> {
        match &self.draft {
            Some(draft) if draft.due_minor() <= 0 => vec![self.commit(draft, true, stamp)],
            _ => vec![],
        }
    }

    fn commit(&self, draft: &Draft, paid: bool, stamp: &Stamp) -> Effect {
        let head = SaleHead {
            id: draft.sale,
            receipt_no: self.next_receipt_no,
            terminal: self.settings.terminal.to_string(),
            cashier: self.settings.cashier.clone(),
            at: stamp.local.clone(),
            currency: self.settings.currency,
        };
        let attempts = draft.tenders.iter().filter_map(|t| match t {
            Tender::Card(card) => Some(card.attempt),
            Tender::Cash { .. } => None,
        });
        let attempts = attempts.collect();
        let tenders = match (paid, draft.tenders.is_empty()) {
            (false, _) => vec![],
            // A sale without tenders is a voided one; what costs nothing is paid with nothing.
            (true, true) => vec![Tender::Cash {
                given_minor: 0,
                change_minor: 0,
            }],
            (true, false) => draft.tenders.clone(),
        };
        let sale = Sale::new(head, &draft.basket, tenders, draft.age_confirmed);
        let receipt = receipt::text(&sale, &self.settings.letterhead);
        Effect::Commit(Box::new(Commit {
            sale,
            paid,
            record: stamp.fresh[1],
            at_ms: stamp.now_ms,
            receipt,
            attempts,
        }))
    }

    /// The sale is durable: the till is free for the next customer.
    pub(crate) fn committed(&mut self, sale: SaleId) {
        let Some(draft) = self.draft.take_if(|d| d.sale == sale) else {
            return;
        };
        self.cash_unsaved = false;
        self.commit_again = CommitAgain::default();
        self.bar.forget(|code| code == NoticeCode::JournalFailed);
        let receipt_no = self.next_receipt_no;
        self.next_receipt_no = self.next_receipt_no.saturating_add(1);
        self.entry.clear();
        self.multiplier = None;
        self.selected = None;
        self.last = None;
        if draft.due_minor() > 0 || self.voiding() {
            self.asked = None;
            self.pane = Pane::Ring;
            return;
        }
        let change_minor = draft.tenders.iter().map(|t| match t {
            Tender::Cash { change_minor, .. } => *change_minor,
            Tender::Card(_) => 0,
        });
        self.paid = Some(PaidView {
            sale: sale.to_string(),
            receipt_no,
            total_minor: draft.basket.total_minor(),
            change_minor: change_minor.sum(),
        });
        self.pane = Pane::Paid;
    }

    pub(crate) fn voiding(&self) -> bool {
        matches!(
            self.asked,
            Some(Asked {
                question: Question::VoidSale { .. },
                ..
            })
        )
    }

    pub(crate) fn ask_void_sale(&mut self) -> Vec<Effect> {
        let Some(draft) = &self.draft else {
            return self.say(NoticeCode::BasketEmpty, vec![]);
        };
        let sum = |cash: bool| -> i64 {
            let tenders = draft.tenders.iter();
            tenders
                .filter(|t| matches!(t, Tender::Cash { .. }) == cash)
                .map(Tender::paid_minor)
                .sum()
        };
        self.asked = Some(Asked {
            question: Question::VoidSale {
                total_minor: draft.basket.total_minor(),
                cash_back_minor: sum(true),
                card_back_minor: sum(false),
            },
            then: None,
        });
        self.pane = Pane::Question;
        vec![]
    }

    pub(crate) fn answered(&mut self, yes: bool, stamp: &Stamp) -> Vec<Effect> {
        let Some(asked) = self.asked.take() else {
            return self.say(NoticeCode::NotNow, vec![]);
        };
        self.pane = Pane::Ring;
        let Some(draft) = self.draft.as_mut() else {
            return vec![];
        };
        match (&asked.question, yes) {
            (Question::Age { min_age, .. }, true) => {
                draft.age_confirmed = *min_age;
                let saved = Effect::SaveDraft(draft.to_json());
                let mut effects = vec![saved];
                if let Some(then) = asked.then {
                    effects.extend(self.step(crate::effect::Input::Action(then), stamp));
                }
                effects
            }
            (Question::Age { .. }, false) => {
                let confirmed = draft.age_confirmed;
                let restricted: Vec<u32> = draft
                    .basket
                    .live()
                    .filter(|l| l.min_age > confirmed)
                    .map(|l| l.no)
                    .collect();
                for no in restricted {
                    // The numbers were read from the live lines just now.
                    let _ = draft.basket.void_line(no);
                }
                let saved = draft.to_json();
                self.last = draft.basket.live().last().map(|line| line.no);
                self.say(NoticeCode::NotOldEnough, vec![]);
                vec![Effect::SaveDraft(saved)]
            }
            (
                Question::VoidSale {
                    cash_back_minor, ..
                },
                true,
            ) => {
                let cash_back = *cash_back_minor;
                let commit = self.draft.as_ref().map(|d| self.commit(d, false, stamp));
                if cash_back > 0 {
                    let amount = self.money(cash_back);
                    self.say(NoticeCode::SaleVoidedCashBack, vec![amount]);
                } else {
                    self.say(NoticeCode::SaleVoided, vec![]);
                }
                // Kept until the commit is through: it tells a voided sale from a paid one.
                self.asked = Some(asked);
                commit.into_iter().collect()
            }
            (Question::VoidSale { .. }, false) | (Question::ChargeTwice { .. }, _) => vec![],
            (Question::PartApproval { .. }, true) => {
                self.pane = Pane::Tender;
                vec![]
            }
            (Question::PartApproval { .. }, false) => self.refuse_part(),
        }
    }

    /// An effect could not be carried out: say so, and be as before it.
    pub(crate) fn failed(&mut self, what: Failed, why: &str, stamp: &Stamp) -> Vec<Effect> {
        match what {
            Failed::NoReceipt => return self.say(NoticeCode::NoReceipt, vec![]),
            Failed::Commit | Failed::QueueFull => {
                let voiding = self.voiding();
                self.asked = None;
                let unsaved = std::mem::take(&mut self.cash_unsaved);
                if let Some(draft) = self.draft.as_mut().filter(|_| !voiding) {
                    // Cash that was not written down was not taken; tenders before it are durable.
                    if unsaved {
                        draft.tenders.pop_if(|t| matches!(t, Tender::Cash { .. }));
                    }
                    self.pane = Pane::Tender;
                    self.commit_failed(stamp);
                }
                return self.say(NoticeCode::JournalFailed, vec![why.to_owned()]);
            }
            Failed::Attempt => {
                self.attempt = None;
                self.pane = Pane::Tender;
            }
            Failed::Send => {
                if let Some(attempt) = self.attempt.as_mut().filter(|a| a.waits_for_host()) {
                    attempt.not_asked();
                    let id = attempt.id;
                    self.say(NoticeCode::NotSaved, vec![why.to_owned()]);
                    // A card that approved by itself now could not be written down either.
                    return vec![Effect::ToLane(sealpoint_wire::ToLane::Cancel {
                        attempt: id,
                    })];
                }
            }
            Failed::Draft => {
                self.move_back();
                // The line stays on the screen: the customer has the goods in the bag already.
                self.unsaved = self.draft.as_ref().map(|_| Unsaved {
                    why: why.to_owned(),
                    tried_ms: stamp.now_ms,
                });
            }
            Failed::Settle => self.not_settled(why, stamp),
        }
        self.say(NoticeCode::NotSaved, vec![why.to_owned()])
    }

    /// Takes what was typed as an amount. Anywhere but at the amount due, digits are a PLU that
    /// was left half typed: nobody pays that.
    pub(crate) fn amount_typed(&mut self) -> String {
        let typed = std::mem::take(&mut self.entry);
        if self.pane == Pane::Tender {
            typed
        } else {
            String::new()
        }
    }

    /// Digits as a cashier types money: `2000` is 20.00, and so is `20.00` or `20,`.
    pub(crate) fn amount_of(&self, typed: &str) -> Option<i64> {
        let exponent = usize::from(self.settings.currency.exponent());
        let (whole, decimals) = match typed.split_once(['.', ',']) {
            None => (typed.to_owned(), String::new()),
            Some((whole, decimals)) if decimals.len() <= exponent => {
                (whole.to_owned(), format!("{decimals:0<exponent$}"))
            }
            Some(_) => return None,
        };
        let digits = format!("{whole}{decimals}");
        let plain = !digits.is_empty() && digits.len() <= 12;
        (plain && digits.bytes().all(|b| b.is_ascii_digit()))
            .then(|| digits.parse().ok())
            .flatten()
    }
}

/// The last birthday, `YYYY-MM-DD`, of somebody who is `years` old on the day `local` begins with.
fn birthday(local: &str, years: u8) -> String {
    let year: i32 = local.get(..4).and_then(|y| y.parse().ok()).unwrap_or(0);
    let day = local.get(4..10).unwrap_or("-01-01");
    let born = year - i32::from(years);
    let leap = born % 4 == 0 && (born % 100 != 0 || born % 400 == 0);
    // Who was born on 1 March is not yet of age on 29 February; who was born on 28 February is.
    let day = if day == "-02-29" && !leap {
        "-02-28"
    } else {
        day
    };
    format!("{born:04}{day}")
}
