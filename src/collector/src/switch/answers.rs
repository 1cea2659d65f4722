//! What the acquirer's answer is worth, and how it is kept.

use sealpoint_acquirer::{Answer, AnswerTo, Profile};
use sealpoint_wire::{AttemptId, Currency, HostAnswer, HostDecision};

use super::{Desk, SwitchError};
use crate::now_ms;
use crate::store::{Kept, StoreError};

impl Desk {
    /// Stores an answer before anybody hears it. Once a reversal is due it is not honoured.
    pub(super) async fn keep(
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

    /// An answer that nobody waits for any more: honoured if no reversal is due, reversed if it is.
    pub(super) async fn keep_late(&self, answer: Answer) -> Result<(), SwitchError> {
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
        let Some(traced) = found else {
            tracing::warn!(stan, "a late answer is to nothing that was asked");
            return Ok(());
        };
        let attempt = traced.attempt;
        let Ok(currency) = traced.currency.parse() else {
            return Err(StoreError::Damaged("a currency that is none").into());
        };
        if is_advice && answer.is_for_later() {
            return Ok(());
        }
        let profile = self.line()?.profile();
        match believe(&answer, profile, traced.amount_minor, currency) {
            Ok(told) => {
                let kept = self
                    .store
                    .run(move |db| db.answer_attempt(attempt, &told, now_ms()))
                    .await?;
                match kept {
                    Kept::Answer(_) => tracing::info!(%attempt, "a late answer is kept"),
                    Kept::Late => tracing::warn!(%attempt, "a late answer is not honoured"),
                }
            }
            Err(why) => tracing::warn!(%attempt, why, "a late answer is not believed"),
        }
        Ok(())
    }
}

/// What an answer says of this amount, or why it is not believed.
pub(super) fn believe(
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
