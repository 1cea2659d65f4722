//! How the till stands with the retailer, and what the collector says that is not about one sale.

use std::collections::BTreeSet;

use sealpoint_sale::AttemptId;
use sealpoint_wire::{Standing as Word, ToLane};

use crate::effect::{Effect, Stamp};
use crate::notice::{Notice, NoticeCode};
use crate::till::Till;
use crate::view::Pane;

/// A reversal that was tried so often is an alarm.
pub const ALARM_TRIES: u32 = 6;
/// A clock that is off by more than this is warned of, milliseconds.
const CLOCK_SLACK_MS: u64 = 120_000;

/// How the till stands with the retailer.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    revoked: Option<String>,
    lost: Option<Lost>,
    /// The keys are gone.
    pub(crate) erased: bool,
    /// Reversals that were tried too often.
    stuck: BTreeSet<AttemptId>,
    /// By how much the clock is off, milliseconds.
    clock_off_ms: i64,
}

#[derive(Debug)]
struct Lost {
    order: String,
    stolen: bool,
    /// The order was given to the card process, which checks it.
    given: bool,
    /// And it did not believe it, or could not obey it.
    refused: bool,
}

impl Standing {
    /// Why no card may be charged.
    pub(crate) fn obstacle(&self) -> Option<Notice> {
        match (&self.revoked, &self.lost) {
            (_, Some(_)) => Some(Notice::new(NoticeCode::TillLost, vec![])),
            (Some(why), None) => Some(Notice::new(NoticeCode::TillRevoked, vec![why.clone()])),
            (None, None) => None,
        }
    }

    /// What to warn of for as long as it is so.
    pub(crate) fn warnings(&self) -> Vec<Notice> {
        let stuck = (!self.stuck.is_empty()).then(|| {
            Notice::new(
                NoticeCode::ReversalsStuck,
                vec![self.stuck.len().to_string()],
            )
        });
        let minutes = self.clock_off_ms.unsigned_abs().div_ceil(60_000);
        let clock = (self.clock_off_ms.unsigned_abs() > CLOCK_SLACK_MS)
            .then(|| Notice::new(NoticeCode::ClockOff, vec![minutes.to_string()]));
        self.obstacle()
            .into_iter()
            .chain(stuck)
            .chain(clock)
            .collect()
    }
}

impl Till {
    /// The collector says how the till stands.
    pub(crate) fn stands(&mut self, word: Word) -> Vec<Effect> {
        match word {
            Word::Active => {
                self.standing.revoked = None;
                // Whoever sent a false order keeps no till from its cards for good.
                let ends = |lost: &Lost| !lost.given || lost.refused;
                if self.standing.lost.as_ref().is_some_and(ends) {
                    self.standing.lost = None;
                }
            }
            Word::Revoked { why } => self.standing.revoked = Some(crate::action::short(&why)),
            Word::Lost { order, stolen } => {
                let known = self.standing.lost.as_ref().is_some_and(|lost| {
                    lost.order == order && (lost.given || lost.stolen == stolen)
                });
                if !known {
                    self.standing.lost = Some(Lost {
                        order,
                        stolen,
                        given: false,
                        refused: false,
                    });
                    self.say(NoticeCode::TillLost, vec![]);
                }
            }
        }
        self.go_out_of_service()
    }

    /// Gives the erase order to the card process, once all that is held is uploaded; at once where
    /// the till was stolen.
    pub(crate) fn go_out_of_service(&mut self) -> Vec<Effect> {
        let held_back = self.queue.count > self.queue.held
            || self.reversals_due > 0
            || self.offline_used.count > 0
            || self.attempt.is_some()
            || self.draft.as_ref().is_some_and(|d| !d.tenders.is_empty());
        let terminal = self.settings.terminal.clone();
        match self.standing.lost.as_mut() {
            Some(lost) if !lost.given && (lost.stolen || !held_back) => {
                lost.given = true;
                let order = lost.order.clone();
                vec![Effect::ToLane(ToLane::Erase { order, terminal })]
            }
            _ => vec![],
        }
    }

    /// The card process obeyed the order, or does not believe it.
    pub(crate) fn erased(&mut self, refused: Option<String>) -> Vec<Effect> {
        if let Some(why) = refused {
            // The order stays known, so that it is not given again and again.
            if let Some(lost) = &mut self.standing.lost {
                lost.refused = true;
            }
            return self.say(NoticeCode::EraseRefused, vec![why]);
        }
        self.standing.erased = true;
        self.draft = None;
        self.asked = None;
        self.pane = Pane::Blocked;
        self.say(NoticeCode::OutOfService, vec![]);
        vec![Effect::Erase]
    }

    /// A reversal was tried and not acknowledged.
    pub(crate) fn reversal_pending(&mut self, attempt: AttemptId, tries: u32) -> Vec<Effect> {
        if tries >= ALARM_TRIES && self.standing.stuck.insert(attempt) {
            return self.say(NoticeCode::ReversalStuck, vec![tries.to_string()]);
        }
        vec![]
    }

    /// A reversal was acknowledged.
    pub(crate) fn reversal_done(&mut self, attempt: AttemptId) {
        self.standing.stuck.remove(&attempt);
    }

    /// The collector's time.
    pub(crate) fn time_is(&mut self, at_ms: i64, stamp: &Stamp) {
        self.standing.clock_off_ms = stamp.now_ms.saturating_sub(at_ms);
    }
}
