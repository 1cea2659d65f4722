//! Charging a card: the attempt between lane, journal and uplink.

use sealpoint_sale::{AttemptId, Tender, tender};
use sealpoint_wire::lane::{CardOutcome, EmvResult, MAX_CHOICES, OutcomeKind};
use sealpoint_wire::{AuthoriseRequest, AuthoriseResult, FromLane, LinkState, ReaderState, ToLane};

use crate::action::{Action, short};
use crate::attempt::{Attempt, Ending};
use crate::effect::{Effect, Stamp, StartAttempt};
use crate::notice::{Notice, NoticeCode};
use crate::till::Till;
use crate::view::Pane;

/// The lane and the uplink keep their own deadlines; the till steps in only this much later.
const SLACK_MS: i64 = 10_000;
/// What could not be written is written again this often.
const WRITE_AGAIN_MS: i64 = 2_000;

/// The end of an attempt that could not be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Unsettled {
    effect: Effect,
    why: String,
    tried_ms: i64,
}

impl Till {
    /// Why no card can be charged now.
    pub(crate) fn card_obstacle(&self) -> Option<Notice> {
        let say = |code, args| Some(Notice::new(code, args));
        // Before all: a lane that refuses to run says why, and is gone.
        if let Some(why) = &self.cannot_charge {
            return say(NoticeCode::CannotSeal, vec![why.clone()]);
        }
        if !self.lane_up {
            return say(NoticeCode::LaneDown, vec![]);
        }
        if matches!(self.reader, ReaderState::Missing { .. }) {
            return say(NoticeCode::NoReader, vec![]);
        }
        if self.queue.count >= self.settings.queue_card_limit {
            return say(NoticeCode::QueueFull, vec![self.queue.count.to_string()]);
        }
        match self.link {
            LinkState::Up | LinkState::Connecting => None,
            LinkState::Down { .. } | LinkState::Quarantined { .. } | LinkState::NotSetUp => {
                say(NoticeCode::LinkNeeded, vec![])
            }
        }
    }

    pub(crate) fn charge_card(&mut self, asked: Option<i64>, stamp: &Stamp) -> Vec<Effect> {
        let typed = self.amount_typed();
        let asked = match asked {
            None if !typed.is_empty() => match self.amount_of(&typed) {
                Some(amount) => Some(amount),
                None => return self.say(NoticeCode::NoAmount, vec![typed]),
            },
            asked => asked,
        };
        if !self.may_take_card(asked, stamp) {
            return vec![];
        }
        let amount_minor = match tender::card_amount(asked, self.due_minor()) {
            Ok(amount) => amount,
            Err(tender::TenderError::NothingDue) => return self.commit_if_paid(stamp),
            Err(error) => {
                self.pane = Pane::Tender;
                return self.refuse_tender(error, asked.unwrap_or_default());
            }
        };
        if self.is_last_tender_short(amount_minor) {
            self.pane = Pane::Tender;
            return self.refuse_tender(tender::TenderError::TooMany, amount_minor);
        }
        let Some(sale) = self.draft.as_ref().map(|d| d.sale) else {
            return vec![];
        };
        if let Some(obstacle) = self.card_obstacle() {
            self.pane = Pane::Tender;
            return self.say(obstacle.code, obstacle.args);
        }
        let settled = self.unsettled.as_ref().map(|u| &u.why);
        let saved = self.unsaved.as_ref().map(|u| &u.why);
        if let Some(why) = settled.or(saved).cloned() {
            // What a card pays for must be on the disk before it, and the last card's end too.
            self.pane = Pane::Tender;
            return self.say(NoticeCode::NotSaved, vec![why]);
        }
        self.bar.forget(NoticeCode::is_about_money);
        let attempt = AttemptId::new(stamp.fresh[1]);
        let local_time = local_time(&stamp.local);
        let insert_timeout_ms = self.settings.insert_timeout_ms;
        self.attempt = Some(Attempt::new(
            attempt,
            amount_minor,
            local_time.clone(),
            stamp.now_ms,
            insert_timeout_ms,
        ));
        self.pane = Pane::Card;
        vec![Effect::StartAttempt(StartAttempt {
            attempt,
            sale,
            amount_minor,
            currency: self.settings.currency,
            local_time,
            at_ms: stamp.now_ms,
            insert_timeout_ms,
        })]
    }

    fn may_take_card(&mut self, asked: Option<i64>, stamp: &Stamp) -> bool {
        self.may_take_money(
            Action::Card {
                amount_minor: asked,
            },
            stamp,
        )
    }

    pub(crate) fn cancel_card(&mut self) -> Vec<Effect> {
        match self.attempt.as_mut() {
            Some(attempt) if attempt.can_cancel() => {
                attempt.cancelled = true;
                vec![Effect::ToLane(ToLane::Cancel {
                    attempt: attempt.id,
                })]
            }
            _ => self.say(NoticeCode::CardBusy, vec![]),
        }
    }

    /// The cardholder's choice among the applications of the card, counted from 0.
    pub(crate) fn choose_application(&mut self, index: u8, stamp: &Stamp) -> Vec<Effect> {
        let Some(mine) = self.attempt.as_mut() else {
            return vec![];
        };
        if !mine.chose(usize::from(index), stamp.now_ms) {
            return self.say(NoticeCode::CardBusy, vec![]);
        }
        let attempt = mine.id;
        vec![Effect::ToLane(ToLane::Chosen { attempt, index })]
    }

    pub(crate) fn lane_said(&mut self, message: FromLane, stamp: &Stamp) -> Vec<Effect> {
        match message {
            FromLane::Hello {
                cannot_charge,
                posture,
                ..
            } => {
                self.protection.heard("lane", posture.as_ref());
                self.lane_up = true;
                self.cannot_charge = cannot_charge.as_deref().map(short);
                if std::mem::take(&mut self.lane_was_down) {
                    self.bar.forget(|code| code == NoticeCode::LaneDown);
                    // It may be back to say why it does not run.
                    if self.cannot_charge.is_none() {
                        self.lane_refusal = None;
                        self.say(NoticeCode::LaneBack, vec![]);
                    }
                }
                vec![]
            }
            FromLane::SetUp {
                cannot_charge,
                warnings,
                ..
            } => {
                self.protection.lane_warns(&warnings);
                self.cannot_charge = cannot_charge.as_deref().map(short);
                vec![]
            }
            FromLane::Reader { state } => {
                self.reader = state;
                vec![]
            }
            FromLane::Prompt { attempt, prompt } => {
                if let Some(mine) = self.my_attempt(attempt) {
                    mine.prompted(prompt, stamp.now_ms);
                }
                vec![]
            }
            FromLane::Choose { attempt, labels } => {
                if let Some(mine) = self.my_attempt(attempt) {
                    let labels = labels.iter().take(MAX_CHOICES).map(|label| short(label));
                    mine.asked_to_choose(labels.collect(), stamp.now_ms);
                }
                vec![]
            }
            FromLane::Online {
                attempt,
                card,
                sealed,
                de55,
            } => {
                let (terminal, currency) = (self.settings.terminal.clone(), self.settings.currency);
                let sale = self.draft.as_ref().map(|d| d.sale);
                let let_go = vec![Effect::ToLane(ToLane::UnableToGoOnline { attempt })];
                let Some((mine, sale)) = self.my_attempt(attempt).zip(sale) else {
                    return let_go;
                };
                if mine.cancelled && mine.waits_for_card() {
                    return let_go;
                }
                if !mine.may_ask() {
                    return vec![];
                }
                mine.asked(card.clone(), stamp.now_ms);
                vec![Effect::Send(Box::new(AuthoriseRequest {
                    attempt,
                    sale,
                    terminal,
                    stan: mine.stan,
                    local_time: mine.local_time.clone(),
                    amount_minor: mine.amount_minor,
                    currency,
                    card,
                    sealed,
                    de55,
                }))]
            }
            FromLane::Outcome { attempt, outcome } => {
                match self.attempt.take_if(|a| a.id == attempt) {
                    Some(mine) => self.attempt_ended(&mine, &outcome, stamp),
                    None => vec![],
                }
            }
            FromLane::Erased { .. } => vec![],
        }
    }

    fn my_attempt(&mut self, id: AttemptId) -> Option<&mut Attempt> {
        self.attempt.as_mut().filter(|a| a.id == id)
    }

    pub(crate) fn host_said(
        &mut self,
        attempt: AttemptId,
        result: AuthoriseResult,
        stamp: &Stamp,
    ) -> Vec<Effect> {
        let Some(mine) = self.my_attempt(attempt).filter(|a| a.waits_for_host()) else {
            return vec![];
        };
        let unknown = match &result {
            AuthoriseResult::Unknown { why } => Some(why.clone()),
            _ => None,
        };
        mine.heard(result, stamp.now_ms);
        let finish = match mine.answer().cloned() {
            Some(answer) => ToLane::Host { attempt, answer },
            None => ToLane::UnableToGoOnline { attempt },
        };
        // The reversal is durable before the card is let go: a crash in between must not lose it.
        let draft = self.open_draft();
        let reverse = unknown.map(|why| {
            self.settle(Effect::Reverse {
                attempt,
                why,
                draft,
            })
        });
        reverse
            .into_iter()
            .chain([Effect::ToLane(finish)])
            .collect()
    }

    fn attempt_ended(
        &mut self,
        attempt: &Attempt,
        outcome: &CardOutcome,
        stamp: &Stamp,
    ) -> Vec<Effect> {
        let id = attempt.id;
        let amount = self.money(attempt.amount_minor);
        self.pane = Pane::Tender;
        let why = format!("{:?}", outcome.kind);
        match attempt.ended(outcome) {
            Ending::Pays(card) => self.card_pays(card, outcome.emv.clone(), stamp),
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
                let draft = self.open_draft();
                vec![self.settle(Effect::Reverse {
                    attempt: id,
                    why,
                    draft,
                })]
            }
        }
    }

    fn card_pays(
        &mut self,
        card: sealpoint_sale::CardTender,
        emv: Option<EmvResult>,
        stamp: &Stamp,
    ) -> Vec<Effect> {
        let Some(draft) = self.draft.as_mut() else {
            // No sale to pay for: cannot happen while an attempt blocks every other action.
            return vec![self.settle(Effect::Reverse {
                attempt: card.attempt,
                why: "no sale".to_owned(),
                draft: None,
            })];
        };
        let (attempt, approval_code) = (card.attempt, card.approval_code.clone());
        let words = vec![card.label.clone(), card.last4.clone()];
        draft.tenders.push(Tender::Card(card));
        let approve = Effect::Approve {
            attempt,
            approval_code,
            emv,
            draft: draft.to_json(),
        };
        self.say(NoticeCode::CardApproved, words);
        let mut effects = vec![self.settle(approve)];
        effects.extend(self.commit_if_paid(stamp));
        effects
    }

    /// Remembers how an attempt ends, in case that cannot be written.
    fn settle(&mut self, effect: Effect) -> Effect {
        self.settling = Some(effect.clone());
        effect
    }

    /// The end of an attempt could not be written: it is written again until it is. An approval
    /// that is not on the disk pays for nothing: a restart would reverse it, so it is reversed.
    pub(crate) fn not_settled(&mut self, why: &str, stamp: &Stamp) {
        let Some(effect) = self.settling.take() else {
            return;
        };
        let effect = match effect {
            Effect::Approve { attempt, .. } => {
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
                let amount = self.money(amount_minor);
                self.say(NoticeCode::CardReversing, vec![amount]);
                Effect::Reverse {
                    attempt,
                    why: "the approval could not be written".to_owned(),
                    draft: self.open_draft(),
                }
            }
            other => other,
        };
        self.unsettled = Some(Unsettled {
            effect,
            why: why.to_owned(),
            tried_ms: stamp.now_ms,
        });
    }

    fn settle_again(&mut self, stamp: &Stamp) -> Option<Effect> {
        if !is_time_again(self.unsettled.as_ref()?.tried_ms, stamp) {
            return None;
        }
        let effect = match self.unsettled.take()?.effect {
            // Lines may have been rung up since.
            Effect::Reverse { attempt, why, .. } => Effect::Reverse {
                attempt,
                why,
                draft: self.open_draft(),
            },
            other => other,
        };
        Some(self.settle(effect))
    }

    fn save_again(&mut self, stamp: &Stamp) -> Option<Effect> {
        if !is_time_again(self.unsaved.as_ref()?.tried_ms, stamp) {
            return None;
        }
        self.unsaved = None;
        self.draft.as_ref().map(|d| Effect::SaveDraft(d.to_json()))
    }

    fn open_draft(&self) -> Option<String> {
        self.draft.as_ref().map(crate::draft::Draft::to_json)
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

    /// Steps in where lane or uplink kept silent past every deadline of their own.
    pub(crate) fn tick(&mut self, stamp: &Stamp) -> Vec<Effect> {
        if std::mem::take(&mut self.resume_commit) {
            return self.commit_if_paid(stamp);
        }
        if let Some(effect) = self.settle_again(stamp) {
            return vec![effect];
        }
        if let Some(effect) = self.save_again(stamp) {
            return vec![effect];
        }
        let Some(attempt) = self.attempt.as_mut() else {
            return vec![];
        };
        attempt.wait_no_longer(stamp.now_ms);
        if !attempt.is_overdue(stamp.now_ms, SLACK_MS) {
            return vec![];
        }
        let id = attempt.id;
        if attempt.waits_for_host() {
            let why = "no answer from the uplink".to_owned();
            return self.host_said(id, AuthoriseResult::Unknown { why }, stamp);
        }
        // A lane that is only slow must not go on reading for an attempt that is over.
        let mut effects = vec![Effect::ToLane(ToLane::Cancel { attempt: id })];
        effects.extend(self.abandon(stamp));
        effects
    }

    /// The lane is gone or silent: the attempt ends as if the reader had failed.
    fn abandon(&mut self, stamp: &Stamp) -> Vec<Effect> {
        let Some(attempt) = self.attempt.take() else {
            return vec![];
        };
        let outcome = CardOutcome {
            kind: OutcomeKind::ReaderFault,
            card: None,
            emv: None,
            why: None,
            advice: None,
        };
        self.attempt_ended(&attempt, &outcome, stamp)
    }

    pub(crate) fn lane_down(&mut self, stamp: &Stamp) -> Vec<Effect> {
        self.lane_up = false;
        self.reader = ReaderState::Missing {
            why: "The card process stopped.".to_owned(),
        };
        self.lane_was_down = true;
        if self.attempt.is_some() {
            return self.abandon(stamp);
        }
        match self.cannot_charge.clone() {
            // It comes and goes every few seconds; whoever has read that once has work to do.
            why @ Some(_) if why == self.lane_refusal => vec![],
            Some(why) => {
                self.lane_refusal = Some(why.clone());
                self.say(NoticeCode::CannotSeal, vec![why])
            }
            None => self.say(NoticeCode::LaneDown, vec![]),
        }
    }

    pub(crate) fn uplink_lost_attempt(&mut self, stamp: &Stamp) -> Vec<Effect> {
        match self
            .attempt
            .as_ref()
            .filter(|a| a.waits_for_host())
            .map(|a| a.id)
        {
            Some(id) => {
                let why = "the uplink stopped".to_owned();
                self.host_said(id, AuthoriseResult::Unknown { why }, stamp)
            }
            None => vec![],
        }
    }
}

fn is_time_again(tried_ms: i64, stamp: &Stamp) -> bool {
    stamp.now_ms.abs_diff(tried_ms) >= WRITE_AGAIN_MS.unsigned_abs()
}

/// `YYYYMMDDhhmmss` of an RFC 3339 time.
fn local_time(local: &str) -> String {
    local
        .chars()
        .filter(char::is_ascii_digit)
        .take(14)
        .collect()
}
