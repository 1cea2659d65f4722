//! Whom the lane believes about keys: the retailer, who signed a manifest, or in a demo nobody.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use sealpoint_vault::{
    MANIFEST_FILE, Manifest,
    signed::{MAX_ROOT_FILE, Purpose, ROOT_FILE, RootPublicKey},
};

use super::watched::{Watched, read_text};

/// What the files say.
#[derive(Clone)]
pub(super) enum Trust {
    /// The retailer's root, and what it signed.
    Managed(Arc<RootPublicKey>, Arc<Manifest>),
    /// There is neither root nor manifest.
    Unmanaged,
}

/// The files, and what was made of them.
pub(super) struct Trusted(Watched<Result<Trust, String>>);

impl Trusted {
    pub(super) fn of(folder: &Path) -> Self {
        let paths = vec![folder.join(ROOT_FILE), folder.join(MANIFEST_FILE)];
        Self(Watched::new(paths))
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
