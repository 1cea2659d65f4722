//! What a manifest allows without the issuer: as it was signed, within bounds, and nothing by default.

use sealpoint_wire::{Currency, OfflinePolicy};

use crate::{BadContent, MAX_OFFLINE_HOURS, MAX_OFFLINE_MINOR, MAX_OFFLINE_RECORDS, Manifest};

const KEY: &str = "[[key]]\nid = \"tok-1\"\nkind = \"token\"\nvalid_from = \"2026-01-01\"\n\
                   valid_until = \"2026-12-31\"\ncheck_value = \"A1B2C3D4E5\"\n";
const LIMITS: [(&str, i64); 6] = [
    ("per_sale_minor", 5_000),
    ("per_till_minor", 100_000),
    ("per_card_day_minor", 7_500),
    ("per_card_day_count", 3),
    ("max_records", 50),
    ("max_hours", 24),
];

/// A table with these limits, `changed` among them.
fn table(changed: &str, to: i64) -> String {
    let lines: String = LIMITS
        .iter()
        .map(|(name, limit)| {
            let limit = if *name == changed { to } else { *limit };
            format!("{name} = {limit}\n")
        })
        .collect();
    format!("[offline]\ncurrency = \"EUR\"\ndeferred = true\n{lines}")
}

fn parsed(tables: &str) -> Result<Manifest, BadContent> {
    Manifest::parse(&format!(
        "version = 3\nissued = \"2026-11-23\"\n{tables}{KEY}"
    ))
}

fn policy(tables: &str) -> Option<OfflinePolicy> {
    let manifest = parsed(tables).unwrap_or_else(|bad| panic!("{bad}\n{tables}"));
    manifest.offline().cloned()
}

#[test]
fn without_the_table_nothing_is_allowed() {
    assert_eq!(policy(""), None);
}

#[test]
fn the_table_is_read_as_it_was_written() {
    let wanted = OfflinePolicy {
        currency: Currency::Eur,
        per_sale_minor: 5_000,
        per_till_minor: 100_000,
        per_card_day_minor: 7_500,
        per_card_day_count: 3,
        max_records: 50,
        max_hours: 24,
        deferred: true,
    };
    assert_eq!(policy(&table("", 0)), Some(wanted));
}

#[test]
fn each_limit_may_be_nothing_and_has_a_most() {
    let most = |name| match name {
        "max_hours" => i64::from(MAX_OFFLINE_HOURS),
        "max_records" | "per_card_day_count" => i64::from(MAX_OFFLINE_RECORDS),
        _ => MAX_OFFLINE_MINOR,
    };
    for (limit, _) in LIMITS {
        let most = most(limit);
        for fine in [0, most] {
            assert!(policy(&table(limit, fine)).is_some(), "{limit} {fine}");
        }
        let told = parsed(&table(limit, most + 1)).err();
        let found = most + 1;
        assert_eq!(told, Some(BadContent::Offline { limit, found, most }));
        assert!(parsed(&table(limit, -1)).is_err(), "{limit} below 0");
    }
    let told = parsed(&table("max_hours", 721)).err().expect("refused");
    assert_eq!(
        told.to_string(),
        "`offline.max_hours` is 721 instead of 0 to 720"
    );
}

#[test]
fn a_limit_that_is_missing_unknown_or_of_another_type_is_refused() {
    let whole = table("", 0);
    for (limit, _) in LIMITS {
        let without: String = whole
            .lines()
            .filter(|line| !line.starts_with(limit))
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(parsed(&without).is_err(), "without {limit}");
    }
    for line in ["currency = \"EUR\"\n", "deferred = true\n"] {
        assert!(parsed(&whole.replace(line, "")).is_err(), "without {line}");
    }
    for (old, new) in [
        ("currency = \"EUR\"", "currency = \"XXX\""),
        ("deferred = true", "deferred = 1"),
        ("per_sale_minor = 5000", "per_sale_minor = 50.0"),
        ("deferred = true", "deferred = true\nper_week_minor = 5"),
        ("[offline]", "[offline]\nper_sale = 5000"),
        ("[offline]", "[[offline]]"),
    ] {
        let told = parsed(&whole.replace(old, new));
        assert!(matches!(told, Err(BadContent::Syntax { .. })), "{new}");
    }
}
