//! Authorisations.

use std::sync::Arc;

use sealpoint_wire::{AuthoriseRequest, HostAnswer};

use super::{Desk, SwitchError, believe, in_flight_until_ms};
use crate::now_ms;
use crate::store::Asked;

impl Desk {
    pub(super) async fn ask_once(
        &self,
        request: AuthoriseRequest,
    ) -> Result<HostAnswer, SwitchError> {
        let request = Arc::new(request);
        let look_up = Arc::clone(&request);
        let found = self
            .store
            .run(move |db| db.attempt(&look_up, now_ms()))
            .await?;
        if let Some(known) = known(found) {
            return known;
        }
        let line = self.line()?;
        let profile = line.profile();
        let message = profile.authorisation(&request)?;
        self.reversals_first(&request.terminal).await?;
        let connection = line.ready().await?;

        let begin = Arc::clone(&request);
        let (now, until) = (now_ms(), in_flight_until_ms(now_ms(), profile));
        let begun = self
            .store
            .run(move |db| db.begin_attempt(&begin, now, until))
            .await?;
        if let Some(known) = known(begun) {
            return known;
        }
        let believed = match connection.ask(message, profile.answer_within).await {
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
                tracing::warn!(%attempt, why, "the fate of an attempt is unknown");
                Err(SwitchError::UnknownFate(why))
            }
        }
    }
}

/// What is known of an attempt decides, unless it is new.
fn known(asked: Asked) -> Option<Result<HostAnswer, SwitchError>> {
    match asked {
        Asked::New => None,
        Asked::Answered(answer) => Some(Ok(answer)),
        Asked::UnderWay => Some(Err(SwitchError::UnderWay)),
        Asked::Unknown => {
            let why = "it was asked for before and not answered".to_owned();
            Some(Err(SwitchError::UnknownFate(why)))
        }
        Asked::Reversed => Some(Err(SwitchError::Reversed)),
        Asked::Differs => Some(Err(SwitchError::Differs)),
    }
}
