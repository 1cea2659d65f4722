//! What became of an attempt.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sealpoint_wire::{Fate, HostAnswer, HostDecision, InquiryRequest};

use super::{Desk, SwitchError, believe};
use crate::now_ms;
use crate::store::{Inquired, Kept};

impl Desk {
    pub(super) async fn inquire(
        &self,
        request: InquiryRequest,
    ) -> Result<(Fate, bool), SwitchError> {
        let (fate, committed) = self.look_up(&request).await?;
        if fate != Fate::Unknown {
            return Ok((fate, committed));
        }
        let Some(answer) = self.ask_host(&request).await else {
            return Ok((fate, committed));
        };
        let attempt = request.attempt;
        let kept = self
            .store
            .run(move |db| db.answer_attempt(attempt, &answer, now_ms()))
            .await?;
        match kept {
            Kept::Answer(answer) => Ok((Fate::Answered { answer }, committed)),
            // A reversal came in between.
            Kept::Late => self.look_up(&request).await,
        }
    }

    async fn look_up(&self, request: &InquiryRequest) -> Result<(Fate, bool), SwitchError> {
        let look_up = request.clone();
        let about_ms = about_ms(&request.local_time);
        let (known, committed) = self
            .store
            .run(move |db| {
                let known = db.inquire(&look_up, now_ms())?;
                Ok((known, db.is_committed(&look_up, about_ms)?))
            })
            .await?;
        match known {
            Inquired::Known(fate) => Ok((fate, committed)),
            Inquired::UnderWay => Err(SwitchError::UnderWay),
            Inquired::Differs => Err(SwitchError::Differs),
        }
    }

    /// The host's word, where it can be asked. An approval alone is believed: whatever else it says
    /// may be about the inquiry, and a reversal settles that.
    async fn ask_host(&self, request: &InquiryRequest) -> Option<HostAnswer> {
        let line = self.line.as_ref()?;
        let profile = line.profile();
        if !profile.inquiries {
            return None;
        }
        let message = profile.inquiry(request).ok()?;
        let connection = line.ready().await.ok()?;
        let answer = connection.ask(message, profile.answer_within).await.ok()?;
        let told = believe(&answer, profile, request.amount_minor, request.currency).ok()?;
        (told.decision != HostDecision::Declined).then_some(told)
    }
}

/// The local time as if it were UTC, milliseconds; what is none is now.
fn about_ms(local_time: &str) -> i64 {
    DateTime::strptime("%Y%m%d%H%M%S", local_time)
        .and_then(|time| time.to_zoned(TimeZone::UTC))
        .map_or_else(|_| now_ms(), |time| time.timestamp().as_millisecond())
}
