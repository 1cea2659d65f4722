//! The ledger: one JSON object per line, appended and synced before the host answers.
//!
//! It is what "captured at most once" is checked against: the captured attempts are those with an
//! `approved` or `advised` line and no `reversed` line. It holds truncated PANs only, and of a sealed card
//! nothing but the serial number of its key.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXUPPER;
use sealpoint_wire::{Bytes, HostAnswer, HostDecision, KeyId, SealedCard};
use serde::{Deserialize, Serialize};

use crate::issuer::Used;
use crate::request::Trace;

/// The longest line in bytes.
const MAX_LINE: u64 = 4096;

/// What happened to an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Authorised, once.
    Approved,
    /// Declined.
    Declined,
    /// Captured by an advice, once.
    Advised,
    /// An advice was declined.
    AdviceDeclined,
    /// The same authorisation or advice came again and got the same answer.
    Repeated,
    /// Undone, the first time that a reversal came.
    Reversed,
    /// A reversal for an attempt that never came; should it come later, it is declined.
    ReversedUnknown,
}

/// One line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Milliseconds since the Unix epoch by the host's clock.
    pub at_ms: i64,
    /// What happened.
    pub event: Event,
    /// To which attempt.
    #[serde(flatten)]
    pub trace: Trace,
    /// The PAN, at most its first six and last four digits, if the card could be opened.
    pub truncated_pan: Option<String>,
    /// What was answered; a reversal is answered `00`.
    pub response_code: String,
    /// Approval code, if approved.
    pub approval_code: Option<String>,
    /// What was approved, minor units, if that is a part of what was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_minor: Option<i64>,
    /// Issuer authentication data (tag 91), so that a repeat gets the same after a restart.
    pub issuer_authentication: Bytes,
    /// Issuer scripts, for the same reason.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub scripts: Bytes,
    /// How far the counter of the genuine card had come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Used>,
    /// Which DUKPT key the card was sealed under, if its seal held: no key is taken twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<KeySerial>,
}

/// Names one DUKPT key among all.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct KeySerial {
    /// The key set.
    pub key_id: KeyId,
    /// The key serial number, hexadecimal.
    pub ksn: String,
}

impl KeySerial {
    /// The key that sealed a card; none if it was sealed to the public key.
    #[must_use]
    pub fn of(sealed: &SealedCard) -> Option<Self> {
        match sealed {
            SealedCard::Hpke(_) => None,
            SealedCard::Dukpt(sealed) => Some(Self {
                key_id: sealed.key_id.clone(),
                ksn: HEXUPPER.encode(sealed.ksn.as_slice()),
            }),
        }
    }
}

fn is_empty(bytes: &Bytes) -> bool {
    bytes.as_slice().is_empty()
}

impl Line {
    /// The answer that an authorisation got.
    #[must_use]
    pub fn answer(&self) -> HostAnswer {
        HostAnswer {
            decision: match (&self.approval_code, self.approved_minor) {
                (Some(_), None) => HostDecision::Approved,
                (Some(_), Some(_)) => HostDecision::PartlyApproved,
                (None, _) => HostDecision::Declined,
            },
            response_code: self.response_code.clone(),
            approval_code: self.approval_code.clone(),
            issuer_authentication: self.issuer_authentication.clone(),
            scripts: self.scripts.clone(),
            approved_minor: self.approved_minor,
        }
    }
}

/// Why there is no ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Reading or writing failed.
    #[error(
        "the ledger {path:?} cannot be read or written ({source}); choose a file that is yours"
    )]
    Io {
        /// The ledger.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another host writes it.
    #[error("the ledger {0:?} belongs to a running hostsim; stop that one or choose another file")]
    InUse(PathBuf),
    /// A line is not one of ours.
    #[error("line {line} of {path:?} is no ledger line; move the file away to begin a new ledger")]
    Malformed {
        /// The ledger.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

/// An open ledger, locked against a second host.
pub struct Ledger {
    path: PathBuf,
    file: File,
    /// Bytes up to the end of the last whole line.
    len: u64,
}

impl Ledger {
    /// Opens or creates a ledger and gives each of its lines to `each`, oldest first.
    ///
    /// A last line without an end was cut off by a crash before anyone got an answer: it is removed.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open(path: &Path, each: impl FnMut(Line)) -> Result<Self, LedgerError> {
        let io = |source| LedgerError::Io {
            path: path.to_owned(),
            source,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(io)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => LedgerError::InUse(path.to_owned()),
            TryLockError::Error(source) => io(source),
        })?;
        // A new file's name must outlive a power cut as well as its lines do.
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))
            .and_then(|dir| dir.sync_all())
            .map_err(io)?;
        let len = read_lines(path, &file, each)?;
        let mut ledger = Self {
            path: path.to_owned(),
            file,
            len,
        };
        ledger.cut_back().map_err(io)?;
        Ok(ledger)
    }

    /// Appends a line; it is on disk when this returns.
    ///
    /// # Errors
    /// [`LedgerError::Io`]; nothing of the line is kept then.
    pub fn append(&mut self, line: &Line) -> Result<(), LedgerError> {
        let written = self.write(line);
        written.map_err(|source| {
            if let Err(error) = self.cut_back() {
                tracing::error!(%error, "half a line is left in the ledger");
            }
            LedgerError::Io {
                path: self.path.clone(),
                source,
            }
        })
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line).map_err(io::Error::other)?;
        bytes.push(b'\n');
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    fn cut_back(&mut self) -> io::Result<()> {
        self.file.set_len(self.len)?;
        self.file.seek(SeekFrom::Start(self.len)).map(|_| ())
    }
}

/// Gives each whole line of a ledger to `each`, oldest first, also while a host writes it.
///
/// # Errors
/// [`LedgerError`].
pub fn read(path: &Path, each: impl FnMut(Line)) -> Result<(), LedgerError> {
    let file = File::open(path).map_err(|source| LedgerError::Io {
        path: path.to_owned(),
        source,
    })?;
    read_lines(path, &file, each).map(drop)
}

/// Gives each whole line to `each`; the bytes up to the end of the last one.
fn read_lines(path: &Path, file: &File, mut each: impl FnMut(Line)) -> Result<u64, LedgerError> {
    let mut reader = BufReader::new(file);
    let (mut len, mut bytes) = (0, Vec::new());
    for line in 1.. {
        bytes.clear();
        reader
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut bytes)
            .map_err(|source| LedgerError::Io {
                path: path.to_owned(),
                source,
            })?;
        if !bytes.ends_with(b"\n") && (bytes.len() as u64) < MAX_LINE {
            break;
        }
        each(
            serde_json::from_slice(&bytes).map_err(|_| LedgerError::Malformed {
                path: path.to_owned(),
                line,
            })?,
        );
        len += bytes.len() as u64;
    }
    Ok(len)
}
