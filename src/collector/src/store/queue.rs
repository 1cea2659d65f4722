//! The threads that run steps: one writer for SQLite, which puts what waits into one commit, and
//! several for PostgreSQL, which repeat a step that met another.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::sql::{Database, Engine, Isolation};
use super::{StoreError, StoreHealth, postgres, sqlite};

/// At most this many steps wait for the database.
pub(super) const MAX_WAITING: usize = 256;
/// At most this many steps share one commit of SQLite's.
const MAX_TOGETHER: usize = 64;
/// How often PostgreSQL repeats a step that met another.
const TRIES: u32 = 20;
/// After so many repeats a step has this collector's connections to itself.
const PATIENT_TRIES: u32 = 4;
/// Grows with each repeat, and differs by thread, so that two do not meet for ever.
const PAUSE: Duration = Duration::from_millis(2);

/// A step that waits, with the one who waits for it.
pub(super) trait Job: Send {
    fn isolation(&self) -> Isolation;
    /// Does the step and keeps its result. May be called again.
    fn run(&mut self, db: &mut Database) -> Result<(), StoreError>;
    /// Gives the kept result, once it is durable, or why there is none.
    fn end(self: Box<Self>, done: Result<(), StoreError>);
}

/// A closure as a job.
pub(super) struct Step<T, F> {
    pub(super) step: F,
    pub(super) isolation: Isolation,
    pub(super) kept: Option<T>,
    pub(super) give: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Step<T, F>
where
    T: Send + 'static,
    F: Fn(&mut Database) -> Result<T, StoreError> + Send,
{
    fn isolation(&self) -> Isolation {
        self.isolation
    }

    fn run(&mut self, db: &mut Database) -> Result<(), StoreError> {
        self.kept = Some((self.step)(db)?);
        Ok(())
    }

    fn end(self: Box<Self>, done: Result<(), StoreError>) {
        let Self { kept, give, .. } = *self;
        let result = done.and_then(|()| kept.ok_or(StoreError::Stopped));
        // Nobody waits any more: the step is done all the same.
        let _ = give.send(result);
    }
}

pub(super) type Waiting = mpsc::Receiver<Box<dyn Job>>;

/// SQLite's writer: runs until nobody can send any more.
pub(super) fn write_to_file(link: sqlite::Link, mut waiting: Waiting, health: &StoreHealth) {
    let mut db = Database {
        engine: Engine::Sqlite(link),
    };
    while let Some(first) = waiting.blocking_recv() {
        let mut jobs = vec![first];
        while jobs.len() < MAX_TOGETHER {
            match waiting.try_recv() {
                Ok(job) => jobs.push(job),
                Err(_) => break,
            }
        }
        commit_together(&mut db, jobs, health);
    }
}

/// Runs the jobs in one commit, each in a savepoint of its own: one that fails undoes itself alone.
fn commit_together(db: &mut Database, jobs: Vec<Box<dyn Job>>, health: &StoreHealth) {
    let Engine::Sqlite(_) = db.engine else { return };
    let mut done = Vec::with_capacity(jobs.len());
    let began = command(db, "BEGIN IMMEDIATE");
    let mut failed = began.err();
    for mut job in jobs {
        if let Some(error) = &failed {
            job.end(Err(error.again()));
            continue;
        }
        match in_savepoint(db, &mut *job) {
            Ok(()) => done.push(job),
            Err(error) => {
                health.failed(&error);
                if has_given_up(db) {
                    // A full disk or a failed write took the other steps with it.
                    failed = Some(error.again());
                }
                job.end(Err(error));
            }
        }
    }
    if failed.is_none() {
        failed = command(db, "COMMIT").err();
    }
    if let Some(error) = &failed {
        health.failed(error);
        if !has_given_up(db) {
            let _ = command(db, "ROLLBACK");
        }
    }
    for job in done {
        job.end(failed.as_ref().map_or(Ok(()), |error| Err(error.again())));
    }
}

fn in_savepoint(db: &mut Database, job: &mut dyn Job) -> Result<(), StoreError> {
    command(db, "SAVEPOINT step")?;
    match job.run(db) {
        Ok(()) => command(db, "RELEASE step"),
        Err(error) => {
            if !has_given_up(db) {
                command(db, "ROLLBACK TO step")?;
                command(db, "RELEASE step")?;
            }
            Err(error)
        }
    }
}

fn command(db: &mut Database, sql: &str) -> Result<(), StoreError> {
    match &mut db.engine {
        Engine::Sqlite(link) => link.command(sql),
        Engine::Postgres(link) => link.command(sql),
    }
}

fn has_given_up(db: &Database) -> bool {
    match &db.engine {
        Engine::Sqlite(link) => link.has_given_up(),
        Engine::Postgres(_) => false,
    }
}

/// What several threads take from.
pub(super) type SharedWaiting = Arc<Mutex<Waiting>>;

/// One of PostgreSQL's threads: runs until nobody can send any more.
pub(super) fn write_to_server(
    link: postgres::Link,
    number: u32,
    waiting: &SharedWaiting,
    calm: &RwLock<()>,
    health: &StoreHealth,
) {
    let mut db = Database {
        engine: Engine::Postgres(Box::new(link)),
    };
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(mut job) = next else { return };
        let mut tries = 0;
        let done = loop {
            // Steps share the lock, and one that met others too often takes it for itself.
            let done = if tries < PATIENT_TRIES {
                let _shared = calm.read().unwrap_or_else(PoisonError::into_inner);
                commit_alone(&mut db, &mut *job)
            } else {
                let _alone = calm.write().unwrap_or_else(PoisonError::into_inner);
                commit_alone(&mut db, &mut *job)
            };
            match done {
                Err(StoreError::Conflict) if tries < TRIES => {
                    tries += 1;
                    health.retried();
                    thread::sleep(PAUSE * tries + PAUSE * number / 4);
                }
                done => break done,
            }
        };
        if let Err(error) = &done {
            health.failed(error);
        }
        job.end(done);
    }
}

fn commit_alone(db: &mut Database, job: &mut dyn Job) -> Result<(), StoreError> {
    if let Engine::Postgres(link) = &mut db.engine {
        link.begin(job.isolation())?;
    }
    let done = job.run(db);
    let Engine::Postgres(link) = &mut db.engine else {
        return done;
    };
    let done = done.and_then(|()| link.commit());
    if done.is_err() {
        // A connection that broke has rolled back by itself.
        let _ = link.command("ROLLBACK");
    }
    done
}
