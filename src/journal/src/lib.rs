//! The terminal's database: basket, attempts, sales and outbox in one encrypted file.
//!
//! One [`Journal`] per till, one writer, synchronous. It has no clock: times are arguments. Every
//! method that writes is one commit, on the disk when it returns: SQLite in WAL mode with
//! `synchronous = FULL`, each page encrypted and authenticated by SQLCipher under a [`DbKey`].
//!
//! What a commit proves is a type. [`IntentWritten`], [`SentWritten`] and [`Journaled`] can be made
//! only here and only after the write, so what demands one (read the card, ask the acquirer, print)
//! cannot run before it.
//!
//! No card number comes here: of a card the journal holds a `CardSummary` and an `EmvResult`.
//!
//! | file | holds |
//! |---|---|
//! | `check` | a look at every page of a journal that no till has open |
//! | `commit` | a read, a commit, a commit that erases, and the log |
//! | `open` | opening: key, lock, integrity, identity |
//! | `schema` | numbered migrations |
//! | `key` | the database key and its file |
//! | `basket` | the open basket and the parked ones |
//! | `attempt` | attempts to charge a card, and the ways they may go; the same charge again |
//! | `advice` | what the acquirer is told of charges without it, first in, first out |
//! | `restart` | what a start does about attempts that a stop left open |
//! | `restored` | what was open in the backup that a journal was restored from |
//! | `unresolved` | charges whose fate is open |
//! | `work` | what a person has to settle |
//! | `clock` | the latest time: whether the clock was set back |
//! | `sale` | the one commit of a sale; receipts and totals |
//! | [`backup`] | backups: taken while a till runs, proved, restored |
//! | [`inspect`] | every page and value, deciphered, for a search that finds nothing |
//! | `pages` | pages on the disk, looked at a few at a time while the till runs |
//! | `outbox` | records on their way to the collector |

/// Name of the journal in a till's state folder.
pub const JOURNAL_FILE: &str = "journal.db";
/// Name of its key beside it, where the system has no credential: in a demo.
pub const KEY_FILE: &str = "db.key";

mod advice;
mod attempt;
pub mod backup;
mod basket;
mod check;
mod clock;
mod commit;
mod error;
pub mod inspect;
mod key;
mod open;
mod outbox;
mod pages;
mod restart;
mod restored;
mod row;
mod sale;
mod schema;
#[cfg(test)]
mod tests;
mod unresolved;
mod work;

pub use advice::OfflineUsed;
pub use attempt::{
    AttemptState, CardKey, Intent, IntentWritten, OfflineCharge, RecentCharge, SentWritten,
};
pub use basket::{Draft, MAX_PARKED, MAX_TITLE, Parked};
pub use check::{Checked, check};
pub use clock::MAX_BEHIND_MS;
pub use error::JournalError;
pub use key::{CREDENTIAL, DbKey, KEY_LEN, KeyFileError};
pub use open::Journal;
pub use outbox::{
    AckEffect, HeldRecord, MAX_OFFER_BYTES, MAX_OUTBOX, MAX_OUTBOX_FOR_CARDS, QueueFigures,
};
pub use pages::MAX_SLICE;
pub use restart::{AttemptRow, Restored};
pub use sale::{Journaled, MAX_CASHIER, MAX_RECEIPT_TEXT, SaleCommit, ShiftTotals, StoredReceipt};
pub use schema::NEWEST as SCHEMA;
pub use unresolved::Unresolved;
pub use work::{MAX_NOTE, MAX_WHO, WorkItem, WorkKind};
