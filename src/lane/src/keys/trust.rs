//! Whom the lane believes about keys: the retailer, who signed a manifest, or in a demo nobody.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use sealpoint_vault::{
    MANIFEST_FILE, Manifest,
    signed::{MAX_ROOT_FILE, Purpose, ROOT_FILE, RootPublicKey},
};

use sealpoint_wire::OfflinePolicy;

use super::watched::{Watched, read_text};

/// What the files say.
#[derive(Clone)]
pub(super) enum Trust {
    /// The retailer's root, and what it signed.
    Managed(Arc<RootPublicKey>, Arc<Manifest>),
    /// There is neither root nor manifest.
    Unmanaged,
}

impl Trust {
    /// What the retailer allows without the issuer.
    pub(super) fn offline(&self) -> Option<&OfflinePolicy> {
        match self {
            Self::Managed(_, manifest) => manifest.offline(),
            Self::Unmanaged => None,
        }
    }
}

/// The files, and what was made of them.
pub(super) struct Trusted(Watched<Result<Trust, String>>);

/// Where the retailer's root key is: the system's credential of that name, which is out of reach of
/// whoever can write in the keys folder; without one, the folder's own file.
pub(super) fn root_file(folder: &Path, credentials: Option<&Path>) -> PathBuf {
    credentials
        .map(|folder| folder.join(ROOT_FILE))
        .filter(|path| path.exists())
        .unwrap_or_else(|| folder.join(ROOT_FILE))
}

impl Trusted {
    /// That root key's file, and the manifest in the keys folder.
    pub(super) fn of(root: PathBuf, folder: &Path) -> Self {
        Self(Watched::new(vec![root, folder.join(MANIFEST_FILE)]))
    }

    /// Root and manifest, checked; the manifest's version is the store's to judge.
    pub(super) fn look(&mut self) -> Result<Trust, String> {
        let read = |paths: &[PathBuf]| match paths {
            [root, manifest] => read(root, manifest),
            _ => Ok(Trust::Unmanaged),
        };
        self.0.look(read).clone()
    }
}

/// The root key alone, as who must not depend on a manifest needs it; none if there is none.
///
/// # Errors
/// What is wrong with the file and what to do.
pub(super) fn root_key(path: &Path) -> Result<Option<RootPublicKey>, String> {
    let Some(text) = read_text(path, MAX_ROOT_FILE)? else {
        return Ok(None);
    };
    RootPublicKey::parse(&text).map(Some).map_err(|bad| {
        format!(
            "the retailer's root key {path:?} cannot be used because {bad}. Load the root key again \
             with `tillctl keys load`."
        )
    })
}

fn read(root: &Path, manifest: &Path) -> Result<Trust, String> {
    let cannot = |why: String| format!("No card can be charged: {why}");
    let root_text = read_text(root, MAX_ROOT_FILE).map_err(cannot)?;
    let text = read_text(manifest, Purpose::Manifest.max_len()).map_err(cannot)?;
    let (root_text, text) = match (root_text, text) {
        (None, None) => return Ok(Trust::Unmanaged),
        (Some(root_text), Some(text)) => (root_text, text),
        (None, Some(_)) => {
            return Err(format!(
                "No card can be charged: the retailer's root key {root:?} is missing, so the \
                 manifest beside it cannot be checked. Load the root key with `tillctl keys load`."
            ));
        }
        (Some(_), None) => {
            return Err(format!(
                "No card can be charged: the retailer's manifest of keys {manifest:?} is missing. \
                 Load it with `tillctl keys load`."
            ));
        }
    };
    let root = RootPublicKey::parse(&root_text).map_err(|bad| {
        format!(
            "No card can be charged: the retailer's root key {root:?} cannot be used because {bad}. \
             Load the root key again with `tillctl keys load`."
        )
    })?;
    let manifest = Manifest::verify(&text, &root).map_err(|bad| {
        format!("No card can be charged: the manifest of keys {manifest:?} cannot be used: {bad}.")
    })?;
    Ok(Trust::Managed(Arc::new(root), Arc::new(manifest)))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use sealpoint_vault::{
        KeyStore, StorageKey, SystemRandom,
        signed::{RootPrivateKey, sign},
        store::STORAGE_CREDENTIAL,
    };
    use tempfile::TempDir;

    use super::*;
    use crate::keys::Keys;

    const BODY: &str = "version = 1\nissued = \"2026-11-23\"\n\n[[key]]\nid = \"token-1\"\n\
                        kind = \"token\"\nvalid_from = \"2026-01-01\"\n\
                        valid_until = \"2027-01-01\"\ncheck_value = \"0102030405\"\n";

    /// Puts a root key and a manifest of it where they are said to be.
    fn retailer(root: &Path, manifest: &Path) {
        let id = "root-1".parse().expect("a key id");
        let key = RootPrivateKey::generate(id, &SystemRandom::new()).expect("random bytes");
        let text = sign(BODY, Purpose::Manifest, &key).expect("signed");
        fs::write(root.join(ROOT_FILE), key.public().to_toml()).expect("written");
        fs::write(manifest.join(MANIFEST_FILE), text).expect("written");
    }

    fn is_managed(folder: &Path, credentials: Option<&Path>) -> bool {
        let root = root_file(folder, credentials);
        matches!(Trusted::of(root, folder).look(), Ok(Trust::Managed(_, _)))
    }

    #[test]
    fn whoever_writes_in_the_keys_folder_does_not_choose_the_root_that_the_system_gives() {
        let (keys, credentials) = (TempDir::new(), TempDir::new());
        let (keys, credentials) = (keys.expect("a folder"), credentials.expect("a folder"));
        let (keys, credentials) = (keys.path(), credentials.path());
        retailer(credentials, keys);
        assert!(is_managed(keys, Some(credentials)));
        assert!(Trusted::of(root_file(keys, None), keys).look().is_err());
        // A thief's root, and a manifest that it signed.
        retailer(keys, keys);
        assert!(is_managed(keys, None));
        assert!(!is_managed(keys, Some(credentials)));
        // And none at all is not a lane without a retailer.
        fs::remove_file(keys.join(ROOT_FILE)).expect("removed");
        fs::remove_file(keys.join(MANIFEST_FILE)).expect("removed");
        let root = root_file(keys, Some(credentials));
        assert!(Trusted::of(root, keys).look().is_err());
    }

    #[test]
    fn in_production_a_manifest_counts_only_where_a_store_remembers_which_came_before() {
        let (folder, credentials) = (TempDir::new(), TempDir::new());
        let (folder, credentials) = (folder.expect("a folder"), credentials.expect("a folder"));
        let (folder, credentials) = (folder.path(), credentials.path());
        retailer(folder, folder);
        let key = credentials.join(STORAGE_CREDENTIAL);
        fs::write(&key, [7; 32]).expect("written");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).expect("closed");
        let trust = || {
            let mut keys = Keys::new(folder, true);
            keys.credentials = Some(credentials.to_owned());
            keys.trust().err()
        };
        let why = trust().expect("refused");
        assert!(why.contains("the key store is missing"), "{why}");

        // As loading the manifest does.
        let storage = StorageKey::find(folder, Some(credentials), true).expect("the credential");
        let mut store = KeyStore::open(folder, storage).expect("opened");
        store.accept_manifest(1).expect("accepted");
        assert_eq!(trust(), None);
        retailer(folder, folder);
        let why = trust().expect("refused");
        assert!(why.contains("is not the one"), "{why}");
    }
}
