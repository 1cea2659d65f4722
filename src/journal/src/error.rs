//! What the journal says when it cannot do something.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use sealpoint_sale::{AttemptId, SaleId};
use sealpoint_wire::{RecordId, TerminalId};

use crate::attempt::AttemptState;

/// Why the journal did not do it. Nothing of the call was written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The key opens something else.
    #[error(
        "The key file does not open the journal {0}. Put back the key file that belongs to it, or restore both from the same backup."
    )]
    WrongKey(PathBuf),
    /// The file is something else.
    #[error("The file {0} is not a journal. Move it away, or choose another state folder.")]
    NotAJournal(PathBuf),
    /// The journal was made by another terminal.
    #[error(
        "The journal {path} belongs to terminal {found}, not to {wanted}. Correct the terminal id in the configuration, or choose another state folder."
    )]
    OtherTerminal {
        /// The journal.
        path: PathBuf,
        /// The terminal that it belongs to.
        found: String,
        /// The terminal that wanted to open it.
        wanted: TerminalId,
    },
    /// The journal was written by a newer release.
    #[error(
        "The journal {path} was written by a newer release (schema {found}, this one knows {known}). Install that release again; nothing was changed."
    )]
    Newer {
        /// The journal.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest schema that this release knows.
        known: u32,
    },
    /// The file is damaged.
    #[error(
        "The journal {path} is damaged ({what}). Stop selling, keep a copy of the file, and restore the last backup."
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// What was found; never a value from a row.
        what: String,
    },
    /// Another process has it open.
    #[error(
        "The journal {0} is in use by another till. Stop that one first, or choose another state folder."
    )]
    InUse(PathBuf),
    /// A restore was stopped while it replaced the journal.
    #[error(
        "A restore was stopped while it replaced the journal {0}. Run `tillctl restore` again; what was there before lies beside it."
    )]
    HalfRestored(PathBuf),
    /// The file or its folder cannot be written.
    #[error(
        "The journal {0} cannot be written. Give its folder and file to the till's user, or mount the disk for writing."
    )]
    ReadOnly(PathBuf),
    /// The file or its folder cannot be reached.
    #[error(
        "The journal {0} cannot be opened. Check that its folder exists and belongs to the till's user."
    )]
    Unreachable(PathBuf),
    /// The disk is full.
    #[error(
        "The disk with the journal {0} is full, and nothing was written. Free some space, then do it again."
    )]
    DiskFull(PathBuf),
    /// The disk failed. What it holds is certain only after a new start.
    #[error(
        "The disk with the journal {path} failed ({what}). Stop the till, have the disk checked, and start again."
    )]
    DiskFailed {
        /// The journal.
        path: PathBuf,
        /// What SQLite said.
        what: String,
    },
    /// An earlier call met a failed or damaged disk, so nothing more is written.
    #[error(
        "The journal {0} met a failed disk before and writes nothing more. Stop the till, have the disk checked, and start again."
    )]
    Stopped(PathBuf),
    /// The database library cannot encrypt.
    #[error(
        "This build of the till cannot encrypt its journal. Install the release's own packages."
    )]
    NoCipher,
    /// SQLite refused for a reason that is not foreseen.
    #[error("The journal could not {doing} ({what}). Nothing was written; report this.")]
    Unforeseen {
        /// What was to be done.
        doing: &'static str,
        /// What SQLite said; never a value from a row.
        what: String,
    },

    /// A text is longer than its bound.
    #[error("The {what} has {bytes} bytes, more than the {max} that fit. Split the sale.")]
    TooLarge {
        /// What is too long.
        what: &'static str,
        /// Its bytes.
        bytes: usize,
        /// Its bound.
        max: usize,
    },
    /// A text that has to be JSON is not.
    #[error("The {0} is not JSON. Nothing was written; report this.")]
    NotJson(&'static str),
    /// An amount is outside its range, or a total would leave its own.
    #[error(
        "The {0} is outside the range that a till can hold. Split the sale, or close the shift."
    )]
    AmountOutOfRange(&'static str),
    /// The local time is not fourteen digits.
    #[error("The attempt's local time is not YYYYMMDDhhmmss. Set the till's clock and try again.")]
    BadLocalTime,
    /// More of a card number was offered than may be stored (PCI DSS 3.4.1).
    #[error(
        "The card summary holds more of the card number than may be stored, so it was refused. Take the card reader out of use and report this."
    )]
    TooMuchOfCard,

    /// The basket of another sale is open.
    #[error("Sale {0} is still open. Park, pay or void it first.")]
    DraftOpen(SaleId),
    /// The sale's basket was not saved before its attempt.
    #[error("Sale {0} has no saved basket to charge. Save the basket first.")]
    NoDraft(SaleId),
    /// There is no such parked sale.
    #[error("Sale {0} is not parked. Choose one from the list.")]
    NotParked(SaleId),
    /// The sale is parked already.
    #[error("Sale {0} is parked already. Recall it first.")]
    AlreadyParked(SaleId),
    /// There are as many parked sales as may be.
    #[error(
        "{} sales are parked, and no more fit. Recall one and finish it first.",
        crate::MAX_PARKED
    )]
    ParkedFull,

    /// The sale was committed before.
    #[error("Sale {0} is finished already. Start a new sale.")]
    AlreadyCommitted(SaleId),
    /// A record with this id exists.
    #[error("Record {0} exists already. Mint a new id; nothing was written.")]
    RecordExists(RecordId),
    /// An attempt with this id exists.
    #[error("Attempt {0} exists already. Mint a new id; nothing was written.")]
    AttemptExists(AttemptId),
    /// There is no such attempt.
    #[error("There is no attempt {0}. Write its intent first.")]
    UnknownAttempt(AttemptId),
    /// The attempt cannot go there from where it is.
    #[error(
        "Attempt {attempt} is {found} and cannot become {wanted}. Nothing was written; report this."
    )]
    IllegalStep {
        /// The attempt.
        attempt: AttemptId,
        /// Where it is.
        found: AttemptState,
        /// Where it was to go.
        wanted: AttemptState,
    },
    /// An attempt for the sale is not resolved, so nothing else may pay for, park or close it.
    #[error("Attempt {attempt} for sale {sale} is still {state}. Wait for its outcome first.")]
    Unresolved {
        /// The sale.
        sale: SaleId,
        /// Its attempt.
        attempt: AttemptId,
        /// Where the attempt is.
        state: AttemptState,
    },
    /// A card has paid for the sale, so its basket cannot just go away.
    #[error(
        "A card has paid for sale {0}. Finish it, or void it so that the card is given its money back."
    )]
    CardHasPaid(SaleId),
    /// The attempts in the commit are not the approved attempts of the sale.
    #[error(
        "The cards that paid for sale {0} are not the ones in its commit. Nothing was written; report this."
    )]
    OtherAttempts(SaleId),
    /// The card amount in the commit is not what its attempts charged, or a voided sale has money.
    #[error(
        "The amounts of sale {0} do not match what was charged. Nothing was written; report this."
    )]
    OtherAmounts(SaleId),
    /// There is no such open work item.
    #[error("There is no open work item {0}. Choose one from the list.")]
    NoWorkItem(u64),
    /// A text that has to be said is empty.
    #[error("The {0} is missing. Say it, for it is kept.")]
    Unsaid(&'static str),
    /// The receipt number is not the next one.
    #[error("Receipt number {given} is not the next one, {next}. Print again with {next}.")]
    ReceiptNumber {
        /// The number in the commit.
        given: u64,
        /// The number that is next.
        next: u64,
    },
    /// The outbox is full.
    #[error(
        "{0} records wait for the collector, and no more fit. Bring the link to the collector back."
    )]
    OutboxFull(u32),
}

/// An error inside a commit, before it has learnt the journal's path.
pub(crate) enum Fault {
    Sqlite(rusqlite::Error),
    Refused(JournalError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<JournalError> for Fault {
    fn from(error: JournalError) -> Self {
        Self::Refused(error)
    }
}

impl Fault {
    /// The error for the caller, with the place and what was being done.
    pub(crate) fn at(self, path: &Path, doing: &'static str) -> JournalError {
        let error = match self {
            Self::Refused(refused) => return refused,
            Self::Sqlite(error) => error,
        };
        let path = path.to_owned();
        let what = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                JournalError::Damaged { path, what }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalError::InUse(path),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => JournalError::ReadOnly(path),
            Some(ErrorCode::CannotOpen) => JournalError::Unreachable(path),
            Some(ErrorCode::DiskFull) => JournalError::DiskFull(path),
            Some(ErrorCode::SystemIoFailure) => JournalError::DiskFailed { path, what },
            Some(_) => JournalError::Unforeseen { doing, what },
            // Not from SQLite: a row did not hold what its column promises.
            None => JournalError::Damaged {
                path,
                what: format!("a row could not be read to {doing}"),
            },
        }
    }
}

impl JournalError {
    /// Whether what the disk holds is certain only after a new start. A failed fsync may be
    /// followed by one that claims success without writing.
    pub(crate) fn ends_writing(&self) -> bool {
        matches!(self, Self::DiskFailed { .. } | Self::Damaged { .. })
    }
}
