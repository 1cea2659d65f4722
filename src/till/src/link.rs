//! What the uplink says, and what waits for the collector.

use sealpoint_wire::api::AckOutcome;
use sealpoint_wire::{FromUplink, LinkState};

use crate::effect::{Effect, Figures, Stamp};
use crate::notice::NoticeCode;
use crate::till::Till;

impl Till {
    pub(crate) fn uplink_said(&mut self, message: FromUplink, stamp: &Stamp) -> Vec<Effect> {
        match message {
            FromUplink::Hello { posture, .. } => {
                self.protection.heard("uplink", posture.as_ref());
                // Such an uplink says why, and is gone.
                self.uplink_refuses = posture
                    .as_ref()
                    .is_some_and(|posture| posture.production && !posture.is_full());
                self.bar.forget(|code| code == NoticeCode::UplinkDown);
                vec![]
            }
            FromUplink::Link { state } => {
                if matches!(state, LinkState::Down { .. }) {
                    self.backlog = self.backlog.max(self.queue.count).max(1);
                }
                self.link = state;
                vec![]
            }
            FromUplink::Acked { results, .. } => {
                for refused in results.iter().filter(|r| r.outcome == AckOutcome::Refused) {
                    let why = refused.why.clone().unwrap_or_default();
                    self.say(NoticeCode::RecordHeld, vec![why]);
                }
                vec![]
            }
            FromUplink::Authorised { attempt, result } => self.host_said(attempt, result, stamp),
            FromUplink::ReversalPending { attempt, tries, .. } => {
                self.reversal_pending(attempt, tries)
            }
            FromUplink::Reversed { attempt } => {
                self.reversal_done(attempt);
                vec![]
            }
            FromUplink::Standing { standing } => self.stands(standing),
            FromUplink::Time { at_ms } => {
                self.time_is(at_ms, stamp);
                vec![]
            }
            FromUplink::NotAcked { .. }
            | FromUplink::Advised { .. }
            | FromUplink::Inquired { .. } => vec![],
        }
    }

    pub(crate) fn uplink_down(&mut self, stamp: &Stamp) -> Vec<Effect> {
        if self.uplink_refuses && matches!(self.link, LinkState::Down { .. }) {
            // Its reason stays, and is not said again each time that it is tried again.
            return self.uplink_lost_attempt(stamp);
        }
        self.link = LinkState::Down {
            why: "The link process stopped. It is being started again.".to_owned(),
        };
        self.say(NoticeCode::UplinkDown, vec![]);
        self.uplink_lost_attempt(stamp)
    }

    /// New figures; says so when what a broken link left behind has drained.
    pub(crate) fn figures(&mut self, figures: &Figures) {
        let queue = figures.queue;
        self.queue = queue;
        self.totals = figures.totals;
        self.reversals_due = figures.reversals_due;
        self.offline_used = figures.offline;
        if figures.work_items > self.work_items {
            self.say(NoticeCode::WorkItems, vec![figures.work_items.to_string()]);
        }
        self.work_items = figures.work_items;
        match self.link {
            LinkState::Up if queue.count == 0 => {
                let drained = std::mem::take(&mut self.backlog);
                if drained > 1 {
                    self.say(NoticeCode::Drained, vec![drained.to_string()]);
                }
            }
            LinkState::Down { .. } => self.backlog = self.backlog.max(queue.count),
            _ => {}
        }
    }
}
