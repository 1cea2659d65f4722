//! The collector's switch in simulated time: its own authorisations, advices, reversals and
//! inquiries, over the real store. Written again are the table around them, the line, which is the
//! world's, and what the switch does in the background.

#[path = "../../../../src/collector/src/switch/advise.rs"]
mod advise;
#[path = "../../../../src/collector/src/switch/answers.rs"]
mod answers;
#[path = "../../../../src/collector/src/switch/ask.rs"]
mod ask;
pub mod connection;
#[path = "../../../../src/collector/src/switch/inquire.rs"]
mod inquire;
#[path = "../../../../src/collector/src/switch/leases.rs"]
mod leases;
#[path = "../../../../src/collector/src/switch/undo.rs"]
mod undo;

use sealpoint_acquirer::Answer;
use sealpoint_collector::store::{Database, Isolation, Store, StoreError};
pub use sealpoint_collector::switch::SwitchError;
use sealpoint_wire::{
    AdviceRequest, AuthoriseRequest, Fate, HostAnswer, InquiryRequest, ReversalRequest,
};

use crate::clock::{self, give_way};
use crate::now_ms;
use crate::tasks::wait_for;
use answers::believe;
use connection::Line;
use leases::{claimed_until_ms, in_flight_until_ms};

/// As the switch has it.
const MAX_AT_WORK: u32 = 16;

/// The real store, asked one step at a time.
#[derive(Clone)]
pub struct Shelf(pub Store);

impl Shelf {
    /// Others may do a step before this one; this one is done whole.
    pub async fn run<T: Send + 'static>(
        &self,
        step: impl Fn(&mut Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        give_way().await;
        wait_for(self.0.run(at_this_time(step)))
    }

    pub async fn offer<T: Send + 'static>(
        &self,
        isolation: Isolation,
        step: impl Fn(&mut Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        give_way().await;
        wait_for(self.0.offer(isolation, at_this_time(step)))
    }
}

/// A step is done by a thread of the store's, which has a time of its own.
fn at_this_time<T>(
    step: impl Fn(&mut Database) -> Result<T, StoreError>,
) -> impl Fn(&mut Database) -> Result<T, StoreError> {
    let now = clock::elapsed_ms();
    move |db| {
        clock::set(now);
        step(db)
    }
}

/// What every step works with.
pub struct Desk {
    pub store: Shelf,
    pub line: Option<Line>,
}

impl Desk {
    pub async fn authorise(&self, request: AuthoriseRequest) -> Result<HostAnswer, SwitchError> {
        self.ask_once(request).await
    }

    pub async fn take_advice(&self, request: AdviceRequest) -> Result<HostAnswer, SwitchError> {
        self.advise(request).await
    }

    pub async fn reverse(&self, request: ReversalRequest) -> Result<(), SwitchError> {
        self.undo(request).await
    }

    pub async fn tell(&self, request: InquiryRequest) -> Result<(Fate, bool), SwitchError> {
        self.inquire(request).await
    }

    fn line(&self) -> Result<&Line, SwitchError> {
        self.line.as_ref().ok_or(SwitchError::NoAcquirer)
    }

    /// Takes up what is due, as the background does each second.
    pub async fn tend(&self) {
        let now = now_ms();
        let until = self.claim_until_ms(now);
        let taken_up = self
            .store
            .offer(Isolation::ReadCommitted, move |db| {
                db.lose_attempts_overdue(now)?;
                db.claim_reversals(None, MAX_AT_WORK, now, until)
            })
            .await;
        for request in taken_up.expect("the store is there") {
            // It stays due.
            let _ = self.try_reversal(&request).await;
        }
    }

    pub async fn hear_late(&self, answer: Answer) -> Result<(), SwitchError> {
        self.keep_late(answer).await
    }
}
