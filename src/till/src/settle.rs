//! How an attempt and a commit end: what must be written, and again until it is.
//!
//! The end of an attempt is remembered until it is on the disk. A sale whose commit fails again and
//! again is not made: what cards paid for it is undone by the machine.

use sealpoint_sale::{AttemptId, CardTender, Tender};
use sealpoint_wire::lane::{CardOutcome, EmvResult, OutcomeKind};

use crate::attempt::{Attempt, Ending};
use crate::draft::Draft;
use crate::effect::{Effect, Stamp};
use crate::notice::{Notice, NoticeCode};
use crate::offline::{OfflineCharge, Taken};
use crate::till::{Asked, Till};
use crate::view::{Pane, Question};

/// What could not be written is written again this often.
const WRITE_AGAIN_MS: i64 = 2_000;
/// A commit is tried this often before the cards that paid are charged back.
const COMMIT_TRIES: u8 = 3;

/// The end of an attempt that could not be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Unsettled {
    effect: Effect,
    pub(crate) why: String,
    tried_ms: i64,
}

/// A paid sale whose commit failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct CommitAgain {
    tries: u8,
    /// When it was tried last, while it is to be tried again.
    tried_ms: Option<i64>,
}

impl Till {
    pub(crate) fn attempt_ended(
        &mut self,
        attempt: &Attempt,
        outcome: &CardOutcome,
        stamp: &Stamp,
    ) -> Vec<Effect> {
        let id = attempt.id;
        let amount = self.money(attempt.amount_minor);
        self.pane = Pane::Tender;
        // Whoever was asked whether to go on: it is over.
        self.asked = None;
        let why = format!("{:?}", outcome.kind);
        match attempt.ended(outcome) {
            Ending::Pays(card) => self.card_pays(card, outcome.emv.clone(), stamp),
            Ending::PaysPart(card) => {
                self.card_pays_part(card, outcome.emv.clone(), attempt.amount_minor)
            }
            Ending::WithoutIssuer(taken) => {
                self.card_pays_without_issuer(attempt, *taken, outcome.emv.clone(), stamp)
            }
            Ending::DeclinedByHost(code) => {
                self.say(NoticeCode::CardDeclinedByHost, vec![code]);
                vec![self.settle(Effect::Decline { attempt: id, why })]
            }
            Ending::NotSent => {
                self.say(NoticeCode::LinkNeeded, vec![]);
                vec![self.settle(Effect::Decline { attempt: id, why })]
            }
            // The cashier was told when the disk refused.
            Ending::NotWritten => vec![self.settle(Effect::Decline { attempt: id, why })],
            Ending::NothingCharged(kind) => {
                self.say_nothing_charged(kind, outcome);
                vec![self.settle(Effect::Decline { attempt: id, why })]
            }
            Ending::Reversing => self.say(NoticeCode::FateUnknown, vec![amount]),
            Ending::MustReverse(kind) => {
                let code = match kind {
                    OutcomeKind::CardRemoved => NoticeCode::CardRemovedReversing,
                    _ => NoticeCode::CardReversing,
                };
                self.say(code, vec![amount]);
                vec![self.reverse(id, why)]
            }
        }
    }

    fn card_pays(
        &mut self,
        card: CardTender,
        emv: Option<EmvResult>,
        stamp: &Stamp,
    ) -> Vec<Effect> {
        let words = vec![card.label.clone(), card.last4.clone()];
        let approve = self.approve(card, emv);
        if matches!(approve, Effect::Approve { .. }) {
            self.say(NoticeCode::CardApproved, words);
        }
        let mut effects = vec![approve];
        effects.extend(self.commit_if_paid(stamp));
        effects
    }

    /// The bank approved a part. That is on the disk like any approval; then the cashier is asked.
    fn card_pays_part(
        &mut self,
        card: CardTender,
        emv: Option<EmvResult>,
        asked_minor: i64,
    ) -> Vec<Effect> {
        let approved_minor = card.amount_minor;
        let approve = self.approve(card, emv);
        self.asked = Some(Asked {
            question: Question::PartApproval {
                asked_minor,
                approved_minor,
                left_minor: self.due_minor(),
            },
            then: None,
        });
        self.pane = Pane::Question;
        vec![approve]
    }

    /// The tender goes into the basket, and APPROVED is to be written with it.
    fn approve(&mut self, card: CardTender, emv: Option<EmvResult>) -> Effect {
        let (attempt, amount_minor) = (card.attempt, card.amount_minor);
        let approval_code = card.approval_code.clone();
        let Some(draft) = self.draft.as_mut() else {
            // No sale to pay for: cannot happen while an attempt blocks every other action.
            return self.reverse(attempt, "no sale".to_owned());
        };
        draft.tenders.push(Tender::Card(card));
        let approve = Effect::Approve {
            attempt,
            amount_minor,
            approval_code,
            emv,
            draft: draft.to_json(),
        };
        self.settle(approve)
    }

    /// The customer does not want the part that the bank approved: it is undone.
    pub(crate) fn refuse_part(&mut self) -> Vec<Effect> {
        self.pane = Pane::Tender;
        let part = self.draft.as_mut().and_then(|draft| draft.tenders.pop());
        match part {
            Some(Tender::Card(card)) => {
                let amount = self.money(card.amount_minor);
                self.say(NoticeCode::PartRefused, vec![amount]);
                vec![self.reverse(card.attempt, "the part was refused".to_owned())]
            }
            // Nothing else is taken while the question waits.
            Some(other) => {
                if let Some(draft) = self.draft.as_mut() {
                    draft.tenders.push(other);
                }
                vec![]
            }
            None => vec![],
        }
    }

    /// Card and terminal approved, or the issuer is to be asked later, if there is room for it.
    fn card_pays_without_issuer(
        &mut self,
        attempt: &Attempt,
        taken: Taken,
        emv: Option<EmvResult>,
        stamp: &Stamp,
    ) -> Vec<Effect> {
        let id = attempt.id;
        let deferred = taken.kind == sealpoint_wire::AdviceKind::Deferred;
        let used = Some(attempt.used);
        let obstacle = match self.offline_obstacle(attempt.amount_minor, used, stamp.now_ms) {
            None if deferred && !self.may_defer() => {
                Some(Notice::new(NoticeCode::LinkNeeded, vec![]))
            }
            obstacle => obstacle,
        };
        if let Some(Notice { code, args, .. }) = obstacle {
            self.say(code, args);
            let why = "not within the retailer's limits".to_owned();
            return vec![self.settle(Effect::Decline { attempt: id, why })];
        }
        let Some(draft) = self.draft.as_mut() else {
            // No sale to pay for: cannot happen while an attempt blocks every other action.
            let why = "no sale".to_owned();
            return vec![self.settle(Effect::Decline { attempt: id, why })];
        };
        let words = vec![taken.tender.label.clone(), taken.tender.last4.clone()];
        draft.tenders.push(Tender::Card(taken.tender));
        let charge = OfflineCharge {
            attempt: id,
            kind: taken.kind,
            card: taken.card,
            sealed: taken.sealed,
            de55: taken.de55,
            emv,
            draft: draft.to_json(),
        };
        self.say(NoticeCode::CardTakenOffline, words);
        let mut effects = vec![self.settle(Effect::ApproveOffline(Box::new(charge)))];
        effects.extend(self.commit_if_paid(stamp));
        effects
    }

    /// Remembers how an attempt ends, in case that cannot be written.
    pub(crate) fn settle(&mut self, effect: Effect) -> Effect {
        self.settling = Some(effect.clone());
        effect
    }

    /// The charge is to be undone; the basket goes with it as it is.
    pub(crate) fn reverse(&mut self, attempt: AttemptId, why: String) -> Effect {
        let draft = self.open_draft();
        self.settle(Effect::Reverse {
            attempt,
            why,
            draft,
        })
    }

    pub(crate) fn open_draft(&self) -> Option<String> {
        self.draft.as_ref().map(Draft::to_json)
    }

    /// The end of an attempt could not be written: it is written again until it is. An approval
    /// that is not on the disk pays for nothing: a restart would reverse it, so it is reversed. One
    /// without the issuer was told to nobody, so it never was.
    pub(crate) fn not_settled(&mut self, why: &str, stamp: &Stamp) {
        let Some(effect) = self.settling.take() else {
            return;
        };
        let effect = match effect {
            Effect::Approve { attempt, .. } => {
                let amount_minor = self.take_tender_back(attempt);
                let amount = self.money(amount_minor);
                self.say(NoticeCode::CardReversing, vec![amount]);
                Effect::Reverse {
                    attempt,
                    why: "the approval could not be written".to_owned(),
                    draft: self.open_draft(),
                }
            }
            Effect::ApproveOffline(charge) => {
                self.take_tender_back(charge.attempt);
                Effect::Decline {
                    attempt: charge.attempt,
                    why: "the approval could not be written".to_owned(),
                }
            }
            other => other,
        };
        if self.pane == Pane::Question {
            self.asked = None;
            self.pane = Pane::Tender;
        }
        self.unsettled = Some(Unsettled {
            effect,
            why: why.to_owned(),
            tried_ms: stamp.now_ms,
        });
    }

    /// Takes an attempt's tender out of the basket; what it paid, minor units.
    fn take_tender_back(&mut self, attempt: AttemptId) -> i64 {
        let mut amount_minor = 0;
        if let Some(draft) = self.draft.as_mut() {
            draft.tenders.retain(|tender| match tender {
                Tender::Card(card) if card.attempt == attempt => {
                    amount_minor = card.amount_minor;
                    false
                }
                _ => true,
            });
        }
        amount_minor
    }

    pub(crate) fn settle_again(&mut self, stamp: &Stamp) -> Option<Effect> {
        if !is_time_again(self.unsettled.as_ref()?.tried_ms, stamp) {
            return None;
        }
        self.settle_now()
    }

    /// Writes the end of an attempt that could not be written yet. Before a sale ends its attempts
    /// have: the journal refuses it otherwise, and the cashier would be told no for nothing.
    pub(crate) fn settle_now(&mut self) -> Option<Effect> {
        let effect = match self.unsettled.take()?.effect {
            // Lines may have been rung up since.
            Effect::Reverse { attempt, why, .. } => Effect::Reverse {
                attempt,
                why,
                draft: self.open_draft(),
            },
            Effect::UndoOffline { attempt, why, .. } => Effect::UndoOffline {
                attempt,
                why,
                draft: self.open_draft(),
            },
            other => other,
        };
        Some(self.settle(effect))
    }

    pub(crate) fn save_again(&mut self, stamp: &Stamp) -> Option<Effect> {
        if !is_time_again(self.unsaved.as_ref()?.tried_ms, stamp) {
            return None;
        }
        self.unsaved = None;
        self.draft.as_ref().map(|d| Effect::SaveDraft(d.to_json()))
    }

    /// The commit of a paid sale failed: it is tried again, if a card paid.
    pub(crate) fn commit_failed(&mut self, stamp: &Stamp) {
        if self.charged_cards().next().is_some() {
            self.commit_again.tries = self.commit_again.tries.saturating_add(1);
            self.commit_again.tried_ms = Some(stamp.now_ms);
        }
    }

    /// Tries the commit again; after too many times, undoes one card that paid for it. The next one
    /// follows when that is written. While the cashier is asked about this sale, it waits: whether it
    /// is paid or voided is what they are about to say. While a card is read as well: two attempts
    /// would end at once, and only one end is remembered until the disk takes it.
    pub(crate) fn commit_again(&mut self, stamp: &Stamp) -> Option<Vec<Effect>> {
        let waits = self.unsettled.is_some() || self.asked.is_some() || self.attempt.is_some();
        if !is_time_again(self.commit_again.tried_ms?, stamp) || waits {
            return None;
        }
        if self.commit_again.tries < COMMIT_TRIES {
            // Where cash was to pay the rest, it was not taken: the cashier takes it again.
            self.commit_again.tried_ms = None;
            return Some(self.commit_if_paid(stamp));
        }
        let Some((attempt, unconfirmed)) = self
            .charged_cards()
            .next()
            .map(|card| (card.attempt, card.unconfirmed.is_some()))
        else {
            self.commit_again = CommitAgain::default();
            return None;
        };
        let amount_minor = self.take_tender_back(attempt);
        let why = "the sale could not be written down".to_owned();
        if unconfirmed {
            let draft = self.open_draft();
            let undo = Effect::UndoOffline {
                attempt,
                why,
                draft,
            };
            return Some(vec![self.settle(undo)]);
        }
        let amount = self.money(amount_minor);
        self.say(NoticeCode::CardReversing, vec![amount]);
        Some(vec![self.reverse(attempt, why)])
    }

    fn charged_cards(&self) -> impl Iterator<Item = &CardTender> {
        let tenders = self.draft.iter().flat_map(|draft| &draft.tenders);
        tenders.filter_map(|tender| match tender {
            Tender::Card(card) => Some(card),
            Tender::Cash { .. } => None,
        })
    }

    fn say_nothing_charged(&mut self, kind: OutcomeKind, outcome: &CardOutcome) {
        let code = match kind {
            OutcomeKind::CardRemoved => NoticeCode::CardRemoved,
            OutcomeKind::NoCard => NoticeCode::NoCard,
            OutcomeKind::Cancelled => NoticeCode::CardCancelled,
            OutcomeKind::NotAccepted => NoticeCode::CardNotAccepted,
            OutcomeKind::CardFault | OutcomeKind::Approved | OutcomeKind::ApprovedOffline => {
                NoticeCode::CardFault
            }
            OutcomeKind::ReaderFault => NoticeCode::ReaderFault,
            OutcomeKind::CannotSeal => NoticeCode::CannotSeal,
            OutcomeKind::UnableToGoOnline => NoticeCode::LinkNeeded,
            OutcomeKind::DeclinedByCard | OutcomeKind::DeclinedByHost => {
                NoticeCode::CardDeclinedByCard
            }
        };
        let args = match (code, &outcome.why) {
            (NoticeCode::CannotSeal, Some(why)) => vec![why.clone()],
            _ => vec![],
        };
        self.say(code, args);
    }
}

fn is_time_again(tried_ms: i64, stamp: &Stamp) -> bool {
    stamp.now_ms.abs_diff(tried_ms) >= WRITE_AGAIN_MS.unsigned_abs()
}
