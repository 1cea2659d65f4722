//! The line to the acquirer: one TCP connection, signed on, answers matched to requests by key.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sealpoint_acquirer::{
    Answer, AnswerKey, Deframer, Message, NetworkCode, frame, network, parse_answer,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

/// At most this many requests wait for the acquirer at a time.
pub const MAX_OPEN: usize = 256;
/// How long a TCP connection may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long the acquirer has to answer a sign-on or an echo.
const NETWORK_ANSWER: Duration = Duration::from_secs(4);
/// A line that was silent for longer is asked for an echo before it is trusted with an attempt;
/// less than an answer may take, so that a line that lost one attempt is not given another blindly.
const SILENT: Duration = Duration::from_secs(10);
/// After a failed dial, those who queued behind it are told the same instead of dialling again.
const TOLD_AGAIN: Duration = Duration::from_secs(1);
/// Trace numbers are six digits.
const MAX_STAN: u32 = 999_999;

/// The acquirer cannot be reached; nothing was sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "The acquirer cannot be reached ({0}). Nothing was sent; try again, or take another tender."
)]
pub struct LineDown(String);

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

/// Dials when needed, and keeps the connection.
pub(super) struct Line {
    address: String,
    state: tokio::sync::Mutex<State>,
    stan: AtomicU32,
}

#[derive(Default)]
struct State {
    connection: Option<Arc<Connection>>,
    failed: Option<(Instant, LineDown)>,
}

impl Line {
    pub(super) fn new(address: String) -> Self {
        Self {
            address,
            state: tokio::sync::Mutex::default(),
            stan: AtomicU32::new(0),
        }
    }

    /// A connection that was heard of lately.
    pub(super) async fn ready(&self) -> Result<Arc<Connection>, LineDown> {
        let mut state = self.state.lock().await;
        if let Some(connection) = state.connection.take()
            && self.is_good(&connection).await
        {
            state.connection = Some(Arc::clone(&connection));
            return Ok(connection);
        }
        if let Some((at, down)) = &state.failed
            && at.elapsed() < TOLD_AGAIN
        {
            return Err(down.clone());
        }
        match self.dial().await {
            Ok(connection) => {
                tracing::info!(acquirer = self.address, "signed on");
                state.failed = None;
                state.connection = Some(Arc::clone(&connection));
                Ok(connection)
            }
            Err(why) => {
                tracing::warn!(acquirer = self.address, why, "no line to the acquirer");
                let down = LineDown(why);
                state.failed = Some((Instant::now(), down.clone()));
                Err(down)
            }
        }
    }

    async fn is_good(&self, connection: &Connection) -> bool {
        if connection.has_ended() {
            return false;
        }
        connection.silence() < SILENT || self.network(connection, NetworkCode::Echo).await.is_ok()
    }

    async fn dial(&self) -> Result<Arc<Connection>, String> {
        let stream = match timeout(CONNECT, TcpStream::connect(&self.address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err("it does not answer".to_owned()),
        };
        stream
            .set_nodelay(true)
            .map_err(|error| error.to_string())?;
        let connection = Arc::new(Connection::new(stream));
        self.network(&connection, NetworkCode::SignOn).await?;
        Ok(connection)
    }

    async fn network(&self, connection: &Connection, code: NetworkCode) -> Result<(), String> {
        let stan = self.stan.fetch_add(1, Ordering::Relaxed) % MAX_STAN + 1;
        let message = network(code, stan).map_err(|error| error.to_string())?;
        match connection.ask(message, NETWORK_ANSWER).await {
            Ok(answer) if answer.is_network_ok() => Ok(()),
            Ok(answer) => Err(format!("it refuses {code:?} with {}", answer.response_code)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Who waits for which answer; `None` once the connection has ended.
type Waiting = Arc<Mutex<Option<HashMap<AnswerKey, oneshot::Sender<Answer>>>>>;

/// One signed-on TCP connection.
pub(super) struct Connection {
    write: tokio::sync::Mutex<OwnedWriteHalf>,
    waiting: Waiting,
    heard: Arc<Mutex<Instant>>,
    reader: AbortHandle,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        let (read, write) = stream.into_split();
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let heard = Arc::new(Mutex::new(Instant::now()));
        let reader = tokio::spawn(read_answers(read, Arc::clone(&waiting), Arc::clone(&heard)));
        Self {
            write: tokio::sync::Mutex::new(write),
            waiting,
            heard,
            reader: reader.abort_handle(),
        }
    }

    /// Sends a message and waits for its answer.
    pub(super) async fn ask(&self, message: Message, limit: Duration) -> Result<Answer, AskError> {
        let key = AnswerKey::of(&message).map_err(|_| AskError::Unsendable)?;
        let bytes = dated(message).ok_or(AskError::Unsendable)?;
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

    fn has_ended(&self) -> bool {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none()
    }

    fn silence(&self) -> Duration {
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

/// Forgets a request that nobody waits for any more; an answer that comes later is not honoured.
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
fn dated(mut message: Message) -> Option<Vec<u8>> {
    let utc = jiff::Timestamp::now().strftime("%m%d%H%M%S").to_string();
    message.transmitted_at(&utc).ok()?;
    frame(&message.encode()).ok()
}

async fn read_answers(mut read: OwnedReadHalf, waiting: Waiting, heard: Arc<Mutex<Instant>>) {
    let mut deframer = Deframer::default();
    let mut bytes = [0; 4096];
    'line: loop {
        let len = match read.read(&mut bytes).await {
            Ok(0) | Err(_) => break,
            Ok(len) => len,
        };
        *heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        deframer.push(&bytes[..len]);
        loop {
            match deframer.message() {
                Ok(None) => break,
                Ok(Some(message)) if message.is_empty() => {}
                Ok(Some(message)) => give(&message, &waiting),
                Err(error) => {
                    tracing::warn!(%error, "the acquirer's line cannot be followed");
                    break 'line;
                }
            }
        }
    }
    // Whoever waits learns at once that no answer will come.
    *waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

fn take(waiting: &Waiting, key: &AnswerKey) -> Option<oneshot::Sender<Answer>> {
    waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .as_mut()?
        .remove(key)
}

fn give(message: &[u8], waiting: &Waiting) {
    match parse_answer(message) {
        Ok(answer) => match take(waiting, &answer.key) {
            Some(give) => {
                // The one who asked may have timed out at this moment; the answer is late then.
                let _ = give.send(answer);
            }
            None => tracing::warn!(stan = answer.key.stan, "a late answer is not honoured"),
        },
        Err(error) => tracing::warn!(%error, "the acquirer's message is ignored"),
    }
}
