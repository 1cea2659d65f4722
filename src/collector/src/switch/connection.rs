//! One signed-on TCP connection: answers matched to requests by key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sealpoint_acquirer::{Answer, AnswerKey, Deframer, Format, Message, frame, parse_answer_as};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

/// At most this many requests wait for the acquirer at a time.
pub const MAX_OPEN: usize = 256;

/// Why a request has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error("the same request is open")]
    SameOpen,
    #[error("too many requests are open")]
    TooMany,
    #[error("the message does not fit")]
    Unsendable,
    #[error("the line to the acquirer broke")]
    Broke,
    #[error("the acquirer did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
}

/// Who waits for which answer; `None` once the connection has ended.
type Waiting = Arc<Mutex<Option<HashMap<AnswerKey, oneshot::Sender<Answer>>>>>;

/// One signed-on TCP connection.
pub(super) struct Connection {
    write: tokio::sync::Mutex<OwnedWriteHalf>,
    waiting: Waiting,
    heard: Arc<Mutex<Instant>>,
    format: Format,
    reader: AbortHandle,
}

/// What the reading half needs.
struct Reader {
    waiting: Waiting,
    heard: Arc<Mutex<Instant>>,
    format: Format,
    late: mpsc::Sender<Answer>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, format: Format, late: mpsc::Sender<Answer>) -> Self {
        let (read, write) = stream.into_split();
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let heard = Arc::new(Mutex::new(Instant::now()));
        let reader = Reader {
            waiting: Arc::clone(&waiting),
            heard: Arc::clone(&heard),
            format,
            late,
        };
        let reader = tokio::spawn(reader.read_answers(read));
        Self {
            format,
            write: tokio::sync::Mutex::new(write),
            waiting,
            heard,
            reader: reader.abort_handle(),
        }
    }

    /// Sends a message and waits for its answer.
    pub(super) async fn ask(&self, message: Message, limit: Duration) -> Result<Answer, AskError> {
        let key = AnswerKey::of(&message).map_err(|_| AskError::Unsendable)?;
        let bytes = dated(message, &self.format).ok_or(AskError::Unsendable)?;
        let answer = self.expect(key.clone())?;
        let _forget = Forget {
            waiting: &self.waiting,
            key,
        };
        let asked = async {
            self.write
                .lock()
                .await
                .write_all(&bytes)
                .await
                .map_err(|_| AskError::Broke)?;
            // The reader drops the sender when the connection ends.
            answer.await.map_err(|_| AskError::Broke)
        };
        timeout(limit, asked)
            .await
            .map_err(|_| AskError::TimedOut(limit))?
    }

    fn expect(&self, key: AnswerKey) -> Result<oneshot::Receiver<Answer>, AskError> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = waiting.as_mut().ok_or(AskError::Broke)?;
        if waiting.contains_key(&key) {
            return Err(AskError::SameOpen);
        }
        if waiting.len() >= MAX_OPEN {
            return Err(AskError::TooMany);
        }
        let (give, answer) = oneshot::channel();
        waiting.insert(key, give);
        Ok(answer)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none()
    }

    pub(super) fn silence(&self) -> Duration {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Forgets a request that nobody waits for any more; an answer that comes later is a late one.
struct Forget<'a> {
    waiting: &'a Waiting,
    key: AnswerKey,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        take(self.waiting, &self.key);
    }
}

/// The message with the time of its transmission (DE 7, UTC), framed.
fn dated(mut message: Message, format: &Format) -> Option<Vec<u8>> {
    let utc = jiff::Timestamp::now().strftime("%m%d%H%M%S").to_string();
    message.transmitted_at(&utc).ok()?;
    frame(&message.write(format)).ok()
}

impl Reader {
    async fn read_answers(self, mut read: OwnedReadHalf) {
        let mut deframer = Deframer::default();
        let mut bytes = [0; 4096];
        'line: loop {
            let len = match read.read(&mut bytes).await {
                Ok(0) | Err(_) => break,
                Ok(len) => len,
            };
            *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            deframer.push(&bytes[..len]);
            loop {
                match deframer.message() {
                    Ok(None) => break,
                    Ok(Some(message)) if message.is_empty() => {}
                    Ok(Some(message)) => self.give(&message),
                    Err(error) => {
                        tracing::warn!(%error, "the acquirer's line cannot be followed");
                        break 'line;
                    }
                }
            }
        }
        // Whoever waits learns at once that no answer will come.
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn give(&self, message: &[u8]) {
        let answer = match parse_answer_as(&self.format, message) {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(%error, "the acquirer's message is ignored");
                return;
            }
        };
        let unclaimed = match take(&self.waiting, &answer.key) {
            // The one who asked may have timed out at this moment; the answer is late then.
            Some(give) => give.send(answer).err(),
            None => Some(answer),
        };
        if let Some(answer) = unclaimed {
            let stan = answer.key.stan;
            if self.late.try_send(answer).is_err() {
                tracing::warn!(stan, "too many late answers: one is lost");
            }
        }
    }
}

fn take(waiting: &Waiting, key: &AnswerKey) -> Option<oneshot::Sender<Answer>> {
    waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .as_mut()?
        .remove(key)
}
