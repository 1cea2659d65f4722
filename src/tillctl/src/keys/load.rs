//! `tillctl keys load`: takes in what the retailer or the acquirer gave.

use std::path::Path;

use sealpoint_vault::{
    ACQUIRER_KEY_FILE, AcquirerKey, BadManifest, HOT_LIST_FILE, HotList, MANIFEST_FILE, Manifest,
    signed::{Purpose, ROOT_FILE, RootPublicKey},
};
use sealpoint_wire::KeyId;

use super::{
    args::Options,
    block,
    folder::{self, KeysFolder},
    held::{Held, because, find, store_fault, was_dropped},
    report::{Attended, Done, Now},
};
use crate::fault::Fault;

/// At most this much in a file of unknown kind: the largest is a hot list.
const MAX_FILE: usize = Purpose::HotList.max_len();

/// Takes in a file, or standard input. `replacing` are the people who replace the root.
pub fn load(
    options: &Options,
    file: Option<&Path>,
    id: Option<KeyId>,
    replacing: Option<Vec<String>>,
) -> Result<Done, Fault> {
    let text = match file {
        Some(path) => folder::text_of(path, MAX_FILE)?,
        None => folder::text_of_input(MAX_FILE)?,
    };
    let now = Now::read()?;
    let held = Held::read(KeysFolder::to_fill(&options.keys)?)?;
    let is_block = block::looks_like_one(&text);
    if id.is_some() && !is_block {
        return Err(Fault::misused("`--id` goes with a key block alone."));
    }
    let is_root = RootPublicKey::parse(&text);
    if replacing.is_some() && is_root.is_err() {
        return Err(Fault::misused(
            "`--replace-root` goes with a root key alone.",
        ));
    }
    match Purpose::claimed_by(&text) {
        Some(Purpose::Manifest) => manifest(options, &held, &text, &now),
        Some(Purpose::HotList) => hot_list(options, &held, &text, &now),
        Some(Purpose::Erasure) => Err(Fault::refused(
            "This is an order that a till destroys its keys, and nothing to load.",
            "Give it to the collector; to erase this till by hand, run `tillctl keys destroy --all`.",
        )),
        Some(Purpose::Site) => Err(Fault::refused(
            "This is what a till is told of its shop, and nothing to load.",
            "Give it to the till's machine: `tillctl site --help`.",
        )),
        Some(Purpose::Release) => Err(Fault::refused(
            "This is the list of an image's files, and nothing to load.",
            "Give it to the till's machine: `tillctl update --help`.",
        )),
        None if is_block => block::load(options, &held, &text, id.as_ref(), &now),
        None => match (is_root, AcquirerKey::parse(&text)) {
            (Ok(root), _) => load_root(options, &held, &root, replacing, &now),
            (_, Ok(key)) => acquirer_key(options, &held, &key, &text, &now),
            (Err(bad), _) if text.contains("ed25519") => {
                Err(because("This is no root key: ", &bad))
            }
            (_, Err(bad)) if text.contains("kem") => {
                Err(because("This is no acquirer's key: ", &bad))
            }
            _ => Err(Fault::refused(
                "This is neither a root key, a signed manifest, a signed hot list, an acquirer's \
                 public key nor a key block.",
                "Ask for the file again, and copy it unchanged. A manifest must be signed: \
                 `tillctl keys sign`.",
            )),
        },
    }
}

fn manifest(options: &Options, held: &Held, text: &str, now: &Now) -> Result<Done, Fault> {
    let refused = |bad: &BadManifest| because("The manifest is not taken: ", bad);
    let Some(root) = &held.root else {
        return Err(held.manifest().err().unwrap_or_else(|| {
            Fault::refused(
                "There is no root key.",
                "Load the retailer's root key first.",
            )
        }));
    };
    let (manifest, next_root) = match Manifest::verify(text, root) {
        Ok(manifest) => (manifest, None),
        Err(bad) => {
            // The manifest that is there may have named the root that signs from now on.
            let next = held.manifest.as_ref().ok().and_then(Manifest::next_root);
            let next = next.ok_or_else(|| refused(&bad))?;
            let manifest = Manifest::verify(text, next).map_err(|_| refused(&bad))?;
            (manifest, Some(next))
        }
    };
    let version = manifest.version();
    let same_text = held.manifest_text.as_deref() == Some(text);
    let same_version = held
        .manifest
        .as_ref()
        .is_ok_and(|there| there.version() == version);
    if same_version && !same_text {
        return Err(Fault::refused(
            format!(
                "The manifest says other things than the one that is there, under the same version {version}."
            ),
            "Ask the retailer for one with a higher version: each version may be used once.",
        ));
    }
    let (mut store, dropped) = held.store_to_load(options, true)?;
    // A store that was restored remembers an older one than that which lies beside it.
    let there = held.manifest.as_ref().map_or(0, Manifest::version);
    let remembered = store
        .manifest_version()
        .map_err(|error| store_fault(&error))?;
    let highest = remembered.max(there);
    if version < highest {
        return Err(Fault::refused(
            format!(
                "The manifest has version {version}, but version {highest} was accepted before."
            ),
            "Ask the retailer for the newest manifest.",
        ));
    }
    // The store first, then the root: should the power go now, the same manifest can be loaded again.
    match next_root {
        Some(next) => store.replace_root(next),
        None => store.accept_root(root),
    }
    .map_err(|error| store_fault(&error))?;
    if let Some(next) = next_root {
        held.folder.replace(ROOT_FILE, next.to_toml().as_bytes())?;
    }
    held.folder.replace(MANIFEST_FILE, text.as_bytes())?;
    store
        .accept_manifest(version)
        .map_err(|error| store_fault(&error))?;

    let loaded = store.list().map_err(|error| store_fault(&error))?;
    let mut said: Vec<String> = dropped.iter().map(was_dropped).collect();
    if let Some(next) = next_root {
        said.push(format!(
            "The root key is now \"{}\", as the manifest before said.",
            next.id()
        ));
    }
    for key in manifest.keys().iter().filter(|key| !key.kind.is_public()) {
        let usable = key.revoked.is_none() && key.valid_until >= now.day;
        if usable && find(&loaded, &key.id).is_none() {
            said.push(format!(
                "The key \"{}\" ({}) is still to be loaded.",
                key.id, key.kind
            ));
        }
    }
    for stored in &loaded {
        match manifest.key(&stored.id) {
            None => said.push(format!(
                "The key \"{}\" is in the key store, but the manifest does not name it: it is not used.",
                stored.id
            )),
            Some(key) => {
                if let Some(why) = &key.revoked {
                    said.push(format!(
                        "The key \"{0}\" is revoked ({why}): erase it with `tillctl keys destroy {0}`.",
                        stored.id
                    ));
                }
            }
        }
    }
    let done = format!(
        "The manifest, version {version} of {}, is loaded: {} keys.",
        manifest.issued(),
        manifest.keys().len()
    );
    Ok(Done::new("manifest_loaded", done).and_all(said))
}

fn hot_list(options: &Options, held: &Held, text: &str, now: &Now) -> Result<Done, Fault> {
    let Some(root) = &held.root else {
        return Err(Fault::refused(
            "This till does not know the retailer's root key yet.",
            "Load it first: `tillctl keys load retailer.pub.toml`.",
        ));
    };
    let list =
        HotList::verify(text, root).map_err(|bad| because("The hot list is not taken: ", &bad))?;
    let mut store = held.store(options, true)?;
    let highest = store
        .hot_list_version()
        .map_err(|error| store_fault(&error))?;
    if list.version() < highest {
        return Err(Fault::refused(
            format!(
                "The hot list has version {}, but version {highest} was accepted before.",
                list.version()
            ),
            "Ask the retailer for the newest hot list.",
        ));
    }
    held.folder.replace(HOT_LIST_FILE, text.as_bytes())?;
    store
        .accept_hot_list(list.version())
        .map_err(|error| store_fault(&error))?;
    let loaded = store.list().map_err(|error| store_fault(&error))?;
    let mut said: Vec<String> = list.age_warning(now.day).into_iter().collect();
    if find(&loaded, list.key_id()).is_none() {
        said.push(format!(
            "Its token key \"{}\" is not loaded: until it is, no card is looked up.",
            list.key_id()
        ));
    }
    let done = format!(
        "The hot list, version {} of {}, is loaded: {} cards.",
        list.version(),
        list.issued(),
        list.cards()
    );
    Ok(Done::new("hot_list_loaded", done).and_all(said))
}

fn load_root(
    options: &Options,
    held: &Held,
    root: &RootPublicKey,
    replacing: Option<Vec<String>>,
    now: &Now,
) -> Result<Done, Fault> {
    let compare = format!(
        "Its fingerprint is {}. Compare it with the retailer's, over another way than this file came.",
        root.fingerprint()
    );
    let unreadable = held.folder.text(ROOT_FILE, MAX_FILE)?.is_some() && held.root.is_none();
    match &held.root {
        Some(there) if there == root && replacing.is_none() => {
            let done = format!("The root key \"{}\" is there already.", root.id());
            return Ok(Done::new("unchanged", done).and(compare));
        }
        None if !unreadable && replacing.is_none() => {
            held.folder.replace(ROOT_FILE, root.to_toml().as_bytes())?;
            let done = format!("This till now trusts the root key \"{}\".", root.id());
            return Ok(Done::new("root_loaded", done).and(compare));
        }
        _ => {}
    }
    let next = held.manifest.as_ref().ok().and_then(Manifest::next_root);
    if next == Some(root) {
        return Err(Fault::refused(
            format!(
                "The manifest names \"{}\" as the next root key; it comes into force with the first manifest that it signs.",
                root.id()
            ),
            "Load that manifest; the root key changes with it.",
        ));
    }
    let Some(persons) = replacing else {
        return Err(Fault::refused(
            "This till trusts another root key, and its manifest does not name this one as the next.",
            "Ask the retailer for a manifest with `next_root`. If that root key is lost, two people \
             replace it: `--replace-root --person NAME --person NAME`.",
        ));
    };
    let mut store = held.store(options, true)?;
    store
        .replace_root(root)
        .map_err(|error| store_fault(&error))?;
    held.folder.replace(ROOT_FILE, root.to_toml().as_bytes())?;
    let persons = persons.into_iter().map(|name| Attended {
        name,
        at: now.text.clone(),
    });
    let done = format!(
        "This till now trusts the root key \"{}\" and no other.",
        root.id()
    );
    Ok(Done::new("root_replaced", done)
        .and(compare)
        .and("No card can be charged until a manifest is loaded that this root key signed.")
        .by(persons.collect()))
}

fn acquirer_key(
    options: &Options,
    held: &Held,
    key: &AcquirerKey,
    text: &str,
    now: &Now,
) -> Result<Done, Fault> {
    if options.production {
        return Err(Fault::refused(
            "In production an acquirer's key is taken from a signed manifest alone.",
            "Ask the retailer for a manifest with this key in it.",
        ));
    }
    if held.manifest_text.is_some() {
        return Err(Fault::refused(
            "This till has a manifest, and takes the acquirer's key from there.",
            "Ask the retailer for a manifest with this key in it.",
        ));
    }
    if !key.is_valid_on(now.day) {
        return Err(Fault::refused(
            format!("The acquirer's key \"{}\" is over.", key.key_id()),
            "Ask the acquirer for the new one.",
        ));
    }
    held.folder.replace(ACQUIRER_KEY_FILE, text.as_bytes())?;
    let done = format!("The acquirer's key \"{}\" is loaded.", key.key_id());
    Ok(Done::new("acquirer_key_loaded", done)
        .and("No manifest vouches for it: good for a demo, refused in production."))
}
