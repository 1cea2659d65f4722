//! The manifest: what the retailer may say in it, and which key counts when.

use super::{KEYS, signed::root};
use crate::{
    BadContent, BadManifest, Day, KeyKind, MAX_KEYS, Manifest, NoKey, Standing,
    signed::{self, Purpose},
};

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

/// A key's table; `more` are its other lines.
fn key(id: &str, kind: &str, from: &str, until: &str, more: &str) -> String {
    format!(
        "[[key]]\nid = \"{id}\"\nkind = \"{kind}\"\nvalid_from = \"{from}\"\n\
         valid_until = \"{until}\"\n{more}\n"
    )
}

fn public() -> String {
    format!("public = \"{}\"", KEYS.1)
}

fn token(id: &str, from: &str, until: &str) -> String {
    key(id, "token", from, until, "check_value = \"A1B2C3D4E5\"")
}

fn body(keys: &str) -> String {
    format!("version = 3\nissued = \"2026-11-23\"\n{keys}")
}

fn manifest(keys: &str) -> Manifest {
    Manifest::parse(&body(keys)).unwrap_or_else(|bad| panic!("{bad}\n{keys}"))
}

fn refusal(body: &str) -> BadContent {
    Manifest::parse(body)
        .err()
        .unwrap_or_else(|| panic!("{body}"))
}

#[test]
fn a_manifest_of_every_kind_is_read_as_it_was_written() {
    let keys = [
        key("acq-1", "x_wing", "2026-01-01", "2026-12-31", &public()),
        key(
            "dukpt-1",
            "dukpt_aes256",
            "2026-01-01",
            "2026-12-31",
            "check_value = \"differs\"",
        ),
        token("tok-1", "2026-01-01", "2026-12-31"),
        key(
            "kbpk-1",
            "key_block_protection",
            "2026-01-01",
            "2026-12-31",
            "check_value = \"0011223344\"\nrevoked = \"the envelope was open\"",
        ),
    ]
    .concat();
    let text = signed::sign(&body(&keys), Purpose::Manifest, &root()).expect("signed");
    let manifest = Manifest::verify(&text, root().public()).expect("the retailer's");
    assert_eq!(manifest.version(), 3);
    assert_eq!(manifest.issued(), day("2026-11-23"));
    assert_eq!(manifest.keys().len(), 4);
    let sealing = manifest.key(&"acq-1".parse().expect("an id"));
    let sealing = sealing.and_then(|key| key.acquirer_key());
    let sealing = sealing.expect("a public key");
    assert_eq!(sealing.key_id().as_str(), "acq-1");
    assert_eq!(sealing.valid_until(), Some(day("2026-12-31")));
    let values: Vec<_> = manifest
        .keys()
        .iter()
        .map(|key| key.check_value().map(ToString::to_string))
        .collect();
    let stated = |text: &str| Some(text.to_owned());
    let (token, protection) = (stated("A1B2C3D4E5"), stated("0011223344"));
    assert_eq!(values, [None, None, token, protection]);
    assert!(manifest.next_root().is_none());
}

#[test]
fn a_body_that_nobody_signed_is_not_looked_at() {
    let told = Manifest::verify("this is = no TOML at all [", root().public()).err();
    assert!(matches!(told, Some(BadManifest::Signature(_))), "{told:?}");
}

#[test]
fn of_two_valid_keys_the_one_that_began_last_counts() {
    let manifest = manifest(
        &[
            token("new", "2026-06-01", "2027-06-30"),
            token("old", "2025-01-01", "2026-06-30"),
            token("next", "2027-01-01", "2028-01-31"),
        ]
        .concat(),
    );
    for (on, counts, next) in [
        ("2025-01-01", "old", Some("new")),
        ("2026-05-31", "old", Some("new")),
        ("2026-06-01", "new", Some("next")),
        ("2026-12-31", "new", Some("next")),
        ("2027-01-01", "next", None),
        ("2028-01-31", "next", None),
    ] {
        let key = manifest.key_for(KeyKind::Token, day(on)).expect("a key");
        assert_eq!(key.id.as_str(), counts, "{on}");
        let after = manifest.next_after(KeyKind::Token, day(on));
        assert_eq!(after.map(|key| key.id.as_str()), next, "{on}");
    }
}

#[test]
fn where_no_key_counts_it_is_said_why_and_what_to_do() {
    let told = |keys: &str, on: &str| {
        let manifest = manifest(keys);
        let told = manifest.key_for(KeyKind::Token, day(on)).err();
        told.expect("no key counts").to_string()
    };
    let year = token("tok-1", "2026-01-01", "2026-12-31");
    assert_eq!(
        told(&year, "2025-12-31"),
        "The key \"tok-1\" is valid from 2026-01-01 on. Set the clock if that day has come; else ask \
         the retailer for a manifest with a key for today."
    );
    assert_eq!(
        told(&year, "2027-01-01"),
        "The key \"tok-1\" was valid until 2026-12-31. Set the clock if that day has not come; else \
         ask the retailer for a manifest with a new key."
    );
    let more = "check_value = \"A1B2C3D4E5\"\nrevoked = \"the till was stolen\"";
    let revoked = key("tok-1", "token", "2026-01-01", "2026-12-31", more);
    for on in ["2025-01-01", "2026-06-01", "2028-01-01"] {
        assert_eq!(
            told(&revoked, on),
            "The retailer revoked the key \"tok-1\": the till was stolen. Ask the retailer for a \
             manifest with a new key."
        );
    }
    let sealing = key("acq-1", "x_wing", "2026-01-01", "2026-12-31", &public());
    assert_eq!(
        told(&sealing, "2026-06-01"),
        "The manifest names no key of the kind token. Ask the retailer for a manifest that does."
    );
}

#[test]
fn a_revoked_key_gives_way_to_an_older_one_and_to_its_replacement() {
    let revoked = "check_value = \"A1B2C3D4E5\"\nrevoked = \"lost\"";
    let old = token("old", "2026-01-01", "2026-12-31");
    let lost = key("lost", "token", "2026-06-01", "2026-12-31", revoked);
    let both = manifest(&[old, lost.clone()].concat());
    let today = day("2026-07-01");
    let key = both.key_for(KeyKind::Token, today).expect("the old one");
    assert_eq!(key.id.as_str(), "old");
    let lost_id = "lost".parse().expect("an id");
    let standing = both.key(&lost_id).map(|key| key.standing(today));
    assert_eq!(standing, Some(Standing::Revoked));
    // Its replacement may begin on the same day.
    let replaced = manifest(&[lost, token("new", "2026-06-01", "2026-12-31")].concat());
    let key = replaced
        .key_for(KeyKind::Token, today)
        .expect("the new one");
    assert_eq!(key.id.as_str(), "new");
}

#[test]
fn dukpt_keys_of_another_algorithm_do_not_count() {
    let keys = key(
        "d-128",
        "dukpt_aes128",
        "2026-01-01",
        "2026-12-31",
        "check_value = \"differs\"",
    );
    let manifest = manifest(&keys);
    for kind in KeyKind::ALL {
        let found = manifest.key_for(kind, day("2026-06-01"));
        assert_eq!(found.is_ok(), kind.name() == "dukpt_aes128", "{kind}");
        if let Err(told) = found {
            assert_eq!(told, NoKey::Unknown(kind));
        }
        assert_eq!(kind.name().parse(), Ok(kind));
    }
}

#[test]
fn what_no_manifest_may_say_is_refused_by_name() {
    let year = |id: &str, kind: &str, more: &str| key(id, kind, "2026-01-01", "2026-12-31", more);
    let value = "check_value = \"A1B2C3D4E5\"";
    let good = year("t", "token", value);
    assert!(Manifest::parse(&body(&good)).is_ok());
    for (wrong, part) in [
        (
            body(&good).replace("version = 3", "version = 0"),
            "`version` is 0",
        ),
        (
            body(&good).replace("version = 3", "version = -1"),
            "`version` is -1",
        ),
        (body(&good).replace("version = 3", ""), "version"),
        (
            body(&good).replace("version = 3", "version = 3\nmore = 1"),
            "more",
        ),
        (body(&good).replace("2026-11-23", "2026-13-23"), "line 2"),
        (body(""), "0 keys"),
        (
            body(&[&good[..], &good].concat()),
            "two keys are called \"t\"",
        ),
        (
            body(&[&good[..], &year("u", "token", value)].concat()),
            "\"t\" and \"u\" are of one kind and begin on the same day",
        ),
        (
            body(&key("t", "token", "2026-02-01", "2026-01-31", value)),
            "a day before",
        ),
        (body(&year("t", "rsa", value)), "no kind of key"),
        (body(&year("t", "token", "")), "needs `check_value`"),
        (body(&year("t", "token", &public())), "needs `check_value`"),
        (body(&year("a", "x_wing", value)), "needs `public`"),
        (
            body(&year("a", "x_wing", &format!("{}\n{value}", public()))),
            "needs `public`, and that alone",
        ),
        (
            body(&year("a", "x_wing", "public = \"AAAA\"")),
            "3 bytes instead of 1216",
        ),
        (
            body(&year("t", "token", "check_value = \"differs\"")),
            "must have one check value",
        ),
        (
            body(&year("t", "token", "check_value = \"A1B2\"")),
            "hexadecimal",
        ),
        (
            body(&year("t", "token", "check_value = \"a1b2c3\"")),
            "hexadecimal",
        ),
        (
            body(&year("t", "token", "check_value = \"A1B2C3D\"")),
            "hexadecimal",
        ),
        (
            // No key has one so long, so no key would ever be taken for this one.
            body(&year("t", "token", "check_value = \"A1B2C3D4E5F6\"")),
            "hexadecimal",
        ),
        (
            body(&year("t", "token", &format!("{value}\nrevoked = \" \""))),
            "a reason",
        ),
        (
            body(&year(
                "t",
                "token",
                &format!("{value}\nrevoked = \"a\\u001B[2Jb\""),
            )),
            "a reason",
        ),
        (
            body(&year("t", "token", &format!("{value}\nnote = \"x\""))),
            "note",
        ),
        (body(&year("T", "token", value)), "no key id"),
    ] {
        let told = refusal(&wrong).to_string();
        assert!(told.contains(part), "{told}\nshould say {part}\n{wrong}");
    }
}

#[test]
fn a_manifest_has_a_bound() {
    let keys = |n: usize| -> String {
        (0..n)
            .map(|n| {
                token(
                    &format!("t-{n}"),
                    &format!("{}-01-01", 2000 + n),
                    "2999-12-31",
                )
            })
            .collect()
    };
    assert!(Manifest::parse(&body(&keys(MAX_KEYS))).is_ok());
    assert_eq!(
        refusal(&body(&keys(MAX_KEYS + 1))),
        BadContent::Keys(MAX_KEYS + 1)
    );
    // As many of the largest keys as there may be still fit into a signed text.
    let largest: String = (0..MAX_KEYS)
        .map(|n| {
            let reason = "r".repeat(crate::MAX_REASON);
            key(
                &format!("{n:032}"),
                "x_wing",
                "2026-01-01",
                "2026-12-31",
                &format!("{}\nrevoked = \"{reason}\"", public()),
            )
        })
        .collect();
    let text = signed::sign(&body(&largest), Purpose::Manifest, &root()).expect("it fits");
    assert!(Manifest::verify(&text, root().public()).is_ok());
}

#[test]
fn the_next_root_is_named_by_the_one_before() {
    let next = "next_root = { id = \"root-2027\", public = \"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\" }\n";
    let keys = token("t", "2026-01-01", "2026-12-31");
    let text = body(&format!("{next}{keys}"));
    let named = Manifest::parse(&text).expect("a manifest");
    let root = named.next_root().expect("a next root");
    assert_eq!(root.id().as_str(), "root-2027");
    let told = refusal(&text.replace("11qY", ""));
    assert!(told.to_string().contains("`next_root`"), "{told}");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(version = 1\n)?(issued = \"2026-01-0[1-3]\"\n)?(\\PC|\n){0,300}") {
        let _read = Manifest::parse(&text);
        let _read = Manifest::verify(&text, root().public());
    }
}
