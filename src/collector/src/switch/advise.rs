//! Advices: what a till charged without the issuer.

use std::sync::Arc;

use sealpoint_wire::{AdviceRequest, HostAnswer};

use super::{Desk, SwitchError, believe, in_flight_until_ms};
use crate::now_ms;
use crate::store::Advise;

impl Desk {
    pub(super) async fn advise(&self, request: AdviceRequest) -> Result<HostAnswer, SwitchError> {
        let request = Arc::new(request);
        let look_up = Arc::clone(&request);
        let found = self
            .store
            .run(move |db| db.advice(&look_up, now_ms()))
            .await?;
        if let Some(known) = known(&found) {
            return known;
        }
        let line = self.line()?;
        let profile = line.profile();
        // Said before it is marked as sent.
        profile.advice(&request, false)?;
        self.reversals_first(&request.terminal).await?;
        let connection = line.ready().await?;

        let begin = Arc::clone(&request);
        let (now, until) = (now_ms(), in_flight_until_ms(now_ms(), profile));
        let begun = self
            .store
            .run(move |db| db.begin_advice(&begin, now, until))
            .await?;
        if let Some(known) = known(&begun) {
            return known;
        }
        let repeat = begun == Advise::Send { repeat: true };
        let message = profile.advice(&request, repeat)?;
        let believed = match connection.ask(message, profile.answer_within).await {
            Ok(answer) if answer.is_for_later() => {
                Err(format!("response code {}", answer.response_code))
            }
            Ok(answer) => believe(&answer, profile, request.amount_minor, request.currency),
            Err(error) => Err(error.to_string()),
        };
        let attempt = request.attempt;
        match believed {
            Ok(answer) => self.keep(attempt, answer).await,
            Err(why) => {
                self.store
                    .run(move |db| db.lose_attempt(attempt, now_ms()))
                    .await?;
                tracing::warn!(%attempt, why, "an advice was not answered");
                Err(SwitchError::NotAnswered(why))
            }
        }
    }
}

/// What is known of an advice decides, unless it is to be sent.
fn known(advise: &Advise) -> Option<Result<HostAnswer, SwitchError>> {
    match advise {
        Advise::Send { .. } => None,
        Advise::Answered(answer) => Some(Ok(answer.clone())),
        Advise::UnderWay => Some(Err(SwitchError::UnderWay)),
        Advise::Reversed => Some(Err(SwitchError::Reversed)),
        Advise::Differs => Some(Err(SwitchError::Differs)),
    }
}
