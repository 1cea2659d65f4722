//! What people ask of tills' TPMs.

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::super::sql::values;
use super::super::{Database, Row, StoreError};
use crate::attest::VERDICT_LIFE_MS;

/// At most this many tills are listed.
const MAX_LISTED: i64 = 100_000;

/// A till, for the operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttestedView {
    /// The terminal.
    pub terminal: String,
    /// `trusted`, `untrusted` or `no_tpm`.
    pub verdict: String,
    /// A word for why it is not trusted, or `none`.
    pub reason: String,
    /// The same in a sentence, or nothing.
    pub why: String,
    /// The image that it runs, if that is known.
    pub image: Option<String>,
    /// When that was found.
    pub verdict_ms: i64,
    /// When it was last trusted.
    pub trusted_ms: Option<i64>,
    /// When its TPM became known.
    pub known_ms: Option<i64>,
    /// The name of its endorsement key, hexadecimal.
    pub endorsement: Option<String>,
    /// SHA-256 of the manufacturer's certificate for that key, hexadecimal.
    pub certificate: Option<String>,
    /// What its registers held, JSON.
    pub registers: Option<String>,
    /// How often its TPM was switched on.
    pub resets: Option<i64>,
}

impl AttestedView {
    /// The verdict as it stands now: one that is too old says nothing any more.
    #[must_use]
    pub fn standing(&self, now_ms: i64) -> &str {
        if now_ms - self.verdict_ms > VERDICT_LIFE_MS {
            "silent"
        } else {
            &self.verdict
        }
    }
}

impl Database {
    /// All tills whose TPM or lack of one was heard of, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn attested(&mut self) -> Result<Vec<AttestedView>, StoreError> {
        let rows = self.rows(
            "SELECT terminal, verdict, reason, why, image, verdict_ms, trusted_ms, known_ms,
                    endorsement, certificate, registers, resets
             FROM attested_till ORDER BY terminal LIMIT ?1",
            values![MAX_LISTED],
        )?;
        let view = |row: Row| {
            let text = |column| row.text_or_none(column).map(|text| text.map(str::to_owned));
            Ok(AttestedView {
                terminal: row.text(0)?.to_owned(),
                verdict: row.text(1)?.to_owned(),
                reason: row.text(2)?.to_owned(),
                why: row.text(3)?.to_owned(),
                image: text(4)?,
                verdict_ms: row.int(5)?,
                trusted_ms: row.int_or_none(6)?,
                known_ms: row.int_or_none(7)?,
                endorsement: row.bytes_or_none(8)?.map(|name| HEXLOWER.encode(name)),
                certificate: row
                    .bytes_or_none(9)?
                    .map(|der| HEXLOWER.encode(&Sha256::digest(der))),
                registers: text(10)?,
                resets: row.int_or_none(11)?,
            })
        };
        rows.into_iter().map(view).collect()
    }
}
