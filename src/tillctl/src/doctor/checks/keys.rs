//! Keys for card data, as far as they are public.

use sealpoint_vault::EXPIRY_WARNING_DAYS;

use super::{
    super::{
        facts::{
            Facts, Seen,
            keys::{Dukpt, InUse, Keys, PublicKey, Signed, Stored},
        },
        finding::Finding,
        ids::Id,
    },
    in_shop,
};

/// Permission bits of others than the owner.
const OTHERS: u32 = 0o077;

/// What stands about keys.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let (keys, production) = (&facts.keys, facts.till.production());
    let mut found = Vec::new();
    match &keys.manifest {
        Seen::There(signed) => managed(signed, &facts.today, &mut found),
        Seen::Missing => unmanaged(keys, production, &facts.today, &mut found),
        Seen::Unseen(why) => found.push(Finding::note(
            Id::NotSeen,
            format!("The manifest of the keys cannot be looked at: {why}."),
            "Run this again as root.",
        )),
        Seen::Broken(why) => found.push(Finding::critical(
            Id::ManifestBroken,
            format!("The manifest of the keys cannot be used: {why}."),
            "Load the retailer's manifest again with `tillctl keys load`.",
        )),
    }
    root(keys, &mut found);
    hot_list(keys, &mut found);
    stored(keys, &mut found);
    store(keys, production, &mut found);
    found
}

fn managed(signed: &Signed, today: &str, found: &mut Vec<Finding>) {
    let version = signed.version;
    if signed.in_use.is_empty() {
        let why = match signed.none.as_slice() {
            [] => "The manifest names no key to seal with. Ask the retailer for one that does."
                .to_owned(),
            all => all.join(" "),
        };
        found.push(Finding::critical(
            Id::KeysUnusable,
            format!("Manifest {version}: {why}"),
            "No card can be charged until then; cash goes on.",
        ));
        return;
    }
    for key in &signed.in_use {
        let InUse {
            id,
            kind,
            until,
            next,
        } = key;
        let left = days_between(today, until);
        match (left, next) {
            (Some(left), None) if left <= EXPIRY_WARNING_DAYS => found.push(Finding::warning(
                Id::KeyExpiring,
                format!("The key \"{id}\" ({kind}) ends on {until}, and no other comes after it."),
                "Ask the retailer for a manifest with the next key, and load it before that day.",
            )),
            _ => found.push(Finding::ok(
                Id::KeysUsable,
                format!("Manifest {version}: \"{id}\" ({kind}) counts, until {until}."),
            )),
        }
    }
}

fn unmanaged(keys: &Keys, production: Option<bool>, today: &str, found: &mut Vec<Finding>) {
    let key = match &keys.acquirer {
        Seen::There(key) => key,
        Seen::Missing => {
            found.push(Finding::critical(
                Id::KeysMissing,
                format!(
                    "There is no key to seal cards with in {}, so no card can be charged.",
                    keys.folder.display()
                ),
                "Load the retailer's root and manifest with `tillctl keys load`.",
            ));
            return;
        }
        Seen::Unseen(why) => {
            found.push(Finding::note(
                Id::NotSeen,
                format!("The keys cannot be looked at: {why}."),
                "Run this again as root.",
            ));
            return;
        }
        Seen::Broken(why) => {
            found.push(Finding::critical(
                Id::KeysUnusable,
                format!("The acquirer's key cannot be used because {why}."),
                "Put the key file that your acquirer gave you there again.",
            ));
            return;
        }
    };
    let PublicKey { id, until, valid } = key;
    if !valid {
        found.push(Finding::critical(
            Id::KeysUnusable,
            format!(
                "The acquirer's key \"{id}\" was valid until {}, so no card can be charged.",
                until.as_deref().unwrap_or("a day before today")
            ),
            "Ask the acquirer for the new key, and check the clock.",
        ));
        return;
    }
    found.push(Finding::new(
        Id::KeysUnmanaged,
        in_shop(production),
        format!(
            "Cards are sealed to the key \"{id}\", which no signed manifest names: whoever can \
             write in the keys folder can put his own there."
        ),
        "Load the retailer's root and a manifest with `tillctl keys load`.",
    ));
    let left = until
        .as_deref()
        .and_then(|until| days_between(today, until));
    if let (Some(until), Some(left)) = (until, left)
        && left <= EXPIRY_WARNING_DAYS
    {
        found.push(Finding::warning(
            Id::KeyExpiring,
            format!("The acquirer's key \"{id}\" ends on {until}."),
            "Ask the acquirer for the next key, and put it there before that day.",
        ));
    }
}

fn root(keys: &Keys, found: &mut Vec<Finding>) {
    match &keys.root {
        Seen::Broken(why) => found.push(Finding::critical(
            Id::RootMissing,
            format!("The retailer's root key cannot be used: {why}."),
            "Load it again with `tillctl keys load`, and compare its fingerprint with the retailer.",
        )),
        Seen::Missing if keys.manifest != Seen::Missing => found.push(Finding::critical(
            Id::RootMissing,
            "There is a manifest, and no root key of the retailer's to check it with.",
            "Load the root key with `tillctl keys load`, and compare its fingerprint.",
        )),
        _ => {}
    }
}

fn hot_list(keys: &Keys, found: &mut Vec<Finding>) {
    let what = match &keys.hot_list {
        Seen::There(Some(old)) => old.clone(),
        Seen::Broken(why) => format!("The hot list cannot be used: {why}."),
        Seen::There(None) | Seen::Missing | Seen::Unseen(_) => return,
    };
    found.push(Finding::warning(
        Id::HotListOld,
        what,
        "Load the retailer's newest list with `tillctl keys load`.",
    ));
}

/// What the store of secret keys holds, against the manifest.
fn stored(keys: &Keys, found: &mut Vec<Finding>) {
    let Stored {
        manifest_version,
        ids,
        dukpt,
    } = match &keys.store {
        Seen::There(stored) => stored,
        Seen::Missing | Seen::Unseen(_) => return,
        Seen::Broken(why) => {
            found.push(Finding::critical(
                Id::StoreBroken,
                format!("The key store cannot be used: {why}."),
                "Do as it says; until then no card is charged with a key of it (docs/keys.md).",
            ));
            return;
        }
    };
    let signed = keys.manifest.there();
    if let Some(signed) = signed
        && signed.version < *manifest_version
    {
        found.push(Finding::critical(
            Id::ManifestOlder,
            format!(
                "The manifest has version {}, but version {manifest_version} was accepted before: \
                 somebody put an old one back.",
                signed.version
            ),
            "Load the newest manifest with `tillctl keys load`, and find out who changed it.",
        ));
    }
    let of_store = |key: &&InUse| key.kind.starts_with("dukpt") && !ids.contains(&key.id);
    for key in signed
        .iter()
        .flat_map(|signed| &signed.in_use)
        .filter(of_store)
    {
        found.push(Finding::warning(
            Id::KeyNotLoaded,
            format!(
                "The manifest names \"{}\" ({}), which is not loaded.",
                key.id, key.kind
            ),
            "Load its key block with `tillctl keys load`.",
        ));
    }
    for Dukpt {
        id,
        counter,
        remaining,
        is_low,
    } in dukpt
    {
        let stands = format!("\"{id}\" is at key {counter}, {remaining} are left");
        found.push(if *is_low {
            Finding::warning(
                Id::DukptLow,
                format!("{stands}: when there are none, no card can be charged."),
                "Ask the acquirer for a new initial key, and load it.",
            )
        } else {
            Finding::ok(Id::StoreSound, format!("{stands}."))
        });
    }
}

fn store(keys: &Keys, production: Option<bool>, found: &mut Vec<Finding>) {
    if let Seen::There(mode) = keys.storage_key_mode {
        found.push(Finding::new(
            Id::StorageKeyInFile,
            in_shop(production),
            "The key of the key store lies in a file beside it: who copies both has the keys.",
            "Deliver it as the systemd credential lane.key, bound to the TPM where there is one.",
        ));
        if mode & OTHERS != 0 {
            found.push(open("storage.key", mode, keys));
        }
    }
    if let Seen::There(mode) = keys.store_mode
        && mode & OTHERS != 0
    {
        found.push(open("keys.store", mode, keys));
    }
}

fn open(name: &str, mode: u32, keys: &Keys) -> Finding {
    let path = keys.folder.join(name);
    Finding::critical(
        Id::StorageKeyOpen,
        format!("Others may read {} (mode {mode:04o}).", path.display()),
        format!(
            "Run `chmod 600 {}`; then destroy the keys and load new ones, for these may be known.",
            path.display()
        ),
    )
}

/// Days from one `YYYY-MM-DD` to another; negative if that is before.
fn days_between(from: &str, to: &str) -> Option<i64> {
    let from: jiff::civil::Date = from.parse().ok()?;
    let to: jiff::civil::Date = to.parse().ok()?;
    Some(i64::from(from.until(to).ok()?.get_days()))
}
