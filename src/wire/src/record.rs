//! Records: what the outbox holds and the collector stores, each once.

use core::fmt;

use data_encoding::HEXLOWER;
use sealpoint_sale::SaleId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};

use crate::{RecordId, TerminalId};

/// At most this many bytes of body in one record.
pub const MAX_BODY: usize = 256 * 1024;
/// At most this many records in one push.
pub const MAX_BATCH: usize = 100;

/// What a record's body holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RecordKind {
    /// A paid sale: `sealpoint_sale::Sale` as JSON.
    Sale,
    /// A sale that the cashier voided before it was paid: `sealpoint_sale::Sale` without tenders.
    VoidedSale,
}

impl RecordKind {
    /// The word that the journal and the collector store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::VoidedSale => "voided_sale",
        }
    }

    /// The kind that this word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Sale, Self::VoidedSale]
            .into_iter()
            .find(|k| k.word() == word)
    }
}

/// SHA-256 (FIPS 180-4) over a record's fixed encoding, hexadecimal in JSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[0-9a-f]{64}$"))]
pub struct RecordHash([u8; 32]);

impl RecordHash {
    /// Wraps 32 bytes read back from a store.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for RecordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for RecordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for RecordHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RecordHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = HEXLOWER
            .decode(text.as_bytes())
            .ok()
            .and_then(|b| <[u8; 32]>::try_from(b).ok())
            .ok_or_else(|| D::Error::custom("a record hash is 64 lower-case hexadecimal digits"))?;
        Ok(Self(bytes))
    }
}

/// One row of the outbox, as it travels and as the collector stores it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Record {
    /// Minted once, when the row was committed.
    pub id: RecordId,
    /// The terminal that committed it.
    pub terminal: TerminalId,
    /// Counts restores from backup; 1 on a new terminal.
    pub epoch: u32,
    /// Gapless within `(terminal, epoch)`, from 1.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub seq: u64,
    /// What the body holds.
    pub kind: RecordKind,
    /// The sale that it belongs to.
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub sale: SaleId,
    /// Milliseconds since the Unix epoch by the till's clock, when it was committed.
    pub at_ms: i64,
    /// How far the till's clock stood behind the latest time that it or the collector had shown it
    /// before, milliseconds, where it was set back by more than a minute: `at_ms` is not to be
    /// trusted then, the sequence is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_behind_ms: Option<u64>,
    /// JSON text, exactly the bytes that the hash covers; at most [`MAX_BODY`] bytes.
    #[cfg_attr(feature = "openapi", schema(max_length = 262144))]
    pub body: String,
    /// [`Record::compute_hash`] as the till computed it at commit.
    pub hash: RecordHash,
}

impl Record {
    /// SHA-256 over the version label, each field in a fixed width, the body behind its length, and
    /// the mark of a clock that was set back where there is one.
    #[must_use]
    pub fn compute_hash(&self) -> RecordHash {
        let mut hash = Sha256::new();
        hash.update(b"sealpoint record v1");
        hash.update(self.id.as_bytes());
        hash.update([u8::try_from(self.terminal.as_str().len()).unwrap_or(u8::MAX)]);
        hash.update(self.terminal.as_str().as_bytes());
        hash.update(self.epoch.to_be_bytes());
        hash.update(self.seq.to_be_bytes());
        hash.update([u8::try_from(self.kind.word().len()).unwrap_or(u8::MAX)]);
        hash.update(self.kind.word().as_bytes());
        hash.update(self.sale.as_bytes());
        hash.update(self.at_ms.to_be_bytes());
        hash.update((self.body.len() as u64).to_be_bytes());
        hash.update(self.body.as_bytes());
        if let Some(behind) = self.clock_behind_ms {
            hash.update(b"clock");
            hash.update(behind.to_be_bytes());
        }
        RecordHash(hash.finalize().into())
    }

    /// Whether the record is whole: its hash matches its fields and its body is within bounds.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.body.len() <= MAX_BODY && self.seq > 0 && self.compute_hash() == self.hash
    }
}
