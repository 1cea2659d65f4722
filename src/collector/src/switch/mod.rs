//! The switch: asks the acquirer at most once per attempt, and undoes until it is undone.
//!
//! What is durable, and when: an attempt is SENT before its first byte leaves, an answer is stored
//! before the till gets it, a reversal is due before it is tried. A till that goes away does not
//! stop a step that has begun, and a reversal that is due is tried on without it. Several
//! collectors share one store: what is in flight, and who is at a reversal, is in its rows.
//!
//! * `ask`: authorisations; `advise`: charges without the issuer; `undo`: reversals; `inquire`:
//!   what became of an attempt.
//! * `answers`: what an answer is worth, and how it is kept; `leases`: times in the rows.
//! * `background`: reversals that are due, answers that nobody waits for, the line's echo.
//! * `line` and `connection`: the way to the acquirer.

mod acquirer;
mod advise;
mod answers;
mod ask;
mod background;
mod connection;
mod inquire;
mod leases;
mod line;
mod undo;

use std::sync::Arc;

use sealpoint_wire::{
    AdviceRequest, AuthoriseRequest, Fate, HostAnswer, InquiryRequest, ReversalRequest,
};
use tokio::sync::mpsc;

use crate::store::{Store, StoreError};
pub use acquirer::{Acquirer, ProfileFileError};
use answers::believe;
use background::Background;
pub use connection::MAX_OPEN;
pub use line::LineDown;

use leases::{claimed_until_ms, in_flight_until_ms};
use line::Line;

/// Answers that nobody waits for any more and that are not looked at yet; more are lost, and their
/// attempts are reversed.
const MAX_LATE: usize = 256;

/// Why an authorisation or a reversal gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// No `--acquirer` was given.
    #[error("No acquirer is configured. Start the collector with --acquirer HOST:PORT.")]
    NoAcquirer,
    /// Not sent: the line to the acquirer is down.
    #[error(transparent)]
    LineDown(#[from] LineDown),
    /// Not sent: a reversal of the same terminal goes before it.
    #[error("A reversal of this till goes first, and is not acknowledged yet. Try again later.")]
    ReversalFirst,
    /// The values fit no message; not sent.
    #[error(transparent)]
    Unsendable(#[from] sealpoint_acquirer::RequestError),
    /// The acquirer did not answer, or not so that it can be believed.
    #[error("The fate of the attempt is unknown ({0}). Reverse it.")]
    UnknownFate(String),
    /// The acquirer did not answer an advice, or not so that it can be believed.
    #[error("The acquirer did not answer the advice ({0}). Send it again.")]
    NotAnswered(String),
    /// The acquirer did not acknowledge a reversal.
    #[error("The acquirer did not acknowledge the reversal ({0}). Ask again.")]
    NotAcknowledged(String),
    /// The same attempt is being asked or reversed at this moment.
    #[error("The same attempt is with the acquirer at this moment. Wait for its answer.")]
    UnderWay,
    /// The attempt is reversed or is to be.
    #[error("The attempt is reversed. Charge the card in a new attempt.")]
    Reversed,
    /// The same attempt with another content.
    #[error(
        "The same attempt was asked for with another content. Charge the card in a new attempt."
    )]
    Differs,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The way to the acquirer; clones share it.
#[derive(Clone)]
pub struct Switch {
    desk: Arc<Desk>,
    _background: Option<Arc<Background>>,
}

/// What every step works with.
struct Desk {
    store: Store,
    line: Option<Line>,
}

impl Switch {
    /// A switch with a line to the acquirer, dialled when it is first needed. Within a runtime: it
    /// works on by itself until the last clone is dropped.
    #[must_use]
    pub fn new(store: Store, acquirer: Option<Acquirer>) -> Self {
        let (tell, late) = mpsc::channel(MAX_LATE);
        let desk = Arc::new(Desk {
            store,
            line: acquirer.map(|acquirer| Line::new(acquirer, tell)),
        });
        let has_line = desk.line.is_some();
        let background = has_line.then(|| Arc::new(Background::start(Arc::clone(&desk), late)));
        Self {
            desk,
            _background: background,
        }
    }

    /// Asks the acquirer to authorise an attempt, once; the same attempt again gives the same
    /// answer.
    ///
    /// # Errors
    /// [`SwitchError`].
    pub async fn authorise(&self, request: AuthoriseRequest) -> Result<HostAnswer, SwitchError> {
        let desk = Arc::clone(&self.desk);
        to_its_end(async move { desk.ask_once(request).await }).await
    }

    /// Tells the acquirer of a charge that was taken without it; the same advice again gives the
    /// same answer.
    ///
    /// # Errors
    /// [`SwitchError`].
    pub async fn advise(&self, request: AdviceRequest) -> Result<HostAnswer, SwitchError> {
        let desk = Arc::clone(&self.desk);
        to_its_end(async move { desk.advise(request).await }).await
    }

    /// Undoes an attempt. `Ok` once the acquirer acknowledged, or never saw the attempt.
    ///
    /// # Errors
    /// [`SwitchError`]; the reversal stays due.
    pub async fn reverse(&self, request: ReversalRequest) -> Result<(), SwitchError> {
        let desk = Arc::clone(&self.desk);
        to_its_end(async move { desk.undo(request).await }).await
    }

    /// What became of an attempt, and whether a committed sale among the records names it. One that
    /// was never seen will never be asked for.
    ///
    /// # Errors
    /// [`SwitchError`].
    pub async fn inquire(&self, request: InquiryRequest) -> Result<(Fate, bool), SwitchError> {
        let desk = Arc::clone(&self.desk);
        to_its_end(async move { desk.inquire(request).await }).await
    }
}

impl Desk {
    fn line(&self) -> Result<&Line, SwitchError> {
        self.line.as_ref().ok_or(SwitchError::NoAcquirer)
    }
}

/// Runs a step in a task of its own: when a till closes its connection, only the waiting ends.
async fn to_its_end<T: Send + 'static>(
    step: impl Future<Output = Result<T, SwitchError>> + Send + 'static,
) -> Result<T, SwitchError> {
    match tokio::spawn(step).await {
        Ok(result) => result,
        Err(_) => Err(SwitchError::UnknownFate("the switch stopped".to_owned())),
    }
}
