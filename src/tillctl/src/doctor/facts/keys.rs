//! The lane's keys folder: what is public, and what the key store lists. Where the store's key is a
//! system credential, only the lane can open it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sealpoint_vault::{
    ACQUIRER_KEY_FILE, AcquirerKey, Day, HOT_LIST_FILE, HotList, KeyKind, MANIFEST_FILE,
    MAX_KEY_FILE, Manifest,
    signed::{MAX_ROOT_FILE, Purpose, ROOT_FILE, RootPublicKey},
    store::{KeyStore, STORAGE_KEY_FILE, STORE_FILE, StorageKey},
};

use super::Seen;
use crate::plain_file::{self, Links};

/// The keys folder.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Keys {
    /// The folder.
    pub folder: PathBuf,
    /// The acquirer's key without a manifest.
    pub acquirer: Seen<PublicKey>,
    /// The retailer's root, by its fingerprint.
    pub root: Seen<String>,
    /// The manifest, if the root has signed it.
    pub manifest: Seen<Signed>,
    /// The list of cards that are not taken: what is to be said of its age.
    pub hot_list: Seen<Option<String>>,
    /// What is in the store of secret keys.
    pub store: Seen<Stored>,
    /// Permission bits of that store.
    pub store_mode: Seen<u32>,
    /// Permission bits of the store's key, where that is a file.
    pub storage_key_mode: Seen<u32>,
}

/// A key that was not signed for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicKey {
    /// Its name.
    pub id: String,
    /// Its last day, `YYYY-MM-DD`.
    pub until: Option<String>,
    /// Whether today is such a day.
    pub valid: bool,
}

/// What of a manifest matters today.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Signed {
    /// Its version.
    pub version: u64,
    /// The keys to seal with that count today.
    pub in_use: Vec<InUse>,
    /// Why no key of a kind that it names counts today; two sentences.
    pub none: Vec<String>,
}

/// A key that counts today.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InUse {
    /// Its name.
    pub id: String,
    /// Its kind.
    pub kind: &'static str,
    /// Its last day, `YYYY-MM-DD`.
    pub until: String,
    /// The key that takes its place, if the manifest names one.
    pub next: Option<String>,
}

/// What is in the store of secret keys; never a key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stored {
    /// The highest version of a manifest that was ever accepted.
    pub manifest_version: u64,
    /// The names of its keys.
    pub ids: Vec<String>,
    /// The DUKPT keys.
    pub dukpt: Vec<Dukpt>,
}

/// A DUKPT key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dukpt {
    /// Its name.
    pub id: String,
    /// The last number that was used or skipped.
    pub counter: u32,
    /// How many keys are left.
    pub remaining: u64,
    /// Whether a new initial key should be loaded.
    pub is_low: bool,
}

/// Looks. `today` is `YYYY-MM-DD`.
pub fn gather(state: &Path, today: &str) -> Keys {
    let folder = state.join("lane");
    let Ok(day) = today.parse::<Day>() else {
        return Keys::default();
    };
    let text =
        |name: &str, max: u64| match plain_file::read(&folder.join(name), max, Links::Refused) {
            Ok(bytes) => Seen::There(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => Seen::from_error(&error),
        };
    let root = read(text(ROOT_FILE, MAX_ROOT_FILE as u64), |text| {
        RootPublicKey::parse(text).map_err(|error| error.to_string())
    });
    let manifest = text(MANIFEST_FILE, Purpose::Manifest.max_len() as u64);
    let manifest = match (&root, manifest) {
        (Seen::There(root), manifest) => read(manifest, |text| {
            Manifest::verify(text, root)
                .map(|manifest| signed(&manifest, day))
                .map_err(|error| error.to_string())
        }),
        (_, Seen::There(_)) => Seen::Broken("there is no root key to check it with".to_owned()),
        (_, manifest) => read(manifest, |_| Ok(Signed::default())),
    };
    let acquirer = read(text(ACQUIRER_KEY_FILE, MAX_KEY_FILE), |text| {
        AcquirerKey::parse(text)
            .map(|key| PublicKey {
                id: key.key_id().to_string(),
                until: key.valid_until().map(|day| day.to_string()),
                valid: key.is_valid_on(day),
            })
            .map_err(|error| error.to_string())
    });
    let hot_list = text(HOT_LIST_FILE, Purpose::HotList.max_len() as u64);
    let hot_list = match &root {
        Seen::There(root) => read(hot_list, |text| {
            HotList::verify(text, root)
                .map(|list| list.age_warning(day))
                .map_err(|error| error.to_string())
        }),
        // Without the root nobody can say whose list it is; that is said of the root.
        _ => Seen::Missing,
    };
    let store_mode = Seen::mode_of(&folder.join(STORE_FILE));
    let storage_key_mode = Seen::mode_of(&folder.join(STORAGE_KEY_FILE));
    let openable = [STORE_FILE, STORAGE_KEY_FILE]
        .iter()
        .all(|name| fs::symlink_metadata(folder.join(name)).is_ok_and(|found| found.is_file()));
    Keys {
        store: if openable {
            stored(&folder)
        } else {
            Seen::Missing
        },
        hot_list,
        acquirer,
        root: read(root, |root| Ok(root.fingerprint())),
        manifest,
        store_mode,
        storage_key_mode,
        folder,
    }
}

/// What comes of something that is there.
fn read<A, B>(seen: Seen<A>, of: impl FnOnce(&A) -> Result<B, String>) -> Seen<B> {
    match seen {
        Seen::Missing => Seen::Missing,
        Seen::Unseen(why) => Seen::Unseen(why),
        Seen::Broken(why) => Seen::Broken(why),
        Seen::There(it) => match of(&it) {
            Ok(made) => Seen::There(made),
            Err(why) => Seen::Broken(why),
        },
    }
}

fn signed(manifest: &Manifest, day: Day) -> Signed {
    let mut found = Signed {
        version: manifest.version(),
        ..Signed::default()
    };
    let named = |kind: &KeyKind| manifest.keys().iter().any(|key| key.kind == *kind);
    for kind in KeyKind::ALL
        .into_iter()
        .filter(|kind| kind.seals())
        .filter(named)
    {
        match manifest.key_for(kind, day) {
            Ok(key) => found.in_use.push(InUse {
                id: key.id.to_string(),
                kind: kind.name(),
                until: key.valid_until.to_string(),
                next: manifest.next_after(kind, day).map(|key| key.id.to_string()),
            }),
            Err(none) => found.none.push(none.to_string()),
        }
    }
    found
}

/// Opens the store with the key that lies beside it.
fn stored(folder: &Path) -> Seen<Stored> {
    let storage = match StorageKey::find(folder, None, false) {
        Ok(storage) => storage,
        Err(error) => return Seen::Broken(error.to_string()),
    };
    let listed = KeyStore::open(folder, storage)
        .and_then(|store| Ok((store.manifest_version()?, store.list()?)));
    let (manifest_version, all) = match listed {
        Ok(listed) => listed,
        Err(error) => return Seen::Broken(error.to_string()),
    };
    let dukpt = all.iter().filter_map(|key| {
        let stands = key.dukpt.as_ref()?;
        Some(Dukpt {
            id: key.id.to_string(),
            counter: stands.counter,
            remaining: stands.remaining,
            is_low: stands.is_low,
        })
    });
    Seen::There(Stored {
        manifest_version,
        dukpt: dukpt.collect(),
        ids: all.iter().map(|key| key.id.to_string()).collect(),
    })
}
