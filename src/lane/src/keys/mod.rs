//! Which key seals a card today, and with what may stand for the card: from the keys folder.
//!
//! | file | what |
//! |---|---|
//! | `trust` | the retailer's root key and the manifest that it signed |
//! | `choice` | the newest key that the manifest allows and that is here |
//! | `cards` | token key and hot list |
//! | `erase` | the retailer's order to destroy every key |
//! | `watched` | files that are read again only after they changed |
//!
//! Everything is looked at again for each charge, so that a new key or a revocation needs no
//! restart; a look at files that did not change is a few calls of stat(2).

mod cards;
mod choice;
mod erase;
mod trust;
mod watched;

use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use sealpoint_emv::{LookUp, OnlineRequest, Sealing, SealingMethod};
use sealpoint_vault::{
    ACQUIRER_KEY_FILE, AcquirerKey, Day, KeyKind, KeyStore, Manifest, SecureRandom, StorageKey,
    TokenKey, seal, seal_dukpt,
    signed::RootPublicKey,
    store::{Loaded, STORE_FILE, StorageKeyError, StoreError},
};
use sealpoint_wire::{
    Bytes, CardSummary, CardToken, KeyId, OfflinePolicy, SealContext, SealedCard, status::KeySource,
};

use crate::{answers, bench::Sealed};
use cards::{Cards, HotListFile};
use choice::SealingKey;
pub use choice::kinds;
use trust::{Trust, Trusted, root_file};
pub(crate) use watched::Watched;

/// Variable in which the system names the folder of the credentials (systemd.exec(5)).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// What is said in production where there is a manifest, and no store that knows it.
const NOT_ACCEPTED: &str = "No card can be charged: the key store is missing, so nobody can say \
     whether this root key and manifest are the ones that were accepted here. Load the retailer's \
     manifest with `tillctl keys load`, and the secret keys.";

/// The keys folder, as it was when it was last looked at.
pub struct Keys {
    folder: PathBuf,
    production: bool,
    credentials: Option<PathBuf>,
    trusted: Trusted,
    own: Watched<Result<Arc<AcquirerKey>, String>>,
    hot_list: HotListFile,
    /// Once there was a storage key to open it with.
    store: Option<KeyStore>,
    loaded: Watched<Result<Arc<[Loaded]>, String>>,
    /// The token key, and what it is called.
    token_key: Option<(KeyId, Arc<TokenKey>)>,
    /// The root and the versions that the store has taken note of.
    root: Option<Arc<RootPublicKey>>,
    accepted: (u64, u64),
    /// The retailer ordered the end of all of it since this program began.
    out_of_service: bool,
}

/// What seals today, checked.
pub struct ReadyKeys {
    key: SealingKey,
    cards: Cards,
    warnings: Vec<String>,
    offline: Option<OfflinePolicy>,
}

impl Keys {
    /// The keys in that folder. In production, whatever protects them less than it could is a
    /// reason not to charge a card; in a demo it is a warning.
    #[must_use]
    pub fn new(folder: &Path, production: bool) -> Self {
        let credentials = env::var_os(CREDENTIALS).map(PathBuf::from);
        let root = root_file(folder, credentials.as_deref());
        Self {
            folder: folder.to_owned(),
            production,
            credentials,
            trusted: Trusted::of(root.clone(), folder),
            own: Watched::new(vec![folder.join(ACQUIRER_KEY_FILE)]),
            hot_list: HotListFile::of(root, folder),
            store: None,
            loaded: Watched::new(vec![folder.join(STORE_FILE)]),
            token_key: None,
            root: None,
            accepted: (0, 0),
            out_of_service: false,
        }
    }

    pub(crate) fn set_production(&mut self, production: bool) {
        self.production = production;
    }

    /// What seals on that day as the profile says.
    ///
    /// # Errors
    /// Why no card can be charged and what to do.
    pub fn ready(&mut self, sealing: Sealing, today: Day) -> Result<ReadyKeys, String> {
        if self.is_out_of_service() {
            return Err(erase::OUT_OF_SERVICE.to_owned());
        }
        let mut warnings = Vec::new();
        let trust = self.trust()?;
        let kinds = kinds(sealing.method);
        let cannot = |why: String| format!("No card can be charged. {why}");
        let loaded = self.loaded()?;
        let key = match (&trust, sealing.method) {
            (Trust::Managed(_, manifest), _) => {
                choice::managed(manifest, kinds, &loaded, today, &mut warnings).map_err(cannot)?
            }
            (Trust::Unmanaged, _) if self.production => {
                return Err(
                    "No card can be charged: there is no signed manifest of keys, and production \
                     takes keys from nowhere else. Load the retailer's root key and manifest with \
                     `tillctl keys load`."
                        .to_owned(),
                );
            }
            (Trust::Unmanaged, SealingMethod::Hpke) => {
                let key = self.own_key(today)?;
                warnings.push(
                    "The acquirer's key is not under a signed manifest, so whoever can write the \
                     keys folder can have cards sealed to himself. Load the retailer's root key and \
                     manifest with `tillctl keys load`."
                        .to_owned(),
                );
                choice::warn_of_own_end(&key, today, &mut warnings);
                SealingKey::Own(key)
            }
            (Trust::Unmanaged, _) => {
                warnings.push(
                    "The DUKPT key is not under a signed manifest, so nobody can revoke it. Load \
                     the retailer's root key and manifest with `tillctl keys load`."
                        .to_owned(),
                );
                choice::unmanaged_dukpt(kinds, &loaded).map_err(cannot)?
            }
        };
        choice::warn_of_few(key.key_id(), &loaded, &mut warnings);
        let cards = self.cards(&trust, sealing, &loaded, today, &mut warnings)?;
        if self
            .store
            .as_ref()
            .is_some_and(|store| store.key_source() == KeySource::File)
        {
            warnings.push(
                "The storage key lies beside the keys that it protects: a stolen disk gives them \
                 away. In a shop it is a system credential."
                    .to_owned(),
            );
        }
        Ok(ReadyKeys {
            key,
            cards,
            warnings,
            offline: trust.offline().cloned(),
        })
    }

    /// What the manifest allows without the issuer, as long as it counts, whether or not there is a
    /// key to seal with.
    pub(crate) fn offline(&mut self) -> Option<OfflinePolicy> {
        if self.is_out_of_service() {
            return None;
        }
        self.trust().ok()?.offline().cloned()
    }

    /// Seals a request as `ready` says; what it held in clear is wiped. A DUKPT key is drawn here:
    /// its number is on the disk before it is used.
    ///
    /// # Errors
    /// What happened and what to do; the card data is wiped then too.
    pub fn seal(
        &mut self,
        request: OnlineRequest,
        context: &SealContext,
        ready: &ReadyKeys,
        random: &dyn SecureRandom,
    ) -> Result<Sealed, String> {
        let OnlineRequest {
            de55,
            card,
            truncated_pan,
            aid,
            label,
            ..
        } = request;
        let token = ready.cards.token(&card.pan);
        let card = answers::card_data(card);
        let sealed = match ready.key.public() {
            Some(key) => seal(card, context, key, random)
                .map(SealedCard::Hpke)
                .map_err(|error| error.to_string())?,
            None => {
                let durable = self
                    .store()?
                    .ok_or("No card can be charged: the key store is gone. Load the keys again.")?
                    .next_key(ready.key_id(), now_s())
                    .map_err(|error| format!("No card can be charged: {error}."))?;
                seal_dukpt(card, context, durable)
                    .map(SealedCard::Dukpt)
                    .map_err(|error| error.to_string())?
            }
        };
        let mut card = answers::card_summary(label, aid, &truncated_pan);
        ready.restrict(&mut card, token.as_ref());
        Ok(Sealed {
            card,
            sealed,
            de55: Bytes::try_from(de55).map_err(|error| error.to_string())?,
        })
    }

    /// Root and manifest; a manifest's version is noted before the manifest counts.
    fn trust(&mut self) -> Result<Trust, String> {
        let trust = self.trusted.look()?;
        match &trust {
            Trust::Managed(root, manifest) => {
                let version = manifest.version();
                if self.root.as_ref() != Some(root) || version != self.accepted.0 {
                    // Else who deletes the store could bring an old manifest, or a root of his own.
                    let needs_store = self.production && self.store_if(true)?.is_some();
                    if needs_store && !self.folder.join(STORE_FILE).exists() {
                        return Err(NOT_ACCEPTED.to_owned());
                    }
                    self.in_store(true, |store| {
                        store.accept_root(root)?;
                        store.accept_manifest(version)
                    })?;
                    self.root = Some(Arc::clone(root));
                    self.accepted.0 = version;
                }
            }
            Trust::Unmanaged => {
                let highest = self.in_store(false, |store| store.manifest_version())?;
                if highest.is_some_and(|highest| highest > 0) {
                    return Err(
                        "No card can be charged: the retailer's root key and manifest were here and \
                         are gone. Load both again with `tillctl keys load`."
                            .to_owned(),
                    );
                }
            }
        }
        Ok(trust)
    }

    /// The secret keys that are loaded, without the keys.
    fn loaded(&mut self) -> Result<Arc<[Loaded]>, String> {
        let mut watched = core::mem::replace(&mut self.loaded, Watched::new(Vec::new()));
        let loaded = watched
            .look(|_| {
                let loaded = self.in_store(false, |store| store.list())?;
                Ok(Arc::from(loaded.unwrap_or_default()))
            })
            .clone();
        if loaded.is_err() {
            // It may be well again without a change of the file.
            watched.forget();
        }
        self.loaded = watched;
        loaded
    }

    /// The acquirer's key that no manifest names.
    fn own_key(&mut self, today: Day) -> Result<Arc<AcquirerKey>, String> {
        let path = self.folder.join(ACQUIRER_KEY_FILE);
        let read = |_: &[PathBuf]| match AcquirerKey::load(&path) {
            Ok(key) => Ok(Arc::new(key)),
            Err(error) => Err(error.to_string()),
        };
        let key = self.own.look(read).clone()?;
        match key.valid_until() {
            Some(last) if !key.is_valid_on(today) => Err(format!(
                "No card can be charged: the acquirer's key {path:?} was valid until {last}. Put the \
                 new key file that your acquirer gave you there."
            )),
            _ => Ok(key),
        }
    }

    /// Token key and hot list. What is missing there stops no sale; it is warned of.
    fn cards(
        &mut self,
        trust: &Trust,
        sealing: Sealing,
        loaded: &[Loaded],
        today: Day,
        warnings: &mut Vec<String>,
    ) -> Result<Cards, String> {
        let manifest: Option<&Manifest> = match trust {
            Trust::Managed(_, manifest) => Some(manifest),
            Trust::Unmanaged => None,
        };
        let id = cards::token_key_id(manifest, loaded, today);
        let token_key = self.token_key(id.as_ref())?;
        if token_key.is_none() && sealing.tokens != sealpoint_emv::TokenPolicy::Off {
            warnings.push(
                "Cards get no token: the profile asks for one, but no token key is loaded that is \
                 valid today. Load it with `tillctl keys load`."
                    .to_owned(),
            );
        }
        let mut hot_list = match trust {
            Trust::Managed(root, _) => self.hot_list.look(root),
            Trust::Unmanaged => Ok(None),
        };
        if let Ok(Some(list)) = &hot_list {
            let version = list.version();
            if version != self.accepted.1 {
                match self.noted_hot_list(version)? {
                    Ok(()) => self.accepted.1 = version,
                    Err(why) => hot_list = Err(why),
                }
            }
        }
        if manifest.is_some() {
            cards::warn_of(&hot_list, id.as_ref(), today, warnings);
        }
        let hot_list = hot_list
            .ok()
            .flatten()
            .filter(|list| Some(list.key_id()) == id.as_ref());
        Ok(Cards {
            policy: sealing.tokens,
            token_key,
            hot_list,
        })
    }

    /// Notes a hot list's version; why the list does not count, if it goes back.
    fn noted_hot_list(&mut self, version: u64) -> Result<Result<(), String>, String> {
        let noted = self.in_store(true, |store| match store.accept_hot_list(version) {
            Err(error @ StoreError::OlderHotList { .. }) => Ok(Err(cards::refused(&error))),
            other => other.map(Ok),
        })?;
        Ok(noted.unwrap_or(Ok(())))
    }

    /// The token key of that name, kept until another counts.
    fn token_key(&mut self, id: Option<&KeyId>) -> Result<Option<Arc<TokenKey>>, String> {
        let Some(id) = id else {
            self.token_key = None;
            return Ok(None);
        };
        if let Some((known, key)) = &self.token_key
            && known == id
        {
            return Ok(Some(Arc::clone(key)));
        }
        let secret = self
            .in_store(false, |store| store.secret(id, KeyKind::Token))?
            .flatten();
        let key = secret.and_then(|secret| TokenKey::from_bytes(&secret).ok());
        self.token_key = key.map(|key| (id.clone(), Arc::new(key)));
        Ok(self.token_key.as_ref().map(|(_, key)| Arc::clone(key)))
    }

    /// Does something with the store; none if there is no store and none is `needed`.
    fn in_store<A>(
        &mut self,
        needed: bool,
        work: impl FnOnce(&mut KeyStore) -> Result<A, StoreError>,
    ) -> Result<Option<A>, String> {
        let mut store = self.store_if(needed)?;
        let Some(worked) = store.as_mut().map(|store| work(store)) else {
            return Ok(None);
        };
        worked.map(Some).map_err(|error| {
            if let StoreError::Damaged(_) = error {
                // Perhaps there is another storage key by now.
                self.store = None;
            }
            format!("No card can be charged: {error}.")
        })
    }

    fn store(&mut self) -> Result<Option<&mut KeyStore>, String> {
        self.store_if(false)
    }

    fn store_if(&mut self, needed: bool) -> Result<Option<&mut KeyStore>, String> {
        if self.store.is_none() {
            let find = if needed {
                StorageKey::find_or_make
            } else {
                StorageKey::find
            };
            match find(&self.folder, self.credentials.as_deref(), self.production) {
                Ok(key) => self.store = Some(KeyStore::unchecked(&self.folder, key)),
                Err(StorageKeyError::Missing(_) | StorageKeyError::NoCredential)
                    if !needed && !self.folder.join(STORE_FILE).exists() =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(format!("No card can be charged: {error}.")),
            }
        }
        Ok(self.store.as_mut())
    }
}

impl ReadyKeys {
    /// The key that seals, for the seal's context.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        self.key.key_id()
    }

    /// What the manifest allows without the issuer; nothing without it.
    #[must_use]
    pub const fn offline(&self) -> Option<&OfflinePolicy> {
        self.offline.as_ref()
    }

    /// What will soon be in the way, or protects less than it could: what is so and what to do.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The card's token, and whether the retailer does not want that card.
    pub(crate) fn look_up(&self, card: &LookUp) -> (Option<CardToken>, bool) {
        let token = self.cards.token(&card.pan);
        let is_hot = token.as_ref().is_some_and(|token| self.cards.is_hot(token));
        (token, is_hot)
    }

    /// Makes a summary say no more than the profile's policy allows.
    pub(crate) fn restrict(&self, card: &mut CardSummary, token: Option<&CardToken>) {
        self.cards.restrict(card, token);
    }
}

/// Seconds since the Unix epoch, by this machine's clock.
pub(crate) fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
