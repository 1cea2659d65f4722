//! Between the card and the bank: is the same charge meant twice, and can the bank be asked?
//!
//! The card waits in the reader meanwhile, so the cashier has [`SURE_WAIT_MS`] to answer; silence is
//! a no.
//!
//! [`SURE_WAIT_MS`]: crate::attempt::SURE_WAIT_MS

use sealpoint_sale::AttemptId;
use sealpoint_wire::lane::{CardOutcome, OutcomeKind};
use sealpoint_wire::{AuthoriseRequest, Bytes, CardSummary, SealedCard, ToLane};

use crate::effect::{CardUsed, DuplicateGuard, Effect, LookUpCard, Stamp};
use crate::till::{Asked, Till};
use crate::view::{Pane, Question};

/// The same card and amount within this time is asked about.
const TWICE_MS: i64 = 90_000;

impl Till {
    /// The card was read and wants its issuer.
    pub(crate) fn card_read(
        &mut self,
        attempt: AttemptId,
        card: CardSummary,
        sealed: SealedCard,
        de55: Bytes,
        stamp: &Stamp,
    ) -> Vec<Effect> {
        // Not "unable to go online": a card may approve that by itself.
        let let_go = vec![Effect::ToLane(ToLane::Cancel { attempt })];
        let (terminal, currency) = (self.settings.terminal.clone(), self.settings.currency);
        let sale = self.draft.as_ref().map(|d| d.sale);
        let Some((mine, sale)) = self.my_attempt(attempt).zip(sale) else {
            return let_go;
        };
        if mine.cancelled && mine.waits_for_card() {
            return let_go;
        }
        if !mine.may_ask() {
            return vec![];
        }
        let request = AuthoriseRequest {
            attempt,
            sale,
            terminal,
            stan: mine.stan,
            local_time: mine.local_time.clone(),
            amount_minor: mine.amount_minor,
            currency,
            card: card.clone(),
            sealed,
            de55,
        };
        mine.read(request, stamp.now_ms);
        self.look_up(attempt, card, stamp)
    }

    /// The lane is done with the card.
    pub(crate) fn card_done(
        &mut self,
        attempt: AttemptId,
        outcome: CardOutcome,
        stamp: &Stamp,
    ) -> Vec<Effect> {
        let Some(mine) = self.my_attempt(attempt) else {
            return vec![];
        };
        // A card that approved without a word to anybody is not known yet.
        if outcome.kind == OutcomeKind::ApprovedOffline
            && mine.may_ask()
            && mine.outcome.is_none()
            && let Some(card) = outcome.card.clone()
        {
            mine.card = Some(card.clone());
            mine.outcome = Some(outcome);
            return self.look_up(attempt, card, stamp);
        }
        match self.attempt.take() {
            Some(mine) => self.attempt_ended(&mine, &outcome, stamp),
            None => vec![],
        }
    }

    /// What the journal knows of the card.
    pub(crate) fn card_known(
        &mut self,
        attempt: AttemptId,
        charged_at_ms: Option<i64>,
        used: CardUsed,
        stamp: &Stamp,
    ) -> Vec<Effect> {
        let Some(mine) = self.my_attempt(attempt) else {
            return vec![];
        };
        mine.used = used;
        let Some(at_ms) = charged_at_ms else {
            return self.go_on(stamp);
        };
        let ago_ms = stamp.now_ms.saturating_sub(at_ms).max(0);
        mine.is_sure_asked(ago_ms, stamp.now_ms);
        let label = mine
            .card
            .as_ref()
            .map(|card| format!("{} {}", card.label, card.last4));
        let amount_minor = mine.amount_minor;
        self.asked = Some(Asked {
            question: Question::ChargeTwice {
                amount_minor,
                label: label.unwrap_or_default(),
                ago_ms,
            },
            then: None,
        });
        self.pane = Pane::Question;
        vec![]
    }

    /// The cashier says whether the same charge is meant twice.
    pub(crate) fn is_sure(&mut self, yes: bool, stamp: &Stamp) -> Vec<Effect> {
        let Some(mine) = self.attempt.as_mut().filter(|a| a.twice_ms.is_some()) else {
            return self.say(crate::notice::NoticeCode::CardBusy, vec![]);
        };
        mine.twice_ms = None;
        self.asked = None;
        self.pane = Pane::Card;
        if yes {
            return self.go_on(stamp);
        }
        mine.cancelled = true;
        let attempt = mine.id;
        match mine.outcome.take() {
            // The card is done, and nobody was told of what it approved.
            Some(outcome) => self.card_done(attempt, outcome, stamp),
            None => vec![Effect::ToLane(ToLane::Cancel { attempt })],
        }
    }

    /// Nothing speaks against the charge: the bank is asked, where it can be.
    fn go_on(&mut self, stamp: &Stamp) -> Vec<Effect> {
        let can_ask = self.can_ask();
        let Some(mine) = self.attempt.as_mut() else {
            return vec![];
        };
        if let Some(outcome) = mine.outcome.take() {
            let mine = self.attempt.take();
            return mine.map_or(vec![], |mine| self.attempt_ended(&mine, &outcome, stamp));
        }
        if can_ask {
            let request = mine.asked(stamp.now_ms);
            return request.map(Effect::Send).into_iter().collect();
        }
        mine.not_reached(stamp.now_ms);
        let attempt = mine.id;
        vec![Effect::ToLane(ToLane::UnableToGoOnline { attempt })]
    }

    fn look_up(&mut self, attempt: AttemptId, card: CardSummary, stamp: &Stamp) -> Vec<Effect> {
        let guarded = match self.settings.duplicate_guard {
            DuplicateGuard::Off => false,
            DuplicateGuard::Token => card.token.is_some(),
            DuplicateGuard::Card => true,
        };
        let mine = self.my_attempt(attempt).map(|mine| {
            Effect::LookUpCard(Box::new(LookUpCard {
                attempt,
                card,
                amount_minor: mine.amount_minor,
                since_ms: guarded.then(|| stamp.now_ms.saturating_sub(TWICE_MS)),
                local_time: mine.local_time.clone(),
            }))
        });
        mine.into_iter().collect()
    }
}
