//! The line to the acquirer: dialled and signed on when needed, kept, given up when it is silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sealpoint_acquirer::{Answer, NetworkCode, Profile};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::Acquirer;
use super::connection::Connection;

/// After a failed dial, whoever comes within this time is told the same instead of dialling again;
/// it doubles with each failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest of these pauses: a customer waits.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// Trace numbers are six digits.
const MAX_STAN: u32 = 999_999;

/// The acquirer cannot be reached; nothing was sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "The acquirer cannot be reached ({0}). Nothing was sent; try again, or take another tender."
)]
pub struct LineDown(String);

/// Dials when needed, and keeps the connection.
pub(super) struct Line {
    address: String,
    profile: Arc<Profile>,
    state: tokio::sync::Mutex<State>,
    stan: AtomicU32,
    late: mpsc::Sender<Answer>,
}

#[derive(Default)]
struct State {
    connection: Option<Arc<Connection>>,
    failed: Option<Failed>,
}

struct Failed {
    at: Instant,
    pause: Duration,
    down: LineDown,
}

impl Line {
    pub(super) fn new(acquirer: Acquirer, late: mpsc::Sender<Answer>) -> Self {
        Self {
            address: acquirer.address,
            profile: Arc::new(acquirer.profile),
            state: tokio::sync::Mutex::default(),
            stan: AtomicU32::new(0),
            late,
        }
    }

    pub(super) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// A connection that was heard of lately.
    pub(super) async fn ready(&self) -> Result<Arc<Connection>, LineDown> {
        let mut state = self.state.lock().await;
        if let Some(connection) = self.kept(&mut state).await {
            return Ok(connection);
        }
        if let Some(failed) = &state.failed
            && failed.at.elapsed() < failed.pause
        {
            return Err(failed.down.clone());
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
                let pause = state
                    .failed
                    .as_ref()
                    .map_or(FIRST_PAUSE, |failed| (failed.pause * 2).min(LONGEST_PAUSE));
                state.failed = Some(Failed {
                    at: Instant::now(),
                    pause,
                    down: down.clone(),
                });
                Err(down)
            }
        }
    }

    /// Asks a connection that is silent for an echo, so that one that is dead is known before a
    /// customer waits. Does not dial.
    pub(super) async fn tend(&self) {
        let mut state = self.state.lock().await;
        if state.connection.is_some() && self.kept(&mut state).await.is_none() {
            tracing::warn!(acquirer = self.address, "the line is given up");
        }
    }

    /// The connection, if there is one and it is good.
    async fn kept(&self, state: &mut State) -> Option<Arc<Connection>> {
        let connection = state.connection.take()?;
        if !self.is_good(&connection).await {
            return None;
        }
        state.connection = Some(Arc::clone(&connection));
        Some(connection)
    }

    async fn is_good(&self, connection: &Connection) -> bool {
        if connection.has_ended() {
            return false;
        }
        connection.silence() < self.profile.echo_after
            || self.network(connection, NetworkCode::Echo).await.is_ok()
    }

    async fn dial(&self) -> Result<Arc<Connection>, String> {
        let dialled = TcpStream::connect(&self.address);
        let stream = match timeout(self.profile.connect_within, dialled).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err("it does not answer".to_owned()),
        };
        stream
            .set_nodelay(true)
            .map_err(|error| error.to_string())?;
        let connection = Connection::new(stream, self.profile.format, self.late.clone());
        self.network(&connection, NetworkCode::SignOn).await?;
        Ok(Arc::new(connection))
    }

    async fn network(&self, connection: &Connection, code: NetworkCode) -> Result<(), String> {
        let stan = self.stan.fetch_add(1, Ordering::Relaxed) % MAX_STAN + 1;
        let message = self
            .profile
            .network(code, stan)
            .map_err(|error| error.to_string())?;
        let within = self.profile.network_answer_within;
        match connection.ask(message, within).await {
            Ok(answer) if answer.is_network_ok() => Ok(()),
            Ok(answer) => Err(format!("it refuses {code:?} with {}", answer.response_code)),
            Err(error) => Err(error.to_string()),
        }
    }
}
