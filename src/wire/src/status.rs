//! How a running till stands, as it writes it down for `tillctl doctor`: `status.json` in the state
//! folder, replaced whole at each change and at least once a minute.

use serde::{Deserialize, Serialize};

use crate::{Currency, LinkState, Posture, ReaderState, TerminalId};

/// Name of the file in the state folder.
pub const STATUS_FILE: &str = "status.json";
/// Version of the format. Fields are added without a new version.
pub const STATUS_VERSION: u16 = 1;
/// At most this many bytes in the file.
pub const MAX_STATUS: u64 = 64 * 1024;
/// A running till writes at least this often.
pub const STATUS_EVERY_MS: i64 = 60_000;

/// Everything that a till says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TillStanding {
    /// [`STATUS_VERSION`].
    pub version: u16,
    /// Version of the program `till`.
    pub release: String,
    /// Milliseconds since the Unix epoch.
    pub written_at_ms: i64,
    /// Process id of the till.
    pub pid: u32,
    /// The terminal.
    pub terminal: TerminalId,
    /// Whether it refuses to run with less than every protection.
    pub production: bool,
    /// How `till`, `lane` and `uplink` protect themselves; one that does not run is missing.
    pub processes: Vec<Posture>,
    /// The card process.
    pub lane: LaneStanding,
    /// The card reader.
    pub reader: ReaderState,
    /// The link to the collector.
    pub link: LinkState,
    /// What waits for the collector.
    pub queue: QueueStanding,
    /// Charges that wait to be undone at the acquirer.
    pub reversals_due: u32,
    /// Charges that were taken without the issuer and that the acquirer has not answered.
    #[serde(default)]
    pub advices_due: u32,
    /// What a person has to settle.
    #[serde(default)]
    pub work_items: u32,
    /// Charges whose fate is open; `None` where the journal could not be asked, or the till is of a
    /// release that did not say.
    #[serde(default)]
    pub open_charges: Option<OpenCharges>,
    /// Since when nobody needs the till, milliseconds since the Unix epoch: no item is rung up, no
    /// card is in the reader and no key was pressed. `None` while somebody does.
    #[serde(default)]
    pub at_rest_since_ms: Option<i64>,
    /// The till ended as it was asked to, and this is its last word.
    #[serde(default)]
    pub ended: bool,
    /// The till's database.
    pub journal: JournalStanding,
}

/// Charges whose fate is open, by what is open about them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OpenCharges {
    /// A card is being charged.
    pub in_flight: u64,
    /// Nobody knows whether the acquirer approved.
    pub unknown: u64,
    /// Charged, and the sale that it pays for is not yet written.
    pub approved: u64,
    /// To be undone at the acquirer, which has not acknowledged it.
    pub reversing: u64,
}

impl OpenCharges {
    /// All of them.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.in_flight
            .saturating_add(self.unknown)
            .saturating_add(self.approved)
            .saturating_add(self.reversing)
    }
}

/// The card process.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LaneStanding {
    /// Whether it runs.
    pub up: bool,
    /// Why no card can be charged, if so.
    pub cannot_charge: Option<String>,
    /// What will soon be in the way.
    pub warnings: Vec<String>,
}

/// What waits for the collector.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QueueStanding {
    /// Records.
    pub count: u64,
    /// Of them with a refused hash or id, which need a person.
    pub held: u64,
    /// Minor units of [`QueueStanding::currency`] in them.
    pub at_risk_minor: i64,
    /// The currency.
    pub currency: Currency,
    /// When the oldest was written, milliseconds since the Unix epoch.
    pub oldest_at_ms: Option<i64>,
    /// Records at which the till stops taking cards.
    pub card_limit: u64,
}

/// The till's database.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JournalStanding {
    /// `ok`, or what the last check of every page found.
    pub integrity: String,
    /// When that was, milliseconds since the Unix epoch.
    pub checked_at_ms: i64,
    /// Where its key came from.
    pub key_source: KeySource,
    /// The schema that it is in; 0 from a till of a release that did not say.
    #[serde(default)]
    pub schema: u32,
}

/// Where a key came from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// A systemd credential, bound to the TPM where there is one.
    Credential,
    /// A file of mode 0600 beside what it opens: for a demo.
    File,
}
