//! `tillctl keys show`: every key and how it stands, for people and for monitoring.

mod keys;
mod page;

use std::path::Path;

use sealpoint_emv::{Sealing, SealingMethod};
use sealpoint_lane::{
    keys::{Keys, kinds},
    set_up::read_profile,
};
use sealpoint_vault::{
    ACQUIRER_KEY_FILE, AcquirerKey, HOT_LIST_FILE, HotList, KeyStore, Manifest, StorageKey,
    signed::Purpose,
    store::{Loaded, STORE_FILE, StorageKeyError},
};
use sealpoint_wire::{OfflinePolicy, status::KeySource};
use serde::Serialize;

use super::{
    args::Options,
    folder::KeysFolder,
    held::{Held, because, credentials, no_storage_key, store_fault},
    report::{Now, VERSION},
};
use crate::{exit::Exit, fault::Fault};

/// Everything that is shown.
#[derive(Serialize)]
struct Shown {
    version: u8,
    exit_code: u8,
    folder: String,
    today: String,
    /// How cards are sealed.
    sealing: &'static str,
    /// Why no card can be charged, as far as keys go.
    cannot_charge: Option<String>,
    /// What needs care soon.
    warnings: Vec<String>,
    root: Option<Root>,
    manifest: Option<ManifestShown>,
    storage_key: Option<KeySource>,
    keys: Vec<keys::KeyShown>,
    hot_list: Option<HotListShown>,
}

#[derive(Serialize)]
struct Root {
    id: String,
    fingerprint: String,
}

#[derive(Serialize)]
struct ManifestShown {
    version: u64,
    issued: String,
    next_root: Option<String>,
    /// What may be charged without the issuer.
    offline: Option<OfflinePolicy>,
}

#[derive(Serialize)]
struct HotListShown {
    version: u64,
    issued: String,
    cards: usize,
    key: String,
}

/// What the store says, as far as it can be asked.
#[derive(Default)]
struct Store {
    source: Option<KeySource>,
    loaded: Vec<Loaded>,
    fault: Option<Fault>,
}

/// Looks at everything; what to print, and how the program ends.
pub fn show(options: &Options, profile: Option<&Path>) -> Result<(String, Exit), Fault> {
    let now = Now::read()?;
    let methods = methods(profile)?;
    let held = Held::read(KeysFolder::to_read(&options.keys)?)?;
    let methods = named(methods, held.manifest.as_ref().ok());
    let store = Store::read(options, &held);
    let lane = Lane::ask(options, &methods, &now);
    let mut shown = Shown {
        version: VERSION,
        exit_code: 0,
        folder: options.keys.display().to_string(),
        today: now.day.to_string(),
        sealing: word(lane.sealing.method),
        cannot_charge: lane.refusal,
        warnings: lane.warnings,
        root: held.root.as_ref().map(|root| Root {
            id: root.id().to_string(),
            fingerprint: root.fingerprint(),
        }),
        manifest: held.manifest.as_ref().ok().map(|manifest| ManifestShown {
            version: manifest.version(),
            issued: manifest.issued().to_string(),
            next_root: manifest.next_root().map(|next| next.id().to_string()),
            offline: manifest.offline().cloned(),
        }),
        storage_key: store.source,
        keys: Vec::new(),
        hot_list: None,
    };
    match &held.manifest {
        Ok(manifest) => {
            shown.keys = keys::named(manifest, &store.loaded, lane.in_use.as_deref(), &now);
            let more = keys::warnings(manifest, &store.loaded, &now);
            shown.warnings.extend(more);
        }
        Err(_) => shown.own_key(&held, lane.in_use.as_deref(), &now),
    }
    shown.keys.extend(keys::unnamed(&held, &store.loaded));
    // What stops charges was said already.
    if let (Some(fault), None) = (&store.fault, &shown.cannot_charge) {
        shown.warnings.push(fault.to_string());
    }
    shown.about_hot_list(&held)?;
    let exit = match (&shown.cannot_charge, shown.warnings.is_empty()) {
        (Some(_), _) => Exit::NoKeys,
        (None, false) => Exit::KeysCare,
        (None, true) => Exit::Approved,
    };
    shown.exit_code = exit.code();
    let text = if options.json {
        serde_json::to_string_pretty(&shown).unwrap_or_default()
    } else {
        page::write(&shown)
    };
    Ok((text, exit))
}

/// How the till may seal cards: by its profile, or every way without one.
fn methods(profile: Option<&Path>) -> Result<Vec<Sealing>, Fault> {
    let Some(path) = profile else {
        let method = |method| Sealing {
            method,
            ..Sealing::default()
        };
        let all = [
            SealingMethod::Hpke,
            SealingMethod::AesDukpt,
            SealingMethod::TdesDukpt,
        ];
        return Ok(all.map(method).to_vec());
    };
    let profile = read_profile(path).map_err(|why| {
        Fault::not_set_up(
            format!("{path:?} is no profile: {why}."),
            "Name the terminal profile that the lane is started with.",
        )
    })?;
    Ok(vec![profile.sealing])
}

/// Of these ways of sealing those that the manifest names keys for, if it does for any.
fn named(methods: Vec<Sealing>, manifest: Option<&Manifest>) -> Vec<Sealing> {
    let Some(manifest) = manifest else {
        return methods;
    };
    let has_keys = |sealing: &Sealing| {
        let kinds = kinds(sealing.method);
        manifest.keys().iter().any(|key| kinds.contains(&key.kind))
    };
    let (named, others): (Vec<_>, Vec<_>) = methods.into_iter().partition(has_keys);
    if named.is_empty() { others } else { named }
}

/// What the lane's own choice comes to, so that nothing is shown that the lane would not do.
struct Lane {
    sealing: Sealing,
    in_use: Option<String>,
    warnings: Vec<String>,
    refusal: Option<String>,
}

impl Lane {
    /// The first way of sealing for which there is a key; else why there is none for the first.
    fn ask(options: &Options, methods: &[Sealing], now: &Now) -> Self {
        let mut refused: Option<Self> = None;
        for sealing in methods {
            match Keys::new(&options.keys, options.production).ready(*sealing, now.day) {
                Ok(ready) => {
                    return Self {
                        sealing: *sealing,
                        in_use: Some(ready.key_id().to_string()),
                        warnings: ready.warnings().to_vec(),
                        refusal: None,
                    };
                }
                Err(why) => {
                    refused.get_or_insert(Self {
                        sealing: *sealing,
                        in_use: None,
                        warnings: Vec::new(),
                        refusal: Some(why),
                    });
                }
            }
        }
        refused.unwrap_or(Self {
            sealing: Sealing::default(),
            in_use: None,
            warnings: Vec::new(),
            refusal: None,
        })
    }
}

/// A way of sealing, as the profile calls it.
const fn word(method: SealingMethod) -> &'static str {
    match method {
        SealingMethod::Hpke => "hpke",
        SealingMethod::AesDukpt => "aes_dukpt",
        SealingMethod::TdesDukpt => "tdes_dukpt",
    }
}

impl Store {
    fn read(options: &Options, held: &Held) -> Self {
        let mut store = Self::default();
        let folder = held.folder.path();
        let there = folder.join(STORE_FILE).exists();
        let found = StorageKey::find(folder, credentials().as_deref(), options.production);
        let storage = match found {
            Ok(storage) => storage,
            // None is needed yet.
            Err(StorageKeyError::Missing(_) | StorageKeyError::NoCredential) if !there => {
                return store;
            }
            Err(error) => {
                store.fault = Some(no_storage_key(&error));
                return store;
            }
        };
        store.source = Some(storage.source());
        match KeyStore::open(folder, storage).and_then(|store| store.list()) {
            Ok(loaded) => store.loaded = loaded,
            Err(error) => store.fault = Some(store_fault(&error)),
        }
        store
    }
}

impl Shown {
    /// The one public key of a till without a manifest.
    fn own_key(&mut self, held: &Held, in_use: Option<&str>, now: &Now) {
        if held.root.is_some() || held.manifest_text.is_some() {
            return;
        }
        let path = held.folder.path().join(ACQUIRER_KEY_FILE);
        if let Ok(key) = AcquirerKey::load(&path) {
            self.keys.push(keys::KeyShown::own(&key, in_use, now));
        }
    }

    fn about_hot_list(&mut self, held: &Held) -> Result<(), Fault> {
        let bound = Purpose::HotList.max_len();
        let (Some(text), Some(root)) = (held.folder.text(HOT_LIST_FILE, bound)?, &held.root) else {
            return Ok(());
        };
        match HotList::verify(&text, root) {
            Ok(list) => {
                self.hot_list = Some(HotListShown {
                    version: list.version(),
                    issued: list.issued().to_string(),
                    cards: list.cards(),
                    key: list.key_id().to_string(),
                });
            }
            Err(bad) => {
                let fault = because("The hot list is not believed: ", &bad);
                self.warnings.push(fault.to_string());
            }
        }
        Ok(())
    }
}
