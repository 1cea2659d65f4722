//! The uplink process, as the engine talks to it. Asking the acquirer takes the proof that SENT is
//! on the disk. The queue is drained here: one offer at a time, reversals before anything.

use std::collections::HashSet;
use std::time::Duration;

use sealpoint_journal::{Journal, JournalError, SentWritten};
use sealpoint_sale::AttemptId;
use sealpoint_till::ALARM_TRIES;
use sealpoint_wire::record::MAX_BATCH;
use sealpoint_wire::{
    AdviceResult, AuthoriseRequest, AuthoriseResult, FromUplink, LinkState, ToUplink,
};

use crate::child::{Ears, Source, Supervised};
use crate::clock::{Instant, now_ms};
use crate::event::{Event, Events};

/// How long an offer or an advice rests after it was not answered.
const REST: Duration = Duration::from_secs(1);
/// How long the till rests after it asked about a restored attempt.
const INQUIRE_EVERY: Duration = Duration::from_secs(10);
/// An advice waits for so long until it is known how old it may become and what the time is: one that
/// is too old is a person's work, who may have settled it, and is not told to the acquirer any more.
pub(crate) const AGE_WAIT: Duration = Duration::from_secs(5);
/// Restored attempts that are asked about in turn.
const MAX_INQUIRIES: usize = 100;

/// The link process.
pub struct Uplink {
    process: Supervised<FromUplink>,
    up: bool,
    up_since: Option<Instant>,
    /// The card process said how old an advice may become.
    knows_hours: bool,
    offers: u64,
    open_offer: Option<u64>,
    rest_until: Option<Instant>,
    pub(crate) reversing: HashSet<AttemptId>,
    /// Whether records are taken: also where cards are not.
    takes: bool,
    advising: Option<AttemptId>,
    advise_after: Option<Instant>,
    inquiring: Option<AttemptId>,
    inquire_after: Option<Instant>,
    /// How many inquiries were made, so that each has its turn.
    inquired: usize,
    /// The collector's time, and when it was said.
    time: Option<(i64, Instant)>,
}

impl Uplink {
    /// Starts it.
    pub fn start(source: Source, events: Events) -> Self {
        let ears = Ears {
            said: Event::Uplink,
            ended: Event::UplinkDown,
        };
        Self {
            process: Supervised::start("uplink", source, ears, events),
            up: false,
            up_since: None,
            knows_hours: false,
            offers: 0,
            open_offer: None,
            rest_until: None,
            reversing: HashSet::new(),
            takes: false,
            advising: None,
            advise_after: None,
            inquiring: None,
            inquire_after: None,
            inquired: 0,
            time: None,
        }
    }

    /// Asks the acquirer, after every reversal that the process was not told of yet. The proof is used
    /// up: one SENT, one question. Gives the answer at once if there is no process to ask or the
    /// reversals cannot be read, for then nothing was sent.
    pub fn authorise(
        &mut self,
        proof: SentWritten,
        request: AuthoriseRequest,
        journal: &Journal,
    ) -> Option<AuthoriseResult> {
        if let Err(error) = self.reverse(journal) {
            return Some(AuthoriseResult::NotSent {
                why: error.to_string(),
            });
        }
        let asked = proof.attempt() == request.attempt
            && self.process.send(&ToUplink::Authorise(Box::new(request)));
        (!asked).then(|| AuthoriseResult::NotSent {
            why: "The link process does not run. It is being started again.".to_owned(),
        })
    }

    /// Takes note of what concerns the queue, and writes down what must be; the message as the core
    /// is to hear it, with the tries of a reversal over every start of the till.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be written; the row is then offered again.
    pub fn heard(
        &mut self,
        message: FromUplink,
        journal: &mut Journal,
    ) -> (FromUplink, Result<(), JournalError>) {
        let written = match &message {
            FromUplink::Link { state } => {
                self.up = *state == LinkState::Up;
                let since = self.up_since.unwrap_or_else(Instant::now);
                self.up_since = self.up.then_some(since);
                self.takes = self.up || matches!(state, LinkState::Quarantined { .. });
                self.rest_until = None;
                Ok(())
            }
            FromUplink::Acked { offer, results, .. } if self.open_offer == Some(*offer) => {
                self.open_offer = None;
                journal.acked(results).map(drop)
            }
            FromUplink::NotAcked { offer, why } if self.open_offer == Some(*offer) => {
                tracing::info!(%why, "records were not acknowledged");
                self.open_offer = None;
                self.rest_until = Some(Instant::now() + REST);
                Ok(())
            }
            FromUplink::Reversed { attempt } => {
                self.reversing.remove(attempt);
                journal.write_reversed(*attempt)
            }
            FromUplink::ReversalPending { .. } => return self.reversal_pending(message, journal),
            FromUplink::Advised { attempt, result } if self.advising == Some(*attempt) => {
                self.advising = None;
                if let AdviceResult::NotAnswered { why } = result {
                    tracing::info!(%attempt, %why, "an advice was not answered");
                    self.advise_after = Some(Instant::now() + REST);
                }
                journal.write_advised(*attempt, result, now_ms())
            }
            FromUplink::Inquired {
                attempt,
                fate,
                committed,
            } if self.inquiring == Some(*attempt) => {
                self.inquiring = None;
                self.inquire_after = Some(Instant::now() + INQUIRE_EVERY);
                let told = fate.as_ref();
                told.map_or(Ok(()), |fate| {
                    journal.write_inquired(*attempt, fate, *committed)
                })
            }
            FromUplink::Time { at_ms } => {
                self.time = Some((*at_ms, Instant::now()));
                journal.observe_time(*at_ms)
            }
            _ => Ok(()),
        };
        (message, written)
    }

    /// A reversal was tried in vain. After [`ALARM_TRIES`] a person is asked to look at it as well;
    /// the machine goes on.
    fn reversal_pending(
        &mut self,
        message: FromUplink,
        journal: &mut Journal,
    ) -> (FromUplink, Result<(), JournalError>) {
        let FromUplink::ReversalPending {
            attempt,
            tries,
            why,
        } = message
        else {
            return (message, Ok(()));
        };
        tracing::warn!(%attempt, tries, %why, "reversal not acknowledged yet");
        let counted = match tries {
            // It was not even tried.
            0 => Ok(0),
            _ => journal.count_reversal_try(attempt),
        };
        let (total, written) = match counted {
            // Later ones too: the note of the first may not have been written.
            Ok(total) if total >= ALARM_TRIES => {
                tracing::error!(alarm = "reversal_stuck", %attempt, total, %why, "a charge could not be undone");
                let noted = journal.write_reversal_refused(attempt, &why, now_ms());
                (total, noted)
            }
            Ok(total) => (total, Ok(())),
            Err(error) => (tries, Err(error)),
        };
        let message = FromUplink::ReversalPending {
            attempt,
            tries: total,
            why,
        };
        (message, written)
    }

    /// The process ended: whatever it held is offered again to the next one.
    pub fn forget(&mut self) {
        self.up = false;
        self.up_since = None;
        self.open_offer = None;
        self.rest_until = None;
        self.reversing.clear();
        self.takes = false;
        self.advising = None;
        self.advise_after = None;
        self.inquiring = None;
    }

    /// Gives the uplink what waits: every reversal once, then one advice and one
    /// batch of records. While it does
    /// not run nothing is given, and nothing counts as given.
    ///
    /// # Errors
    /// [`JournalError`] if the queue cannot be read.
    pub fn pump(&mut self, journal: &Journal) -> Result<(), JournalError> {
        if !self.process.is_running() {
            return Ok(());
        }
        self.reverse(journal)?;
        self.advise(journal)?;
        self.inquire(journal)?;
        let resting = self.rest_until.is_some_and(|until| Instant::now() < until);
        if !self.takes || self.open_offer.is_some() || resting {
            return Ok(());
        }
        let records = journal.outbox(MAX_BATCH)?;
        if !records.is_empty() {
            self.offers += 1;
            self.open_offer = Some(self.offers);
            self.process.send(&ToUplink::Offer {
                offer: self.offers,
                records,
            });
        }
        Ok(())
    }

    /// Gives every reversal that was not given to this process yet, if it runs.
    fn reverse(&mut self, journal: &Journal) -> Result<(), JournalError> {
        if !self.process.is_running() {
            return Ok(());
        }
        for reversal in journal.reversals_due()? {
            if self.reversing.insert(reversal.attempt) {
                self.process.send(&ToUplink::Reverse(reversal));
            }
        }
        Ok(())
    }

    /// Gives the oldest advice, once no reversal is due and the one before it was answered.
    fn advise(&mut self, journal: &Journal) -> Result<(), JournalError> {
        let resting = self.advise_after.is_some_and(|at| Instant::now() < at);
        if !self.up || self.advising.is_some() || resting || !self.ages_are_known() {
            return Ok(());
        }
        if let Some(advice) = journal.advices(1)?.pop() {
            self.advising = Some(advice.attempt);
            self.process.send(&ToUplink::Advise(Box::new(advice)));
        }
        Ok(())
    }

    /// Whether advices that are too old can have been given up. A collector that does not say the time
    /// keeps no advice back for long.
    fn ages_are_known(&self) -> bool {
        let waited = self
            .up_since
            .is_some_and(|since| since.elapsed() >= AGE_WAIT);
        (self.knows_hours && self.time.is_some()) || waited
    }

    /// The card process has said how old an advice may become.
    pub const fn hours_are_known(&mut self) {
        self.knows_hours = true;
    }

    /// Asks about attempts that were open in the backup that this journal was restored from, one after
    /// the other and round again: some of them the collector may know more about later.
    fn inquire(&mut self, journal: &Journal) -> Result<(), JournalError> {
        let resting = self.inquire_after.is_some_and(|at| Instant::now() < at);
        if !self.up || self.inquiring.is_some() || resting {
            return Ok(());
        }
        let due = journal.inquiries_due(MAX_INQUIRIES)?;
        if due.is_empty() {
            return Ok(());
        }
        let next = due[self.inquired % due.len()].clone();
        self.inquired = self.inquired.wrapping_add(1);
        self.inquiring = Some(next.attempt);
        self.process.send(&ToUplink::Inquire(next));
        Ok(())
    }

    /// The collector's time now, if it said it.
    pub fn collectors_time_ms(&self) -> Option<i64> {
        let (at_ms, heard) = self.time?;
        Some(at_ms.saturating_add(i64::try_from(heard.elapsed().as_millis()).ok()?))
    }

    /// The till is taken out of service.
    pub fn erase(&mut self) {
        self.process.send(&ToUplink::Erase);
    }

    /// The process under it.
    pub fn process(&mut self) -> &mut Supervised<FromUplink> {
        &mut self.process
    }
}
