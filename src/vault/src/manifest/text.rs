//! From the text to a checked manifest.

use std::collections::{HashMap, HashSet};

use sealpoint_wire::{KeyId, OfflinePolicy};
use serde::Deserialize;

use super::{KeyKind, MAX_KEYS, MAX_REASON, Manifest, ManifestKey, Proof, offline};
use crate::{
    AcquirerKey, BadKey, CheckValue, Day, line_of,
    signed::{self, BadRootKey, BadSignature, Purpose, RootPublicKey},
};

/// Why a text is no manifest for this till.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadManifest {
    /// It is not signed as it must be; nothing in it was looked at.
    #[error(transparent)]
    Signature(#[from] BadSignature),
    /// The retailer signed something that is no manifest.
    #[error("{0}; ask the retailer for a corrected manifest")]
    Content(#[from] BadContent),
}

/// What is wrong in a manifest's body.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadContent {
    /// Not TOML, or a field is missing, unknown or of the wrong type.
    #[error("it is not a manifest (line {line}: {what})")]
    Syntax {
        /// Line in the text, from 1.
        line: usize,
        /// What was expected.
        what: String,
    },
    /// `version` is below 1.
    #[error("`version` is {0}, but versions begin at 1")]
    Version(i64),
    /// No key, or more than [`MAX_KEYS`].
    #[error("it has {0} keys instead of 1 to {MAX_KEYS}")]
    Keys(usize),
    /// Two keys have one id.
    #[error("two keys are called \"{0}\"")]
    Twice(KeyId),
    /// Nobody could say which of the two counts.
    #[error("\"{0}\" and \"{1}\" are of one kind and begin on the same day")]
    SameDay(KeyId, KeyId),
    /// A key ends before it begins.
    #[error("\"{0}\" is valid until a day before the one that it is valid from")]
    Backwards(KeyId),
    /// A public key has a check value, or a secret one a public key, or neither has either.
    #[error("\"{id}\" needs `{needed}`, and that alone, for it is of the kind {kind}")]
    Proof {
        /// The key.
        id: KeyId,
        /// Its kind.
        kind: KeyKind,
        /// The field that it needs.
        needed: &'static str,
    },
    /// A public key is damaged.
    #[error("\"{id}\" cannot be used because {bad}")]
    Public {
        /// The key.
        id: KeyId,
        /// What is wrong with it.
        bad: BadKey,
    },
    /// A check value is no hexadecimal in upper case, or has another length.
    #[error("the check value of \"{0}\" is not 6, 8 or 10 hexadecimal digits in upper case")]
    CheckValue(KeyId),
    /// Only keys that each till has its own of may differ.
    #[error("\"{0}\" must have one check value: all tills have the same key of this kind")]
    MayNotDiffer(KeyId),
    /// A revocation without a reason, or with a long one.
    #[error("`revoked` of \"{0}\" is not a reason of 1 to {MAX_REASON} printable characters")]
    Reason(KeyId),
    /// The next root is no key.
    #[error("`next_root` cannot be used because {0}")]
    NextRoot(BadRootKey),
    /// A limit of `offline` is below 0 or above what it may be.
    #[error("`offline.{limit}` is {found} instead of 0 to {most}")]
    Offline {
        /// Which one.
        limit: &'static str,
        /// What it says.
        found: i64,
        /// The most that it may say.
        most: i64,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    version: i64,
    issued: Day,
    #[serde(default)]
    next_root: Option<NextRoot>,
    #[serde(default)]
    offline: Option<OfflinePolicy>,
    #[serde(default, rename = "key")]
    keys: Vec<Key>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NextRoot {
    id: KeyId,
    public: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    id: KeyId,
    kind: KeyKind,
    valid_from: Day,
    valid_until: Day,
    #[serde(default)]
    public: Option<String>,
    #[serde(default)]
    check_value: Option<String>,
    #[serde(default)]
    revoked: Option<String>,
}

impl Manifest {
    /// Checks the signature, then the content. The version is the key store's to compare.
    ///
    /// # Errors
    /// [`BadManifest`] says what is wrong and what to do.
    pub fn verify(text: &str, root: &RootPublicKey) -> Result<Self, BadManifest> {
        let body = signed::verify(text, Purpose::Manifest, root)?;
        Ok(Self::parse(body)?)
    }

    /// Checks the content alone, as who is about to sign it does.
    ///
    /// # Errors
    /// [`BadContent`] says what is wrong.
    pub fn parse(body: &str) -> Result<Self, BadContent> {
        let text: Text = toml::from_str(body).map_err(|error| BadContent::Syntax {
            line: line_of(body, error.span()),
            what: error.message().chars().take(160).collect(),
        })?;
        let version = u64::try_from(text.version).unwrap_or_default();
        if version == 0 {
            return Err(BadContent::Version(text.version));
        }
        if !(1..=MAX_KEYS).contains(&text.keys.len()) {
            return Err(BadContent::Keys(text.keys.len()));
        }
        let keys: Vec<ManifestKey> = text
            .keys
            .into_iter()
            .map(Key::checked)
            .collect::<Result<_, _>>()?;
        let mut ids = HashSet::new();
        if let Some(key) = keys.iter().find(|key| !ids.insert(&key.id)) {
            return Err(BadContent::Twice(key.id.clone()));
        }
        let mut begins = HashMap::new();
        for key in keys.iter().filter(|key| key.revoked.is_none()) {
            if let Some(other) = begins.insert((key.kind, key.valid_from), &key.id) {
                return Err(BadContent::SameDay(other.clone(), key.id.clone()));
            }
        }
        let next_root = text
            .next_root
            .map(|root| RootPublicKey::from_base64(root.id, &root.public))
            .transpose()
            .map_err(BadContent::NextRoot)?;
        if let Some(policy) = &text.offline {
            offline::check(policy)?;
        }
        Ok(Self {
            version,
            issued: text.issued,
            keys,
            next_root,
            offline: text.offline,
        })
    }
}

impl Key {
    fn checked(self) -> Result<ManifestKey, BadContent> {
        let Self { id, kind, .. } = self;
        if self.valid_until < self.valid_from {
            return Err(BadContent::Backwards(id));
        }
        if let Some(reason) = &self.revoked {
            let printable = !reason.trim().is_empty() && !reason.chars().any(char::is_control);
            if !printable || reason.chars().count() > MAX_REASON {
                return Err(BadContent::Reason(id));
            }
        }
        let proof = match (self.public, self.check_value) {
            (Some(public), None) if kind.is_public() => {
                let key = AcquirerKey::from_base64(id.clone(), Some(self.valid_until), &public);
                match key {
                    Ok(key) => Proof::Public(Box::new(key)),
                    Err(bad) => return Err(BadContent::Public { id, bad }),
                }
            }
            (None, Some(value)) if !kind.is_public() => match value.as_str() {
                "differs" if kind.may_differ() => Proof::Differs,
                "differs" => return Err(BadContent::MayNotDiffer(id)),
                digits => match digits.parse::<CheckValue>() {
                    Ok(stated) if stated.to_string() == digits => Proof::CheckValue(stated),
                    _ => return Err(BadContent::CheckValue(id)),
                },
            },
            _ => {
                let needed = if kind.is_public() {
                    "public"
                } else {
                    "check_value"
                };
                return Err(BadContent::Proof { id, kind, needed });
            }
        };
        Ok(ManifestKey {
            id,
            kind,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            revoked: self.revoked,
            proof,
        })
    }
}
