//! Reversals.

use std::time::Duration;

use sealpoint_wire::{ReversalRequest, TerminalId};
use tokio::time::{Instant, sleep};

use super::connection::AskError;
use super::{Desk, SwitchError, claimed_until_ms};
use crate::now_ms;
use crate::store::{Acknowledged, Undo};

/// How long a request waits for a reversal that somebody else is at; a customer waits too.
const WAIT: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Desk {
    pub(super) async fn undo(&self, request: ReversalRequest) -> Result<(), SwitchError> {
        let begun = Instant::now();
        loop {
            let begin = request.clone();
            let now = now_ms();
            let until = self.claim_until_ms(now);
            let undo = self
                .store
                .run(move |db| db.begin_reversal(&begin, now, until))
                .await?;
            match undo {
                Undo::Done => return Ok(()),
                Undo::Differs => return Err(SwitchError::Differs),
                Undo::Due => return self.try_reversal(&request).await,
                Undo::UnderWay if begun.elapsed() > WAIT => return Err(SwitchError::UnderWay),
                Undo::UnderWay => sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// Tries a reversal that is claimed, and gives it back if that was in vain.
    pub(super) async fn try_reversal(&self, request: &ReversalRequest) -> Result<(), SwitchError> {
        let attempt = request.attempt;
        let tried = self.send_reversal(request).await;
        match &tried {
            Ok(()) => tracing::info!(%attempt, "reversed"),
            Err(why) => {
                tracing::warn!(%attempt, %why, "a reversal stays due");
                self.store
                    .run(move |db| db.postpone_reversal(attempt, now_ms()))
                    .await?;
            }
        }
        tried
    }

    async fn send_reversal(&self, request: &ReversalRequest) -> Result<(), SwitchError> {
        let attempt = request.attempt;
        let line = self.line()?;
        let connection = line.ready().await?;
        let repeat = self
            .store
            .run(move |db| db.count_reversal(attempt, now_ms()))
            .await?;
        let profile = line.profile();
        let message = profile.reversal(request, repeat)?;
        let answer = match connection.ask(message, profile.answer_within).await {
            Ok(answer) => answer,
            Err(AskError::SameOpen) => return Err(SwitchError::UnderWay),
            Err(error) => return Err(SwitchError::NotAcknowledged(error.to_string())),
        };
        if !answer.is_reversed() {
            let why = format!("response code {}", answer.response_code);
            return Err(SwitchError::NotAcknowledged(why));
        }
        let said = if answer.has_no_original() {
            Acknowledged::NoOriginal
        } else {
            Acknowledged::Undone
        };
        let finished = self
            .store
            .run(move |db| db.finish_reversal(attempt, said, now_ms()))
            .await?;
        if finished {
            return Ok(());
        }
        let why = "it has no original yet, and that may be on its way".to_owned();
        Err(SwitchError::NotAcknowledged(why))
    }

    /// Before something new of a terminal, what of it is to be reversed. Waits a moment for one that
    /// somebody else is at.
    pub(super) async fn reversals_first(&self, terminal: &TerminalId) -> Result<(), SwitchError> {
        let begun = Instant::now();
        loop {
            let name = terminal.clone();
            let now = now_ms();
            let until = self.claim_until_ms(now);
            let due = self
                .store
                .run(move |db| {
                    if !db.reversal_goes_first(name.as_str())? {
                        return Ok(None);
                    }
                    db.claim_reversals(Some(name.as_str()), 1, now, until)
                        .map(Some)
                })
                .await?;
            let Some(due) = due else {
                return Ok(());
            };
            for request in &due {
                self.try_reversal(request)
                    .await
                    .map_err(|_| SwitchError::ReversalFirst)?;
            }
            if begun.elapsed() > WAIT {
                return Err(SwitchError::ReversalFirst);
            }
            if due.is_empty() {
                sleep(LOOK_AGAIN).await;
            }
        }
    }

    pub(super) fn claim_until_ms(&self, now_ms: i64) -> i64 {
        self.line
            .as_ref()
            .map_or(now_ms, |line| claimed_until_ms(now_ms, line.profile()))
    }
}
