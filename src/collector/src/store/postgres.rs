//! PostgreSQL: for a chain, with several collectors on one database.

use std::collections::HashMap;
use std::error::Error;

use postgres::error::SqlState;
use postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use postgres::{Client, Statement};

use super::months::Month;
use super::sql::{Cell, Isolation, Row, Value};
use super::target::PostgresTarget;
use super::{OpenError, StoreError, postgres_set_up};

/// Statements that are kept prepared on a connection.
const KEPT_STATEMENTS: usize = 256;

/// A connection, or none after it broke; the next step dials again.
pub(crate) struct Link {
    target: PostgresTarget,
    client: Option<Client>,
    prepared: HashMap<String, Statement>,
    /// A statement of this step failed, so that PostgreSQL would turn a `COMMIT` into a rollback.
    spoiled: bool,
    /// The month that was there when this connection stored last.
    month: Option<Month>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self, ty) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(value), &Type::INT8) => value.to_sql(ty, out),
            (Self::Int(value), &Type::INT4) => i32::try_from(*value)?.to_sql(ty, out),
            (Self::Text(value), &(Type::TEXT | Type::VARCHAR | Type::NAME)) => {
                value.to_sql(ty, out)
            }
            (Self::Bytes(value), &Type::BYTEA) => value.to_sql(ty, out),
            _ => Err(format!("a parameter of type {ty} was given as {self:?}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        // `to_sql` refuses what does not fit.
        true
    }

    to_sql_checked!();
}

impl Link {
    /// Dials, checks that the server keeps what it acknowledges, and brings the tables to this
    /// release's version.
    pub(super) fn open(target: &PostgresTarget) -> Result<Self, OpenError> {
        let mut client = target.connect()?;
        postgres_set_up::check_durable(&mut client, target)?;
        postgres_set_up::migrate(&mut client, target)?;
        Ok(Self {
            target: target.clone(),
            client: Some(client),
            prepared: HashMap::new(),
            spoiled: false,
            month: None,
        })
    }

    /// A link that dials with its first step.
    pub(super) fn later(target: &PostgresTarget) -> Self {
        Self {
            target: target.clone(),
            client: None,
            prepared: HashMap::new(),
            spoiled: false,
            month: None,
        }
    }

    /// Begins a step; dials again if the connection has broken meanwhile.
    pub(super) fn begin(&mut self, isolation: Isolation) -> Result<(), StoreError> {
        self.spoiled = false;
        let sql = match isolation {
            Isolation::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            Isolation::ReadCommitted => "BEGIN ISOLATION LEVEL READ COMMITTED",
        };
        if self.client.is_some() {
            match self.command(sql) {
                Err(_) if self.client.is_none() => {}
                begun => return begun,
            }
        }
        self.dial()?;
        // What failed was the connection, before the step had begun.
        self.spoiled = false;
        self.command(sql)
    }

    /// Commits the step.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        if self.spoiled {
            return Err(StoreError::Damaged("a step that went on after an error"));
        }
        self.command("COMMIT")
    }

    fn dial(&mut self) -> Result<(), StoreError> {
        let unavailable = |error: OpenError| StoreError::Unavailable(error.to_string());
        let mut client = self.target.connect().map_err(unavailable)?;
        postgres_set_up::check_durable(&mut client, &self.target).map_err(unavailable)?;
        self.prepared.clear();
        self.client = Some(client);
        Ok(())
    }

    /// Runs a statement without parameters that is no query: `BEGIN`, `COMMIT`.
    pub(super) fn command(&mut self, sql: &str) -> Result<(), StoreError> {
        let done = self.client()?.batch_execute(sql);
        self.noted(done)
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let statement = self.prepare(sql)?;
        let parameters = parameters(values);
        let done = self.client()?.execute(&statement, &parameters);
        self.noted(done)
    }

    pub(super) fn rows(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepare(sql)?;
        let parameters = parameters(values);
        let done = self.client()?.query(&statement, &parameters);
        let rows = self.noted(done)?;
        rows.iter().map(read).collect()
    }

    /// Makes the partition of a moment's month, where a clock or a long run has left the months
    /// behind that were made ahead.
    pub(super) fn make_month(&mut self, at_ms: i64) -> Result<(), StoreError> {
        let month = Month::of(at_ms);
        if self.month == Some(month) {
            return Ok(());
        }
        let there = self.rows(
            "SELECT 1 FROM pg_catalog.pg_class WHERE relname = ?1",
            &[Value::Text(&month.table())],
        )?;
        if there.is_empty() && self.is_partitioned()? {
            self.command(&month.create())?;
        }
        self.month = Some(month);
        Ok(())
    }

    fn is_partitioned(&mut self) -> Result<bool, StoreError> {
        let rows = self.rows("SELECT partitioned FROM store WHERE one = 1", &[])?;
        rows.first().map_or(Ok(false), |row| row.flag(0))
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let done = self.client()?.prepare(&sql.replace('?', "$"));
        let statement = self.noted(done)?;
        if self.prepared.len() >= KEPT_STATEMENTS {
            self.prepared.clear();
        }
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn client(&mut self) -> Result<&mut Client, StoreError> {
        self.client
            .as_mut()
            .ok_or_else(|| StoreError::Unavailable("the connection broke".to_owned()))
    }

    /// Lets a broken connection go.
    fn noted<T>(&mut self, done: Result<T, postgres::Error>) -> Result<T, StoreError> {
        done.map_err(|error| {
            self.spoiled = true;
            let broken = self.client.as_ref().is_none_or(Client::is_closed);
            if broken {
                self.client = None;
                self.prepared.clear();
            }
            explain(&error, broken)
        })
    }
}

fn explain(error: &postgres::Error, broken: bool) -> StoreError {
    if broken {
        return StoreError::Unavailable(error.to_string());
    }
    let Some(code) = error.code() else {
        return StoreError::Postgres(error.to_string());
    };
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        return StoreError::Conflict;
    }
    // The server's sentence; its detail, which may quote values, stays out.
    let said = error.as_db_error().map_or("", |error| error.message());
    StoreError::Postgres(format!("{said}, SQLSTATE {}", code.code()))
}

fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}

fn read(row: &postgres::Row) -> Result<Row, StoreError> {
    let wrong = |_| StoreError::Damaged("a column of another type");
    let cells = row.columns().iter().enumerate().map(|(at, column)| {
        let cell = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(at).map(|v| v.map(Cell::Int)),
            Type::INT4 => row
                .try_get::<_, Option<i32>>(at)
                .map(|v| v.map(|v| Cell::Int(v.into()))),
            Type::BOOL => row
                .try_get::<_, Option<bool>>(at)
                .map(|v| v.map(|v| Cell::Int(v.into()))),
            Type::BYTEA => row.try_get(at).map(|v: Option<_>| v.map(Cell::Bytes)),
            _ => row.try_get(at).map(|v: Option<_>| v.map(Cell::Text)),
        };
        cell.map(|cell| cell.unwrap_or(Cell::Null)).map_err(wrong)
    });
    Ok(Row(cells.collect::<Result<_, _>>()?))
}
