//! Numbered migrations. A migration that was released never changes; the next one corrects it.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::Fault;

/// Migration `n` of this list brings a journal from schema `n - 1` to `n` (`user_version`).
const MIGRATIONS: &[&str] = &[
    include_str!("schema/001.sql"),
    include_str!("schema/002.sql"),
];

/// The schema that this release writes. It opens every older one too, and no newer one.
pub const NEWEST: u32 = MIGRATIONS.len() as u32;

/// The schema of a journal; 0 for an empty file.
pub(crate) fn found(db: &Connection) -> Result<u32, Fault> {
    Ok(db.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Pages of a journal that is packed again after a migration, in memory: 64 MiB. In a larger one what
/// the migration freed is used up by and by.
const MAX_PACKED_PAGES: u32 = 16 * 1024;

/// Brings a journal of schema `from` to [`NEWEST`], each migration in a commit of its own: a stop in
/// between is made up for at the next start.
pub(crate) fn migrate(db: &mut Connection, from: u32) -> Result<(), Fault> {
    for (schema, sql) in (1..).zip(MIGRATIONS).skip(from as usize) {
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", schema)?;
        tx.commit()?;
    }
    let number = |pragma| db.query_row(pragma, [], |row| row.get::<_, u32>(0));
    let (free, all) = (
        number("PRAGMA freelist_count")?,
        number("PRAGMA page_count")?,
    );
    if from < NEWEST && free > 0 && all <= MAX_PACKED_PAGES {
        db.execute_batch("VACUUM")?;
    }
    Ok(())
}
