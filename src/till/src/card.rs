//! Charging a card: the attempt between lane, journal and uplink.

use sealpoint_sale::{AttemptId, Tender, tender};
use sealpoint_wire::lane::{CardOutcome, OutcomeKind};
use sealpoint_wire::{AuthoriseRequest, AuthoriseResult, FromLane, LinkState, ReaderState, ToLane};

use crate::action::Action;
use crate::attempt::{Attempt, Ending};
use crate::effect::{Effect, Stamp, StartAttempt};
use crate::notice::{Notice, NoticeCode};
use crate::till::Till;
use crate::view::Pane;

/// The lane and the uplink keep their own deadlines; the till steps in only this much later.
const SLACK_MS: i64 = 10_000;

impl Till {
    /// Why no card can be charged now.
    pub(crate) fn card_obstacle(&self) -> Option<Notice> {
        let say = |code, args| Some(Notice::new(code, args));
        if !self.lane_up {
            return say(NoticeCode::LaneDown, vec![]);
        }
        if let Some(why) = &self.cannot_charge {
            return say(NoticeCode::CannotSeal, vec![why.clone()]);
        }
        if matches!(self.reader, ReaderState::Missing { .. }) {
            return say(NoticeCode::NoReader, vec![]);
        }
        if self.queue.count >= self.settings.queue_card_limit {
            return say(NoticeCode::QueueFull, vec![self.queue.count.to_string()]);
        }
        match self.link {
            LinkState::Up | LinkState::Connecting => None,
            LinkState::Down { .. } | LinkState::NotSetUp => say(NoticeCode::LinkNeeded, vec![]),
        }
    }

    pub(crate) fn charge_card(&mut self, asked: Option<i64>, stamp: &Stamp) -> Vec<Effect> {
        let typed = std::mem::take(&mut self.entry);
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
        let Some(sale) = self.draft.as_ref().map(|d| d.sale) else {
            return vec![];
        };
        if let Some(obstacle) = self.card_obstacle() {
            self.pane = Pane::Tender;
            return self.say(obstacle.code, obstacle.args);
        }
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

    pub(crate) fn lane_said(&mut self, message: FromLane, stamp: &Stamp) -> Vec<Effect> {
        match message {
            FromLane::Hello { cannot_charge, .. } => {
                let was_down = self
                    .notice
                    .as_ref()
                    .is_some_and(|n| n.code == NoticeCode::LaneDown);
                self.lane_up = true;
                self.cannot_charge = cannot_charge;
                if was_down {
                    self.notice = Some(Notice::new(NoticeCode::LaneBack, vec![]));
                }
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
            FromLane::Online {
                attempt,
                card,
                sealed,
                de55,
            } => {
                let (terminal, currency) = (self.settings.terminal.clone(), self.settings.currency);
                let Some(sale) = self.draft.as_ref().map(|d| d.sale) else {
                    return vec![];
                };
                let Some(mine) = self.my_attempt(attempt).filter(|a| !a.waits_for_host()) else {
                    return vec![];
                };
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
        let reverse = unknown.map(|why| Effect::Reverse {
            attempt,
            why,
            draft,
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
            Ending::Pays(card) => self.card_pays(card, stamp),
            Ending::DeclinedByHost(code) => {
                self.say(NoticeCode::CardDeclinedByHost, vec![code]);
                vec![Effect::Decline { attempt: id, why }]
            }
            Ending::NotSent => {
                self.say(NoticeCode::LinkNeeded, vec![]);
                vec![Effect::Decline { attempt: id, why }]
            }
            Ending::NothingCharged(kind) => {
                self.say_nothing_charged(kind, outcome);
                vec![Effect::Decline { attempt: id, why }]
            }
            Ending::Reversing => self.say(NoticeCode::FateUnknown, vec![amount]),
            Ending::MustReverse(kind) => {
                let code = match kind {
                    OutcomeKind::CardRemoved => NoticeCode::CardRemovedReversing,
                    _ => NoticeCode::CardReversing,
                };
                self.say(code, vec![amount]);
                vec![Effect::Reverse {
                    attempt: id,
                    why,
                    draft: self.open_draft(),
                }]
            }
        }
    }

    fn card_pays(&mut self, card: sealpoint_sale::CardTender, stamp: &Stamp) -> Vec<Effect> {
        let Some(draft) = self.draft.as_mut() else {
            // No sale to pay for: cannot happen while an attempt blocks every other action.
            return vec![Effect::Reverse {
                attempt: card.attempt,
                why: "no sale".to_owned(),
                draft: String::new(),
            }];
        };
        let (attempt, approval_code) = (card.attempt, card.approval_code.clone());
        let words = vec![card.label.clone(), card.last4.clone()];
        draft.tenders.push(Tender::Card(card));
        let approve = Effect::Approve {
            attempt,
            approval_code,
            draft: draft.to_json(),
        };
        self.say(NoticeCode::CardApproved, words);
        let mut effects = vec![approve];
        effects.extend(self.commit_if_paid(stamp));
        effects
    }

    fn open_draft(&self) -> String {
        self.draft
            .as_ref()
            .map(crate::draft::Draft::to_json)
            .unwrap_or_default()
    }

    fn say_nothing_charged(&mut self, kind: OutcomeKind, outcome: &CardOutcome) {
        let code = match kind {
            OutcomeKind::CardRemoved => NoticeCode::CardRemoved,
            OutcomeKind::NoCard => NoticeCode::NoCard,
            OutcomeKind::Cancelled => NoticeCode::CardCancelled,
            OutcomeKind::NotAccepted => NoticeCode::CardNotAccepted,
            OutcomeKind::CardFault | OutcomeKind::Approved => NoticeCode::CardFault,
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
        let Some(attempt) = &self.attempt else {
            return vec![];
        };
        if !attempt.is_overdue(stamp.now_ms, SLACK_MS) {
            return vec![];
        }
        let id = attempt.id;
        if attempt.waits_for_host() {
            let why = "no answer from the uplink".to_owned();
            return self.host_said(id, AuthoriseResult::Unknown { why }, stamp);
        }
        self.abandon(stamp)
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
        };
        self.attempt_ended(&attempt, &outcome, stamp)
    }

    pub(crate) fn lane_down(&mut self, stamp: &Stamp) -> Vec<Effect> {
        self.lane_up = false;
        self.reader = ReaderState::Missing {
            why: "The card process stopped.".to_owned(),
        };
        let effects = self.abandon(stamp);
        if effects.is_empty() {
            self.say(NoticeCode::LaneDown, vec![]);
        }
        effects
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

/// `YYYYMMDDhhmmss` of an RFC 3339 time.
fn local_time(local: &str) -> String {
    local
        .chars()
        .filter(char::is_ascii_digit)
        .take(14)
        .collect()
}
