//! What docs/keys.md says, held against the program.

use std::collections::BTreeSet;

use sealpoint_vault::{
    Erasure, KeyKind, MAX_OFFLINE_HOURS, MAX_OFFLINE_MINOR, MAX_OFFLINE_RECORDS, Manifest,
    SystemRandom,
    signed::{self, Purpose, RootPrivateKey},
};

use super::office::{Office, acquirer, dukpt, protection};
use crate::bench::tillctl;

const PAGE: &str = include_str!("../../../../../docs/keys.md");

/// The code blocks of the page that begin like that.
fn examples(begin: &str) -> Vec<&'static str> {
    let blocks = PAGE.split("```").skip(1).step_by(2);
    blocks
        .filter_map(|block| block.split_once('\n'))
        .map(|(_, text)| text)
        .filter(|text| text.starts_with(begin))
        .collect()
}

#[test]
fn the_manifest_in_the_documentation_is_one() {
    let example = examples("version = ");
    let [example] = example[..] else {
        panic!("{} manifests", example.len());
    };
    let acquirer = super::office::ACQUIRER;
    let public = acquirer.lines().find(|line| line.starts_with("public = "));
    let example = example.replace("public = \"...\"", public.expect("a public key"));
    let manifest = Manifest::parse(&example).expect("a manifest");
    let kinds: BTreeSet<&str> = manifest.keys().iter().map(|key| key.kind.name()).collect();
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    for kind in KeyKind::ALL {
        assert!(PAGE.contains(&format!("`{}`", kind.name())), "{kind}");
    }
}

#[test]
fn the_offline_table_in_the_documentation_is_one_and_each_key_is_described() {
    let table = examples("[offline]");
    let [table] = table[..] else {
        panic!("{} tables", table.len());
    };
    let token = "[[key]]\nid = \"t\"\nkind = \"token\"\nvalid_from = \"2026-01-01\"\n\
                 valid_until = \"2026-12-31\"\ncheck_value = \"A1B2C3D4E5\"\n";
    let text = format!("version = 1\nissued = \"2026-11-23\"\n\n{table}\n{token}");
    let manifest = Manifest::parse(&text).expect("a manifest");
    assert!(manifest.offline().is_some());
    for line in table.lines().skip(1) {
        let key = line.split(' ').next().expect("a key");
        assert!(PAGE.contains(&format!("| `{key}` |")), "{key}");
    }
    for bound in [
        MAX_OFFLINE_MINOR,
        MAX_OFFLINE_RECORDS.into(),
        MAX_OFFLINE_HOURS.into(),
    ] {
        assert!(PAGE.contains(&format!("| {bound} |")), "{bound}");
    }
}

#[test]
fn the_erase_order_in_the_documentation_is_the_form_that_is_read() {
    let example = examples("erase order\n");
    let [example] = example[..] else {
        panic!("{} orders", example.len());
    };
    let (body, signature) = example.split_at(example.find("-- ").expect("a signature"));
    assert!(signature.starts_with("-- erase order signed by "));
    let root = RootPrivateKey::generate("root-2026".parse().expect("an id"), &SystemRandom::new());
    let root = root.expect("random bytes");
    let signed = signed::sign(body, Purpose::Erasure, &root).expect("signed");
    let terminal = "T0000001".parse().expect("a terminal id");
    let order = Erasure::verify(&signed, root.public(), &terminal).expect("an order");
    assert_eq!(order.to_string(), body);
}

#[test]
fn every_command_and_option_is_described() {
    let help = tillctl(&["keys", "--help"]);
    assert_eq!(help.code, 0);
    let usage = examples("tillctl keys show");
    let [usage] = usage[..] else {
        panic!("{} usages", usage.len());
    };
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in usage.lines() {
        let told = squeezed(&help.out);
        assert!(told.contains(&squeezed(line)), "{line}\n{}", help.out);
    }
    for option in help
        .out
        .split_whitespace()
        .filter(|word| word.starts_with("--"))
    {
        let option = option.trim_end_matches([',', '.', ']']);
        assert!(
            PAGE.contains(option),
            "docs/keys.md does not describe {option}"
        );
    }
    let wide = help.out.lines().find(|line| line.chars().count() > 80);
    assert_eq!(wide, None);
}

#[test]
fn every_field_state_and_exit_code_is_described() {
    let office = Office::with_protection_key(&[acquirer("a", -1, 9, ""), protection(), dukpt()]);
    let shown = office.shown();
    let mut names: BTreeSet<String> = fields(&shown);
    names.extend(fields(&shown["keys"][0]));
    for object in ["root", "manifest"] {
        names.extend(fields(&shown[object]));
    }
    let ceremony = office.ran(&["destroy", "kbpk-1", "--yes", "--json"]).json();
    names.extend(fields(&ceremony));
    let refused = office.ran(&["destroy", "kbpk-1", "--yes", "--json"]).json();
    names.extend(fields(&refused));
    for name in names {
        assert!(PAGE.contains(&format!("`{name}`")), "{name}");
    }
    for word in [
        "in_use",
        "valid",
        "next",
        "missing",
        "expired",
        "revoked",
        "not_in_manifest",
    ] {
        assert!(PAGE.contains(&format!("`{word}`")), "{word}");
    }
    for code in [0, 1, 2, 40, 70, 71, 72, 73] {
        assert!(PAGE.contains(&format!("| {code} |")), "{code}");
    }
}

fn fields(value: &serde_json::Value) -> BTreeSet<String> {
    let object = value.as_object().expect("an object");
    object.keys().cloned().collect()
}
