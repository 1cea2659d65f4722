//! The collector's switch in simulated time: its own authorisations, advices, reversals and
//! inquiries, over the real store. Written again are the table around them, the line, which is the
//! world's, and what the switch does in the background.

#[path = "../../../../src/collector/src/switch/advise.rs"]
mod advise;
#[path = "../../../../src/collector/src/switch/ask.rs"]
mod ask;
pub mod connection;
#[path = "../../../../src/collector/src/switch/inquire.rs"]
mod inquire;
#[path = "../../../../src/collector/src/switch/undo.rs"]
mod undo;

use std::time::Duration;

use sealpoint_acquirer::{Answer, AnswerTo, Profile};
use sealpoint_collector::store::{Database, Isolation, Kept, Store, StoreError};
pub use sealpoint_collector::switch::SwitchError;
use sealpoint_wire::{
    AdviceRequest, AttemptId, AuthoriseRequest, Currency, Fate, HostAnswer, HostDecision,
    InquiryRequest, ReversalRequest,
};

use crate::clock::{self, give_way};
use crate::now_ms;
use crate::tasks::wait_for;
use connection::Line;

/// As the switch has it.
const MARGIN: Duration = Duration::from_secs(10);
/// As the switch has it.
const MAX_AT_WORK: u32 = 16;

/// The real store, asked one step at a time.
#[derive(Clone)]
pub struct Shelf(pub Store);

impl Shelf {
    /// Others may do a step before this one; this one is done whole.
    pub async fn run<T: Send + 'static>(
        &self,
        step: impl Fn(&mut Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        give_way().await;
        wait_for(self.0.run(at_this_time(step)))
    }

    pub async fn offer<T: Send + 'static>(
        &self,
        isolation: Isolation,
        step: impl Fn(&mut Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        give_way().await;
        wait_for(self.0.offer(isolation, at_this_time(step)))
    }
}

/// A step is done by a thread of the store's, which has a time of its own.
fn at_this_time<T>(
    step: impl Fn(&mut Database) -> Result<T, StoreError>,
) -> impl Fn(&mut Database) -> Result<T, StoreError> {
    let now = clock::elapsed_ms();
    move |db| {
        clock::set(now);
        step(db)
    }
}

/// What every step works with.
pub struct Desk {
    pub store: Shelf,
    pub line: Option<Line>,
}

impl Desk {
    pub async fn authorise(&self, request: AuthoriseRequest) -> Result<HostAnswer, SwitchError> {
        self.ask_once(request).await
    }

    pub async fn take_advice(&self, request: AdviceRequest) -> Result<HostAnswer, SwitchError> {
        self.advise(request).await
    }

    pub async fn reverse(&self, request: ReversalRequest) -> Result<(), SwitchError> {
        self.undo(request).await
    }

    pub async fn tell(&self, request: InquiryRequest) -> Result<(Fate, bool), SwitchError> {
        self.inquire(request).await
    }

    fn line(&self) -> Result<&Line, SwitchError> {
        self.line.as_ref().ok_or(SwitchError::NoAcquirer)
    }

    /// As the switch does.
    async fn keep(
        &self,
        attempt: AttemptId,
        answer: HostAnswer,
    ) -> Result<HostAnswer, SwitchError> {
        let kept = self
            .store
            .run(move |db| db.answer_attempt(attempt, &answer, now_ms()))
            .await?;
        match kept {
            Kept::Answer(answer) => Ok(answer),
            Kept::Late => Err(SwitchError::Reversed),
        }
    }

    /// Takes up what is due, as the background does each second.
    pub async fn tend(&self) {
        let now = now_ms();
        let until = self.claim_until_ms(now);
        let taken_up = self
            .store
            .offer(Isolation::ReadCommitted, move |db| {
                db.lose_attempts_overdue(now)?;
                db.claim_reversals(None, MAX_AT_WORK, now, until)
            })
            .await;
        for request in taken_up.expect("the store is there") {
            // It stays due.
            let _ = self.try_reversal(&request).await;
        }
    }

    /// An answer that nobody waits for any more, as the background takes it.
    pub async fn keep_late(&self, answer: Answer) -> Result<(), SwitchError> {
        let Some((terminal, local_time)) = answer.key.asked.clone() else {
            return Ok(());
        };
        let is_advice = answer.key.to == AnswerTo::Advice;
        if !is_advice && answer.key.to != AnswerTo::Authorisation {
            return Ok(());
        }
        let stan = answer.key.stan;
        let found = self
            .store
            .run(move |db| db.traced(terminal.as_str(), stan, local_time.digits()))
            .await?;
        let Some(traced) = found else { return Ok(()) };
        let attempt = traced.attempt;
        let currency = traced.currency.parse().expect("the store keeps currencies");
        if is_advice && answer.is_for_later() {
            return Ok(());
        }
        let profile = self.line()?.profile();
        if let Ok(told) = believe(&answer, profile, traced.amount_minor, currency) {
            let kept = self
                .store
                .run(move |db| db.answer_attempt(attempt, &told, now_ms()))
                .await?;
            assert!(matches!(kept, Kept::Answer(_) | Kept::Late));
        }
        Ok(())
    }
}

/// As the switch does.
fn believe(
    answer: &Answer,
    profile: &Profile,
    amount_minor: i64,
    currency: Currency,
) -> Result<HostAnswer, String> {
    let told = answer
        .host_answer(amount_minor, currency)
        .map_err(|error| error.to_string())?;
    if told.decision == HostDecision::PartlyApproved && !profile.partial_approvals {
        return Err("it approved a part, which its profile does not allow".to_owned());
    }
    Ok(told)
}

fn in_flight_until_ms(now_ms: i64, profile: &Profile) -> i64 {
    later_ms(now_ms, profile.answer_within + MARGIN)
}

fn claimed_until_ms(now_ms: i64, profile: &Profile) -> i64 {
    let dialling = profile.connect_within + profile.network_answer_within;
    later_ms(now_ms, dialling + profile.answer_within + MARGIN)
}

fn later_ms(now_ms: i64, by: Duration) -> i64 {
    now_ms.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}
