//! What lies in the lane's folder.

use std::{env, path::PathBuf};

use sealpoint_vault::{
    CheckValue, KeyStore, MANIFEST_FILE, Manifest, ManifestKey, StorageKey,
    signed::{MAX_ROOT_FILE, Purpose, ROOT_FILE, RootPublicKey},
    store::{Loaded, StorageKeyError, StoreError},
};
use sealpoint_wire::KeyId;

use super::{args::Options, folder::KeysFolder};
use crate::{exit::Exit, fault::Fault};

/// The retailer's root and manifest, and the folder that they lie in.
pub struct Held {
    /// The folder.
    pub folder: KeysFolder,
    /// The root that this till trusts.
    pub root: Option<RootPublicKey>,
    /// The manifest's text, whatever it says.
    pub manifest_text: Option<String>,
    /// The manifest, if the root signed it.
    pub manifest: Result<Manifest, Fault>,
}

impl Held {
    /// What is there. A manifest that does not count is no obstacle: it can be replaced.
    pub fn read(folder: KeysFolder) -> Result<Self, Fault> {
        let root = folder
            .text(ROOT_FILE, MAX_ROOT_FILE)?
            .map(|text| RootPublicKey::parse(&text))
            .transpose()
            .map_err(|bad| {
                Fault::refused(
                    format!("{ROOT_FILE} is no root key: {bad}."),
                    "Put the retailer's root key back; two people may load it with `--replace-root`.",
                )
            });
        let (root, root_fault) = match root {
            Ok(root) => (root, None),
            Err(fault) => (None, Some(fault)),
        };
        let manifest_text = folder.text(MANIFEST_FILE, Purpose::Manifest.max_len())?;
        let manifest = match (&root, &manifest_text, root_fault) {
            (_, _, Some(fault)) => Err(fault),
            (None, _, None) => Err(no_root()),
            (Some(_), None, None) => Err(no_manifest()),
            (Some(root), Some(text), None) => Manifest::verify(text, root)
                .map_err(|bad| because("The manifest is not believed: ", &bad)),
        };
        Ok(Self {
            folder,
            root,
            manifest_text,
            manifest,
        })
    }

    /// The manifest, which a secret key needs.
    pub fn manifest(&self) -> Result<&Manifest, Fault> {
        self.manifest.as_ref().map_err(Clone::clone)
    }

    /// The key that the manifest calls so.
    pub fn key(&self, id: &KeyId) -> Result<&ManifestKey, Fault> {
        self.manifest()?.key(id).ok_or_else(|| {
            Fault::refused(
                format!("The manifest names no key \"{id}\"."),
                "Load the manifest that does first, or name another key with `--id`.",
            )
        })
    }

    /// What the manifest says of that key; nothing on a till that has neither root nor manifest,
    /// which only a demo may be.
    pub fn expected(&self, options: &Options, id: &KeyId) -> Result<Option<&ManifestKey>, Fault> {
        if self.is_unmanaged(options) {
            return Ok(None);
        }
        self.key(id).map(Some)
    }

    /// Whether nobody says which keys may be used, and nobody need.
    pub fn is_unmanaged(&self, options: &Options) -> bool {
        let file = |name| self.folder.path().join(name).exists();
        !options.production && !file(ROOT_FILE) && !file(MANIFEST_FILE)
    }

    /// The key store; made with its storage key where there is none yet and it is to be written.
    pub fn store(&self, options: &Options, make: bool) -> Result<KeyStore, Fault> {
        let storage = self.storage_key(options, make)?;
        KeyStore::open(self.folder.path(), storage).map_err(|error| store_fault(&error))
    }

    /// The key store, to load a key or a manifest into, and what was dropped from it: one that was
    /// copied or restored is begun anew, without the keys whose counters nobody can trust.
    pub fn store_to_load(
        &self,
        options: &Options,
        make: bool,
    ) -> Result<(KeyStore, Vec<KeyId>), Fault> {
        let storage = self.storage_key(options, make)?;
        let mut store = KeyStore::unchecked(self.folder.path(), storage);
        let dropped = match store.list() {
            Err(StoreError::CopiedOrRestored(_)) => store.begin_again(),
            listed => listed.map(|_| Vec::new()),
        };
        let dropped = dropped.map_err(|error| store_fault(&error))?;
        Ok((store, dropped))
    }

    fn storage_key(&self, options: &Options, make: bool) -> Result<StorageKey, Fault> {
        let find = if make {
            StorageKey::find_or_make
        } else {
            StorageKey::find
        };
        let credentials = credentials();
        find(
            self.folder.path(),
            credentials.as_deref(),
            options.production,
        )
        .map_err(|error| no_storage_key(&error))
    }
}

/// Where the system puts credentials (systemd.exec(5)).
pub fn credentials() -> Option<PathBuf> {
    env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}

/// What is said of a key that went when the store was begun anew.
pub fn was_dropped(id: &KeyId) -> String {
    format!(
        "The key store had been copied or restored, so \"{id}\" was dropped: a key serial number \
         could have been used twice."
    )
}

/// The one of that name.
pub fn find<'a>(loaded: &'a [Loaded], id: &KeyId) -> Option<&'a Loaded> {
    loaded.iter().find(|loaded| loaded.id == *id)
}

/// Refuses a key whose check value is another than the manifest's.
pub fn compare(key: &ManifestKey, found: &CheckValue) -> Result<(), Fault> {
    let Some(stated) = key.check_value() else {
        return Ok(());
    };
    if stated.matches(found) {
        return Ok(());
    }
    Err(Fault::refused(
        format!(
            "This key has the check value {found}, and the manifest says {stated} for \"{}\".",
            key.id
        ),
        "Nothing was loaded. Find out which of the two is wrong: another key, or a mistyped one.",
    ))
}

/// What the store says, as a fault.
pub fn store_fault(error: &StoreError) -> Fault {
    let mut fault = because("The key store cannot be used: ", error);
    fault.exit = match error {
        StoreError::Unreadable { .. }
        | StoreError::Unwritable { .. }
        | StoreError::Busy(_)
        | StoreError::NoBirthTime(_)
        | StoreError::NoRandomBytes => Exit::Files,
        _ => Exit::Refused,
    };
    fault
}

/// What the storage key's search says, as a fault.
pub fn no_storage_key(error: &StorageKeyError) -> Fault {
    let mut fault = because("There is no storage key to use: ", error);
    fault.exit = Exit::Files;
    fault
}

/// A refusal from an error that says what is so and, behind a semicolon or as its last sentence,
/// what to do.
pub fn because(before: &str, error: &dyn core::fmt::Display) -> Fault {
    let text = error.to_string();
    let text = text.trim_end_matches('.');
    match text.rsplit_once("; ").or_else(|| text.rsplit_once(". ")) {
        Some((what, remedy)) => {
            Fault::refused(format!("{before}{what}."), format!("{}.", sentence(remedy)))
        }
        None => Fault::refused(
            format!("{before}{text}."),
            "Nothing was changed. Ask who gave it to you for another one.",
        ),
    }
}

/// With its first letter in upper case.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

fn no_root() -> Fault {
    Fault::refused(
        "This till does not know the retailer's root key yet.",
        "Load it first: `tillctl keys load retailer.pub.toml`.",
    )
}

fn no_manifest() -> Fault {
    Fault::refused(
        "There is no manifest yet that says which keys may be used.",
        "Load the one that the retailer signed: `tillctl keys load manifest.toml`.",
    )
}
