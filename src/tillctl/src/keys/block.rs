//! A key that comes in a key block (ANSI X9.143).

use sealpoint_secret::SecretBytes;
use sealpoint_vault::{
    CheckValue, KeyBlock, KeyKind, KeyStore, Manifest, ManifestKey, ProtectionKey, Registers,
    Standing,
    key_block::{Algorithm, Bindings, OpenedKey, Usage},
    store::{Loaded, Secret},
};
use sealpoint_wire::KeyId;

use super::{
    args::Options,
    held::{Held, because, compare, find, store_fault, was_dropped},
    report::{Done, KeyNamed, Now},
};
use crate::fault::Fault;

/// Hexadecimal digits of an AES key's check value; triple DES keys have fewer (X9.24-1:2017
/// Annex A).
const AES_CHECK_DIGITS: usize = 10;
/// The optional block with the key's name, and what the name may begin with.
const LABEL: &str = "LB";

/// What is said of a secret key that no manifest names.
pub const UNMANAGED: &str = "No manifest vouches for it: good for a demo, refused in production.";

/// Whether a text begins as a key block does: its version and its length in four digits.
pub fn looks_like_one(text: &str) -> bool {
    let head = text.as_bytes().first_chunk::<5>();
    head.is_some_and(|[version, length @ ..]| {
        version.is_ascii_uppercase() && length.iter().all(u8::is_ascii_digit)
    })
}

/// The cipher of a protection key in the store, which its check value tells.
pub fn cipher_of(loaded: &Loaded) -> Algorithm {
    if loaded.check_value.len() == AES_CHECK_DIGITS {
        Algorithm::Aes
    } else {
        Algorithm::Tdes
    }
}

/// Opens a key block with a protection key that is in the store, and puts its key there.
pub fn load(
    options: &Options,
    held: &Held,
    text: &str,
    id: Option<&KeyId>,
    now: &Now,
) -> Result<Done, Fault> {
    let manifest = match held.is_unmanaged(options) {
        true => None,
        false => Some(held.manifest()?),
    };
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    let block = KeyBlock::parse(text).map_err(|bad| because("", &bad))?;
    let (mut store, dropped) = held.store_to_load(options, false)?;
    let loaded = store.list().map_err(|error| store_fault(&error))?;
    let (opened, under) = open(&block, manifest, &mut store, &loaded, now)?;
    let label = opened.header().optional(LABEL);
    let label = label.and_then(|label| label.data().parse::<KeyId>().ok());
    let arrived = Arrived::of(opened)?;
    let (id, vouched) = match (id.or(label.as_ref()), manifest) {
        (Some(id), None) => (id, None),
        (Some(id), Some(_)) => (id, held.expected(options, id)?),
        (None, Some(manifest)) => {
            let key = only_candidate(manifest, &loaded, &arrived, now)?;
            (&key.id, Some(key))
        }
        (None, None) => {
            return Err(Fault::refused(
                "Neither the key block nor a manifest says what this key is called.",
                "Say it with `--id ID`.",
            ));
        }
    };
    if let Some(key) = vouched {
        check(key, arrived.kind, now)?;
        compare(key, &arrived.check_value)?;
    }
    let check_value = arrived.check_value.to_string();
    store
        .add(id, arrived.secret, &check_value, now.unix_s)
        .map_err(|error| store_fault(&error))?;
    let done = format!("The key \"{id}\" is loaded; it came under \"{under}\".");
    let done = Done::new("key_loaded", done).with_key(KeyNamed {
        id: id.to_string(),
        kind: arrived.kind.to_string(),
        check_value: Some(check_value),
    });
    let done = dropped
        .iter()
        .fold(done, |done, id| done.and(was_dropped(id)));
    Ok(match vouched {
        Some(_) => done,
        None => done.and(UNMANAGED),
    })
}

/// Refuses a key that is of another kind, over or revoked.
pub fn check(key: &ManifestKey, kind: KeyKind, now: &Now) -> Result<(), Fault> {
    if key.kind != kind {
        return Err(Fault::refused(
            format!(
                "This key is of the kind {kind}, and the manifest says {} for \"{}\".",
                key.kind, key.id
            ),
            "Nothing was loaded. Name the right key with `--id`, or ask for the right key block.",
        ));
    }
    match key.standing(now.day) {
        Standing::Valid | Standing::NotYet => Ok(()),
        Standing::Expired => Err(Fault::refused(
            format!(
                "The key \"{}\" was valid until {}.",
                key.id, key.valid_until
            ),
            "Ask the retailer for a manifest with a new key, and the acquirer for that key.",
        )),
        Standing::Revoked => Err(Fault::refused(
            format!(
                "The retailer revoked the key \"{}\": {}.",
                key.id,
                key.revoked.as_deref().unwrap_or_default()
            ),
            "Ask for another key.",
        )),
    }
}

/// A key out of its block, ready for the store.
struct Arrived {
    kind: KeyKind,
    check_value: CheckValue,
    secret: Secret,
}

impl Arrived {
    fn of(opened: OpenedKey) -> Result<Self, Fault> {
        let algorithm = opened.header().algorithm;
        let value =
            |key: &SecretBytes| CheckValue::of(algorithm, key).map_err(|error| because("", &error));
        let unfit = |bad| because("", &bad);
        match opened.header().usage {
            Usage::HMAC => {
                let key = opened.into_token_key().map_err(unfit)?;
                Ok(Self {
                    kind: KeyKind::Token,
                    check_value: value(&key)?,
                    secret: Secret::Token(key),
                })
            }
            Usage::KEY_BLOCK_PROTECTION | Usage::KEY_ENCRYPTION => {
                let (_, key) = opened.into_protection_key().map_err(unfit)?;
                Ok(Self {
                    kind: KeyKind::KeyBlockProtection,
                    check_value: value(&key)?,
                    secret: Secret::KeyBlockProtection(key),
                })
            }
            // Whatever else it is, it should be an initial key; the error says what it is.
            _ => {
                let initial = opened.into_initial_key().map_err(unfit)?;
                let check_value = value(&initial.key)?;
                let registers =
                    Registers::from_initial_key(initial.scheme, &initial.key, &initial.id)
                        .map_err(|bad| because("The initial key is not taken: ", &bad))?;
                Ok(Self {
                    kind: KeyKind::Dukpt(initial.scheme),
                    check_value,
                    secret: Secret::Dukpt(registers),
                })
            }
        }
    }
}

/// Opens the block with the protection key that fits, of those that may be used.
fn open(
    block: &KeyBlock,
    manifest: Option<&Manifest>,
    store: &mut KeyStore,
    loaded: &[Loaded],
    now: &Now,
) -> Result<(OpenedKey, KeyId), Fault> {
    let kind = KeyKind::KeyBlockProtection;
    let usable = |loaded: &&Loaded| {
        manifest.is_none_or(|manifest| {
            let key = manifest.key(&loaded.id);
            key.is_some_and(|key| key.kind == kind && key.standing(now.day) == Standing::Valid)
        })
    };
    let needed = block.header().version.cipher();
    let mut refusal = None;
    for held in loaded
        .iter()
        .filter(|loaded| loaded.kind == kind)
        .filter(usable)
    {
        let Some(secret) = store
            .secret(&held.id, kind)
            .map_err(|error| store_fault(&error))?
        else {
            continue;
        };
        let protection = match cipher_of(held) {
            Algorithm::Aes => ProtectionKey::aes(&secret),
            _ => ProtectionKey::tdes(&secret),
        };
        let protection = protection.map_err(|bad| because("", &bad))?;
        match block.open(&protection, Bindings::Derivation) {
            Ok(opened) => return Ok((opened, held.id.clone())),
            // What the key of the right cipher says is worth more.
            Err(bad) if cipher_of(held) == needed => refusal = Some(bad),
            Err(bad) => {
                refusal.get_or_insert(bad);
            }
        }
    }
    Err(match refusal {
        Some(bad) => because("", &bad),
        None => Fault::refused(
            "No key block protection key is loaded that the manifest allows today.",
            "Make one from its components first: `tillctl keys ceremony`.",
        ),
    })
}

/// The one key of the manifest that this can be, where neither the command line nor the block names
/// it.
fn only_candidate<'a>(
    manifest: &'a Manifest,
    loaded: &[Loaded],
    arrived: &Arrived,
    now: &Now,
) -> Result<&'a ManifestKey, Fault> {
    let mut candidates = manifest.keys().iter().filter(|key| {
        find(loaded, &key.id).is_none()
            && check(key, arrived.kind, now).is_ok()
            && compare(key, &arrived.check_value).is_ok()
    });
    match (candidates.next(), candidates.next()) {
        (Some(key), None) => Ok(key),
        (None, _) => Err(Fault::refused(
            format!(
                "The manifest names no key of the kind {} with the check value {} that is still to be loaded.",
                arrived.kind, arrived.check_value
            ),
            "Compare the check value with the sender's, or load a manifest that names it.",
        )),
        (Some(_), Some(_)) => Err(Fault::refused(
            format!(
                "The manifest names several keys of the kind {} that this could be.",
                arrived.kind
            ),
            "Say which one it is with `--id ID`.",
        )),
    }
}
