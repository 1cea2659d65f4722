//! How each key stands.

use sealpoint_vault::{
    AcquirerKey, EXPIRY_WARNING_DAYS, KeyKind, Manifest, ManifestKey, Standing, store::Loaded,
};
use serde::Serialize;

use super::super::{
    held::{Held, find},
    report::Now,
};

/// A key, never its value.
#[derive(Serialize)]
pub(super) struct KeyShown {
    pub(super) id: String,
    pub(super) kind: &'static str,
    /// How it stands, a word for programs.
    pub(super) state: &'static str,
    pub(super) valid_from: Option<String>,
    pub(super) valid_until: Option<String>,
    /// Days until it ends; 0 on its last day, below when it is over.
    pub(super) days_left: Option<i64>,
    pub(super) revoked: Option<String>,
    /// Whether the key itself is here.
    pub(super) loaded: bool,
    /// When, in seconds since the Unix epoch.
    pub(super) loaded_at_s: Option<u64>,
    pub(super) check_value: Option<String>,
    pub(super) initial_key_id: Option<String>,
    pub(super) counter: Option<u32>,
    pub(super) remaining: Option<u64>,
}

impl KeyShown {
    /// The key of a till without a manifest.
    pub(super) fn own(key: &AcquirerKey, in_use: Option<&str>, now: &Now) -> Self {
        let until = key.valid_until();
        let state = match in_use {
            Some(id) if id == key.key_id().as_str() => "in_use",
            _ if key.is_valid_on(now.day) => "valid",
            _ => "expired",
        };
        Self {
            valid_until: until.map(|day| day.to_string()),
            days_left: until.map(|day| now.day.days_until(day)),
            loaded: true,
            ..Self::new(key.key_id().to_string(), KeyKind::XWing, state)
        }
    }

    fn new(id: String, kind: KeyKind, state: &'static str) -> Self {
        Self {
            id,
            kind: kind.name(),
            state,
            valid_from: None,
            valid_until: None,
            days_left: None,
            revoked: None,
            loaded: false,
            loaded_at_s: None,
            check_value: None,
            initial_key_id: None,
            counter: None,
            remaining: None,
        }
    }

    fn with(mut self, loaded: &Loaded) -> Self {
        self.loaded = true;
        self.loaded_at_s = Some(loaded.loaded_at_s);
        self.check_value = Some(loaded.check_value.clone());
        if let Some(dukpt) = &loaded.dukpt {
            self.initial_key_id = Some(data_encoding::HEXUPPER.encode(&dukpt.initial_key_id));
            self.counter = Some(dukpt.counter);
            self.remaining = Some(dukpt.remaining);
        }
        self
    }
}

/// The keys of a manifest.
pub(super) fn named(
    manifest: &Manifest,
    loaded: &[Loaded],
    in_use: Option<&str>,
    now: &Now,
) -> Vec<KeyShown> {
    let shown = |key: &ManifestKey| {
        let there = find(loaded, &key.id).filter(|there| there.kind == key.kind);
        let mut shown = KeyShown {
            valid_from: Some(key.valid_from.to_string()),
            valid_until: Some(key.valid_until.to_string()),
            days_left: Some(now.day.days_until(key.valid_until)),
            revoked: key.revoked.clone(),
            loaded: key.kind.is_public(),
            check_value: key.check_value().map(ToString::to_string),
            ..KeyShown::new(
                key.id.to_string(),
                key.kind,
                state(manifest, key, there.is_some(), in_use, now),
            )
        };
        if let Some(there) = there {
            shown = shown.with(there);
        }
        shown
    };
    manifest.keys().iter().map(shown).collect()
}

/// The keys in the store that no manifest names.
pub(super) fn unnamed(held: &Held, loaded: &[Loaded]) -> Vec<KeyShown> {
    let manifest = held.manifest.as_ref().ok();
    loaded
        .iter()
        .filter(|loaded| manifest.is_none_or(|manifest| manifest.key(&loaded.id).is_none()))
        .map(|loaded| {
            KeyShown::new(loaded.id.to_string(), loaded.kind, "not_in_manifest").with(loaded)
        })
        .collect()
}

/// How a key of the manifest stands, a word for programs.
fn state(
    manifest: &Manifest,
    key: &ManifestKey,
    there: bool,
    in_use: Option<&str>,
    now: &Now,
) -> &'static str {
    let is_missing = !there && !key.kind.is_public();
    match key.standing(now.day) {
        Standing::Revoked => "revoked",
        Standing::Expired => "expired",
        Standing::NotYet | Standing::Valid if is_missing => "missing",
        Standing::NotYet => "next",
        Standing::Valid => {
            let newest = manifest.key_for(key.kind, now.day);
            let counts = if key.kind.seals() {
                in_use == Some(key.id.as_str())
            } else {
                newest.is_ok_and(|newest| newest.id == key.id)
            };
            if counts { "in_use" } else { "valid" }
        }
    }
}

/// What needs care soon and is not the lane's to say.
pub(super) fn warnings(manifest: &Manifest, loaded: &[Loaded], now: &Now) -> Vec<String> {
    let mut said = Vec::new();
    for key in manifest.keys().iter().filter(|key| !key.kind.is_public()) {
        let there = find(loaded, &key.id).is_some();
        let begins = now.day.days_until(key.valid_from);
        match key.standing(now.day) {
            Standing::NotYet if !there && begins <= EXPIRY_WARNING_DAYS => said.push(format!(
                "The key \"{}\" ({}) is valid from {} on and not loaded. Load it before that day.",
                key.id, key.kind, key.valid_from
            )),
            Standing::Valid if !there && key.kind == KeyKind::Token => said.push(format!(
                "The key \"{}\" ({}) is not loaded. Load its key block.",
                key.id, key.kind
            )),
            Standing::Revoked if there => said.push(format!(
                "The key \"{0}\" is revoked and still in the key store. Erase it: `tillctl keys \
                 destroy {0}`.",
                key.id
            )),
            Standing::Expired if there => said.push(format!(
                "The key \"{0}\" is over and still in the key store. Erase it: `tillctl keys \
                 destroy {0}`.",
                key.id
            )),
            _ => {}
        }
    }
    said
}
