//! `tillctl keys destroy`: the end of a key, or of all of them.

use sealpoint_secret::SecretBytes;
use sealpoint_vault::{
    KeyStore, StorageKey,
    store::{STORAGE_KEY_LEN, STORE_FILE},
    unmark_erased,
};
use sealpoint_wire::{KeyId, status::KeySource};

use super::{
    args::Options,
    entry::Entry,
    folder::KeysFolder,
    held::{Held, because, credentials, find, store_fault},
    report::{Done, KeyNamed},
};
use crate::fault::Fault;

/// What is typed to destroy all keys.
const ALL: &str = "all";
/// Characters of the longest answer.
const MAX_ANSWER: usize = 64;

/// Erases a key.
pub fn one(options: &Options, id: &KeyId, yes: bool) -> Result<Done, Fault> {
    let held = Held::read(KeysFolder::to_write(&options.keys)?)?;
    let mut store = held.store(options, false)?;
    let loaded = store.list().map_err(|error| store_fault(&error))?;
    let Some(stored) = find(&loaded, id) else {
        let public = held.manifest.as_ref().ok();
        let public = public.and_then(|manifest| manifest.key(id));
        if public.is_some_and(|key| key.kind.is_public()) {
            return Err(Fault::refused(
                format!("\"{id}\" is a public key, of which there is nothing to keep secret."),
                "To stop its use, ask the retailer for a manifest that revokes it.",
            ));
        }
        return Err(Fault::refused(
            format!("No key \"{id}\" is in the key store."),
            "Run `tillctl keys show` to see which are.",
        ));
    };
    confirmed(id.as_str(), yes)?;
    store.remove(id).map_err(|error| store_fault(&error))?;
    let done = format!("The key \"{id}\" is erased from the key store.");
    Ok(Done::new("key_destroyed", done)
        .and(
            "A flash disk may keep the block that it stood in. That block is enciphered, and worth \
             nothing without the storage key; to make sure of it, destroy all keys.",
        )
        .with_key(KeyNamed {
            id: stored.id.to_string(),
            kind: stored.kind.to_string(),
            check_value: Some(stored.check_value.clone()),
        }))
}

/// Erases the storage key and the key store, whatever state they are in.
pub fn all(options: &Options, yes: bool) -> Result<Done, Fault> {
    let folder = KeysFolder::to_write(&options.keys)?;
    confirmed(ALL, yes)?;
    // The storage key first: from then on the store is noise, even if the power goes now.
    let removed = StorageKey::destroy_file(folder.path());
    let removed = removed.map_err(|error| because("", &error))?;
    // Nothing is read, so any key will do to hold the store by.
    let any = SecretBytes::from_slice(&[0; STORAGE_KEY_LEN]);
    let any = StorageKey::from_bytes(any, KeySource::File).map_err(|error| because("", &error))?;
    let there = folder.path().join(STORE_FILE).exists();
    KeyStore::unchecked(folder.path(), any)
        .destroy()
        .map_err(|error| store_fault(&error))?;
    // Last: whatever stopped this before, the till stayed out of service.
    let ordered = unmark_erased(folder.path()).map_err(|error| because("", &error))?;
    let done = match (there, removed) {
        (false, false) => "There was neither a key store nor a storage key in the folder.",
        (false, true) => "The storage key is erased; there was no key store.",
        (true, false) => "The key store is erased.",
        (true, true) => "The storage key and the key store are erased.",
    };
    let honest = match (removed, credentials()) {
        (true, _) => {
            "Both were written over with zeros, then removed. A flash disk may keep the old blocks \
             until it erases them: whoever reads its chips soon could find the storage key there \
             and the key store with it. For a disk that leaves the shop, use the disk's own secure \
             erase, or destroy it."
        }
        (false, Some(_)) => {
            "The storage key is the system's credential and still there. Remove it too \
             (`lane.key` in the credential store): then even an old copy of the key store is worth \
             nothing."
        }
        (false, None) => {
            "The storage key was not in this folder. If the system has it as a credential \
             (`lane.key`), remove it there: then even an old copy of the key store is worth nothing."
        }
    };
    let ordered = ordered.then(|| {
        "The retailer had taken this till out of service. It can be set up again, like a new one."
            .to_owned()
    });
    Ok(Done::new("all_destroyed", done)
        .and_all(ordered)
        .and(honest)
        .and("Root key, manifest and acquirer's key stay: they are public."))
}

/// Has the name typed again.
fn confirmed(name: &str, yes: bool) -> Result<(), Fault> {
    if yes {
        return Ok(());
    }
    let entry = Entry::new();
    let typed = entry.line(
        &format!("This cannot be undone. To erase it, type {name}: "),
        MAX_ANSWER,
    )?;
    if typed == name {
        return Ok(());
    }
    Err(Fault::refused(
        "The name was not typed again as it is; nothing was changed.",
        format!("Type {name}, or say `--yes`."),
    ))
}
