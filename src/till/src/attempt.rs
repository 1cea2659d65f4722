//! One card attempt as the till follows it, from INTENT to an outcome.
//!
//! Pure: what the lane, the uplink and the clock say goes in, what must be written or sent comes
//! out. The rule behind every arm: money moves only if the host **and** the card approved; if the
//! host may have approved and the card did not finish, the charge is reversed by the machine.

use sealpoint_sale::{AttemptId, CardTender};
use sealpoint_wire::lane::{CardPrompt, OutcomeKind};
use sealpoint_wire::{
    AdviceKind, AuthoriseRequest, AuthoriseResult, CardOutcome, CardSummary, HostAnswer,
    HostDecision,
};

use crate::effect::CardUsed;
use crate::offline::{Taken, unconfirmed};

/// The uplink answers every authorisation within this, milliseconds; then its fate is unknown.
pub const HOST_WAIT_MS: u32 = 40_000;
/// The lane ends a card's own work within this, milliseconds.
pub const CARD_WAIT_MS: u32 = 60_000;

/// The cashier may take this long to say whether a charge is meant twice, milliseconds. The kernel
/// waits for its host for 60 s, and the host needs [`HOST_WAIT_MS`] of them.
pub const SURE_WAIT_MS: u32 = 18_000;

/// A cardholder may take this long to choose an application, milliseconds.
pub const CHOICE_WAIT_MS: u32 = 60_000;

/// Where the attempt stands with the host.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Host {
    /// Nothing was sent: nothing can have been charged.
    NotAsked,
    /// SENT is durable.
    Asked,
    /// It answered.
    Answered(HostAnswer),
    /// No byte left this machine, or the acquirer was provably never asked.
    NotSent,
    /// It was not asked, because the link is down.
    Unreachable,
    /// SENT could not be written, so nothing was sent.
    NotWritten,
    /// It may or may not have approved.
    Unknown,
}

/// How an attempt ends for the sale.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It pays.
    Pays(CardTender),
    /// The issuer approved a part, and that much it pays.
    PaysPart(CardTender),
    /// Card and terminal approved, or the card wanted an issuer that cannot be asked: it pays if the
    /// retailer's policy has room for it.
    WithoutIssuer(Box<Taken>),
    /// Nothing was charged.
    NothingCharged(OutcomeKind),
    /// The bank declined, with its response code.
    DeclinedByHost(String),
    /// The bank could not be asked.
    NotSent,
    /// The disk refused SENT, so the bank was not asked.
    NotWritten,
    /// The charge must be undone.
    MustReverse(OutcomeKind),
    /// The charge is being undone: that was written when its fate became unknown.
    Reversing,
}

/// An attempt in flight.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// Its id, minted before anything else.
    pub id: AttemptId,
    /// What is charged, minor units.
    pub amount_minor: i64,
    /// Its trace number, once INTENT is durable.
    pub stan: u32,
    /// `YYYYMMDDhhmmss` of its start.
    pub local_time: String,
    /// What the cardholder should do.
    pub prompt: CardPrompt,
    /// The applications that the cardholder is to choose from; empty if they are not.
    pub choices: Vec<String>,
    /// Once the card was read.
    pub card: Option<CardSummary>,
    /// When the present wait began.
    pub wait_from_ms: i64,
    /// How long it may last.
    pub wait_ms: u32,
    /// Whether the cashier asked to give up.
    pub cancelled: bool,
    /// What the host is to be asked, once the card was read.
    pub request: Option<Box<AuthoriseRequest>>,
    /// What the same card has on this day, once that was looked up.
    pub used: CardUsed,
    /// How it ended at the card, while something must be known before that counts.
    pub outcome: Option<CardOutcome>,
    /// When the same card was charged the same before, milliseconds ago; the cashier is asked.
    pub twice_ms: Option<i64>,
    host: Host,
}

impl Attempt {
    /// An attempt whose INTENT is about to be written.
    #[must_use]
    pub fn new(
        id: AttemptId,
        amount_minor: i64,
        local_time: String,
        now_ms: i64,
        insert_timeout_ms: u32,
    ) -> Self {
        Self {
            id,
            amount_minor,
            stan: 0,
            local_time,
            prompt: CardPrompt::InsertCard,
            choices: Vec::new(),
            card: None,
            wait_from_ms: now_ms,
            wait_ms: insert_timeout_ms,
            cancelled: false,
            request: None,
            used: CardUsed::default(),
            outcome: None,
            twice_ms: None,
            host: Host::NotAsked,
        }
    }

    /// The lane tells the cardholder something.
    pub fn prompted(&mut self, prompt: CardPrompt, now_ms: i64) {
        // The lane repeats "authorising" from its own side; the wait runs from the request.
        if self.prompt != prompt {
            self.wait_from_ms = now_ms;
            self.wait_ms = match prompt {
                CardPrompt::InsertCard
                | CardPrompt::PresentCard
                | CardPrompt::UseContacts
                | CardPrompt::PresentAgain
                | CardPrompt::SeePhone => self.wait_ms,
                CardPrompt::Reading
                | CardPrompt::EnterPin
                | CardPrompt::EnterPinAgain
                | CardPrompt::LastPinTry
                | CardPrompt::RemoveCard => CARD_WAIT_MS,
                CardPrompt::ChooseApplication => CHOICE_WAIT_MS,
                CardPrompt::Authorising => HOST_WAIT_MS,
            };
        }
        self.prompt = prompt;
        self.choices.clear();
    }

    /// The cardholder is to choose an application.
    pub fn asked_to_choose(&mut self, labels: Vec<String>, now_ms: i64) {
        self.prompted(CardPrompt::ChooseApplication, now_ms);
        self.choices = labels;
    }

    /// The cardholder chose; true if that was one of the choices, which are then gone.
    pub fn chose(&mut self, index: usize, now_ms: i64) -> bool {
        let known = index < self.choices.len() && !self.cancelled;
        if known {
            self.prompted(CardPrompt::Reading, now_ms);
        }
        known
    }

    /// The card was read, and wants its issuer.
    pub fn read(&mut self, request: AuthoriseRequest, now_ms: i64) {
        self.card = Some(request.card.clone());
        self.request = Some(Box::new(request));
        self.prompted(CardPrompt::Authorising, now_ms);
    }

    /// The cashier is asked whether it is meant twice.
    pub fn is_sure_asked(&mut self, ago_ms: i64, now_ms: i64) {
        self.twice_ms = Some(ago_ms);
        self.wait_from_ms = now_ms;
        self.wait_ms = SURE_WAIT_MS;
    }

    /// SENT is about to be written, with this.
    pub fn asked(&mut self, now_ms: i64) -> Option<Box<AuthoriseRequest>> {
        let request = self.request.clone()?;
        self.host = Host::Asked;
        self.wait_from_ms = now_ms;
        self.wait_ms = HOST_WAIT_MS;
        Some(request)
    }

    /// The link is down: the card goes on without its issuer.
    pub fn not_reached(&mut self, now_ms: i64) {
        self.host = Host::Unreachable;
        self.wait_from_ms = now_ms;
        self.wait_ms = CARD_WAIT_MS;
    }

    /// SENT could not be written, so nothing was sent.
    pub fn not_asked(&mut self) {
        self.host = Host::NotWritten;
    }

    /// Whether the host may be asked now. It is asked at most once, and not after the cashier gave
    /// up.
    #[must_use]
    pub fn may_ask(&self) -> bool {
        self.host == Host::NotAsked && !self.cancelled && self.request.is_none()
    }

    /// Whether the host was asked and has not answered.
    #[must_use]
    pub fn waits_for_host(&self) -> bool {
        self.host == Host::Asked
    }

    /// Whether all that happened so far is between the card and the lane.
    #[must_use]
    pub fn waits_for_card(&self) -> bool {
        self.host == Host::NotAsked
    }

    /// Whether giving up is safe: nothing went to the host.
    #[must_use]
    pub fn can_cancel(&self) -> bool {
        self.host == Host::NotAsked && !self.cancelled
    }

    /// The uplink tells what became of the request. Only the first word counts.
    pub fn heard(&mut self, result: AuthoriseResult, now_ms: i64) {
        if self.host == Host::Asked {
            self.host = match result {
                AuthoriseResult::Answered { answer } => Host::Answered(answer),
                AuthoriseResult::NotSent { .. } => Host::NotSent,
                AuthoriseResult::Unknown { .. } => Host::Unknown,
            };
            self.wait_from_ms = now_ms;
            self.wait_ms = CARD_WAIT_MS;
        }
    }

    /// The host's answer, to pass on to the card.
    #[must_use]
    pub fn answer(&self) -> Option<&HostAnswer> {
        match &self.host {
            Host::Answered(answer) => Some(answer),
            _ => None,
        }
    }

    /// A clock that was set back must not make the present wait longer than it is.
    pub fn wait_no_longer(&mut self, now_ms: i64) {
        self.wait_from_ms = self.wait_from_ms.min(now_ms);
    }

    /// Whether the present wait is over by `slack_ms`.
    #[must_use]
    pub fn is_overdue(&self, now_ms: i64, slack_ms: i64) -> bool {
        now_ms.saturating_sub(self.wait_from_ms) > i64::from(self.wait_ms).saturating_add(slack_ms)
    }

    /// How much of the present wait is left, milliseconds.
    #[must_use]
    pub fn left_ms(&self, now_ms: i64) -> u32 {
        let gone = now_ms.saturating_sub(self.wait_from_ms).max(0);
        u32::try_from(i64::from(self.wait_ms).saturating_sub(gone).max(0)).unwrap_or(0)
    }

    /// What the card's outcome means for the sale.
    #[must_use]
    pub fn ended(&self, outcome: &CardOutcome) -> Ending {
        let kind = outcome.kind;
        match &self.host {
            Host::Answered(answer) if answer.decision == HostDecision::Declined => {
                Ending::DeclinedByHost(answer.response_code.clone())
            }
            Host::Answered(_) if kind != OutcomeKind::Approved => Ending::MustReverse(kind),
            Host::Answered(answer) => self.paid(answer, outcome),
            Host::Asked => Ending::MustReverse(kind),
            Host::Unknown => Ending::Reversing,
            Host::NotSent => self.without_issuer(outcome).unwrap_or(Ending::NotSent),
            Host::Unreachable => self
                .without_issuer(outcome)
                .unwrap_or(Ending::NothingCharged(kind)),
            Host::NotWritten => Ending::NotWritten,
            // The card may call it what it likes: the cashier gave up, and the host was not asked.
            Host::NotAsked
                if self.cancelled
                    && matches!(
                        kind,
                        OutcomeKind::UnableToGoOnline
                            | OutcomeKind::DeclinedByCard
                            | OutcomeKind::ApprovedOffline
                    ) =>
            {
                Ending::NothingCharged(OutcomeKind::Cancelled)
            }
            Host::NotAsked if kind == OutcomeKind::ApprovedOffline => self
                .without_issuer(outcome)
                .unwrap_or(Ending::NothingCharged(OutcomeKind::CardFault)),
            // A lane that says "approved" without a host is not believed.
            Host::NotAsked if kind == OutcomeKind::Approved => {
                Ending::NothingCharged(OutcomeKind::CardFault)
            }
            Host::NotAsked => Ending::NothingCharged(kind),
        }
    }

    /// The host approved and the card agreed.
    fn paid(&self, answer: &HostAnswer, outcome: &CardOutcome) -> Ending {
        let tender = CardTender {
            approval_code: answer.approval_code.clone().unwrap_or_default(),
            ..self.tender(outcome)
        };
        match (answer.decision, answer.approved_minor) {
            (HostDecision::PartlyApproved, Some(part))
                if (1..self.amount_minor).contains(&part) =>
            {
                Ending::PaysPart(CardTender {
                    amount_minor: part,
                    ..tender
                })
            }
            (HostDecision::Approved, None) => Ending::Pays(tender),
            // An approval of nobody knows what: undone.
            _ => Ending::MustReverse(outcome.kind),
        }
    }

    /// What the card's own word, or its wish for an issuer that cannot be asked, comes to.
    fn without_issuer(&self, outcome: &CardOutcome) -> Option<Ending> {
        let (kind, card, sealed, de55) = match (outcome.kind, &outcome.advice, &self.request) {
            (OutcomeKind::ApprovedOffline, Some(advice), _) => (
                AdviceKind::OfflineApproved,
                outcome.card.as_ref().or(self.card.as_ref())?,
                &advice.sealed,
                &advice.de55,
            ),
            (OutcomeKind::UnableToGoOnline, _, Some(request)) => (
                AdviceKind::Deferred,
                &request.card,
                &request.sealed,
                &request.de55,
            ),
            _ => return None,
        };
        let tender = CardTender {
            label: card.label.clone(),
            last4: card.last4.clone(),
            token: card.token.as_ref().map(ToString::to_string),
            aid: card.aid.clone(),
            unconfirmed: Some(unconfirmed(kind)),
            cryptogram: match (kind, &outcome.emv) {
                (AdviceKind::OfflineApproved, Some(emv)) => emv.ac.clone(),
                _ => String::new(),
            },
            ..self.tender(outcome)
        };
        Some(Ending::WithoutIssuer(Box::new(Taken {
            kind,
            card: card.clone(),
            sealed: sealed.clone(),
            de55: de55.clone(),
            tender,
        })))
    }

    fn tender(&self, outcome: &CardOutcome) -> CardTender {
        let card = self.card.as_ref();
        CardTender {
            attempt: self.id,
            amount_minor: self.amount_minor,
            label: card.map(|c| c.label.clone()).unwrap_or_default(),
            last4: card.map(|c| c.last4.clone()).unwrap_or_default(),
            token: card.and_then(|c| c.token.as_ref().map(ToString::to_string)),
            aid: card.map(|c| c.aid.clone()).unwrap_or_default(),
            approval_code: String::new(),
            unconfirmed: None,
            stan: self.stan,
            cryptogram: outcome
                .emv
                .as_ref()
                .map(|e| e.ac.clone())
                .unwrap_or_default(),
        }
    }
}
