//! The driver: gives the machine time, chance, the till's socket and connections to the collector.

mod attest;
mod caller;
mod clock;
mod dial;
mod office;
mod once;
mod pack;
mod renewal;
mod target;
mod till;
mod tls;
mod updates;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::SecureRandom;
use sealpoint_tls::Groups;
use sealpoint_tls::identity::Files;
use sealpoint_wire::{FromUplink, LinkState, Posture};
use tokio::net::UnixStream;
use tokio::sync::{Notify, mpsc};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::machine::{Channel, Exchange, Input, Machine, Moment, Output, Request, RequestId};
use caller::Caller;
pub use target::{BadTarget, Target};
pub use updates::incoming;

/// At most this many messages to the till wait until it reads.
const MAX_UNREAD: usize = 64;
/// How long the till has to read what was written before the uplink ends.
const FLUSH: Duration = Duration::from_secs(1);

/// The files that make the till known to the collector and the collector to the till. They are
/// read for each new connection, so that a repaired file works at once.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The retailer's CA, PEM; nothing else is trusted.
    pub ca: PathBuf,
    /// The till's certificate, PEM, its name the terminal id.
    pub cert: PathBuf,
    /// The till's private key, PEM.
    pub key: PathBuf,
}

impl Credentials {
    fn files(&self) -> Files {
        Files {
            ca: self.ca.clone(),
            cert: self.cert.clone(),
            key: self.key.clone(),
        }
    }
}

/// The collector to speak with, or why it cannot be.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it is; a bad address is told to the till as the reason why the link is down.
    pub target: Result<Target, BadTarget>,
    /// How to know each other.
    pub credentials: Credentials,
    /// Which key exchanges may be used.
    pub groups: Groups,
    /// Where the process listens that sets the machine's clock, if there is one.
    pub clock: Option<PathBuf>,
    /// Where the process listens that has the machine's TPM, if there is one.
    pub attest: Option<PathBuf>,
    /// The folder of updates, if images are downloaded.
    pub updates: Option<PathBuf>,
}

/// Runs the uplink until the till closes its end of the socket. `config` is `None` when no
/// collector is configured; `posture` is how this process protects itself, for the till.
///
/// # Errors
/// The socket failed, the till sent what is no message, or what it wanted erased could not be.
pub async fn run(
    config: Option<Config>,
    posture: Option<Posture>,
    till: UnixStream,
) -> io::Result<()> {
    let (read, write) = till.into_split();
    let (to_till, unread) = mpsc::channel(MAX_UNREAD);
    let writer = tokio::spawn(till::write_all(write, unread));
    let (from_till_in, from_till) = mpsc::channel(1);
    let reader = tokio::spawn(till::read_all(read, from_till_in));

    let mut driver = Driver::new(config, posture);
    let office = driver.config.clone().map(|config| {
        let (linked, stands) = (Arc::clone(&driver.linked), Arc::clone(&driver.stands));
        tokio::spawn(office::run(config, linked, stands, to_till.clone()))
    });
    let updates = driver.config.clone().map(updates::run).map(tokio::spawn);
    let outcome = driver.turn(from_till, to_till).await;
    reader.abort();
    for aside in [office, updates].into_iter().flatten() {
        aside.abort();
    }
    // The sender is dropped by now, so the writer ends once the till has read everything.
    let _ = tokio::time::timeout(FLUSH, writer).await;
    outcome
}

struct Driver {
    machine: Machine,
    started: Instant,
    random: &'static dyn SecureRandom,
    config: Option<Arc<Config>>,
    /// Rung when the collector is there again.
    linked: Arc<Notify>,
    /// Rung when how this till stands may have changed.
    stands: Arc<Notify>,
    idle: HashMap<Channel, Caller>,
    calls: JoinSet<(Caller, Exchange)>,
    in_flight: HashMap<Id, Call>,
}

struct Call {
    request: RequestId,
    channel: Channel,
    abort: AbortHandle,
}

impl Driver {
    fn new(config: Option<Config>, posture: Option<Posture>) -> Self {
        Self {
            machine: Machine::protected(config.is_some(), posture),
            started: Instant::now(),
            random: rustls::crypto::ring::default_provider().secure_random,
            config: config.map(Arc::new),
            linked: Arc::new(Notify::new()),
            stands: Arc::new(Notify::new()),
            idle: HashMap::new(),
            calls: JoinSet::new(),
            in_flight: HashMap::new(),
        }
    }

    async fn turn(
        &mut self,
        mut from_till: mpsc::Receiver<io::Result<sealpoint_wire::ToUplink>>,
        to_till: mpsc::Sender<FromUplink>,
    ) -> io::Result<()> {
        let mut input = Input::Tick;
        loop {
            self.machine.input(self.moment(), input);
            while let Some(output) = self.machine.poll() {
                match output {
                    Output::Request(request) => self.call(request),
                    Output::Abandon(request) => self.abandon(request),
                    Output::Erase => return self.erase(),
                    Output::Till(message) => {
                        if let FromUplink::Link {
                            state: LinkState::Up | LinkState::Quarantined { .. },
                        } = &message
                        {
                            self.linked.notify_one();
                        }
                        if to_till.send(message).await.is_err() {
                            return Ok(());
                        }
                    }
                }
            }
            let wake = self.wake();
            input = tokio::select! {
                message = from_till.recv() => match message {
                    Some(message) => Input::Till(message?),
                    None => return Ok(()),
                },
                Some(ended) = self.calls.join_next_with_id() => match self.ended(ended) {
                    Some(input) => input,
                    None => Input::Tick,
                },
                () = self.stands.notified() => Input::Stands,
                () = sleep_until(wake) => Input::Tick,
            };
        }
    }

    /// What a till that is taken out of service was known by is erased, whatever is under way.
    fn erase(&mut self) -> io::Result<()> {
        self.calls.abort_all();
        self.idle.clear();
        if let Some(config) = &self.config {
            let files = config.credentials.files();
            files.erase().map_err(io::Error::other)?;
            tracing::warn!("this till's key and certificate are erased, as the till asked");
        }
        Ok(())
    }

    fn moment(&self) -> Moment {
        let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut jitter = [0; 4];
        // Without randomness retries are only less spread.
        if self.random.fill(&mut jitter).is_err() {
            tracing::warn!("the operating system gives no random numbers");
        }
        Moment {
            now_ms,
            jitter: u32::from_be_bytes(jitter),
        }
    }

    fn wake(&self) -> Instant {
        match self.machine.wake_at_ms() {
            Some(at_ms) => self.started + Duration::from_millis(at_ms),
            None => Instant::now() + Duration::from_secs(3600),
        }
    }

    fn call(&mut self, request: Request) {
        // The machine of a till without a collector puts out no requests.
        let Some(config) = self.config.clone() else {
            return;
        };
        let (id, channel) = (request.id, request.channel);
        let mut caller = self
            .idle
            .remove(&channel)
            .unwrap_or_else(|| Caller::new(config));
        let abort = self.calls.spawn(async move {
            let exchange = caller.exchange(request).await;
            (caller, exchange)
        });
        self.in_flight.insert(
            abort.id(),
            Call {
                request: id,
                channel,
                abort,
            },
        );
    }

    fn abandon(&mut self, request: RequestId) {
        for call in self
            .in_flight
            .values()
            .filter(|call| call.request == request)
        {
            call.abort.abort();
        }
    }

    fn ended(&mut self, ended: Result<(Id, (Caller, Exchange)), JoinError>) -> Option<Input> {
        match ended {
            Ok((id, (caller, exchange))) => {
                let call = self.in_flight.remove(&id)?;
                self.idle.insert(call.channel, caller);
                tracing::debug!(channel = ?call.channel, ?exchange, "exchange ended");
                Some(Input::Exchanged {
                    request: call.request,
                    exchange,
                })
            }
            Err(error) => {
                let call = self.in_flight.remove(&error.id())?;
                let why = "The request was given up.".to_owned();
                Some(Input::Exchanged {
                    request: call.request,
                    exchange: Exchange::Lost { why },
                })
            }
        }
    }
}
