//! What tills' TPMs say: challenges, verdicts, reference values.

mod references;
mod views;

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use sealpoint_wire::TerminalId;
use sealpoint_wire::attest::{Evidence, Quote, Verdict};
use sha2::{Digest as _, Sha256};

use super::sql::values;
use super::{Admission, Database, Shown, StoreError};
use crate::attest::appraise::{FIRMWARE, Known};
use crate::attest::public::{Key, NAME};
use crate::attest::reference::{Digest, digest};
use crate::attest::{Appraisal, NONCE_LIFE_MS, Policy, Reason, VERDICT_LIFE_MS, appraise};

pub use references::ReferenceView;
pub use views::AttestedView;

/// What an alarm about attestation is about.
const SUBJECT: &str = "attestation";

/// A challenge, as it is kept until it is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Challenge {
    /// The nonce.
    pub nonce: [u8; 32],
    /// The key that is to answer, `TPMT_PUBLIC`.
    pub attestation_key: Vec<u8>,
    /// The name of the endorsement key beside it.
    pub endorsement: [u8; NAME],
    /// The manufacturer's certificate for that, DER.
    pub certificate: Option<Vec<u8>>,
    /// The hash of what is to be opened, if something is.
    pub secret_hash: Option<[u8; 32]>,
}

/// What became of a till's evidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attested {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, if it is not trusted: a word and a sentence.
    pub reason: Option<Reason>,
    /// The image that it runs.
    pub image: Option<String>,
}

/// What a till became known with.
struct Before {
    key_name: Option<Vec<u8>>,
    known: Option<Known>,
}

impl Database {
    /// Whether this till's attestation key was proven before.
    ///
    /// # Errors
    /// [`StoreError`]. So with all below.
    pub fn knows_key(&mut self, terminal: &TerminalId, key: &Key) -> Result<bool, StoreError> {
        let before = self.before(terminal)?;
        Ok(before.key_name.is_some_and(|name| name == key.name))
    }

    /// Keeps a challenge; an earlier one of the same till is void. Gives when it ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_challenge(
        &mut self,
        terminal: &TerminalId,
        challenge: &Challenge,
        now_ms: i64,
    ) -> Result<i64, StoreError> {
        let until_ms = now_ms + NONCE_LIFE_MS;
        self.execute(
            "INSERT INTO attestation_challenge
                 (terminal, nonce, until_ms, attestation_key, endorsement, certificate, secret_hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (terminal) DO UPDATE
             SET nonce = excluded.nonce, until_ms = excluded.until_ms,
                 attestation_key = excluded.attestation_key, endorsement = excluded.endorsement,
                 certificate = excluded.certificate, secret_hash = excluded.secret_hash",
            values![
                terminal.as_str(),
                &challenge.nonce,
                until_ms,
                &challenge.attestation_key[..],
                &challenge.endorsement,
                challenge.certificate.as_deref(),
                challenge.secret_hash.as_ref(),
            ],
        )?;
        Ok(until_ms)
    }

    /// Appraises a till's evidence, keeps what was made of it, and raises an alarm about a till that
    /// has a TPM and is not trusted. A challenge is used up, whatever comes of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn attest(
        &mut self,
        terminal: &TerminalId,
        evidence: &Evidence,
        now_ms: i64,
    ) -> Result<Attested, StoreError> {
        let before = self.before(terminal)?;
        let challenge = self.take_challenge(terminal, now_ms)?;
        let appraisal = match evidence {
            // A till that had a TPM has one still.
            Evidence::NoTpm { .. } if before.key_name.is_some() => {
                Appraisal::of_nothing(Reason::KeyChanged)
            }
            Evidence::NoTpm { .. } => Appraisal::of_nothing(Reason::NoTpm),
            Evidence::Quote { quote, secret } => match challenge {
                None => Appraisal::of_nothing(Reason::NoChallenge),
                Some(challenge) => {
                    let secret = secret.as_ref().map(sealpoint_wire::Bytes::as_slice);
                    self.appraise(terminal, &before, &challenge, (quote, secret), now_ms)?
                }
            },
        };
        let attested = Attested {
            verdict: appraisal.verdict(),
            reason: appraisal.reason.clone(),
            image: appraisal.image.clone(),
        };
        self.keep_verdict(terminal, &appraisal, now_ms)?;
        if let Some(reason) = &attested.reason
            && attested.verdict == Verdict::Untrusted
        {
            self.alarm(terminal.as_str(), SUBJECT, &reason.to_string(), now_ms)?;
        }
        Ok(attested)
    }

    fn appraise(
        &mut self,
        terminal: &TerminalId,
        before: &Before,
        challenge: &Challenge,
        (quote, secret): (&Quote, Option<&[u8]>),
        now_ms: i64,
    ) -> Result<Appraisal, StoreError> {
        let opened = challenge.secret_hash.is_none_or(|hash| {
            secret.is_some_and(|secret| hash == <[u8; 32]>::from(Sha256::digest(secret)))
        });
        if !opened {
            return Ok(Appraisal::of_nothing(Reason::NotOneTpm));
        }
        let key = Key::attestation(&challenge.attestation_key)
            .map_err(|_| StoreError::Damaged("an attestation key"))?;
        if before
            .key_name
            .as_ref()
            .is_some_and(|name| *name != key.name)
        {
            return Ok(Appraisal::of_nothing(Reason::KeyChanged));
        }
        let references = self.references()?;
        let known = before.known.as_ref();
        let appraisal = appraise(quote, &challenge.nonce, &key, known, &references);
        if let Some(shown) = &appraisal.shown
            && before.key_name.is_none()
        {
            let firmware = registers(shown.pcrs.iter().filter(|(pcr, _)| FIRMWARE.contains(pcr)));
            self.know(terminal, challenge, &key, &firmware, now_ms)?;
        }
        Ok(appraisal)
    }

    fn before(&mut self, terminal: &TerminalId) -> Result<Before, StoreError> {
        let lock = self.for_update();
        let row = self.row(
            &format!(
                "SELECT key_name, firmware, resets FROM attested_till WHERE terminal = ?1{lock}"
            ),
            values![terminal.as_str()],
        )?;
        let Some(row) = row else {
            return Ok(Before {
                key_name: None,
                known: None,
            });
        };
        let key_name = row.bytes_or_none(0)?.map(<[u8]>::to_vec);
        let known = match (&key_name, row.text_or_none(1)?, row.int_or_none(2)?) {
            (Some(_), Some(firmware), Some(resets)) => Some(Known {
                firmware: read_registers(firmware)
                    .ok_or(StoreError::Damaged("a till's firmware"))?,
                resets: u32::try_from(resets).map_err(|_| StoreError::Damaged("a TPM's count"))?,
            }),
            _ => None,
        };
        Ok(Before { key_name, known })
    }

    fn take_challenge(
        &mut self,
        terminal: &TerminalId,
        now_ms: i64,
    ) -> Result<Option<Challenge>, StoreError> {
        let row = self.row(
            "DELETE FROM attestation_challenge WHERE terminal = ?1
             RETURNING nonce, attestation_key, endorsement, certificate, secret_hash, until_ms",
            values![terminal.as_str()],
        )?;
        let Some(row) = row else { return Ok(None) };
        let challenge = Challenge {
            nonce: row.array(0)?,
            attestation_key: row.bytes(1)?.to_vec(),
            endorsement: row.array(2)?,
            certificate: row.bytes_or_none(3)?.map(<[u8]>::to_vec),
            secret_hash: row.bytes_or_none(4)?.map(|_| row.array(4)).transpose()?,
        };
        Ok((row.int(5)? >= now_ms).then_some(challenge))
    }

    /// From now on this is the till's TPM.
    fn know(
        &mut self,
        terminal: &TerminalId,
        challenge: &Challenge,
        key: &Key,
        firmware: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO attested_till
                 (terminal, key_name, endorsement, certificate, firmware, known_ms, verdict, reason,
                  why, verdict_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, '', '', '', ?6)
             ON CONFLICT (terminal) DO UPDATE
             SET key_name = excluded.key_name, endorsement = excluded.endorsement,
                 certificate = excluded.certificate, firmware = excluded.firmware,
                 known_ms = excluded.known_ms",
            values![
                terminal.as_str(),
                &key.name,
                &challenge.endorsement,
                challenge.certificate.as_deref(),
                firmware,
                now_ms,
            ],
        )
        .map(drop)
    }

    fn keep_verdict(
        &mut self,
        terminal: &TerminalId,
        appraisal: &Appraisal,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let reason = appraisal.reason.as_ref();
        let why = reason.map(Reason::to_string).unwrap_or_default();
        let shown = appraisal.shown.as_ref();
        let all = shown.map(|shown| registers(&shown.pcrs));
        // A cleared TPM counts from the beginning: its count is not taken for the till's.
        let counted = shown.filter(|_| reason != Some(&Reason::Cleared));
        self.execute(
            "INSERT INTO attested_till
                 (terminal, verdict, reason, why, image, verdict_ms, trusted_ms, registers, resets,
                  restarts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (terminal) DO UPDATE
             SET verdict = excluded.verdict, reason = excluded.reason, why = excluded.why,
                 image = excluded.image, verdict_ms = excluded.verdict_ms,
                 trusted_ms = coalesce(excluded.trusted_ms, attested_till.trusted_ms),
                 registers = coalesce(excluded.registers, attested_till.registers),
                 resets = coalesce(excluded.resets, attested_till.resets),
                 restarts = coalesce(excluded.restarts, attested_till.restarts)",
            values![
                terminal.as_str(),
                appraisal.verdict().word(),
                reason.map_or("none", Reason::word),
                &why,
                appraisal.image.as_deref(),
                now_ms,
                reason.is_none().then_some(now_ms),
                all.as_deref(),
                counted.map(|shown| i64::from(shown.clock.resets)),
                counted.map(|shown| i64::from(shown.clock.restarts)),
            ],
        )
        .map(drop)
    }

    /// What a certificate is good for now, with what its till has to show of itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn admission_under(
        &mut self,
        policy: Policy,
        shown: &Shown,
        now_ms: i64,
    ) -> Result<Admission, StoreError> {
        let admission = self.admission(shown, now_ms)?;
        if policy != Policy::Require || admission != Admission::Good {
            return Ok(admission);
        }
        let row = self.row(
            "SELECT verdict, why, verdict_ms FROM attested_till WHERE terminal = ?1",
            values![shown.terminal.as_str()],
        )?;
        let Some(row) = row else {
            return Ok(unattested("It has not said so yet."));
        };
        if now_ms - row.int(2)? > VERDICT_LIFE_MS {
            return Ok(unattested("What it said is too old."));
        }
        if row.text(0)? == Verdict::Trusted.word() {
            return Ok(Admission::Good);
        }
        Ok(unattested(row.text(1)?))
    }

    /// Forgets a till's TPM: the next that it shows is its own. Gives whether one was known. A challenge
    /// that is open was made for the one that is forgotten, and asked for no proof of where its key is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_tpm(&mut self, terminal: &TerminalId) -> Result<bool, StoreError> {
        self.execute(
            "DELETE FROM attestation_challenge WHERE terminal = ?1",
            values![terminal.as_str()],
        )?;
        let gone = self.execute(
            "DELETE FROM attested_till WHERE terminal = ?1",
            values![terminal.as_str()],
        )?;
        Ok(gone > 0)
    }
}

fn unattested(why: &str) -> Admission {
    Admission::Unattested {
        why: format!(
            "The collector takes no cards from a till that does not show what it runs. {why}"
        ),
    }
}

/// Registers as JSON, by number.
fn registers<'a>(all: impl IntoIterator<Item = (&'a u8, &'a Digest)>) -> String {
    let all: serde_json::Map<String, serde_json::Value> = all
        .into_iter()
        .map(|(pcr, value)| (pcr.to_string(), HEXLOWER.encode(value).into()))
        .collect();
    serde_json::Value::Object(all).to_string()
}

fn read_registers(text: &str) -> Option<BTreeMap<u8, Digest>> {
    let all: BTreeMap<String, String> = serde_json::from_str(text).ok()?;
    all.iter()
        .map(|(pcr, value)| Some((pcr.parse().ok()?, digest(value)?)))
        .collect()
}
