//! Which key seals today.

use std::sync::Arc;

use sealpoint_emv::SealingMethod;
use sealpoint_vault::{
    AcquirerKey, Day, EXPIRY_WARNING_DAYS, KeyKind, Manifest, ManifestKey, NoKey, Standing,
    store::Loaded,
};
use sealpoint_wire::{KeyId, seal::DukptScheme};

/// The key that seals.
#[derive(Clone)]
pub(super) enum SealingKey {
    /// A public key without a manifest, in a demo.
    Own(Arc<AcquirerKey>),
    /// A public key that the manifest holds.
    Named(Arc<Manifest>, KeyId),
    /// A DUKPT key of the store.
    Dukpt(KeyId),
}

impl SealingKey {
    pub(super) fn key_id(&self) -> &KeyId {
        match self {
            Self::Own(key) => key.key_id(),
            Self::Named(_, id) | Self::Dukpt(id) => id,
        }
    }

    /// The public key, if it is one.
    pub(super) fn public(&self) -> Option<&AcquirerKey> {
        match self {
            Self::Own(key) => Some(key),
            Self::Named(manifest, id) => manifest.key(id)?.acquirer_key(),
            Self::Dukpt(_) => None,
        }
    }
}

/// The kinds of key that a method seals with.
#[must_use]
pub const fn kinds(method: SealingMethod) -> &'static [KeyKind] {
    match method {
        SealingMethod::Hpke => &[KeyKind::XWing],
        SealingMethod::AesDukpt => &[
            KeyKind::Dukpt(DukptScheme::Aes128),
            KeyKind::Dukpt(DukptScheme::Aes192),
            KeyKind::Dukpt(DukptScheme::Aes256),
        ],
        SealingMethod::TdesDukpt => &[KeyKind::Dukpt(DukptScheme::Tdes2)],
    }
}

/// The newest key of these kinds that the manifest allows today and that is here: a public key is
/// in the manifest, a secret one has to be loaded.
///
/// # Errors
/// Why there is none and what to do, in two sentences.
pub(super) fn managed(
    manifest: &Arc<Manifest>,
    kinds: &[KeyKind],
    loaded: &[Loaded],
    today: Day,
    warnings: &mut Vec<String>,
) -> Result<SealingKey, String> {
    let mut allowed: Vec<&ManifestKey> = manifest
        .keys()
        .iter()
        .filter(|key| kinds.contains(&key.kind) && key.standing(today) == Standing::Valid)
        .collect();
    allowed.sort_by_key(|key| core::cmp::Reverse(key.valid_from));
    let Some(newest) = allowed.first() else {
        return Err(none_allowed(manifest, kinds, today).to_string());
    };
    let mut missing = None;
    for key in &allowed {
        match is_here(key, loaded) {
            Ok(()) => {
                if let Some(why) = missing {
                    warnings.push(format!(
                        "Cards are sealed with the older key \"{}\". {why}",
                        key.id
                    ));
                }
                warn_of_end(manifest, key, kinds, today, warnings);
                return Ok(match key.kind {
                    KeyKind::XWing => SealingKey::Named(Arc::clone(manifest), key.id.clone()),
                    _ => SealingKey::Dukpt(key.id.clone()),
                });
            }
            Err(why) => missing = missing.or(Some(why)),
        }
    }
    Err(missing.unwrap_or_else(|| not_loaded(&newest.id)))
}

/// Why none of these kinds is allowed: what is known of one tells more than that another is unknown.
fn none_allowed(manifest: &Manifest, kinds: &[KeyKind], today: Day) -> NoKey {
    let mut why = NoKey::Unknown(kinds.first().copied().unwrap_or(KeyKind::XWing));
    for kind in kinds {
        match manifest.key_for(*kind, today) {
            Err(reason @ (NoKey::Expired { .. } | NoKey::Revoked { .. })) => return reason,
            Err(reason @ NoKey::NotYet { .. }) => why = reason,
            Ok(_) | Err(NoKey::Unknown(_)) => {}
        }
    }
    why
}

/// Whether the key can be used here; else why not and what to do.
fn is_here(key: &ManifestKey, loaded: &[Loaded]) -> Result<(), String> {
    if key.kind.is_public() {
        return Ok(());
    }
    let Some(found) = loaded.iter().find(|found| found.id == key.id) else {
        return Err(not_loaded(&key.id));
    };
    let is_it = found.kind == key.kind
        && key.check_value().is_none_or(|stated| {
            found
                .check_value
                .parse()
                .is_ok_and(|its| stated.matches(&its))
        });
    if !is_it {
        return Err(format!(
            "The key that is loaded as \"{}\" is not the one that the manifest names: kind or check \
             value differ. Destroy it and load the right one with `tillctl keys`.",
            key.id
        ));
    }
    match &found.dukpt {
        Some(dukpt) if dukpt.remaining == 0 => Err(format!(
            "Every key of \"{}\" is used up. Load a new initial key, which your acquirer gives you.",
            key.id
        )),
        _ => Ok(()),
    }
}

fn not_loaded(id: &KeyId) -> String {
    format!("The key \"{id}\" is not loaded. Load its key block with `tillctl keys load`.")
}

/// Warns of a key that ends soon and has no successor that begins in time.
fn warn_of_end(
    manifest: &Manifest,
    key: &ManifestKey,
    kinds: &[KeyKind],
    today: Day,
    warnings: &mut Vec<String>,
) {
    let days = today.days_until(key.valid_until);
    let succeeded = kinds
        .iter()
        .filter_map(|kind| manifest.next_after(*kind, today))
        .any(|next| key.valid_until.days_until(next.valid_from) <= 1);
    if days <= EXPIRY_WARNING_DAYS && !succeeded {
        warnings.push(ends_soon(&key.id, key.valid_until, days));
    }
}

/// What to say of a public key without a manifest that ends soon.
pub(super) fn warn_of_own_end(key: &AcquirerKey, today: Day, warnings: &mut Vec<String>) {
    if let Some(last) = key.valid_until() {
        let days = today.days_until(last);
        if days <= EXPIRY_WARNING_DAYS {
            warnings.push(ends_soon(key.key_id(), last, days));
        }
    }
}

fn ends_soon(id: &KeyId, last: Day, days: i64) -> String {
    let left = match days {
        i64::MIN..=0 => "today is its last day".to_owned(),
        1 => "it ends tomorrow".to_owned(),
        more => format!("{more} days are left"),
    };
    format!(
        "The key \"{id}\" that seals cards is valid until {last}: {left}. Load its successor before \
         that day is over."
    )
}

/// The DUKPT key that was loaded last, where no manifest says which.
///
/// # Errors
/// That there is none and what to do.
pub(super) fn unmanaged_dukpt(kinds: &[KeyKind], loaded: &[Loaded]) -> Result<SealingKey, String> {
    loaded
        .iter()
        .rev()
        .find(|found| kinds.contains(&found.kind))
        .map(|found| SealingKey::Dukpt(found.id.clone()))
        .ok_or_else(|| {
            "The profile asks for DUKPT, but no such key is loaded. Load its key block with \
             `tillctl keys load`."
                .to_owned()
        })
}

/// What to say of a DUKPT key with few keys left.
pub(super) fn warn_of_few(id: &KeyId, loaded: &[Loaded], warnings: &mut Vec<String>) {
    let dukpt = loaded
        .iter()
        .find(|found| found.id == *id)
        .and_then(|found| found.dukpt.as_ref());
    if let Some(dukpt) = dukpt
        && dukpt.is_low
    {
        warnings.push(format!(
            "Only {} cards can still be sealed with \"{id}\". Load a new initial key, which your \
             acquirer gives you.",
            dukpt.remaining
        ));
    }
}
