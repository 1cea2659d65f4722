//! Defects of keys and certificate.

use super::{
    super::super::{
        facts::{Seen, keys},
        finding::Level::{Critical, Note, Ok, Warning},
        ids::Id,
    },
    DAY_MS, Defect, NOW_MS, word,
};

fn unmanaged(facts: &mut super::Facts, until: &str, valid: bool) {
    facts.keys.manifest = Seen::Missing;
    facts.keys.acquirer = Seen::There(keys::PublicKey {
        id: "acq".to_owned(),
        until: Some(until.to_owned()),
        valid,
    });
}

fn signed(facts: &mut super::Facts) -> &mut keys::Signed {
    match &mut facts.keys.manifest {
        Seen::There(signed) => signed,
        _ => panic!("the fixture has it"),
    }
}

fn stored(facts: &mut super::Facts) -> &mut keys::Stored {
    match &mut facts.keys.store {
        Seen::There(stored) => stored,
        _ => panic!("the fixture has it"),
    }
}

fn own(facts: &mut super::Facts) -> &mut super::certificate::Certificate {
    match &mut facts.certificate.own {
        Seen::There(own) => own,
        _ => panic!("the fixture has it"),
    }
}

pub const DEFECTS: &[Defect] = &[
    // keys
    (
        "no key at all",
        |f| f.keys.manifest = Seen::Missing,
        Id::KeysMissing,
        Critical,
    ),
    (
        "keys that cannot be read",
        |f| {
            f.keys.manifest = Seen::Missing;
            f.keys.acquirer = Seen::Unseen("no".to_owned());
        },
        Id::NotSeen,
        Note,
    ),
    (
        "a manifest that cannot be read",
        |f| f.keys.manifest = Seen::Unseen("no".to_owned()),
        Id::NotSeen,
        Note,
    ),
    (
        "a forged manifest",
        |f| f.keys.manifest = Seen::Broken("it is not signed by this root".to_owned()),
        Id::ManifestBroken,
        Critical,
    ),
    (
        "a manifest without a key for today",
        |f| {
            signed(f).in_use.clear();
            signed(f).none.push("The key was revoked.".to_owned());
        },
        Id::KeysUnusable,
        Critical,
    ),
    (
        "a manifest without any key",
        |f| signed(f).in_use.clear(),
        Id::KeysUnusable,
        Critical,
    ),
    (
        "the last key of a manifest ends",
        |f| signed(f).in_use[0].until = "2026-12-07".to_owned(),
        Id::KeyExpiring,
        Warning,
    ),
    (
        "a key ends and the next is there",
        |f| {
            signed(f).in_use[0].until = "2026-11-24".to_owned();
            signed(f).in_use[0].next = Some("n".to_owned());
        },
        Id::KeysUsable,
        Ok,
    ),
    (
        "an unmanaged key in production",
        |f| unmanaged(f, "2027-12-31", true),
        Id::KeysUnmanaged,
        Critical,
    ),
    (
        "an unmanaged key in a demo",
        |f| {
            unmanaged(f, "2027-12-31", true);
            word(f).production = false;
        },
        Id::KeysUnmanaged,
        Warning,
    ),
    (
        "an unmanaged key that ends",
        |f| unmanaged(f, "2026-11-30", true),
        Id::KeyExpiring,
        Warning,
    ),
    (
        "an unmanaged key that ended",
        |f| unmanaged(f, "2026-11-22", false),
        Id::KeysUnusable,
        Critical,
    ),
    (
        "an acquirer's key that is junk",
        |f| {
            f.keys.manifest = Seen::Missing;
            f.keys.acquirer = Seen::Broken("it is junk".to_owned());
        },
        Id::KeysUnusable,
        Critical,
    ),
    (
        "a root that is junk",
        |f| f.keys.root = Seen::Broken("it is junk".to_owned()),
        Id::RootMissing,
        Critical,
    ),
    (
        "a manifest without a root",
        |f| f.keys.root = Seen::Missing,
        Id::RootMissing,
        Critical,
    ),
    (
        "an old manifest put back",
        |f| stored(f).manifest_version = 4,
        Id::ManifestOlder,
        Critical,
    ),
    (
        "a key of the manifest that was not loaded",
        |f| stored(f).ids.clear(),
        Id::KeyNotLoaded,
        Warning,
    ),
    (
        "a key store that was copied",
        |f| f.keys.store = Seen::Broken("it was copied".to_owned()),
        Id::StoreBroken,
        Critical,
    ),
    (
        "an old hot list",
        |f| f.keys.hot_list = Seen::There(Some("It is old.".to_owned())),
        Id::HotListOld,
        Warning,
    ),
    (
        "a forged hot list",
        |f| f.keys.hot_list = Seen::Broken("it is forged".to_owned()),
        Id::HotListOld,
        Warning,
    ),
    (
        "few keys left",
        |f| stored(f).dukpt[0].is_low = true,
        Id::DukptLow,
        Warning,
    ),
    (
        "a storage key beside its store, in production",
        |f| f.keys.storage_key_mode = Seen::There(0o600),
        Id::StorageKeyInFile,
        Critical,
    ),
    (
        "a storage key for everybody",
        |f| f.keys.storage_key_mode = Seen::There(0o644),
        Id::StorageKeyOpen,
        Critical,
    ),
    (
        "a key store for the group",
        |f| f.keys.store_mode = Seen::There(0o640),
        Id::StorageKeyOpen,
        Critical,
    ),
    // certificate
    (
        "a collector and no certificate",
        |f| f.certificate.own = Seen::Missing,
        Id::CertificateMissing,
        Critical,
    ),
    (
        "a certificate that is junk",
        |f| f.certificate.own = Seen::Broken("junk".to_owned()),
        Id::CertificateBroken,
        Critical,
    ),
    (
        "a certificate that cannot be read",
        |f| f.certificate.own = Seen::Unseen("no".to_owned()),
        Id::NotSeen,
        Note,
    ),
    (
        "a certificate that ended",
        |f| own(f).until_ms = NOW_MS - 1,
        Id::CertificateExpired,
        Critical,
    ),
    (
        "a certificate that has not begun",
        |f| own(f).from_ms = NOW_MS + 1,
        Id::CertificateNotYet,
        Critical,
    ),
    (
        "a certificate that was not renewed in time",
        |f| own(f).until_ms = NOW_MS + 8 * DAY_MS,
        Id::CertificateExpiring,
        Warning,
    ),
    (
        "a certificate for three days",
        |f| own(f).until_ms = NOW_MS + 3 * DAY_MS,
        Id::CertificateExpiring,
        Critical,
    ),
    (
        "another till's certificate",
        |f| own(f).names = vec!["T2".to_owned()],
        Id::CertificateOfAnother,
        Critical,
    ),
    (
        "a certificate with two names",
        |f| own(f).names.push("T2".to_owned()),
        Id::CertificateOfAnother,
        Critical,
    ),
    (
        "a certificate of another CA",
        |f| f.certificate.signed = Some(false),
        Id::CertificateUnsigned,
        Critical,
    ),
    (
        "no CA",
        |f| f.certificate.ca = Seen::Missing,
        Id::CaMissing,
        Critical,
    ),
    (
        "a CA that is junk",
        |f| f.certificate.ca = Seen::Broken("junk".to_owned()),
        Id::CaMissing,
        Critical,
    ),
    (
        "a CA that ends",
        |f| {
            if let Seen::There(ca) = &mut f.certificate.ca {
                ca.until_ms = NOW_MS + DAY_MS
            }
        },
        Id::CaExpiring,
        Warning,
    ),
    (
        "a CA that ended",
        |f| {
            if let Seen::There(ca) = &mut f.certificate.ca {
                ca.until_ms = NOW_MS - 1
            }
        },
        Id::CaExpiring,
        Critical,
    ),
    (
        "a key for everybody",
        |f| f.certificate.key_mode = Seen::There(0o604),
        Id::CertificateKeyOpen,
        Critical,
    ),
    (
        "a certificate without its key",
        |f| f.certificate.key_mode = Seen::Missing,
        Id::CertificateKeyMissing,
        Critical,
    ),
];
