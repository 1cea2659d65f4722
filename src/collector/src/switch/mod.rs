//! The switch: asks the acquirer at most once per attempt, and undoes until it is undone.
//!
//! What is durable, and when: an attempt is SENT before its first byte leaves, an answer is stored
//! before the till gets it, a reversal is due before it is tried. A till that goes away does not
//! stop a step that has begun.

mod line;

use std::sync::Arc;
use std::time::Duration;

use sealpoint_acquirer::{authorisation, reversal};
use sealpoint_wire::{AttemptId, AuthoriseRequest, HostAnswer, ReversalRequest};

use crate::now_ms;
use crate::store::{Asked, Store, StoreError, Undo};
pub use line::{LineDown, MAX_OPEN};

use line::{AskError, Line};

/// How long the acquirer has to answer an authorisation or a reversal.
pub const ANSWER: Duration = Duration::from_secs(15);

/// Why an authorisation or a reversal gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// No `--acquirer` was given.
    #[error("No acquirer is configured. Start the collector with --acquirer HOST:PORT.")]
    NoAcquirer,
    /// Not sent: the line to the acquirer is down.
    #[error(transparent)]
    LineDown(#[from] LineDown),
    /// The values fit no message; not sent.
    #[error(transparent)]
    Unsendable(#[from] sealpoint_acquirer::RequestError),
    /// The acquirer did not answer, or not so that it can be believed.
    #[error("The fate of the attempt is unknown ({0}). Reverse it.")]
    UnknownFate(String),
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
    store: Store,
    line: Option<Arc<Line>>,
}

impl Switch {
    /// A switch with a line to the acquirer at `HOST:PORT`, dialled when it is first needed.
    #[must_use]
    pub fn new(store: Store, acquirer: Option<String>) -> Self {
        Self {
            store,
            line: acquirer.map(|address| Arc::new(Line::new(address))),
        }
    }

    /// Asks the acquirer to authorise an attempt, once; the same attempt again gives the same
    /// answer.
    ///
    /// # Errors
    /// [`SwitchError`].
    pub async fn authorise(&self, request: AuthoriseRequest) -> Result<HostAnswer, SwitchError> {
        let this = self.clone();
        to_its_end(async move { this.ask_once(request).await }).await
    }

    /// Undoes an attempt. `Ok` once the acquirer acknowledged, or never saw the attempt.
    ///
    /// # Errors
    /// [`SwitchError`]; the reversal stays due.
    pub async fn reverse(&self, request: ReversalRequest) -> Result<(), SwitchError> {
        let this = self.clone();
        to_its_end(async move { this.undo(request).await }).await
    }

    async fn ask_once(&self, request: AuthoriseRequest) -> Result<HostAnswer, SwitchError> {
        let request = Arc::new(request);
        let look_up = Arc::clone(&request);
        if let Some(known) = known(self.store.run(move |db| db.attempt(&look_up)).await?) {
            return known;
        }
        let message = authorisation(&request)?;
        let connection = self.line()?.ready().await?;

        let begin = Arc::clone(&request);
        let begun = self
            .store
            .run(move |db| db.begin_attempt(&begin, now_ms()))
            .await?;
        if let Some(known) = known(begun) {
            return known;
        }
        let believed = match connection.ask(message, ANSWER).await {
            Ok(answer) => answer
                .host_answer(request.amount_minor, request.currency)
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let attempt = request.attempt;
        match believed {
            Ok(answer) => {
                let keep = answer.clone();
                let kept = self
                    .store
                    .run(move |db| db.answer_attempt(attempt, &keep, now_ms()))
                    .await?;
                if kept {
                    Ok(answer)
                } else {
                    Err(SwitchError::Reversed)
                }
            }
            Err(why) => {
                self.store
                    .run(move |db| db.lose_attempt(attempt, now_ms()))
                    .await?;
                tracing::warn!(%attempt, why, "the fate of an attempt is unknown");
                Err(SwitchError::UnknownFate(why))
            }
        }
    }

    async fn undo(&self, request: ReversalRequest) -> Result<(), SwitchError> {
        let begin = request.clone();
        match self
            .store
            .run(move |db| db.begin_reversal(&begin, now_ms()))
            .await?
        {
            Undo::Done => return Ok(()),
            Undo::Differs => return Err(SwitchError::Differs),
            Undo::Due => {}
        }
        let attempt = request.attempt;
        let connection = self.line()?.ready().await?;
        let repeat = self
            .store
            .run(move |db| db.count_reversal(attempt, now_ms()))
            .await?;
        let message = reversal(&request, repeat)?;
        match connection.ask(message, ANSWER).await {
            Ok(answer) if answer.is_reversed() => self.undone(attempt).await,
            Ok(answer) => Err(SwitchError::NotAcknowledged(format!(
                "response code {}",
                answer.response_code
            ))),
            Err(AskError::SameOpen) => Err(SwitchError::UnderWay),
            Err(error) => Err(SwitchError::NotAcknowledged(error.to_string())),
        }
    }

    async fn undone(&self, attempt: AttemptId) -> Result<(), SwitchError> {
        self.store
            .run(move |db| db.finish_reversal(attempt, now_ms()))
            .await?;
        tracing::info!(%attempt, "reversed");
        Ok(())
    }

    fn line(&self) -> Result<&Line, SwitchError> {
        self.line.as_deref().ok_or(SwitchError::NoAcquirer)
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

/// Runs a step in a task of its own: when a till closes its connection, only the waiting ends.
async fn to_its_end<T: Send + 'static>(
    step: impl Future<Output = Result<T, SwitchError>> + Send + 'static,
) -> Result<T, SwitchError> {
    match tokio::spawn(step).await {
        Ok(result) => result,
        Err(_) => Err(SwitchError::UnknownFate("the switch stopped".to_owned())),
    }
}
