//! Which key counts on which day, or why none does.

use sealpoint_wire::KeyId;

use super::{KeyKind, Manifest, ManifestKey};
use crate::Day;

/// How a key stands on a day.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Standing {
    /// It may be used.
    Valid,
    /// It may be used from a later day on.
    NotYet,
    /// Its last day is over.
    Expired,
    /// The retailer revoked it, whatever the day.
    Revoked,
}

/// Why no key of a kind may be used. Two sentences: what is so, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoKey {
    /// The manifest names none of that kind.
    #[error(
        "The manifest names no key of the kind {0}. Ask the retailer for a manifest that does."
    )]
    Unknown(KeyKind),
    /// The first one begins later.
    #[error(
        "The key \"{id}\" is valid from {from} on. Set the clock if that day has come; else ask \
         the retailer for a manifest with a key for today."
    )]
    NotYet {
        /// The key.
        id: KeyId,
        /// Its first day.
        from: Day,
    },
    /// The last one is over.
    #[error(
        "The key \"{id}\" was valid until {until}. Set the clock if that day has not come; else ask \
         the retailer for a manifest with a new key."
    )]
    Expired {
        /// The key.
        id: KeyId,
        /// Its last day.
        until: Day,
    },
    /// The one that would count was revoked.
    #[error(
        "The retailer revoked the key \"{id}\": {why}. Ask the retailer for a manifest with a new \
         key."
    )]
    Revoked {
        /// The key.
        id: KeyId,
        /// The retailer's reason.
        why: String,
    },
}

impl Manifest {
    /// The key of that kind that counts on that day: of those that are valid and not revoked, the
    /// one that began last.
    ///
    /// # Errors
    /// [`NoKey`] says why there is none.
    pub fn key_for(&self, kind: KeyKind, day: Day) -> Result<&ManifestKey, NoKey> {
        let candidates = || self.keys().iter().filter(move |key| key.kind == kind);
        let standing = |wanted| candidates().filter(move |key| key.standing(day) == wanted);
        if let Some(key) = standing(Standing::Valid).max_by_key(|key| key.valid_from) {
            return Ok(key);
        }
        let in_time = |key: &&ManifestKey| (key.valid_from..=key.valid_until).contains(&day);
        if let Some(key) = standing(Standing::Revoked)
            .filter(in_time)
            .max_by_key(|key| key.valid_from)
        {
            return Err(key.revocation());
        }
        if let Some(key) = standing(Standing::Expired).max_by_key(|key| key.valid_until) {
            return Err(NoKey::Expired {
                id: key.id.clone(),
                until: key.valid_until,
            });
        }
        if let Some(key) = standing(Standing::NotYet).min_by_key(|key| key.valid_from) {
            return Err(NoKey::NotYet {
                id: key.id.clone(),
                from: key.valid_from,
            });
        }
        match standing(Standing::Revoked).max_by_key(|key| key.valid_from) {
            Some(key) => Err(key.revocation()),
            None => Err(NoKey::Unknown(kind)),
        }
    }

    /// The key of that kind that will count after the one that counts on that day: of those that
    /// begin later and are not revoked, the one that begins first.
    #[must_use]
    pub fn next_after(&self, kind: KeyKind, day: Day) -> Option<&ManifestKey> {
        self.keys()
            .iter()
            .filter(|key| key.kind == kind && key.standing(day) == Standing::NotYet)
            .min_by_key(|key| key.valid_from)
    }
}

impl ManifestKey {
    /// How it stands on that day.
    #[must_use]
    pub fn standing(&self, day: Day) -> Standing {
        if self.revoked.is_some() {
            Standing::Revoked
        } else if day < self.valid_from {
            Standing::NotYet
        } else if day > self.valid_until {
            Standing::Expired
        } else {
            Standing::Valid
        }
    }

    fn revocation(&self) -> NoKey {
        NoKey::Revoked {
            id: self.id.clone(),
            why: self.revoked.clone().unwrap_or_default(),
        }
    }
}
