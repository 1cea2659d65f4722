//! Whatever a value is, it adds no line and no word to a file that is made of it.

use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;
use toml::{Table, Value};

use super::of;
use crate::site::{
    bundle::Bundle,
    text::{FileTexts, Site},
};

/// A site with something at every key that reaches a file.
const BASE: &str = r#"
version = 7
store = "Market"
[terminal]
id = "T0000001"
enrol_code = "CODE"
[network]
address = "10.1.2.30/24"
gateway = "10.1.2.1"
[collector]
name = "collector.example"
address = "10.9.0.10"
port = 8443
[till]
cashier = "Anna"
currency = "EUR"
reader = "pcsc:ACS"
mark = "TRAINING"
timezone = "Europe/Berlin"
[display]
profile = "cage"
keyboard = "de"
[usb]
devices = ["04b8:0e15"]
[brand]
theme = "light"
receipt_head = ["Market"]
receipt_foot = ["Thanks"]
[files]
profile = "p"
manifest = "m"
ca = "c"
catalogue = "a"
"#;

/// Every text in it, by its place.
const TEXTS: [(&str, &str); 18] = [
    ("", "store"),
    ("terminal", "id"),
    ("network", "address"),
    ("network", "gateway"),
    ("collector", "name"),
    ("collector", "address"),
    ("till", "cashier"),
    ("till", "currency"),
    ("till", "reader"),
    ("till", "mark"),
    ("till", "timezone"),
    ("display", "profile"),
    ("display", "keyboard"),
    ("usb", "devices"),
    ("brand", "theme"),
    ("brand", "receipt_head"),
    ("brand", "receipt_foot"),
    ("files", "catalogue"),
];

fn base() -> Table {
    BASE.parse().expect("TOML")
}

/// The bundle of a site, if its values are taken.
fn bundle(site: Table) -> Option<Bundle> {
    let site: Site<FileTexts> = Value::Table(site).try_into().ok()?;
    let terminal = site.check().ok()?.clone();
    Some(Bundle {
        terminal,
        issued: Timestamp::UNIX_EPOCH,
        site,
    })
}

/// The same with another text at one place.
fn with(place: (&str, &str), text: &str) -> Option<Bundle> {
    let mut site = base();
    let table = match place.0 {
        "" => &mut site,
        section => site.get_mut(section)?.as_table_mut()?,
    };
    let value = match table.get(place.1)? {
        Value::Array(_) => Value::Array(vec![Value::String(text.to_owned())]),
        _ => Value::String(text.to_owned()),
    };
    table.insert(place.1.to_owned(), value);
    bundle(site)
}

fn file(bundle: &Bundle, name: &str) -> String {
    let outputs = of(bundle, Path::new("/run/sealpoint/site"));
    let output = outputs.into_iter().find(|output| output.name == name);
    output.and_then(|output| output.text).expect("it is made")
}

/// A file's lines, each without its value.
fn shape(text: &str) -> Vec<String> {
    text.split_inclusive('\n')
        .map(|line| match line.split_once('=') {
            Some((name, _)) if !line.contains("==") => name.to_owned(),
            _ => line.split(' ').take(5).collect::<Vec<_>>().join(" "),
        })
        .collect()
}

fn assert_harmless(bundle: &Bundle) {
    let usual = self::bundle(base()).expect("the base is taken");
    let environment = file(bundle, "till.env");
    assert_eq!(shape(&environment), shape(&file(&usual, "till.env")));
    for line in environment.lines() {
        let (_, value) = line.split_once('=').expect("a variable");
        let inner = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
        let inner = inner.expect("between quotes");
        let bad = |c: char| matches!(c, '"' | '\\' | '`' | '$') || c.is_control();
        assert!(!inner.contains(bad), "{line:?}");
    }
    let nft = file(bundle, "collector.nft");
    let elements: Vec<_> = nft.lines().filter(|l| l.starts_with("add")).collect();
    assert!(nft.lines().count() - elements.len() == 4, "{nft}");
    for element in elements {
        assert_eq!(element.matches(['{', '}']).count(), 2, "{element}");
        let plain = |c: char| c.is_ascii_alphanumeric() || " {}.:".contains(c);
        assert!(element.chars().all(plain), "{element}");
    }
    let hosts = file(bundle, "hosts");
    assert_eq!(hosts.lines().count(), 3, "{hosts}");
    for line in hosts.lines() {
        assert_eq!(line.split_ascii_whitespace().count(), 2, "{line:?}");
        assert!(!line.contains('#'), "{line:?}");
    }
    for line in file(bundle, "till.network").lines().skip(1) {
        let known = line.is_empty()
            || line.starts_with('[') && line.ends_with(']')
            || line.split_once('=').is_some_and(|(key, value)| {
                key.bytes().all(|byte| byte.is_ascii_alphanumeric())
                    && !value.contains(char::is_whitespace)
            });
        assert!(known, "{line:?}");
    }
    let rules = file(bundle, "usb.rules");
    assert_eq!(rules.lines().count(), 2, "{rules}");
    let rule = rules.lines().nth(1).unwrap_or_default();
    assert_eq!(rule.matches('"').count(), 12, "{rule}");
    assert_eq!(rule.matches(", ").count(), 5, "{rule}");
    let till: Table = file(bundle, "till.toml").parse().expect("TOML");
    let keys = |table: &Table| table.keys().cloned().collect::<Vec<_>>();
    let usual: Table = file(&usual, "till.toml").parse().expect("TOML");
    assert_eq!(keys(&till), keys(&usual));
    assert_eq!(till["mode"].as_str(), Some("production"));
    let store = bundle.site.store.to_string();
    assert_eq!(till["store"].as_str(), Some(store.as_str()));
}

/// Texts that would mean something in one of the files' languages.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("\n"),
        Just("\r"),
        Just("\""),
        Just("'"),
        Just("\\"),
        Just("$(id)"),
        Just("${HOME}"),
        Just("`id`"),
        Just("#"),
        Just(";"),
        Just("}"),
        Just("{"),
        Just(" "),
        Just("\u{2028}"),
        Just("\u{0}"),
        Just("\nExecStart=/bin/sh\n"),
        Just("flush ruleset"),
        Just(", 0.0.0.0/0"),
        Just("\", RUN+=\"/bin/sh"),
        Just("[Match]"),
        Just("="),
        Just("*"),
        Just("T0000001"),
        Just("10.9.0.10"),
        Just("10.1.2.30/24"),
        Just("collector.example"),
        Just("pcsc:"),
        Just("Europe/Berlin"),
        Just("de"),
        Just("04b8:0e15"),
        Just("\"\"\""),
        Just("%i"),
    ];
    let parts = prop::collection::vec(part, 1..6).prop_map(|parts| parts.concat());
    prop_oneof![3 => parts, 1 => any::<String>()]
}

proptest! {
    #[test]
    fn a_hostile_value_is_refused_or_stays_a_value(
        place in prop::sample::select(&TEXTS[..]),
        text in hostile(),
    ) {
        if let Some(bundle) = with(place, &text) {
            assert_harmless(&bundle);
        }
    }

    /// What IT gave comes back byte by byte, or it would not be signed: see `sign`.
    #[test]
    fn a_file_comes_back_from_a_bundle_as_it_was(file in any::<String>()) {
        let mut bundle = bundle(base()).expect("the base is taken");
        bundle.site.files.manifest = file;
        let text = toml::to_string(&bundle.site).expect("TOML");
        let back: Site<FileTexts> = toml::from_str(&text).expect("TOML");
        prop_assert_eq!(back, bundle.site);
    }
}

#[test]
fn each_place_is_one_whose_text_reaches_a_file() {
    let usual = bundle(base()).expect("the base is taken");
    assert_harmless(&usual);
    // A place that is spelt wrong here would test nothing.
    for place in TEXTS {
        assert!(
            with(place, "\u{1}").is_none() || place.0 == "files",
            "{place:?}"
        );
    }
}

#[test]
fn dhcp_opens_its_port_and_a_fixed_address_none() {
    let fixed = bundle(base()).expect("taken");
    assert!(!file(&fixed, "collector.nft").contains("dhcp4 {"));
    let mut site = base();
    site.remove("network");
    let dhcp = bundle(site).expect("taken");
    let nft = file(&dhcp, "collector.nft");
    assert!(
        nft.contains("add element inet sealpoint dhcp4 { 67 }\n"),
        "{nft}"
    );
    let network = file(&dhcp, "till.network");
    for line in ["DHCP=ipv4", "UseDNS=no", "UseNTP=no", "UseHostname=no"] {
        assert!(network.lines().any(|l| l == line), "{line}");
    }
}

#[test]
fn an_ipv6_collector_is_reached_by_ipv6_alone() {
    let mut site = base();
    for (section, key, value) in [
        ("network", "address", "fd00::30/64"),
        ("network", "gateway", "fd00::1"),
        ("collector", "address", "fd00:9::10"),
    ] {
        let table = site[section].as_table_mut().expect("a table");
        table.insert(key.to_owned(), Value::String(value.to_owned()));
    }
    let bundle = bundle(site).expect("taken");
    let nft = file(&bundle, "collector.nft");
    assert!(nft.contains("collector6 { fd00:9::10 . 8443 }"), "{nft}");
    assert!(!nft.contains("add element inet sealpoint collector4"));
    assert!(file(&bundle, "hosts").contains("fd00:9::10 collector.example"));
}
