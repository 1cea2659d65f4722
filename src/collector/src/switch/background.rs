//! What the switch does without being asked: a till may never come back.

use std::sync::Arc;
use std::time::Duration;

use sealpoint_acquirer::Answer;
use sealpoint_wire::ReversalRequest;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use super::Desk;
use crate::now_ms;
use crate::store::{Isolation, StoreError};

/// How often it looks for what is due.
const TICK: Duration = Duration::from_secs(1);
/// Reversals that it tries at a time.
const MAX_AT_WORK: u32 = 16;

/// The work in the background; dropping it ends it.
pub(super) struct Background(AbortHandle);

impl Background {
    pub(super) fn start(desk: Arc<Desk>, late: mpsc::Receiver<Answer>) -> Self {
        Self(tokio::spawn(work(desk, late)).abort_handle())
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn work(desk: Arc<Desk>, mut late: mpsc::Receiver<Answer>) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut at_work = JoinSet::new();
    loop {
        tokio::select! {
            Some(answer) = late.recv() => {
                let stan = answer.key.stan;
                if let Err(error) = desk.keep_late(answer).await {
                    tracing::warn!(stan, %error, "a late answer could not be kept");
                }
            }
            _ = tick.tick() => {
                while at_work.try_join_next().is_some() {}
                desk.tend(&mut at_work).await;
            }
        }
    }
}

impl Desk {
    /// Takes up what is due, and asks a silent line for an echo.
    async fn tend(self: &Arc<Self>, at_work: &mut JoinSet<()>) {
        let busy = u32::try_from(at_work.len()).unwrap_or(MAX_AT_WORK);
        match self.take_up(MAX_AT_WORK.saturating_sub(busy)).await {
            Ok(due) => {
                for request in due {
                    let desk = Arc::clone(self);
                    at_work.spawn(async move {
                        // It says itself what stops it, and stays due.
                        let _ = desk.try_reversal(&request).await;
                    });
                }
            }
            Err(StoreError::Busy) => {}
            Err(error) => tracing::warn!(%error, "nothing is taken up"),
        }
        if let Some(line) = &self.line {
            line.tend().await;
        }
    }

    async fn take_up(&self, max: u32) -> Result<Vec<ReversalRequest>, StoreError> {
        let now = now_ms();
        let until = self.claim_until_ms(now);
        self.store
            .offer(Isolation::ReadCommitted, move |db| {
                let lost = db.lose_attempts_overdue(now)?;
                if lost > 0 {
                    tracing::warn!(lost, "attempts whose collector is gone are unknown");
                }
                db.claim_reversals(None, max, now, until)
            })
            .await
    }
}
