//! Tills: the codes that enrol them, their certificates, and how each stands with the retailer.
//!
//! A revocation without a serial number is a line in time: it holds for every certificate of the
//! terminal that was issued up to it, those that no collector of this store knows included. So a till
//! that is enrolled again is in good standing while the certificate that was stolen stays refused.

use sealpoint_tls::certificate::{KeyHash, Serial};
use sealpoint_wire::{Standing, TerminalId};

use super::sql::{Row, values};
use super::{Database, Quarantine, StoreError};

/// How long an enrolment code is good.
pub const CODE_LIFE_MS: i64 = 10 * 60 * 1000;
/// After so many wrong secrets a code is void.
pub const MAX_MISSES: i64 = 5;
/// For so long after its end a certificate may still be renewed.
pub const RENEWABLE_MS: i64 = 90 * DAY_MS;
/// Certificates that ended longer ago are forgotten.
const FORGOTTEN_MS: i64 = 366 * DAY_MS;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// At most this many tills are listed.
const MAX_LISTED: i64 = 100_000;
/// At most this many certificates of one till are listed, the newest.
const MAX_CERTIFICATES: i64 = 20;

/// The certificate that a connection has shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// The terminal that it names.
    pub terminal: TerminalId,
    /// Its number.
    pub serial: Serial,
    /// When it ends, milliseconds since the Unix epoch.
    pub until_ms: i64,
}

/// What a till's certificate is good for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Admission {
    /// Everything.
    Good,
    /// It has ended: what it sends is kept apart. `renewable` says that it may be renewed.
    Expired {
        /// Whether it ended recently enough.
        renewable: bool,
    },
    /// The retailer has revoked it: what it sends is kept apart.
    Revoked {
        /// Why, in the operator's words.
        why: String,
    },
    /// It is good, but the till did not show what it runs, and the collector requires that: what it
    /// sends is kept apart.
    Unattested {
        /// What is missing and what to do.
        why: String,
    },
    /// The till is out of the retailer's hands: what it sends is kept apart.
    Lost {
        /// The order to erase its keys, signed by the retailer's root.
        order: String,
        /// Whether it is to be carried out at once.
        stolen: bool,
    },
}

impl Admission {
    /// Why what this till sends is kept apart; `None` if it is not. What happened and what to do.
    #[must_use]
    pub fn quarantine(&self) -> Option<String> {
        Some(match self {
            Self::Good => return None,
            Self::Expired { renewable: true } => {
                "This till's certificate has expired. It renews it by itself; until then its \
                 records are kept apart."
                    .to_owned()
            }
            Self::Expired { renewable: false } => {
                "This till's certificate expired too long ago to be renewed. Enrol the till again."
                    .to_owned()
            }
            Self::Revoked { why } => format!(
                "This till's certificate is revoked ({why}). Enrol the till again, if it may sell."
            ),
            Self::Unattested { why } => why.clone(),
            Self::Lost { .. } => {
                "This till is reported lost. Bring it back to the retailer, who enrols it again."
                    .to_owned()
            }
        })
    }

    /// Whether it may be renewed.
    #[must_use]
    pub const fn may_renew(&self) -> bool {
        matches!(self, Self::Good | Self::Expired { renewable: true })
    }

    /// How the till stands, for the till.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self {
            Self::Good | Self::Expired { .. } | Self::Unattested { .. } => Standing::Active,
            Self::Revoked { .. } => Standing::Revoked {
                why: self.quarantine().unwrap_or_default(),
            },
            Self::Lost { order, stolen } => Standing::Lost {
                order: order.clone(),
                stolen: *stolen,
            },
        }
    }
}

impl From<&Admission> for Quarantine {
    fn from(admission: &Admission) -> Self {
        match admission {
            Admission::Good => Self::No,
            Admission::Expired { .. } => Self::Expired,
            Admission::Unattested { .. } => Self::Unattested,
            Admission::Revoked { .. } | Admission::Lost { .. } => Self::Revoked,
        }
    }
}

/// What became of a code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Redeemed {
    /// It is good, for this terminal.
    For(TerminalId),
    /// It is not, and why: for the log, not for the one who tried it.
    Refused(&'static str),
}

/// A till, for the operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TillView {
    /// The terminal.
    pub terminal: String,
    /// When it last asked how it stands.
    pub seen_ms: Option<i64>,
    /// The certificate that it showed then.
    pub seen_serial: Option<String>,
    /// Certificates up to then are revoked, and why.
    pub revoked: Option<(i64, String)>,
    /// Since when it is lost, and whether it was stolen.
    pub lost: Option<(i64, bool)>,
    /// Its certificates, the newest first.
    pub certificates: Vec<CertificateView>,
}

/// A till's certificate, for the operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CertificateView {
    /// Its number.
    pub serial: String,
    /// When it was given.
    pub issued_ms: i64,
    /// When it ends.
    pub expires_ms: i64,
    /// Why it alone is revoked.
    pub revoked: Option<String>,
}

impl Database {
    /// Keeps a new code for a terminal; an earlier one of that terminal is void.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_code(
        &mut self,
        name: &str,
        hash: &[u8; 32],
        terminal: &TerminalId,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.keep_code_for(name, hash, terminal, now_ms, CODE_LIFE_MS)
    }

    /// The same, good for so many milliseconds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_code_for(
        &mut self,
        name: &str,
        hash: &[u8; 32],
        terminal: &TerminalId,
        now_ms: i64,
        life_ms: i64,
    ) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM enrolment_code WHERE terminal = ?1 OR until_ms < ?2 OR name = ?3",
            values![terminal.as_str(), now_ms, name],
        )?;
        self.execute(
            "INSERT INTO enrolment_code (name, hash, terminal, until_ms) VALUES (?1, ?2, ?3, ?4)",
            values![
                name,
                hash,
                terminal.as_str(),
                now_ms.saturating_add(life_ms)
            ],
        )
        .map(drop)
    }

    /// Uses a code up for a key. For the same key it is good again, as long as it lives: the answer
    /// may have been lost.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn redeem_code(
        &mut self,
        name: &str,
        hash: &[u8; 32],
        key: &KeyHash,
        now_ms: i64,
    ) -> Result<Redeemed, StoreError> {
        let lock = self.for_update();
        let found = self.row(
            &format!(
                "SELECT hash, terminal, until_ms, misses, key_hash FROM enrolment_code
                 WHERE name = ?1{lock}"
            ),
            values![name],
        )?;
        let Some(row) = found else {
            return Ok(Redeemed::Refused("there is no such code"));
        };
        if row.int(2)? < now_ms {
            return Ok(Redeemed::Refused("the code's time is over"));
        }
        if row.int(3)? >= MAX_MISSES {
            return Ok(Redeemed::Refused("the code is void after wrong secrets"));
        }
        if row.array::<32>(0)? != *hash {
            self.execute(
                "UPDATE enrolment_code SET misses = misses + 1 WHERE name = ?1",
                values![name],
            )?;
            return Ok(Redeemed::Refused("the secret is wrong"));
        }
        if row
            .bytes_or_none(4)?
            .is_some_and(|used| used != key.as_bytes())
        {
            return Ok(Redeemed::Refused("the code was used"));
        }
        let terminal = row
            .text(1)?
            .parse()
            .map_err(|_| StoreError::Damaged("a terminal id"))?;
        self.execute(
            "UPDATE enrolment_code SET key_hash = ?2 WHERE name = ?1",
            values![name, key.as_bytes()],
        )?;
        Ok(Redeemed::For(terminal))
    }

    /// Keeps a certificate that is about to be given to a till.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_certificate(&mut self, given: &Shown, now_ms: i64) -> Result<(), StoreError> {
        let terminal = given.terminal.as_str();
        let line = self
            .row(
                "SELECT revoked_ms FROM till_standing WHERE terminal = ?1",
                values![terminal],
            )?
            .and_then(|row| row.int_or_none(0).transpose())
            .transpose()?;
        // After the line, whatever this collector's clock says.
        let issued_ms = line.map_or(now_ms, |line| now_ms.max(line + 1));
        self.execute(
            "INSERT INTO till_certificate (serial, terminal, issued_ms, expires_ms)
             VALUES (?1, ?2, ?3, ?4)",
            values![given.serial.as_str(), terminal, issued_ms, given.until_ms],
        )?;
        self.execute(
            "INSERT INTO till_standing (terminal) VALUES (?1) ON CONFLICT (terminal) DO NOTHING",
            values![terminal],
        )?;
        self.execute(
            "DELETE FROM till_certificate
             WHERE terminal = ?1 AND expires_ms < ?2 AND revoked_ms IS NULL",
            values![terminal, now_ms - FORGOTTEN_MS],
        )
        .map(drop)
    }

    /// Keeps a certificate that is about to be given for a code, if the code is still good: in one
    /// step, so that a revocation that came meanwhile holds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_enrolled(
        &mut self,
        name: &str,
        hash: &[u8; 32],
        key: &KeyHash,
        given: &Shown,
        now_ms: i64,
    ) -> Result<Redeemed, StoreError> {
        let redeemed = self.redeem_code(name, hash, key, now_ms)?;
        if redeemed == Redeemed::For(given.terminal.clone()) {
            self.keep_certificate(given, now_ms)?;
        }
        Ok(redeemed)
    }

    /// Keeps a certificate that is about to be given for the one that was shown, if that may be
    /// renewed: in one step, so that a revocation comes before it or covers the new one too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_renewed(
        &mut self,
        shown: &Shown,
        given: &Shown,
        now_ms: i64,
    ) -> Result<Admission, StoreError> {
        let admission = self.admission(shown, now_ms)?;
        if admission.may_renew() {
            self.keep_certificate(given, now_ms)?;
        }
        Ok(admission)
    }

    /// What a certificate is good for now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn admission(&mut self, shown: &Shown, now_ms: i64) -> Result<Admission, StoreError> {
        let terminal = shown.terminal.as_str();
        let own = self.row(
            "SELECT issued_ms, revoked_ms, revoked_why FROM till_certificate
             WHERE serial = ?1 AND terminal = ?2",
            values![shown.serial.as_str(), terminal],
        )?;
        let line = self.row(
            "SELECT lost_ms, erase_order, stolen, revoked_ms, revoked_why FROM till_standing
             WHERE terminal = ?1",
            values![terminal],
        )?;
        let issued_ms = own.as_ref().map(|row| row.int(0)).transpose()?;
        // A certificate that this store does not know was there before any line.
        let before = |line: i64| issued_ms.is_none_or(|issued| issued <= line);
        if let Some(row) = &line {
            if row.int_or_none(0)?.is_some_and(before) {
                return Ok(Admission::Lost {
                    order: row.text_or_none(1)?.unwrap_or_default().to_owned(),
                    stolen: row.flag(2)?,
                });
            }
            if row.int_or_none(3)?.is_some_and(before) {
                return revoked(row, 4);
            }
        }
        if let Some(row) = &own
            && row.int_or_none(1)?.is_some()
        {
            return revoked(row, 2);
        }
        Ok(if now_ms <= shown.until_ms {
            Admission::Good
        } else {
            Admission::Expired {
                renewable: now_ms - shown.until_ms <= RENEWABLE_MS,
            }
        })
    }

    /// Notes that a till has asked how it stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn saw(&mut self, shown: &Shown, now_ms: i64) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO till_standing (terminal, seen_ms, seen_serial) VALUES (?1, ?2, ?3)
             ON CONFLICT (terminal)
             DO UPDATE SET seen_ms = excluded.seen_ms, seen_serial = excluded.seen_serial",
            values![shown.terminal.as_str(), now_ms, shown.serial.as_str()],
        )
        .map(drop)
    }

    /// Revokes one certificate of a terminal, or all that it has and the code that would give it
    /// another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn revoke(
        &mut self,
        terminal: &TerminalId,
        serial: Option<&Serial>,
        why: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let Some(serial) = serial else {
            let line = self.line_after_all(terminal, now_ms)?;
            self.void_code(terminal)?;
            return self
                .execute(
                    "INSERT INTO till_standing (terminal, revoked_ms, revoked_why)
                     VALUES (?1, ?2, ?3)
                     ON CONFLICT (terminal) DO UPDATE
                     SET revoked_ms = excluded.revoked_ms, revoked_why = excluded.revoked_why",
                    values![terminal.as_str(), line, why],
                )
                .map(drop);
        };
        self.execute(
            "INSERT INTO till_certificate
                 (serial, terminal, issued_ms, expires_ms, revoked_ms, revoked_why)
             VALUES (?1, ?2, 0, 0, ?3, ?4)
             ON CONFLICT (serial) DO UPDATE
             SET revoked_ms = excluded.revoked_ms, revoked_why = excluded.revoked_why",
            values![serial.as_str(), terminal.as_str(), now_ms, why],
        )
        .map(drop)
    }

    /// Says that a till is lost: its certificates are revoked, and it is told to erase its keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn lose(
        &mut self,
        terminal: &TerminalId,
        order: &str,
        stolen: bool,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let line = self.line_after_all(terminal, now_ms)?;
        self.void_code(terminal)?;
        self.execute(
            "INSERT INTO till_standing
                 (terminal, revoked_ms, revoked_why, lost_ms, erase_order, stolen)
             VALUES (?1, ?2, 'lost', ?2, ?3, ?4)
             ON CONFLICT (terminal) DO UPDATE
             SET revoked_ms = excluded.revoked_ms, revoked_why = excluded.revoked_why,
                 lost_ms = excluded.lost_ms, erase_order = excluded.erase_order,
                 stolen = excluded.stolen",
            values![terminal.as_str(), line, order, i64::from(stolen)],
        )
        .map(drop)
    }

    /// All tills that have a certificate of this store or were revoked, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tills(&mut self) -> Result<Vec<TillView>, StoreError> {
        let rows = self.rows(
            "SELECT terminal, seen_ms, seen_serial, revoked_ms, revoked_why, lost_ms, stolen
             FROM till_standing ORDER BY terminal LIMIT ?1",
            values![MAX_LISTED],
        )?;
        rows.into_iter()
            .map(|row| {
                let terminal = row.text(0)?.to_owned();
                let revoked = row.int_or_none(3)?;
                let why = row.text_or_none(4)?.unwrap_or_default().to_owned();
                let lost = row.int_or_none(5)?;
                let stolen = row.flag(6)?;
                Ok(TillView {
                    certificates: self.certificates(&terminal)?,
                    terminal,
                    seen_ms: row.int_or_none(1)?,
                    seen_serial: row.text_or_none(2)?.map(str::to_owned),
                    revoked: revoked.map(|at_ms| (at_ms, why)),
                    lost: lost.map(|at_ms| (at_ms, stolen)),
                })
            })
            .collect()
    }

    fn certificates(&mut self, terminal: &str) -> Result<Vec<CertificateView>, StoreError> {
        let rows = self.rows(
            "SELECT serial, issued_ms, expires_ms, revoked_ms, revoked_why FROM till_certificate
             WHERE terminal = ?1 ORDER BY issued_ms DESC LIMIT ?2",
            values![terminal, MAX_CERTIFICATES],
        )?;
        rows.into_iter()
            .map(|row| {
                let why = row.text_or_none(4)?.unwrap_or_default().to_owned();
                Ok(CertificateView {
                    serial: row.text(0)?.to_owned(),
                    issued_ms: row.int(1)?,
                    expires_ms: row.int(2)?,
                    revoked: row.int_or_none(3)?.map(|_| why),
                })
            })
            .collect()
    }

    /// A code that was made before a revocation, used or not, gives no certificate after it.
    fn void_code(&mut self, terminal: &TerminalId) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM enrolment_code WHERE terminal = ?1",
            values![terminal.as_str()],
        )
        .map(drop)
    }

    /// A moment after every certificate of the terminal, whichever collector's clock dated it.
    fn line_after_all(&mut self, terminal: &TerminalId, now_ms: i64) -> Result<i64, StoreError> {
        let last = self
            .the_row(
                "SELECT max(issued_ms) FROM till_certificate WHERE terminal = ?1",
                values![terminal.as_str()],
            )?
            .int_or_none(0)?;
        Ok(last.map_or(now_ms, |last| last.max(now_ms)))
    }
}

fn revoked(row: &Row, why: usize) -> Result<Admission, StoreError> {
    Ok(Admission::Revoked {
        why: row.text_or_none(why)?.unwrap_or_default().to_owned(),
    })
}
