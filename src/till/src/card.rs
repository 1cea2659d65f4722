//! Charging a card: the attempt between lane, journal and uplink.

use sealpoint_sale::{AttemptId, tender};
use sealpoint_wire::lane::{CardOutcome, MAX_CHOICES, OutcomeKind};
use sealpoint_wire::{AuthoriseResult, FromLane, LinkState, ReaderState, ToLane};

use crate::action::{Action, short};
use crate::attempt::Attempt;
use crate::effect::{Effect, Stamp, StartAttempt};
use crate::notice::{Notice, NoticeCode};
use crate::till::Till;
use crate::view::Pane;

/// The lane and the uplink keep their own deadlines; the till steps in only this much later.
const SLACK_MS: i64 = 10_000;
impl Till {
    /// Why no card can be charged now.
    pub(crate) fn card_obstacle(&self, now_ms: i64) -> Option<Notice> {
        let say = |code, args| Some(Notice::new(code, args));
        if let Some(obstacle) = self.standing.obstacle() {
            return Some(obstacle);
        }
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
        match &self.link {
            LinkState::Up | LinkState::Connecting => None,
            // The least that can be charged tells whether anything can.
            LinkState::Down { .. } => self.offline_obstacle(1, None, now_ms),
            LinkState::Quarantined { why } => say(NoticeCode::Quarantined, vec![why.clone()]),
            LinkState::NotSetUp => say(NoticeCode::LinkNeeded, vec![]),
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
        if let Some(obstacle) = self.card_obstacle(stamp.now_ms) {
            self.pane = Pane::Tender;
            return self.say(obstacle.code, obstacle.args);
        }
        if !self.can_ask()
            && let Some(obstacle) = self.offline_obstacle(amount_minor, None, stamp.now_ms)
        {
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
            offline_up_to_minor: self.offline_up_to_minor(amount_minor, stamp.now_ms),
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

    pub(crate) fn cancel_card(&mut self, stamp: &Stamp) -> Vec<Effect> {
        if self.attempt.as_ref().is_some_and(|a| a.twice_ms.is_some()) {
            return self.is_sure(false, stamp);
        }
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
                offline,
            } => {
                self.offline = offline;
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
            } => self.card_read(attempt, card, sealed, de55, stamp),
            FromLane::Outcome { attempt, outcome } => self.card_done(attempt, outcome, stamp),
            FromLane::Erased { refused } => self.erased(refused),
        }
    }

    pub(crate) fn my_attempt(&mut self, id: AttemptId) -> Option<&mut Attempt> {
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
            // The bank may have approved: the card must not approve beside it.
            None if unknown.is_some() => ToLane::Cancel { attempt },
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
        if let Some(effects) = self.commit_again(stamp) {
            return effects;
        }
        let Some(attempt) = self.attempt.as_mut() else {
            return vec![];
        };
        attempt.wait_no_longer(stamp.now_ms);
        if attempt.twice_ms.is_some() && attempt.is_overdue(stamp.now_ms, 0) {
            return self.is_sure(false, stamp);
        }
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

/// `YYYYMMDDhhmmss` of an RFC 3339 time.
fn local_time(local: &str) -> String {
    local
        .chars()
        .filter(char::is_ascii_digit)
        .take(14)
        .collect()
}
