//! What the lane knows a card by: its token, and the hot list of tokens.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use sealpoint_emv::TokenPolicy;
use sealpoint_secret::Pan;
use sealpoint_vault::{
    Day, HOT_LIST_FILE, HotList, KeyKind, Manifest, Standing, TokenKey,
    signed::{Purpose, RootPublicKey},
    store::{Loaded, StoreError},
};
use sealpoint_wire::{CardSummary, CardToken, KeyId};

use super::watched::{Watched, read_text};

/// The token key and the hot list, as far as they are here.
#[derive(Clone, Default)]
pub(super) struct Cards {
    pub(super) policy: TokenPolicy,
    pub(super) token_key: Option<Arc<TokenKey>>,
    pub(super) hot_list: Option<Arc<HotList>>,
}

impl Cards {
    /// The token of a card, for what stays in the lane.
    pub(super) fn token(&self, pan: &Pan) -> Option<CardToken> {
        self.token_key.as_ref().map(|key| key.token(pan))
    }

    /// Whether the retailer does not want that card.
    pub(super) fn is_hot(&self, token: &CardToken) -> bool {
        self.hot_list.as_ref().is_some_and(|list| list.names(token))
    }

    /// Makes a summary say no more than the policy allows.
    pub(super) fn restrict(&self, card: &mut CardSummary, token: Option<&CardToken>) {
        match self.policy {
            TokenPolicy::Off => {}
            TokenPolicy::Apart => {
                // With or without a token: of two records of a card, one could have it.
                card.truncated_pan = last_four_only(&card.truncated_pan);
                card.token = token.cloned();
            }
            TokenPolicy::BesideTruncatedPan => card.token = token.cloned(),
        }
    }
}

/// A truncated number without its first digits.
fn last_four_only(truncated: &str) -> String {
    let hidden = truncated.chars().count().saturating_sub(4);
    truncated
        .chars()
        .enumerate()
        .map(|(place, digit)| if place < hidden { '*' } else { digit })
        .collect()
}

/// The name of the token key that counts today: the manifest's newest that is loaded; without a
/// manifest, the one that was loaded last.
pub(super) fn token_key_id(
    manifest: Option<&Manifest>,
    loaded: &[Loaded],
    today: Day,
) -> Option<KeyId> {
    let is_loaded = |id: &KeyId| {
        loaded
            .iter()
            .any(|found| found.id == *id && found.kind == KeyKind::Token)
    };
    match manifest {
        Some(manifest) => manifest
            .keys()
            .iter()
            .filter(|key| key.kind == KeyKind::Token && key.standing(today) == Standing::Valid)
            .filter(|key| is_loaded(&key.id))
            .max_by_key(|key| key.valid_from)
            .map(|key| key.id.clone()),
        None => loaded
            .iter()
            .rev()
            .find(|found| found.kind == KeyKind::Token)
            .map(|found| found.id.clone()),
    }
}

/// The hot list's file, and what was made of it.
pub(super) struct HotListFile(Watched<Result<Option<Arc<HotList>>, String>>);

impl HotListFile {
    /// With the file of the root: what it signed has to be checked again when it changes.
    pub(super) fn of(root: PathBuf, folder: &Path) -> Self {
        Self(Watched::new(vec![folder.join(HOT_LIST_FILE), root]))
    }

    /// The list, checked against that root; none if there is no file.
    ///
    /// # Errors
    /// What is wrong with it and what to do.
    pub(super) fn look(&mut self, root: &RootPublicKey) -> Result<Option<Arc<HotList>>, String> {
        let read = |paths: &[PathBuf]| match paths.first() {
            Some(path) => read(path, root),
            None => Ok(None),
        };
        self.0.look(read).clone()
    }
}

fn read(path: &Path, root: &RootPublicKey) -> Result<Option<Arc<HotList>>, String> {
    let Some(text) = read_text(path, Purpose::HotList.max_len())
        .map_err(|why| format!("Hot cards are not known: {why}"))?
    else {
        return Ok(None);
    };
    let list = HotList::verify(&text, root).map_err(|bad| {
        format!("Hot cards are not known: the hot list {path:?} does not count: {bad}.")
    })?;
    Ok(Some(Arc::new(list)))
}

/// What to say of the hot list, if something.
pub(super) fn warn_of(
    list: &Result<Option<Arc<HotList>>, String>,
    token_key: Option<&KeyId>,
    today: Day,
    warnings: &mut Vec<String>,
) {
    let list = match list {
        Err(why) => {
            warnings.push(why.clone());
            return;
        }
        Ok(list) => list.as_deref(),
    };
    match (list, token_key) {
        (None, None) => {}
        (None, Some(_)) => warnings.push(
            "Hot cards are not known: there is no hot list. Load the retailer's with `tillctl keys \
             load`."
                .to_owned(),
        ),
        (Some(list), Some(key)) if list.key_id() == key => {
            warnings.extend(list.age_warning(today));
        }
        (Some(list), _) => warnings.push(format!(
            "Hot cards are not known: the hot list was made with the token key \"{}\", which is not \
             the one in use. Load that key, or the newest hot list, with `tillctl keys load`.",
            list.key_id()
        )),
    }
}

/// What to say of a list whose version goes back.
pub(super) fn refused(error: &StoreError) -> String {
    format!("Hot cards are not known: {error}.")
}
