//! What a PostgreSQL must be set to, and its tables.

use postgres::error::SqlState;
use postgres::{Client, Error, Transaction};

use super::OpenError;
use super::months::{self, Months};
use super::schema::{STEPS, VERSION, for_postgres};
use super::target::PostgresTarget;

/// What each setting must be, so that an acknowledged commit outlives a power cut.
const DURABLE: &[(&str, &[&str])] = &[
    ("fsync", &["on"]),
    ("full_page_writes", &["on"]),
    ("synchronous_commit", &["on", "remote_apply"]),
    ("server_encoding", &["UTF8"]),
];
/// How often a start is tried again when another collector makes the same tables at the moment.
const TRIES: u32 = 10;
/// What is left away on a cluster without partitions.
const PARTITIONED: &str = " PARTITION BY RANGE (received_ms)";
/// Tables grow from nothing: a plan that was kept from their first rows would read them whole for
/// ever. A cluster that does not know the setting plans in its own way.
const CUSTOM_PLANS: &str = "SET plan_cache_mode = force_custom_plan";
/// Bounds on a step, so that a lost server does not hold a thread for ever.
const LIMITS: &str = "SET statement_timeout = '30s'; SET lock_timeout = '15s';
    SET idle_in_transaction_session_timeout = '30s'";

/// Refuses a server that acknowledges before it has written. A cluster that does not know a
/// setting of PostgreSQL's keeps to its own rules.
pub(super) fn check_durable(client: &mut Client, target: &PostgresTarget) -> Result<(), OpenError> {
    let explain = |error: Error| target.explain(&error);
    for (name, good) in DURABLE {
        let value: String = match client.query_one(&format!("SHOW {name}"), &[]) {
            Ok(row) => row.get(0),
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_OBJECT) => continue,
            Err(error) => return Err(explain(error)),
        };
        if !good.iter().any(|good| good.eq_ignore_ascii_case(&value)) {
            return Err(OpenError::NotDurable {
                store: target.shown().to_owned(),
                setting: name,
                value,
                good: good[0],
            });
        }
    }
    client.batch_execute(LIMITS).map_err(explain)?;
    match client.batch_execute(CUSTOM_PLANS) {
        Err(error) if error.code() != Some(&SqlState::UNDEFINED_OBJECT) => Err(explain(error)),
        _ => Ok(()),
    }
}

/// Makes the tables, or brings those of an earlier release up. Several collectors may start at
/// once: one does it, the others find it done.
pub(super) fn migrate(client: &mut Client, target: &PostgresTarget) -> Result<(), OpenError> {
    let mut tries = 0;
    loop {
        match try_to_migrate(client, target) {
            Ok(done) => return done,
            Err(error) if tries < TRIES && is_a_race(&error) => {
                tries += 1;
                client
                    .batch_execute("ROLLBACK")
                    .map_err(|error| target.explain(&error))?;
            }
            Err(error) => return Err(target.explain(&error)),
        }
    }
}

fn is_a_race(error: &Error) -> bool {
    error.code().is_some_and(|code| {
        [
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::UNIQUE_VIOLATION,
            SqlState::DUPLICATE_TABLE,
            SqlState::DUPLICATE_OBJECT,
        ]
        .contains(code)
    })
}

fn try_to_migrate(
    client: &mut Client,
    target: &PostgresTarget,
) -> Result<Result<(), OpenError>, Error> {
    client.batch_execute(
        "SET client_min_messages = warning;
         CREATE TABLE IF NOT EXISTS store (one BIGINT PRIMARY KEY CHECK (one = 1), version BIGINT NOT NULL,
             partitioned BIGINT NOT NULL);
         INSERT INTO store (one, version, partitioned) VALUES (1, 0, 0) ON CONFLICT (one) DO NOTHING",
    )?;
    let mut transaction = client.transaction()?;
    let version: i64 = transaction
        .query_one("SELECT version FROM store WHERE one = 1 FOR UPDATE", &[])?
        .get(0);
    if version > VERSION {
        return Ok(Err(OpenError::Newer(target.shown().to_owned())));
    }
    for (before, step) in (0..).zip(STEPS) {
        if before >= version {
            for sql in step.postgres {
                make_partitioned(&mut transaction, sql)?;
            }
            for sql in step.both {
                transaction.batch_execute(&for_postgres(sql))?;
            }
        }
    }
    transaction.execute("UPDATE store SET version = $1 WHERE one = 1", &[&VERSION])?;
    make_months(&mut transaction)?;
    transaction.commit()?;
    Ok(Ok(()))
}

/// Makes tables; on a cluster that knows no declarative partitions, without these.
fn make_partitioned(transaction: &mut Transaction<'_>, sql: &str) -> Result<(), Error> {
    let mut attempt = transaction.transaction()?;
    match attempt.batch_execute(sql) {
        Ok(()) => {
            attempt.batch_execute("UPDATE store SET partitioned = 1 WHERE one = 1")?;
            attempt.commit()
        }
        Err(error)
            if error.code().is_some_and(|code| {
                [SqlState::SYNTAX_ERROR, SqlState::FEATURE_NOT_SUPPORTED].contains(code)
            }) =>
        {
            attempt.rollback()?;
            transaction.batch_execute(&sql.replace(PARTITIONED, ""))
        }
        Err(error) => Err(error),
    }
}

/// Makes this month's partition and those of the next ones.
fn make_months(transaction: &mut Transaction<'_>) -> Result<(), Error> {
    let partitioned: i64 = transaction
        .query_one("SELECT partitioned FROM store WHERE one = 1", &[])?
        .get(0);
    if partitioned == 1 {
        for month in Months::from(crate::now_ms()).take(months::AHEAD) {
            transaction.batch_execute(&month.create())?;
        }
    }
    Ok(())
}
