//! One face for both engines: statements with numbered parameters (`?1`), rows of plain values.
//!
//! Operations are written once, in what SQLite and PostgreSQL share: `ON CONFLICT`, `RETURNING`,
//! `coalesce`, `CASE`. Numbers are `BIGINT` there; a sum needs `CAST(sum(x) AS BIGINT)`.

use std::fmt;

use super::{StoreError, postgres, sqlite};

/// The database of one step; see [`super::Store::run`].
#[derive(Debug)]
pub struct Database {
    pub(super) engine: Engine,
}

#[derive(Debug)]
pub(super) enum Engine {
    Sqlite(sqlite::Link),
    Postgres(Box<postgres::Link>),
}

/// What a step may rely on where others run at the same time. SQLite has one writer anyway.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Isolation {
    /// As if steps ran one after the other.
    Serializable,
    /// Sees what others commit meanwhile: for steps that lock the rows that they decide on, and
    /// leave what must be unique to the database.
    ReadCommitted,
}

/// A statement's parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A number.
    Int(i64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// Its kind alone: values stay out of logs.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Int(_) => "Int",
            Self::Text(_) => "Text",
            Self::Bytes(_) => "Bytes",
        })
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Self::Bytes(value)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Parameters in their order, each by [`Value::from`].
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::store::Value::from($value)),*] };
}
pub(crate) use values;

/// A value of a row.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row of an answer; columns count from 0.
pub struct Row(pub(super) Vec<Cell>);

impl Row {
    /// A number; truth is 1.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the column holds something else. So with the others below.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.int_or_none(column)?.ok_or(WRONG)
    }

    /// A number or nothing.
    ///
    /// # Errors
    /// See [`Row::int`].
    pub fn int_or_none(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.0.get(column) {
            Some(Cell::Int(value)) => Ok(Some(*value)),
            Some(Cell::Null) => Ok(None),
            _ => Err(WRONG),
        }
    }

    /// A number that is never negative.
    ///
    /// # Errors
    /// See [`Row::int`].
    pub fn count(&self, column: usize) -> Result<u64, StoreError> {
        u64::try_from(self.int(column)?).map_err(|_| StoreError::Damaged("a negative count"))
    }

    /// Whether a condition held.
    ///
    /// # Errors
    /// See [`Row::int`].
    pub fn flag(&self, column: usize) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    /// Text.
    ///
    /// # Errors
    /// See [`Row::int`].
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.text_or_none(column)?.ok_or(WRONG)
    }

    /// Text or nothing.
    ///
    /// # Errors
    /// See [`Row::int`].
    pub fn text_or_none(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.0.get(column) {
            Some(Cell::Text(value)) => Ok(Some(value)),
            Some(Cell::Null) => Ok(None),
            _ => Err(WRONG),
        }
    }

    /// Bytes.
    ///
    /// # Errors
    /// See [`Row::int`].
    pub fn bytes(&self, column: usize) -> Result<&[u8], StoreError> {
        self.bytes_or_none(column)?.ok_or(WRONG)
    }

    /// Bytes or nothing.
    ///
    /// # Errors
    /// See [`Row::int`].
    pub fn bytes_or_none(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self.0.get(column) {
            Some(Cell::Bytes(value)) => Ok(Some(value)),
            Some(Cell::Null) => Ok(None),
            _ => Err(WRONG),
        }
    }

    /// Exactly `N` bytes.
    ///
    /// # Errors
    /// See [`Row::int`].
    pub fn array<const N: usize>(&self, column: usize) -> Result<[u8; N], StoreError> {
        self.bytes(column)?.try_into().map_err(|_| WRONG)
    }
}

const WRONG: StoreError = StoreError::Damaged("a column of another type");

impl Database {
    /// Runs a statement; gives how many rows it wrote.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        match &mut self.engine {
            Engine::Sqlite(link) => link.execute(sql, values),
            Engine::Postgres(link) => link.execute(sql, values),
        }
    }

    /// Runs a statement and gives its rows; give it a `LIMIT` unless the table is small.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn rows(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        match &mut self.engine {
            Engine::Sqlite(link) => link.rows(sql, values),
            Engine::Postgres(link) => link.rows(sql, values),
        }
    }

    /// Runs a statement that gives one row at most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn row(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values)?.into_iter().next())
    }

    /// Runs a statement that always gives one row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn the_row(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Row, StoreError> {
        self.row(sql, values)?
            .ok_or(StoreError::Damaged("a row that is always there is not"))
    }

    /// ` FOR UPDATE` where rows can be locked: put behind a `SELECT`.
    pub(super) const fn for_update(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite(_) => "",
            Engine::Postgres(_) => " FOR UPDATE",
        }
    }

    /// Whether the database answers and can be written: it locks and touches a row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn check(&mut self) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO terminal (name, currency, sales, voided, total_minor, cash_minor, card_minor)
             SELECT '', '', 0, 0, 0, 0, 0 WHERE 1 = 0",
            &[],
        )
        .map(drop)
    }
}
