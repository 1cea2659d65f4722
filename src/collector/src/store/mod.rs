//! The collector's store: SQLite for one collector, PostgreSQL for a chain.
//!
//! Callers hand a closure to [`Store::run`]. Each runs whole, in a transaction of its own, so that
//! every check and the write that it guards are one step, and its result comes back once it is
//! durable. On SQLite one thread runs them one after the other and commits together what waits
//! together. On PostgreSQL several run at a time, serialisable, and one that met another is
//! repeated: closures are `Fn` and touch nothing but the database.
//!
//! Operations are written once, over [`Database`]: see `sql.rs` for the dialect, `schema.rs` for
//! the tables. Several collectors share one PostgreSQL, so nothing is decided from memory.

mod advices;
mod alarms;
mod attempts;
mod attestation;
mod days;
mod enrolment;
mod error;
mod months;
mod pass_file;
mod postgres;
mod postgres_set_up;
mod postgres_tls;
mod push;
mod quarantine;
mod queue;
mod reversals;
mod rows;
mod sales;
mod schema;
mod sink;
mod sql;
mod sqlite;
mod target;
mod updates;
mod views;
mod work;

use std::sync::{Arc, Mutex, RwLock};
use std::thread;

use tokio::sync::{mpsc, oneshot};

pub use advices::Advise;
pub use alarms::MAX_ALARMS;
pub use attempts::{Asked, Kept, Traced};
pub use attestation::{Attested, AttestedView, Challenge, ReferenceView};
pub use days::{Behind, DayView};
pub use enrolment::{
    Admission, CODE_LIFE_MS, CertificateView, MAX_MISSES, RENEWABLE_MS, Redeemed, Shown, TillView,
};
pub use error::{OpenError, StoreError, StoreHealth};
pub use push::{PushReport, Quarantine};
pub use quarantine::{QuarantineView, Released};
pub use reversals::{ALARM_TRIES, Acknowledged, Inquired, Undo};
pub use sink::{Claim, SinkLag};
pub use sql::{Database, Isolation, Row, Value};
pub use target::{PostgresTarget, Target};
pub use updates::ImageView;
pub use views::{AlarmView, SaleView, TerminalView};
pub use work::{Closed, MAX_NOTE, WorkItem};

use queue::{Job, MAX_WAITING, Step};

/// A handle on the store's threads; clones share it.
#[derive(Clone)]
pub struct Store {
    jobs: mpsc::Sender<Box<dyn Job>>,
    health: Arc<StoreHealth>,
}

impl Store {
    /// Opens or makes the store and starts its threads. On SQLite, attempts that were in flight
    /// when the last collector ended become UNKNOWN.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong and what to do.
    pub fn open(target: &Target) -> Result<Self, OpenError> {
        Self::start(target, true)
    }

    /// The same for a command that works beside a collector, for a moment.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong and what to do.
    pub fn visit(target: &Target) -> Result<Self, OpenError> {
        Self::start(target, false)
    }

    fn start(target: &Target, alone: bool) -> Result<Self, OpenError> {
        let (jobs, waiting) = mpsc::channel::<Box<dyn Job>>(MAX_WAITING);
        let health = Arc::new(StoreHealth::default());
        match target {
            Target::Sqlite(path) => {
                let link = sqlite::Link::open(path, alone)?;
                let health = Arc::clone(&health);
                spawn(0, move || queue::write_to_file(link, waiting, &health))?;
            }
            Target::Postgres(server) => {
                let mut first = Some(open_apart(server)?);
                let waiting = Arc::new(Mutex::new(waiting));
                let calm = Arc::new(RwLock::new(()));
                for number in 0..u32::try_from(server.connections()).unwrap_or(1) {
                    let link = first
                        .take()
                        .unwrap_or_else(|| self::postgres::Link::later(server));
                    let (waiting, health) = (Arc::clone(&waiting), Arc::clone(&health));
                    let calm = Arc::clone(&calm);
                    spawn(number, move || {
                        queue::write_to_server(link, number, &waiting, &calm, &health);
                    })?;
                }
            }
        }
        Ok(Self { jobs, health })
    }

    /// Runs one step and gives its result once it is durable. Waits for a place in the queue. The
    /// step runs to its end even if the caller goes away.
    ///
    /// # Errors
    /// What the step gives, or why it could not be committed; nothing of it is stored then, unless
    /// the connection broke within the commit ([`StoreError::Unavailable`]).
    pub async fn run<T: Send + 'static>(
        &self,
        step: impl Fn(&mut Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run_with(Isolation::Serializable, step).await
    }

    /// The same under another isolation.
    ///
    /// # Errors
    /// See [`Store::run`].
    pub async fn run_with<T: Send + 'static>(
        &self,
        isolation: Isolation,
        step: impl Fn(&mut Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (job, result) = job(step, isolation);
        self.jobs.send(job).await.map_err(|_| StoreError::Stopped)?;
        result.await.map_err(|_| StoreError::Stopped)?
    }

    /// The same, but gives up at once if the queue is full: back-pressure for what can be sent
    /// again.
    ///
    /// # Errors
    /// [`StoreError::Busy`], and as [`Store::run`].
    pub async fn offer<T: Send + 'static>(
        &self,
        isolation: Isolation,
        step: impl Fn(&mut Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (job, result) = job(step, isolation);
        self.jobs.try_send(job).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
        })?;
        result.await.map_err(|_| StoreError::Stopped)?
    }

    /// Steps that wait for a thread.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.jobs.max_capacity() - self.jobs.capacity()
    }

    /// What went wrong since the start.
    #[must_use]
    pub fn health(&self) -> &StoreHealth {
        &self.health
    }
}

/// On a thread of its own, for the client waits in a runtime of its own, which may not be within
/// the caller's.
fn open_apart(server: &PostgresTarget) -> Result<self::postgres::Link, OpenError> {
    let server = server.clone();
    let opening = thread::Builder::new()
        .name("store-open".to_owned())
        .spawn(move || self::postgres::Link::open(&server))
        .map_err(OpenError::Thread)?;
    opening
        .join()
        .map_err(|_| OpenError::Store(StoreError::Stopped))?
}

fn job<T: Send + 'static>(
    step: impl Fn(&mut Database) -> Result<T, StoreError> + Send + 'static,
    isolation: Isolation,
) -> (Box<dyn Job>, oneshot::Receiver<Result<T, StoreError>>) {
    let (give, result) = oneshot::channel();
    let job = Step {
        step,
        isolation,
        kept: None,
        give,
    };
    (Box::new(job), result)
}

fn spawn(number: u32, work: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
    thread::Builder::new()
        .name(format!("store-{number}"))
        .spawn(work)
        .map(drop)
        .map_err(OpenError::Thread)
}
