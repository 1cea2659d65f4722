//! `tillctl keys rotate`: the manifest's newest key takes over, and what it replaces is erased.
//!
//! The lane takes the newest valid key by itself, for each charge. What is left to do is to see that
//! the new key is there and to erase the old one, so that nobody finds it later. A public key is
//! not erased: it opens nothing, and sealed cards on their way name it.

use sealpoint_vault::{KeyKind, Manifest, ManifestKey, store::Loaded};
use sealpoint_wire::KeyId;

use super::{
    args::Options,
    folder::KeysFolder,
    held::{Held, because, find, store_fault},
    report::{Done, Now},
};
use crate::fault::Fault;

/// Rotates every kind of key that has a newer one, or the kind of the key `to`.
pub fn rotate(options: &Options, to: Option<&KeyId>) -> Result<Done, Fault> {
    let now = Now::read()?;
    let held = Held::read(KeysFolder::to_write(&options.keys)?)?;
    let manifest = held.manifest()?;
    let mut store = held.store(options, true)?;
    let loaded = store.list().map_err(|error| store_fault(&error))?;
    let kinds: Vec<KeyKind> = match to {
        Some(id) => vec![wanted(manifest, held.key(id)?, &now)?],
        None => KeyKind::ALL.to_vec(),
    };
    let mut said = Vec::new();
    let mut because_not = Vec::new();
    for kind in kinds {
        match takes_over(manifest, &loaded, kind, to.is_some(), &now) {
            Takeover::Replaces(new, old) => {
                for id in old {
                    store.remove(id).map_err(|error| store_fault(&error))?;
                    said.push(format!("\"{id}\" is erased: \"{}\" replaced it.", new.id));
                }
            }
            Takeover::InUse(sentence) => said.push(sentence),
            Takeover::Not(sentence) => because_not.push(sentence),
            Takeover::Nothing => {}
        }
    }
    if said.is_empty() {
        if because_not.is_empty() {
            because_not.push(
                "Nothing can be rotated: no key is there that a newer one replaces.".to_owned(),
            );
        }
        return Err(Fault::refused(
            because_not.join(" "),
            "Load a manifest with the next key, and that key, then rotate again.",
        ));
    }
    let first = said.remove(0);
    Ok(Done::new("rotated", first)
        .and_all(said)
        .and_all(because_not))
}

/// What there is to do for a kind of key.
enum Takeover<'a> {
    /// The first replaces the others.
    Replaces(&'a ManifestKey, Vec<&'a KeyId>),
    /// A public key that is in use since it became valid.
    InUse(String),
    /// There is a key, and it cannot be replaced.
    Not(String),
    /// There is no key of the kind.
    Nothing,
}

/// The kind of a key that must be the newest valid one.
fn wanted(manifest: &Manifest, key: &ManifestKey, now: &Now) -> Result<KeyKind, Fault> {
    let newest = manifest
        .key_for(key.kind, now.day)
        .map_err(|none| because("", &none))?;
    if newest.id == key.id {
        return Ok(key.kind);
    }
    Err(Fault::refused(
        format!(
            "By the manifest \"{}\" is the key to use today, not \"{}\" (valid from {} until {}).",
            newest.id, key.id, key.valid_from, key.valid_until
        ),
        "Ask the retailer for a manifest in which it is, or rotate without `--to`.",
    ))
}

fn takes_over<'a>(
    manifest: &'a Manifest,
    loaded: &'a [Loaded],
    kind: KeyKind,
    asked: bool,
    now: &Now,
) -> Takeover<'a> {
    let Ok(new) = manifest.key_for(kind, now.day) else {
        return Takeover::Nothing;
    };
    if kind.is_public() {
        return if asked {
            Takeover::InUse(format!(
                "\"{}\" is in use, since the manifest that names it was loaded and its first day came.",
                new.id
            ))
        } else {
            Takeover::Nothing
        };
    }
    let older = |stored: &&Loaded| {
        let key = manifest.key(&stored.id);
        stored.kind == kind
            && stored.id != new.id
            && key.is_some_and(|key| key.valid_from <= new.valid_from)
    };
    let old: Vec<&KeyId> = loaded
        .iter()
        .filter(older)
        .map(|stored| &stored.id)
        .collect();
    if find(loaded, &new.id).is_none() {
        return if old.is_empty() && !asked {
            Takeover::Nothing
        } else {
            Takeover::Not(format!(
                "The next key \"{}\" ({kind}) is not loaded.",
                new.id
            ))
        };
    }
    if old.is_empty() {
        let next = manifest.next_after(kind, now.day);
        return Takeover::Not(match next {
            Some(next) => format!(
                "\"{}\" ({kind}) is in use; the next one, \"{}\", is valid from {} on.",
                new.id, next.id, next.valid_from
            ),
            None => format!(
                "\"{}\" ({kind}) is in use, and the manifest names no later one.",
                new.id
            ),
        });
    }
    Takeover::Replaces(new, old)
}
