//! The uplink process, as the engine talks to it. Asking the acquirer takes the proof that SENT is
//! on the disk. The queue is drained here: one offer at a time, reversals before anything.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use sealpoint_journal::{Journal, JournalError, SentWritten};
use sealpoint_sale::AttemptId;
use sealpoint_wire::record::MAX_BATCH;
use sealpoint_wire::{AuthoriseRequest, AuthoriseResult, FromUplink, LinkState, ToUplink};

use crate::child::{Ears, Source, Supervised};
use crate::event::{Event, Events};

/// How long an offer rests after it was not answered.
const REST: Duration = Duration::from_secs(1);

/// The link process.
pub struct Uplink {
    process: Supervised<FromUplink>,
    up: bool,
    offers: u64,
    open_offer: Option<u64>,
    rest_until: Option<Instant>,
    reversing: HashSet<AttemptId>,
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
            offers: 0,
            open_offer: None,
            rest_until: None,
            reversing: HashSet::new(),
        }
    }

    /// Asks the acquirer. The proof is used up: one SENT, one question. Gives the answer at once
    /// if there is no process to ask, for then nothing was sent.
    pub fn authorise(
        &mut self,
        proof: SentWritten,
        request: AuthoriseRequest,
    ) -> Option<AuthoriseResult> {
        let asked = proof.attempt() == request.attempt
            && self.process.send(&ToUplink::Authorise(Box::new(request)));
        (!asked).then(|| AuthoriseResult::NotSent {
            why: "The link process does not run. It is being started again.".to_owned(),
        })
    }

    /// Takes note of what concerns the queue, and writes acknowledgements down.
    ///
    /// # Errors
    /// [`JournalError`] if an acknowledgement cannot be written; the row is then offered again.
    pub fn heard(
        &mut self,
        message: &FromUplink,
        journal: &mut Journal,
    ) -> Result<(), JournalError> {
        match message {
            FromUplink::Link { state } => {
                self.up = *state == LinkState::Up;
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
            FromUplink::ReversalPending {
                attempt,
                tries,
                why,
            } => {
                tracing::warn!(%attempt, tries, %why, "reversal not acknowledged yet");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The process ended: whatever it held is offered again to the next one.
    pub fn forget(&mut self) {
        self.up = false;
        self.open_offer = None;
        self.rest_until = None;
        self.reversing.clear();
    }

    /// Gives the uplink what waits: every reversal once, then one batch of records. While it does
    /// not run nothing is given, and nothing counts as given.
    ///
    /// # Errors
    /// [`JournalError`] if the queue cannot be read.
    pub fn pump(&mut self, journal: &Journal) -> Result<(), JournalError> {
        if !self.process.is_running() {
            return Ok(());
        }
        for reversal in journal.reversals_due()? {
            if self.reversing.insert(reversal.attempt) {
                self.process.send(&ToUplink::Reverse(reversal));
            }
        }
        let resting = self.rest_until.is_some_and(|until| Instant::now() < until);
        if !self.up || self.open_offer.is_some() || resting {
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

    /// The process under it.
    pub fn process(&mut self) -> &mut Supervised<FromUplink> {
        &mut self.process
    }
}

#[cfg(test)]
#[path = "tests/uplink.rs"]
mod tests;
