//! Whether the same card has just paid the same amount.

use rusqlite::{OptionalExtension, Row, Transaction};
use sealpoint_sale::{AttemptId, SaleId};
use sealpoint_wire::CardSummary;

use super::AttemptState;
use crate::error::{Fault, JournalError};
use crate::open::Journal;
use crate::row;

/// The same for each charge of one card: its token, or else what may be kept of it, which few other
/// cards share.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CardKey(String);

impl CardKey {
    /// Of this card.
    #[must_use]
    pub fn of(card: &CardSummary) -> Self {
        Self(match &card.token {
            Some(token) => token.to_string(),
            None => [&*card.truncated_pan, &card.label, &card.aid].join("|"),
        })
    }

    /// As a column holds it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A charge that may be the same one again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecentCharge {
    /// Its attempt.
    pub attempt: AttemptId,
    /// The sale that it pays for.
    pub sale: SaleId,
    /// Where it is: SENT, APPROVED or COMMITTED.
    pub state: AttemptState,
    /// When its intent was written, milliseconds since the Unix epoch.
    pub at_ms: i64,
}

impl Journal {
    /// The newest charge of this card and amount since then, by the till's clock, that has not been
    /// declined or undone.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    pub fn recent_charge(
        &self,
        card: &CardKey,
        amount_minor: i64,
        since_ms: i64,
    ) -> Result<Option<RecentCharge>, JournalError> {
        self.read("look for the same charge", |db| {
            let mut query = db.prepare_cached(
                "SELECT id, sale, state, at_ms FROM attempt
                 WHERE card_key = ?1 AND amount_minor = ?2 AND at_ms >= ?3
                     AND state IN ('SENT', 'APPROVED', 'COMMITTED')
                 ORDER BY number DESC LIMIT 1",
            )?;
            let found = query.query_row((card.as_str(), amount_minor, since_ms), recent);
            Ok(found.optional()?)
        })
    }
}

/// Keeps which card an attempt charges.
pub(super) fn keep(tx: &Transaction<'_>, number: i64, card: &CardKey) -> Result<(), Fault> {
    tx.prepare_cached("UPDATE attempt SET card_key = ?2 WHERE number = ?1")?
        .execute((number, card.as_str()))?;
    Ok(())
}

fn recent(row: &Row<'_>) -> rusqlite::Result<RecentCharge> {
    Ok(RecentCharge {
        attempt: AttemptId::new(row::uuid(row, "id")?),
        sale: SaleId::new(row::uuid(row, "sale")?),
        state: row::word(row, "state", AttemptState::from_word)?,
        at_ms: row.get("at_ms")?,
    })
}
