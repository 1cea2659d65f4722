//! The open basket and the parked ones.

use rusqlite::{OptionalExtension, Row, Transaction};
use sealpoint_sale::SaleId;
use sealpoint_wire::record::MAX_BODY;

use crate::error::{Fault, JournalError};
use crate::open::Journal;
use crate::{attempt, row};

/// At most this many sales are parked.
pub const MAX_PARKED: u32 = 50;
/// At most this many bytes of a parked sale's title.
pub const MAX_TITLE: usize = 200;

/// The open basket as it was saved last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// The sale.
    pub sale: SaleId,
    /// Its basket as JSON, at most [`MAX_BODY`] bytes.
    pub body: String,
}

/// A sale that was put aside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parked {
    /// The sale.
    pub id: SaleId,
    /// When it was parked, milliseconds since the Unix epoch.
    pub parked_at_ms: i64,
    /// What the cashier knows it by, at most [`MAX_TITLE`] bytes.
    pub title: String,
    /// Its basket as JSON, at most [`MAX_BODY`] bytes.
    pub body: String,
}

impl Journal {
    /// Saves the open basket of `sale` over its last state.
    ///
    /// # Errors
    /// [`JournalError`] if it is too large or not JSON, if another sale is open, if the sale was
    /// committed already, or if it cannot be written.
    pub fn save_draft(&mut self, sale: SaleId, draft: &str) -> Result<(), JournalError> {
        self.commit("save the basket", |tx| put_draft(tx, sale, draft))
    }

    /// Forgets the open basket; nothing happens if there is none.
    ///
    /// # Errors
    /// [`JournalError`] if a card has paid or may have paid for it, or if it cannot be written.
    pub fn clear_draft(&mut self) -> Result<(), JournalError> {
        self.commit("clear the basket", |tx| {
            if let Some(sale) = open_sale(tx)? {
                attempt::refuse_unresolved(tx, sale)?;
                attempt::refuse_paid(tx, sale)?;
                drop_draft(tx, sale)?;
            }
            Ok(())
        })
    }

    /// Parks a sale; if it is the open one, its basket is closed in the same commit. What a card
    /// has paid for it stays paid: the parked basket holds the tender.
    ///
    /// # Errors
    /// [`JournalError`] if [`MAX_PARKED`] sales are parked, if the sale is parked or committed
    /// already, has an unresolved attempt, is too large or not JSON, or if it cannot be written.
    pub fn park(&mut self, parked: &Parked) -> Result<(), JournalError> {
        row::bounded("parked sale's title", &parked.title, MAX_TITLE)?;
        self.commit("park the sale", |tx| {
            check_basket(tx, parked.id, &parked.body)?;
            attempt::refuse_unresolved(tx, parked.id)?;
            if row::exists(
                tx,
                "SELECT 1 FROM parked WHERE sale = ?1",
                [parked.id.as_bytes()],
            )? {
                return Err(JournalError::AlreadyParked(parked.id).into());
            }
            let count: u32 = tx.query_row("SELECT count(*) FROM parked", [], |row| row.get(0))?;
            if count >= MAX_PARKED {
                return Err(JournalError::ParkedFull.into());
            }
            tx.prepare_cached("INSERT INTO parked VALUES (?1, ?2, ?3, ?4)")?
                .execute((
                    parked.id.as_bytes(),
                    parked.parked_at_ms,
                    &parked.title,
                    &parked.body,
                ))?;
            drop_draft(tx, parked.id)
        })
    }

    /// Makes a parked sale the open one: its parked row goes and its basket comes in one commit.
    ///
    /// # Errors
    /// [`JournalError`] if it is not parked, if another sale is open, or if it cannot be written.
    pub fn recall(&mut self, sale: SaleId) -> Result<Parked, JournalError> {
        self.commit("recall the sale", |tx| {
            if let Some(open) = open_sale(tx)? {
                return Err(JournalError::DraftOpen(open).into());
            }
            let parked = tx
                .prepare_cached("DELETE FROM parked WHERE sale = ?1 RETURNING *")?
                .query_row([sale.as_bytes()], parked_row)
                .optional()?
                .ok_or(JournalError::NotParked(sale))?;
            put_draft(tx, sale, &parked.body)?;
            Ok(parked)
        })
    }

    /// Forgets a parked sale.
    ///
    /// # Errors
    /// [`JournalError`] if it is not parked, if a card has paid for it (recall and void it), or if
    /// it cannot be written.
    pub fn discard(&mut self, sale: SaleId) -> Result<(), JournalError> {
        self.commit("discard the parked sale", |tx| {
            attempt::refuse_paid(tx, sale)?;
            match drop_parked(tx, sale)? {
                0 => Err(JournalError::NotParked(sale).into()),
                _ => Ok(()),
            }
        })
    }

    pub(crate) fn draft(&self) -> Result<Option<Draft>, JournalError> {
        self.read("read the basket", |db| {
            let draft = db.query_row("SELECT sale, body FROM draft", [], |row| {
                Ok(Draft {
                    sale: SaleId::new(row::uuid(row, "sale")?),
                    body: row.get("body")?,
                })
            });
            Ok(draft.optional()?)
        })
    }

    pub(crate) fn parked(&self) -> Result<Vec<Parked>, JournalError> {
        self.read("read the parked sales", |db| {
            let mut query =
                db.prepare_cached("SELECT * FROM parked ORDER BY parked_at_ms, sale")?;
            let rows = query.query_map([], parked_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Saves the basket of `sale`, which must be the open one or the first.
pub(crate) fn put_draft(tx: &Transaction<'_>, sale: SaleId, body: &str) -> Result<(), Fault> {
    check_basket(tx, sale, body)?;
    match open_sale(tx)? {
        Some(open) if open != sale => return Err(JournalError::DraftOpen(open).into()),
        _ => {}
    }
    tx.prepare_cached(
        "INSERT INTO draft VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET sale = excluded.sale, body = excluded.body",
    )?
    .execute((sale.as_bytes(), body))?;
    Ok(())
}

/// Removes the basket of `sale` if it is the open one.
pub(crate) fn drop_draft(tx: &Transaction<'_>, sale: SaleId) -> Result<(), Fault> {
    tx.prepare_cached("DELETE FROM draft WHERE sale = ?1")?
        .execute([sale.as_bytes()])?;
    Ok(())
}

/// Removes the parked row of `sale`; how many there were.
pub(crate) fn drop_parked(tx: &Transaction<'_>, sale: SaleId) -> Result<usize, Fault> {
    Ok(tx
        .prepare_cached("DELETE FROM parked WHERE sale = ?1")?
        .execute([sale.as_bytes()])?)
}

/// The sale whose basket is open.
pub(crate) fn open_sale(tx: &Transaction<'_>) -> Result<Option<SaleId>, Fault> {
    let mut query = tx.prepare_cached("SELECT sale FROM draft")?;
    Ok(query
        .query_row([], |row| row::uuid(row, "sale").map(SaleId::new))
        .optional()?)
}

/// Refuses to change a sale that was committed: a basket that came back would be paid twice.
pub(crate) fn refuse_committed(tx: &Transaction<'_>, sale: SaleId) -> Result<(), Fault> {
    match row::exists(tx, "SELECT 1 FROM sale WHERE id = ?1", [sale.as_bytes()])? {
        true => Err(JournalError::AlreadyCommitted(sale).into()),
        false => Ok(()),
    }
}

fn check_basket(tx: &Transaction<'_>, sale: SaleId, body: &str) -> Result<(), Fault> {
    row::json("basket", body, MAX_BODY)?;
    refuse_committed(tx, sale)
}

fn parked_row(row: &Row<'_>) -> rusqlite::Result<Parked> {
    Ok(Parked {
        id: SaleId::new(row::uuid(row, "sale")?),
        parked_at_ms: row.get("parked_at_ms")?,
        title: row.get("title")?,
        body: row.get("body")?,
    })
}
