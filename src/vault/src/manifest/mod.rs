//! The manifest: which keys this till may use, said and signed by the retailer.
//!
//! A TOML text in a signed one ([`crate::signed`]). It names every key with its validity; public
//! keys are in it, secret ones lie in the key store and are known by their check value. Its version
//! only ever grows: the key store remembers the highest that was accepted.
//!
//! | file | what |
//! |---|---|
//! | `kind` | what a key is for |
//! | `text` | from the text to a checked manifest |
//! | `choice` | which key counts on which day, or why none does |
//! | `offline` | what may be charged without the issuer |

mod choice;
mod kind;
mod offline;
mod text;

pub use choice::{NoKey, Standing};
pub use kind::{BadKind, KeyKind};
pub use offline::{MAX_OFFLINE_HOURS, MAX_OFFLINE_MINOR, MAX_OFFLINE_RECORDS};
pub use text::{BadContent, BadManifest};

use sealpoint_wire::{KeyId, OfflinePolicy};

use crate::{AcquirerKey, CheckValue, Day, signed::RootPublicKey};

/// Name of the manifest in the lane's folder.
pub const MANIFEST_FILE: &str = "manifest.toml";
/// At most this many keys in a manifest.
pub const MAX_KEYS: usize = 64;
/// From so many days before its end on, a key that has no successor is warned of.
pub const EXPIRY_WARNING_DAYS: i64 = 14;
/// Characters of the longest reason for a revocation.
pub const MAX_REASON: usize = 160;

/// A manifest whose signature and content were checked.
pub struct Manifest {
    version: u64,
    issued: Day,
    keys: Vec<ManifestKey>,
    next_root: Option<RootPublicKey>,
    offline: Option<OfflinePolicy>,
}

/// A key that the manifest names.
pub struct ManifestKey {
    /// Its name: in sealed cards, in the key store, at the acquirer.
    pub id: KeyId,
    /// What it is for.
    pub kind: KeyKind,
    /// The first day on which it may be used.
    pub valid_from: Day,
    /// The last day on which it may be used.
    pub valid_until: Day,
    /// Why it may not be used any more, if so.
    pub revoked: Option<String>,
    /// How it is recognised.
    pub proof: Proof,
}

/// How a key is recognised.
pub enum Proof {
    /// The public key itself.
    Public(Box<AcquirerKey>),
    /// A secret key's check value.
    CheckValue(CheckValue),
    /// A secret key that each till has its own of; the key block that it comes in is its proof.
    Differs,
}

impl Manifest {
    /// Grows with each manifest, from 1.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The day on which the retailer wrote it.
    #[must_use]
    pub const fn issued(&self) -> Day {
        self.issued
    }

    /// Its keys, as they stand in the text.
    #[must_use]
    pub fn keys(&self) -> &[ManifestKey] {
        &self.keys
    }

    /// The key of that name.
    #[must_use]
    pub fn key(&self, id: &KeyId) -> Option<&ManifestKey> {
        self.keys.iter().find(|key| key.id == *id)
    }

    /// The root that signs from now on, where the retailer changes his.
    #[must_use]
    pub const fn next_root(&self) -> Option<&RootPublicKey> {
        self.next_root.as_ref()
    }

    /// What may be charged without the issuer; nothing without it.
    #[must_use]
    pub const fn offline(&self) -> Option<&OfflinePolicy> {
        self.offline.as_ref()
    }
}

impl ManifestKey {
    /// The public key to seal with, where it is one.
    #[must_use]
    pub fn acquirer_key(&self) -> Option<&AcquirerKey> {
        match &self.proof {
            Proof::Public(key) => Some(key),
            Proof::CheckValue(_) | Proof::Differs => None,
        }
    }

    /// The check value that its secret must have, where there is one.
    #[must_use]
    pub fn check_value(&self) -> Option<&CheckValue> {
        match &self.proof {
            Proof::CheckValue(value) => Some(value),
            Proof::Public(_) | Proof::Differs => None,
        }
    }
}
